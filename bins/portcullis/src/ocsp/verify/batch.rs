//! OCSP cases as JSON lines.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_x509::Certificate;
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use serde_json::Value;

use crate::algorithms::Sha1;
use crate::batch::{self, Outcome};
use crate::hexadecimal;
use crate::instant;
use crate::ocsp::answer::Answer;

/// One line. Fields that are not named here are ignored.
#[derive(Debug, Deserialize)]
struct Line {
    id: Value,
    cert: String,
    issuer: String,
    response: String,
    time: u64,
    max_age: Option<u64>,
    #[serde(default)]
    allow_sha1: bool,
    nonce: Option<String>,
    skew: Option<u64>,
    #[serde(default)]
    trusted_responders: Vec<String>,
}

/// Answers every case; the worst outcome is the result.
pub(super) fn run(path: &Path) -> Result<Outcome, Box<dyn std::error::Error>> {
    batch::run(path, |line: Line| {
        let answer = line.judge()?;
        let outcome = if answer.is_good() {
            Outcome::Yes
        } else {
            Outcome::No
        };
        Ok((answer.with_id(line.id), outcome))
    })
}

impl Line {
    fn judge(&self) -> Result<Answer, String> {
        let (cert, issuer) = (decode(&self.cert)?, decode(&self.issuer)?);
        let trusted: Result<Vec<_>, String> = self
            .trusted_responders
            .iter()
            .map(|text| decode(text).map(CertificateDer::from))
            .collect();
        let (certificate, issuer) = match (Certificate::parse(&cert), Certificate::parse(&issuer)) {
            (Ok(certificate), Ok(issuer)) => (certificate, issuer),
            (Err(malformed), _) | (_, Err(malformed)) => {
                return Ok(Answer::refused("malformed_certificate", &malformed));
            }
        };
        let nonce = self.nonce.as_deref().map(hexadecimal::parse).transpose()?;
        super::Case {
            certificate: &certificate,
            issuer: &issuer,
            response: &decode(&self.response)?,
            trusted_responders: &trusted?,
            nonce: nonce.as_deref(),
            max_age: self.max_age,
            skew: self.skew,
            sha1: if self.allow_sha1 {
                Sha1::Allow
            } else {
                Sha1::Deny
            },
            now: instant::from_seconds(self.time),
        }
        .judge()
    }
}

fn decode(text: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD
        .decode(text)
        .map_err(|error| error.to_string())
}
