//! A document in; a configuration, files and findings out.

use std::net::{IpAddr, Ipv4Addr};

use portcullis_model::Diagnostic;

use crate::certificates::{Certificates, File};
use crate::find::{self, Candidate, Search};
use crate::finding::{Fate, Finding, Problem, Reason, Report};
use crate::json::Json;
use crate::map;
use crate::place::Place;
use crate::toml_text::Document;

/// How to import.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// Which gateway, where there are several.
    pub name: Option<&'a str>,
    /// Where its listeners accept.
    pub bind: IpAddr,
    /// The texts of parameter files. Where two give the same parameter, the later counts.
    pub parameters: &'a [String],
    /// Where certificates go.
    pub certificates: Certificates,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Self {
            name: None,
            bind: IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            parameters: &[],
            certificates: Certificates::default(),
        }
    }
}

/// What a document became.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Import {
    /// The configuration. Absent with problems, unless nothing is wrong but that keys are missing
    /// whose files the configuration then names: half a gateway is none.
    pub toml: Option<String>,
    /// The files to write beside it.
    pub files: Vec<File>,
    /// What became of everything that is not simply configured: problems first, then what is not
    /// carried over, then the rest.
    pub findings: Vec<Finding>,
}

impl Import {
    /// Whether something has to be put right or given first.
    #[must_use]
    pub fn has_problems(&self) -> bool {
        let mut findings = self.findings.iter();
        findings.any(|finding| matches!(finding.fate, Fate::Problem(_)))
    }
}

/// Why there is nothing to import.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The document is too large.
    #[error("the document has {found} bytes, more than {}", crate::SIZE)]
    TooLarge {
        /// Its bytes.
        found: usize,
    },
    /// The document is not JSON.
    #[error("the document is not JSON")]
    Json(#[source] serde_json::Error),
    /// A parameter file is not JSON.
    #[error("parameter file {} is not JSON", .at.saturating_add(1))]
    ParameterJson {
        /// Counted from 0.
        at: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// A parameter file is JSON, but has no parameters.
    #[error("parameter file {} has no \"parameters\"", .at.saturating_add(1))]
    NoParameters {
        /// Counted from 0.
        at: usize,
    },
    /// There is none.
    #[error("the document has no Microsoft.Network/applicationGateways")]
    NoGateway,
    /// There are several, and none was chosen.
    #[error("the document has several gateways, choose one by name (--name): {}", .names.join(", "))]
    SeveralGateways {
        /// Their names.
        names: Vec<String>,
    },
    /// The chosen one is not there, or there twice.
    #[error("the document has not one gateway \"{name}\" but: {}", .names.join(", "))]
    NotOneGateway {
        /// The name that was asked for.
        name: String,
        /// Those that are there.
        names: Vec<String>,
    },
}

/// Imports a gateway.
///
/// # Errors
/// Where there is no one gateway to import. What is wrong with the gateway is among the findings.
pub fn import(document: &str, options: &Options<'_>) -> Result<Import, Unreadable> {
    let found = document.len();
    if found > crate::SIZE {
        return Err(Unreadable::TooLarge { found });
    }
    let document = Json::read(document).map_err(Unreadable::Json)?;
    let mut given = Vec::new();
    for (at, file) in options.parameters.iter().enumerate() {
        let file = Json::read(file).map_err(|source| Unreadable::ParameterJson { at, source })?;
        let parameters = file.member("parameters");
        let parameters = parameters.ok_or(Unreadable::NoParameters { at })?;
        given.extend(find::given(parameters, None));
    }
    let report = Report::default();
    let mut search = Search::new(&report);
    search.document(&document, given);
    let chosen = choose(search.found, options.name, &report)?;
    Ok(finish(&chosen, options, report))
}

fn choose(
    found: Vec<Candidate>,
    name: Option<&str>,
    report: &Report,
) -> Result<Candidate, Unreadable> {
    let names: Vec<String> = found
        .iter()
        .map(|candidate| candidate.name.clone())
        .collect();
    if names.is_empty() {
        return Err(Unreadable::NoGateway);
    }
    let is_meant =
        |candidate: &Candidate| name.is_none_or(|name| candidate.name.eq_ignore_ascii_case(name));
    let (meant, others): (Vec<_>, Vec<_>) = found.into_iter().partition(is_meant);
    for other in others {
        report.push(&other.node.place, Fate::NotCarried(Reason::OtherGateway));
    }
    let mut meant = meant.into_iter();
    match (meant.next(), meant.next(), name) {
        (Some(one), None, _) => Ok(one),
        (_, _, None) => Err(Unreadable::SeveralGateways { names }),
        (_, _, Some(name)) => {
            let name = name.to_owned();
            Err(Unreadable::NotOneGateway { name, names })
        }
    }
}

fn finish(gateway: &Candidate, options: &Options<'_>, report: Report) -> Import {
    let mapped = map::map(&gateway.node, options.bind, &options.certificates, &report);
    let mut toml = None;
    let mut files = Vec::new();
    if let Some(mapped) = mapped
        && report.is_complete()
    {
        let text = mapped.document.text();
        judge(&text, &mapped.document, &report);
        toml = report.is_complete().then_some(text);
        files = mapped.files;
    }
    let findings = report.finish();
    Import {
        toml,
        files,
        findings,
    }
}

/// Whatever the configuration's own checks refuse is a problem of what it came from; what they warn
/// of is told there too.
fn judge(text: &str, document: &Document, report: &Report) {
    let diagnosis = portcullis_model::diagnose(text);
    for diagnostic in &diagnosis.problems {
        let mut message = diagnostic.message();
        if let Some(accepted) = diagnostic.accepted() {
            message.push_str(&format!(" (accepted: {accepted})"));
        }
        let at = diagnostic.place.path.clone();
        let place = origin(diagnostic, document);
        report.problem(&place, Problem::Configuration { at, message });
    }
    for diagnostic in &diagnosis.gateway.warnings {
        let fate = Fate::Doubtful {
            message: diagnostic.message(),
        };
        report.push(&origin(diagnostic, document), fate);
    }
}

fn origin(diagnostic: &Diagnostic, document: &Document) -> Place {
    let location = diagnostic.place.location;
    let origin = location.and_then(|location| document.origin(location.line));
    origin.cloned().unwrap_or_else(Place::root)
}
