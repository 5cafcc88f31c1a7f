//! `portcullis ocsp ask`: the question put to a responder, live.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use portcullis_ocsp::{HashAlgorithm, Nonce, Query, Rules};
use portcullis_revocation::{Destinations, Settings};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;

use crate::algorithms::{Sha1, ShortRsa, algorithms};

use super::answer::Answer;
use super::{EXIT_STATUS, Format, first_certificate, parse, say};

/// Ask a responder.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_STATUS}"))]
pub(super) struct Ask {
    /// The certificate in question; the first of the file.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The certificate of its issuer; the first of the file.
    #[arg(long, value_name = "FILE")]
    issuer: PathBuf,
    /// Whom to ask; the responder that the certificate names, when absent.
    #[arg(long)]
    url: Option<String>,
    /// What the certificate is named with in the question.
    #[arg(long, value_enum, default_value_t = Hash::Sha1)]
    hash: Hash,
    /// Send a fresh nonce and insist on its return. Many responders sign ahead and cannot.
    #[arg(long)]
    nonce: bool,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "Example:
  portcullis ocsp ask --cert client.pem --issuer issuing-ca.pem";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hash {
    /// What every responder knows.
    Sha1,
    Sha256,
}

impl From<Hash> for HashAlgorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha1 => Self::Sha1,
            Hash::Sha256 => Self::Sha256,
        }
    }
}

/// Octets of a nonce that is sent: the length that RFC 9654 section 2.1 recommends.
const NONCE_LENGTH: usize = 32;

/// Asks, says the answer, and turns it into an exit status.
pub(super) fn run(arguments: &Ask) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let cert_der = first_certificate(&arguments.cert)?;
    let issuer_der = first_certificate(&arguments.issuer)?;
    let certificate = parse(&arguments.cert, &cert_der)?;
    let issuer = parse(&arguments.issuer, &issuer_der)?;
    let url = match &arguments.url {
        Some(url) => url.clone(),
        None => responder_of(&certificate)?,
    };
    let nonce = if arguments.nonce {
        Some(fresh_nonce()?)
    } else {
        None
    };
    let query = Query::new(&certificate, &issuer).hash(arguments.hash.into());
    let query = match &nonce {
        Some(octets) => query.nonce(Nonce::new(octets)?),
        None => query,
    };
    let answer = ask(&url, &query)?.asked_at(&url);
    say(&answer, Format::from_flag(arguments.json))
}

fn responder_of(certificate: &Certificate<'_>) -> Result<String, Box<dyn std::error::Error>> {
    let first = certificate.ocsp_responders()?.next().map(str::to_owned);
    first.ok_or_else(|| "the certificate names no OCSP responder; --url says whom to ask".into())
}

fn fresh_nonce() -> Result<[u8; NONCE_LENGTH], &'static str> {
    let mut octets = [0; NONCE_LENGTH];
    aws_lc_rs::rand::fill(&mut octets).map_err(|_| "the system gives no randomness")?;
    Ok(octets)
}

/// The answer is believed as the gateway would; no answer is a refusal with a reason of its own. Whoever types the
/// command may ask any address, unlike a certificate that a client brings.
fn ask(url: &str, query: &Query<'_>) -> Result<Answer, Box<dyn std::error::Error>> {
    let request = portcullis_ocsp::request(query);
    let algorithms = algorithms(Sha1::Deny, ShortRsa::Deny);
    let settings = Settings::new(algorithms, Destinations::Any);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(
        match runtime.block_on(portcullis_revocation::fetch(url, &request, &settings)) {
            Err(failure) => Answer::refused(failure.code(), &failure),
            Ok(response) => {
                let rules = Rules::new(algorithms);
                portcullis_ocsp::status(&response, query, &rules, UnixTime::now()).into()
            }
        },
    )
}
