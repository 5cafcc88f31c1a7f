//! Answers that several gateways share.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use portcullis_ocsp::{CertId, HashAlgorithm, MAX_LENGTH, Query, status};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use sha2::{Digest as _, Sha256};

use super::{Asking, Proof};
use crate::memory::Question;
use crate::observer::Event;
use crate::redis::Pool;
use crate::settings::Nonces;
use crate::whom::Whom;

/// What is shared of an answer: one line, then the response as the responder sent it. Nobody vouches for any of it.
struct Value<'v> {
    /// Until when it was to be remembered, which bounds the answer's life and does not prolong it.
    until: UnixTime,
    url: &'v str,
    response: &'v [u8],
}

/// What a value begins with.
const HEADING: &str = "portcullis-ocsp 1";

/// Octets of the line at most: the heading, a number, and the URL of a responder.
const LINE: usize = 0x1000;

/// Octets of a value at most.
const VALUE: usize = MAX_LENGTH + LINE;

impl<'v> Value<'v> {
    fn encode(&self) -> Vec<u8> {
        let mut value = format!("{HEADING} {} {}\n", self.until.as_secs(), self.url).into_bytes();
        value.extend_from_slice(self.response);
        value
    }

    fn parse(value: &'v [u8]) -> Option<Self> {
        let end = value.iter().take(LINE).position(|octet| *octet == b'\n')?;
        let (line, rest) = value.split_at_checked(end)?;
        let line = str::from_utf8(line).ok()?.strip_prefix(HEADING)?;
        let (until, url) = line.strip_prefix(' ')?.split_once(' ')?;
        let (_, response) = rest.split_first()?;
        (response.len() <= MAX_LENGTH).then_some(Self {
            until: UnixTime::since_unix_epoch(Duration::from_secs(until.parse().ok()?)),
            url,
            response,
        })
    }
}

impl Asking {
    /// What another gateway was told, if that proves something now which is newer than what is known.
    ///
    /// It is judged as if it came from a responder that this certificate is asked about, but for the clocks, whose difference
    /// is forgiven to nobody: there is no need to, as the responder can still be asked.
    pub(super) async fn recall_shared(&self, question: &Question, now: UnixTime) -> Option<Proof> {
        let pool = self.pool(question)?;
        let parse = |der| Certificate::parse(der).ok();
        let (certificate, issuer) = (parse(&self.certificate)?, parse(&self.issuer)?);
        let whom = Whom::of(&certificate, &issuer, &self.settings.responders).ok()?;
        // One octet more tells what is too long.
        let most = VALUE.saturating_add(1);
        let found = pool.find(&key(&certificate, &issuer), most).await;
        let found = self.told(found)??;
        let value = Value::parse(&found).filter(|_| found.len() <= VALUE)?;
        let responder = whom.urls.iter().find(|url| ***url == *value.url)?;
        let trusted: Vec<_> = whom
            .trusted
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        let rules = self.settings.rules().skew(Duration::ZERO);
        let rules = rules.trusted_responders(&trusted);
        let query = Query::new(&certificate, &issuer);
        let mut status = status(value.response, &query, &rules, now).ok()?;
        // When it was fetched is not told by anybody who is believed, but not before it was made.
        let lifetimes = &self.settings.lifetimes;
        let longest = lifetimes.until(&status, status.this_update);
        status.valid_until = longest.min(value.until);
        let is_of_use = now < status.valid_until && question.is_news(&status);
        is_of_use.then(|| Proof {
            status,
            responder: Arc::clone(responder),
            response: value.response.to_vec(),
        })
    }

    /// Gives an answer to the others for as long as it is remembered here.
    pub(super) async fn share(&self, proof: &Proof, pool: &Pool, until: UnixTime, now: UnixTime) {
        let parse = |der| Certificate::parse(der).ok();
        let (Some(certificate), Some(issuer)) = (parse(&self.certificate), parse(&self.issuer))
        else {
            return;
        };
        let value = Value {
            until,
            url: &proof.responder,
            response: &proof.response,
        };
        let value = value.encode();
        let life = until.as_secs().saturating_sub(now.as_secs());
        if life == 0 || value.len() > VALUE {
            return;
        }
        let key = key(&certificate, &issuer);
        self.told(pool.put(&key, &value, Duration::from_secs(life)).await);
    }

    /// Where answers are shared, unless nothing is believed but what is of this very question.
    pub(super) fn pool(&self, question: &Question) -> Option<Arc<Pool>> {
        let pool = question.memory().shared.clone();
        pool.filter(|_| self.settings.nonces != Nonces::Require)
    }

    fn told<T>(&self, outcome: io::Result<T>) -> Option<T> {
        outcome
            .map_err(|error| {
                self.settings
                    .observe(&Event::SharedFailed { error: &error })
            })
            .ok()
    }
}

/// By what an answer is found: a digest of the CertID, so that nothing of a certificate's choosing is said there.
fn key(certificate: &Certificate<'_>, issuer: &Certificate<'_>) -> String {
    let cert_id = CertId::new(certificate, issuer, HashAlgorithm::Sha256).to_der();
    let digest = Sha256::digest(cert_id);
    let hexadecimal: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
    format!("portcullis:ocsp:1:{hexadecimal}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_read_as_it_was_written_and_nothing_else_is_one() {
        let value = Value {
            until: UnixTime::since_unix_epoch(Duration::from_secs(7)),
            url: "http://a/",
            response: b"0\n1",
        };
        let octets = value.encode();
        let read = Value::parse(&octets).unwrap();
        assert_eq!((read.until.as_secs(), read.url), (7, "http://a/"));
        assert_eq!(read.response, b"0\n1");
        for wrong in [
            &b""[..],
            b"\n",
            b"portcullis-ocsp 1 7 http://a/",
            b"portcullis-ocsp 1 7\n",
            b"portcullis-ocsp 1 -7 http://a/\n",
            b"portcullis-ocsp 17 http://a/\n",
            b"portcullis-ocsp 2 7 http://a/\n",
            b"portcullis-ocsp 1 7 \xff\n",
            &[b'a'; VALUE],
        ] {
            assert!(Value::parse(wrong).is_none(), "{}", wrong.escape_ascii());
        }
        let long = [&octets, &[0; MAX_LENGTH][..]].concat();
        assert!(Value::parse(&long).is_none());
    }
}
