//! `portcullis verify`: is this certificate trusted, and if not, why not.

mod answer;
mod batch;
mod question;
mod tree;

use std::io::{self, Write};
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portcullis_chain::{Anchors, AnchorsError, IssuanceProfile, NameRule, NameRuleError, Policy};
use portcullis_x509::{Certificate, DistinguishedName};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::files::{self, FileError};
use crate::instant;
use crate::terminal::Paint;

use answer::{Answer, Explain};
use question::{Inputs, MODERN, Question};

/// Is this certificate trusted?
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Verify {
    /// The certificate to judge, PEM or DER; further certificates of the file are offered as intermediates.
    #[arg(required_unless_present = "batch")]
    leaf: Option<PathBuf>,
    /// Certificates to trust. In a file that holds a root, the others are its intermediates.
    #[arg(long, value_name = "FILE", num_args = 1.., required_unless_present = "batch")]
    trust: Vec<PathBuf>,
    /// Certificates that may help to build a path, as a client would send them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    untrusted: Vec<PathBuf>,
    /// The instant to judge at; now, when absent.
    #[arg(long, value_name = "RFC3339", value_parser = instant::parse)]
    at: Option<UnixTime>,
    /// What the certificate is to be used for.
    #[arg(long, value_enum, default_value_t = PurposeArg::Client)]
    purpose: PurposeArg,
    /// The most intermediates a path may have.
    #[arg(long, value_name = "N")]
    max_depth: Option<usize>,
    /// A name that the certificate must have: DNS name, IP address, e-mail address or URI; also DNS:, SPIFFE:, UPN:… with a pattern.
    #[arg(long, value_name = "NAME", value_parser = name_rule)]
    name: Option<NameRule>,
    /// A certificate policy that is acceptable; any, when none is named.
    #[arg(long, value_name = "OID", num_args = 1..)]
    policy: Vec<String>,
    /// The path must be valid for a certificate policy.
    #[arg(long)]
    require_explicit_policy: bool,
    /// Policies are not mapped to others.
    #[arg(long)]
    inhibit_policy_mapping: bool,
    /// anyPolicy stands for no other policy.
    #[arg(long)]
    inhibit_any_policy: bool,
    /// The certificate's immediate issuer, as in `CN=Issuing CA,O=Contoso`.
    #[arg(long, value_name = "DN")]
    issuer_dn: Option<DistinguishedName>,
    /// Hold every certificate to what RFC 5280 section 4 demands of those who issue them.
    #[arg(long)]
    strict: bool,
    /// Show every path that was tried, where it fell and why.
    #[arg(long)]
    explain: bool,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
    /// Answer many questions: JSON lines with id, target, intermediates, anchors, time, eku… (`-` is stdin).
    #[arg(long, value_name = "CASES.ndjson", conflicts_with_all = ["leaf", "trust", "untrusted", "at", "max_depth", "name", "policy", "require_explicit_policy", "inhibit_policy_mapping", "inhibit_any_policy", "issuer_dn", "strict"])]
    batch: Option<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  portcullis verify client.pem --trust contoso-chain.pem
  portcullis verify client.pem --trust root.pem --untrusted issuing-ca.pem --at 2027-01-31T12:00:00Z --explain
  portcullis verify server.pem --trust root.pem --purpose server --name www.contoso.com
  portcullis verify client.pem --trust chain.pem --issuer-dn 'CN=Issuing CA,O=Contoso' --policy 1.3.6.1.4.1.311.21.8.1
  portcullis verify --batch fleet.ndjson

Exit status: 0 trusted, 1 refused, 2 wrong usage or unreadable input.";

/// A purpose as one types it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PurposeArg {
    /// TLS client authentication: the question the gateway asks.
    Client,
    /// TLS server authentication.
    Server,
    /// Whatever it was issued for.
    Any,
}

impl From<PurposeArg> for portcullis_chain::Purpose {
    fn from(purpose: PurposeArg) -> Self {
        match purpose {
            PurposeArg::Client => Self::ClientAuth,
            PurposeArg::Server => Self::ServerAuth,
            PurposeArg::Any => Self::Any,
        }
    }
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
enum VerifyError {
    #[error("name a certificate or --batch")]
    NoCertificate,
    #[error(transparent)]
    File(#[from] FileError),
    #[error("--policy: {0}")]
    Policy(String),
    #[error("--trust")]
    Anchors(#[source] AnchorsError),
}

/// Judges, says the verdict, and turns it into an exit status.
pub(crate) fn run(arguments: Verify) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let explain = if arguments.explain {
        Explain::Candidates
    } else {
        Explain::NearestMiss
    };
    if let Some(cases) = &arguments.batch {
        return Ok(batch::run(cases, explain)?.into());
    }
    let offered = arguments.offered()?;
    let Some((leaf, untrusted)) = offered.split_first() else {
        return Err(VerifyError::NoCertificate.into());
    };
    let anchors = anchors(&arguments.trust)?;
    let question = Question {
        leaf,
        untrusted,
        anchors: &anchors,
        policy: arguments.policy()?,
        now: arguments.at.unwrap_or_else(UnixTime::now),
    };
    let answer = question.answer(explain);
    let mut stdout = io::stdout().lock();
    if arguments.json {
        writeln!(stdout, "{}", serde_json::to_string(&answer)?)?;
    } else {
        answer.print(&mut stdout, Paint::of_stdout())?;
    }
    Ok(exit_code(&answer))
}

fn exit_code(answer: &Answer) -> ExitCode {
    if answer.is_trusted() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

impl Verify {
    /// The leaf, then everything that may stand between it and an anchor.
    fn offered(&self) -> Result<Vec<CertificateDer<'static>>, VerifyError> {
        let mut offered = Vec::new();
        if let Some(leaf) = &self.leaf {
            offered.extend(files::certificates(leaf)?);
        }
        offered.extend(files::all_certificates(&self.untrusted)?);
        Ok(offered)
    }

    fn policy(&self) -> Result<Policy, VerifyError> {
        let mut policy = question::policy(self.purpose.into(), MODERN);
        if let Some(depth) = self.max_depth {
            policy = policy.max_depth(depth);
        }
        if let Some(name) = &self.name {
            policy = policy.name(name.clone());
        }
        if let Some(issuer) = &self.issuer_dn {
            policy = policy.issuer(issuer.clone());
        }
        if self.strict {
            policy = policy.issuance_profile(IssuanceProfile::Enforce);
        }
        let inputs = Inputs {
            acceptable: &self.policy,
            explicit: self.require_explicit_policy,
            inhibit_mapping: self.inhibit_policy_mapping,
            inhibit_any: self.inhibit_any_policy,
        };
        inputs.apply(policy).map_err(VerifyError::Policy)
    }
}

/// Words of a [`NameRule`] that no URI begins with. One that is written with a mistake after it is no URI.
const WORDS: [&str; 5] = ["dns", "email", "ip", "upn", "uri"];

/// A name as one types it: with the word of a [`NameRule`], or so that it can only be one kind.
fn name_rule(text: &str) -> Result<NameRule, NameRuleError> {
    let error = match text.parse() {
        Ok(rule) => return Ok(rule),
        Err(error) => error,
    };
    let before_colon = text.split_once(':').map(|(word, _)| word.trim());
    let word = match before_colon {
        _ if text.parse::<IpAddr>().is_ok() => "IP",
        Some(word) if WORDS.contains(&&*word.to_ascii_lowercase()) => return Err(error),
        Some(_) => "URI",
        None if text.contains('@') => "email",
        None => "DNS",
    };
    format!("{word}:{text}").parse().map_err(|_| error)
}

/// A file with a self-issued certificate is a chain: what else it holds are intermediates, as in the gateway's own chain
/// files. In a file without one, every certificate was named as trusted and is.
fn anchors(trust: &[PathBuf]) -> Result<Anchors, VerifyError> {
    let mut anchors = Vec::new();
    let mut intermediates = Vec::new();
    for file in trust {
        let (roots, others): (Vec<_>, Vec<_>) = files::certificates(file)?
            .into_iter()
            .partition(is_self_issued);
        if roots.is_empty() {
            anchors.extend(others);
        } else {
            anchors.extend(roots);
            intermediates.extend(others);
        }
    }
    Anchors::new(anchors, intermediates).map_err(VerifyError::Anchors)
}

fn is_self_issued(der: &CertificateDer<'static>) -> bool {
    Certificate::parse(der).is_ok_and(|certificate| certificate.is_self_issued())
}
