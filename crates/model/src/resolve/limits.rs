//! How much of everything there is, against how much there may be.

use std::collections::HashSet;

use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{ClientAuth, FileSource, Limits, RewriteRule};
use crate::read::{Document, Report};

/// Reports what exceeds the limits.
pub(super) fn check(document: &Document, report: &mut Report) {
    let limits = &document.limits;
    check_trust(document, report);
    if let Some(pool) = document.pools.get(limits.pools) {
        let found = document.pools.len();
        push(POOLS.of(found, limits.pools), &pool.place, report);
    }
    for pool in &document.pools {
        let found = pool.targets.as_ref().map_or(0, Vec::len);
        exceeds(TARGETS, found, limits.targets, &pool.place, report);
    }
    for map in &document.path_maps {
        let found = map.rules.len();
        exceeds(PATH_RULES, found, limits.path_rules, &map.place, report);
    }
    if let Some(set) = document.rewrite_sets.get(limits.rewrite_sets) {
        let found = document.rewrite_sets.len();
        push(SETS.of(found, limits.rewrite_sets), &set.place, report);
    }
    for set in &document.rewrite_sets {
        let found: usize = set.rules.iter().map(changes).sum();
        exceeds(CHANGES, found, limits.rewrite_changes, &set.place, report);
        let found: usize = set.rules.iter().map(|rule| rule.conditions.len()).sum();
        let most = limits.rewrite_conditions;
        exceeds(CONDITIONS, found, most, &set.place, report);
    }
}

/// Headers and URL of a rule.
fn changes(rule: &RewriteRule) -> usize {
    let headers = [
        rule.request_headers.len(),
        rule.response_headers.len(),
        rule.response_cookies.len(),
        usize::from(rule.url.is_some()),
    ];
    headers.into_iter().sum()
}

/// Files of trusted client certificates. One that several profiles name is one.
fn check_trust(document: &Document, report: &mut Report) {
    let limits = &document.limits;
    let mut different: HashSet<&FileSource> = HashSet::new();
    let mut beyond = None;
    for draft in &document.tls_profiles {
        let trust = draft.client_auth.as_ref().and_then(ClientAuth::trust);
        let Some(files) = trust.map(|trust| &trust.certificates) else {
            continue;
        };
        if let Some(file) = files.get(limits.trust_files_per_profile) {
            let found = PROFILE_FILES.of(files.len(), limits.trust_files_per_profile);
            push(found, &file.place, report);
        }
        for file in files {
            check_bytes(file, limits, report);
            if different.insert(&file.value) && different.len() > limits.trust_files {
                beyond.get_or_insert(&file.place);
            }
        }
    }
    if let Some(place) = beyond {
        push(FILES.of(different.len(), limits.trust_files), place, report);
    }
}

/// Those of a path are for whoever reads them.
fn check_bytes(file: &Located<FileSource>, limits: &Limits, report: &mut Report) {
    let found = file.inline().map_or(0, <[u8]>::len);
    exceeds(BYTES, found, limits.trust_file_bytes, &file.place, report);
}

/// What is counted, and the key of `[limits]` that says how many there may be.
#[derive(Clone, Copy)]
struct Counted {
    what: &'static str,
    key: &'static str,
}

impl Counted {
    fn of(self, found: usize, most: usize) -> Problem {
        let Self { what, key } = self;
        Problem::TooMany {
            what,
            found,
            most,
            key: Some(key),
        }
    }
}

const fn counted(what: &'static str, key: &'static str) -> Counted {
    Counted { what, key }
}

const POOLS: Counted = counted("pools", "pools");
const TARGETS: Counted = counted("targets", "targets");
const PATH_RULES: Counted = counted("path rules", "path_rules");
const SETS: Counted = counted("rewrite sets", "rewrite_sets");
const CHANGES: Counted = counted("header and URL changes", "rewrite_changes");
const CONDITIONS: Counted = counted("conditions", "rewrite_conditions");
const PROFILE_FILES: Counted = counted(
    "files of trusted client certificates in this profile",
    "trust_files_per_profile",
);
const FILES: Counted = counted("files of trusted client certificates", "trust_files");
const BYTES: Counted = counted("bytes", "trust_file_bytes");

fn exceeds(counted: Counted, found: usize, most: usize, place: &Place, report: &mut Report) {
    if found > most {
        push(counted.of(found, most), place, report);
    }
}

fn push(problem: Problem, place: &Place, report: &mut Report) {
    report.push(place.clone(), problem);
}
