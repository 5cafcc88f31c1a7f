//! `portcullis ocsp verify`: what a saved response proves.

mod batch;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use portcullis_ocsp::{Nonce, Query, Rules, Sha1Signatures};
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::algorithms::{Sha1, ShortRsa, algorithms};
use crate::files;
use crate::hexadecimal;
use crate::instant;

use super::answer::Answer;
use super::{EXIT_STATUS, Format, first_certificate, parse, say};

/// Judge a saved response.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_STATUS}"))]
pub(super) struct Verify {
    /// The certificate in question; the first of the file.
    #[arg(long, value_name = "FILE", required_unless_present = "batch")]
    cert: Option<PathBuf>,
    /// The certificate of its issuer; the first of the file.
    #[arg(long, value_name = "FILE", required_unless_present = "batch")]
    issuer: Option<PathBuf>,
    /// The DER of the response.
    #[arg(long, value_name = "FILE", required_unless_present = "batch")]
    response: Option<PathBuf>,
    /// The instant to judge at; now, when absent.
    #[arg(long, value_name = "RFC3339", value_parser = instant::parse)]
    at: Option<UnixTime>,
    /// The nonce that was sent and must come back.
    #[arg(long, value_name = "HEX", value_parser = nonce)]
    nonce: Option<Octets>,
    /// How old the answer may be, even when a newer one is not due yet.
    #[arg(long, value_name = "SECONDS")]
    max_age: Option<u64>,
    /// How far the responder's clock may be off.
    #[arg(long, value_name = "SECONDS")]
    skew: Option<u64>,
    /// Responders that are believed whoever certified them.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    trusted_responder: Vec<PathBuf>,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
    /// Judge many: JSON lines with id, cert, issuer, response, time, max_age, allow_sha1… (`-` is stdin).
    #[arg(long, value_name = "CASES.ndjson", exclusive = true)]
    batch: Option<PathBuf>,
}

const EXAMPLE: &str = "Example:
  portcullis ocsp verify --cert client.pem --issuer issuing-ca.pem --response answer.der";

/// Octets of an argument; a type of its own, as clap takes a `Vec` for several arguments.
#[derive(Debug, Clone)]
struct Octets(Vec<u8>);

fn nonce(text: &str) -> Result<Octets, String> {
    let octets = hexadecimal::parse(text)?;
    Nonce::new(&octets).map_err(|malformed| malformed.to_string())?;
    Ok(Octets(octets))
}

/// Judges, says what was found, and turns it into an exit status.
pub(super) fn run(arguments: &Verify) -> Result<ExitCode, Box<dyn std::error::Error>> {
    match arguments {
        Verify {
            batch: Some(cases), ..
        } => Ok(batch::run(cases)?.into()),
        Verify {
            cert: Some(cert),
            issuer: Some(issuer),
            response: Some(response),
            ..
        } => {
            let (cert_der, issuer_der) = (first_certificate(cert)?, first_certificate(issuer)?);
            let answer = Case {
                certificate: &parse(cert, &cert_der)?,
                issuer: &parse(issuer, &issuer_der)?,
                response: &files::bytes(response)?,
                trusted_responders: &files::all_certificates(&arguments.trusted_responder)?,
                nonce: arguments.nonce.as_ref().map(|octets| octets.0.as_slice()),
                max_age: arguments.max_age,
                skew: arguments.skew,
                sha1: Sha1::Deny,
                now: arguments.at.unwrap_or_else(UnixTime::now),
            }
            .judge()?;
            say(&answer, Format::from_flag(arguments.json))
        }
        _ => Err("--cert, --issuer and --response belong together".into()),
    }
}

/// Everything a judgement depends on.
struct Case<'a> {
    certificate: &'a Certificate<'a>,
    issuer: &'a Certificate<'a>,
    response: &'a [u8],
    trusted_responders: &'a [CertificateDer<'a>],
    nonce: Option<&'a [u8]>,
    max_age: Option<u64>,
    skew: Option<u64>,
    sha1: Sha1,
    now: UnixTime,
}

impl Case<'_> {
    fn judge(&self) -> Result<Answer, String> {
        let trusted: Result<Vec<_>, _> = self
            .trusted_responders
            .iter()
            .map(|der| Certificate::parse(der))
            .collect();
        let trusted = trusted.map_err(|malformed| format!("trusted responder: {malformed}"))?;
        let query = Query::new(self.certificate, self.issuer);
        let query = match self.nonce.map(Nonce::new).transpose() {
            Ok(Some(nonce)) => query.nonce(nonce),
            Ok(None) => query,
            Err(malformed) => return Err(malformed.to_string()),
        };
        let rules = self.rules().trusted_responders(&trusted);
        Ok(portcullis_ocsp::status(self.response, &query, &rules, self.now).into())
    }

    fn rules(&self) -> Rules<'static> {
        let (short_rsa, signatures) = match self.sha1 {
            Sha1::Allow => (ShortRsa::Allow, Sha1Signatures::Allow),
            Sha1::Deny => (ShortRsa::Deny, Sha1Signatures::Refuse),
        };
        let rules = Rules::new(algorithms(self.sha1, short_rsa)).sha1_signatures(signatures);
        let rules = match self.max_age {
            Some(seconds) => rules.max_age(Duration::from_secs(seconds)),
            None => rules,
        };
        match self.skew {
            Some(seconds) => rules.skew(Duration::from_secs(seconds)),
            None => rules,
        }
    }
}
