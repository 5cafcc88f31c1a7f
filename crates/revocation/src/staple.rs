//! An answer about one's own certificate, to show to clients (RFC 6066 section 8).

use std::time::Duration;

use portcullis_ocsp::CertificateStatus;
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;

use crate::checker::Checker;
use crate::failure::Failure;
use crate::settings::Nonces;

/// A "good" about one's own certificate.
#[derive(Clone, Debug)]
pub struct Staple {
    response: Vec<u8>,
    this_update: UnixTime,
    refresh_at: UnixTime,
    valid_until: UnixTime,
}

impl Staple {
    /// The DER of the `OCSPResponse`.
    #[must_use]
    pub fn response(&self) -> &[u8] {
        &self.response
    }

    /// The moment at which it was known to be so.
    #[must_use]
    pub fn this_update(&self) -> UnixTime {
        self.this_update
    }

    /// When it is time for a newer one: half of the way to its end, so that there is the other half for a responder
    /// that is down.
    #[must_use]
    pub fn refresh_at(&self) -> UnixTime {
        self.refresh_at
    }

    /// The last moment at which it is of use.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }
}

impl Checker {
    /// Asks for an answer to staple, with the settings by which clients' certificates are asked about, and
    /// judged by the same rules, but without a nonce. Nothing is remembered here.
    ///
    /// The caller vouches for it that `issuer` issued `certificate`; an answer is believed on the word of its key.
    ///
    /// # Errors
    /// [`Failure`] in every other case than a proven, current "good": nothing else is worth showing.
    pub async fn staple(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        now: UnixTime,
    ) -> Result<Staple, Failure> {
        let proof = self.ask_with(certificate, issuer, Nonces::Off, now).await?;
        match proof.status.certificate {
            CertificateStatus::Good => (),
            CertificateStatus::Revoked { at, reason } => {
                return Err(Failure::CertificateRevoked { at, reason });
            }
            CertificateStatus::Unknown => {
                return Err(Failure::CertificateUnknown {
                    url: proof.responder.to_string(),
                });
            }
        }
        let valid_until = proof.status.valid_until;
        let half = valid_until.as_secs().saturating_sub(now.as_secs()) / 2;
        Ok(Staple {
            response: proof.response,
            this_update: proof.status.this_update,
            refresh_at: UnixTime::since_unix_epoch(Duration::from_secs(
                now.as_secs().saturating_add(half),
            )),
            valid_until,
        })
    }
}
