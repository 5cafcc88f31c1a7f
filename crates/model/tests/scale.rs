//! As much as Application Gateway allows, and more, is read and looked up in little time.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use portcullis_model::host::{HostName, HostTable};
use portcullis_model::path::{PathPattern, PathTable};
use portcullis_model::{Action, diagnose};

const PROFILES: usize = 200;
const LISTENERS: usize = 400;
const HOSTS: usize = 25;
const PATH_RULES: usize = 100;

/// What an unoptimised build on a busy machine may take; on an idle one it is below a second.
const BOUND: Duration = Duration::from_secs(5);

/// 10,000 host names, 200 profiles with a chain each, 400 rewrite sets, a map of 100 path rules.
fn document() -> String {
    let mut text = String::new();
    for listener in 0..LISTENERS {
        let hosts = (0..HOSTS).map(|host| format!("\"h{host}.l{listener}.example\", "));
        let hosts: String = hosts.collect();
        let profile = listener % PROFILES;
        let target = match listener {
            0 => "path_map = \"site\"".to_owned(),
            _ => format!("pool = \"web\"\nrewrite_set = \"s{listener}\""),
        };
        write!(
            text,
            "[[listener]]\nname = \"l{listener}\"\nbind = \"0.0.0.0:443\"\nhosts = [{hosts}]\ntls_profile = \"p{profile}\"\n[[rule]]\nname = \"r{listener}\"\npriority = {}\nlistener = \"l{listener}\"\n{target}\n[[rewrite_set.s{listener}.rule]]\nname = \"a\"\nrequest_headers = {{ X-A = \"{{var_host}}\" }}\n",
            listener + 1
        )
        .unwrap();
    }
    for profile in 0..PROFILES {
        write!(text, "[tls_profile.p{profile}]\ncertificate = {{ pem = \"a\", key = \"b\" }}\nclient_auth = \"required\"\ntrusted_client_certificates = [\"c{profile}.pem\"]\nrevocation = \"ocsp\"\n").unwrap();
    }
    text.push_str("[pool.web]\ntargets = [\"a:1\"]\n[path_map.site]\ndefault_pool = \"web\"\n");
    for rule in 0..PATH_RULES {
        write!(text, "[[path_map.site.rule]]\nname = \"r{rule}\"\npaths = [\"/exact/{rule}\", \"/under/{rule}/*\"]\npool = \"web\"\nrewrite_set = \"s0\"\n").unwrap();
    }
    text
}

#[test]
fn ten_thousand_hosts_and_all_that_is_allowed_beside_are_read_and_looked_up() {
    let text = document();
    let start = Instant::now();
    let diagnosis = diagnose(&text);
    let read = start.elapsed();
    assert_eq!(diagnosis.problems.len(), 0, "{:?}", diagnosis.problems[0]);
    let gateway = diagnosis.gateway;
    assert!(gateway.warnings.is_empty());
    assert_eq!(gateway.listeners.len(), LISTENERS);
    let mut table = HostTable::new();
    for listener in &gateway.listeners {
        table.push(&listener.hosts, listener.name.value.as_str());
    }
    for listener in 0..LISTENERS {
        for host in 0..HOSTS {
            let host = HostName::parse(format!("H{host}.L{listener}.example")).unwrap();
            assert_eq!(table.select(Some(&host)), Some(&&*format!("l{listener}")));
        }
    }
    let Action::Paths(map) = &gateway.listeners[0].rule.action else {
        panic!("a path map");
    };
    for rule in 0..PATH_RULES {
        let chosen = map.choose(&format!("/under/{rule}/x"));
        assert_eq!(chosen.rule.unwrap().name.value, format!("r{rule}"));
    }
    assert!(read < BOUND, "{read:?}");
    assert!(start.elapsed() < BOUND + BOUND);
}

/// Without a hash, 100,000 lookups among as many would be 10,000,000,000 comparisons.
#[test]
fn a_lookup_does_not_take_longer_among_more() {
    const MANY: usize = 100_000;
    let mut hosts = HostTable::new();
    let mut paths = PathTable::default();
    for entry in 0..MANY {
        let pattern = format!("h{entry}.example").parse().unwrap();
        hosts.push(
            &portcullis_model::host::HostPatterns::new(vec![pattern]),
            entry,
        );
        let path: PathPattern = format!("/p/{entry}").parse().unwrap();
        paths.push(&path, entry);
        let prefix: PathPattern = format!("/q/{entry}/*").parse().unwrap();
        paths.push(&prefix, entry);
    }
    let start = Instant::now();
    for entry in 0..MANY {
        let host = HostName::parse(format!("h{entry}.example")).unwrap();
        assert_eq!(hosts.select(Some(&host)), Some(&entry));
        let found = |path: &str| paths.select(path).map(|(entry, _)| *entry);
        assert_eq!(found(&format!("/P/{entry}")), Some(entry));
        assert_eq!(found(&format!("/q/{entry}/x")), Some(entry));
    }
    let took = start.elapsed();
    assert!(took < BOUND, "{took:?}");
}
