//! A line of the file.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_ocsp::MAX_LENGTH;
use rustls_pki_types::UnixTime;

use crate::responder::Responder;

/// What an answer says of itself, for ordering and forgetting. Nobody vouches for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// It says "revoked".
    pub(crate) revoked: bool,
    pub(crate) this_update: UnixTime,
    /// Until when it was to be remembered.
    pub(crate) until: UnixTime,
}

/// An answer as it was kept.
pub(crate) struct Stored {
    pub(crate) url: String,
    pub(crate) until: UnixTime,
    pub(crate) response: Vec<u8>,
}

/// The fields of a line: the CertID in base64, `revoked` or `other`, thisUpdate, the end, the URL, the response in base64.
pub(super) struct Line<'a> {
    cert_id: &'a str,
    pub(super) kept: Kept,
    url: &'a str,
    response: &'a str,
}

const REVOKED: &str = "revoked";
const OTHER: &str = "other";

impl<'a> Line<'a> {
    pub(super) fn encode(cert_id: &[u8], url: &str, response: &[u8], kept: Kept) -> String {
        let word = if kept.revoked { REVOKED } else { OTHER };
        let (from, until) = (kept.this_update.as_secs(), kept.until.as_secs());
        let (cert_id, response) = (STANDARD.encode(cert_id), STANDARD.encode(response));
        format!("{cert_id} {word} {from} {until} {url} {response}\n")
    }

    pub(super) fn parse(line: &'a [u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut fields = line.split(' ');
        let cert_id = fields.next()?;
        let revoked = match fields.next()? {
            REVOKED => true,
            OTHER => false,
            _ => return None,
        };
        let (this_update, until) = (moment(fields.next()?)?, moment(fields.next()?)?);
        let (url, response) = (fields.next()?, fields.next()?);
        fields.next().is_none().then_some(Self {
            cert_id,
            kept: Kept {
                revoked,
                this_update,
                until,
            },
            url,
            response,
        })
    }

    pub(super) fn cert_id(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.cert_id).ok()
    }

    /// What is kept, where it is about this certificate.
    pub(super) fn stored(&self, cert_id: &[u8]) -> Option<Stored> {
        if self.cert_id()? != cert_id {
            return None;
        }
        // It will be shown in logs.
        Responder::parse(self.url).ok()?;
        let response = STANDARD.decode(self.response).ok()?;
        (response.len() <= MAX_LENGTH).then(|| Stored {
            url: self.url.to_owned(),
            until: self.kept.until,
            response,
        })
    }
}

fn moment(seconds: &str) -> Option<UnixTime> {
    let seconds = seconds.parse().ok()?;
    Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
}
