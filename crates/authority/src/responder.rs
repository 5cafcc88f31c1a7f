//! The OCSP responder over the index.

mod server;
mod signer;

use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use portcullis_ocsp::responder::{Answer, ErrorStatus, ResponderId, error_response, respond};
use portcullis_ocsp::{CertIdRef, CertificateStatus, Request, parse_request};
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;

use self::signer::OcspSigner;
use crate::authority::INDEX;
use crate::folder;
use crate::{Authority, AuthorityError, Index, Serial, Status, date};

/// Answers OCSP requests from an authority's index.
///
/// A certificate that was issued and not revoked is good, also past its end; a serial number that was
/// not issued, or another issuer's, is unknown. The index is read again whenever its file changed, so
/// that a revocation shows in the next answer. When the index or the signing key cannot be relied on,
/// the answer is `internalError`, never good.
#[derive(Debug)]
pub struct Responder {
    authority: Authority,
    lifetime: Duration,
    index: Mutex<Option<(Version, Arc<Index>)>>,
    signer: Mutex<Signing>,
}

#[derive(Debug)]
struct Signing {
    signer: Arc<OcspSigner>,
    /// When to try again to renew it, where that failed.
    retry_at: UnixTime,
}

/// How long an answer may be believed, unless set otherwise. A revocation reaches a caching gateway
/// no later than this; each returning client costs one request in this time.
const LIFETIME: Duration = Duration::from_secs(300);

/// The most certificates in one request. Clients ask about one; each costs a lookup, all one signature.
const MOST_CERTIFICATES: usize = 32;

/// How long a failed renewal rests. There are thirty days for it.
const RENEWAL_RETRY: Duration = Duration::from_secs(60);

impl Responder {
    /// A responder for the authority in `folder`. Renews the certificate it signs with where needed.
    ///
    /// # Errors
    /// Those of [`Authority::open`]; the index cannot be relied on; or the signing certificate is due
    /// and cannot be renewed.
    pub fn open(folder: &Path, now: UnixTime) -> Result<Self, AuthorityError> {
        let authority = Authority::open(folder)?;
        let signer = OcspSigner::open(&authority, now)?;
        let signer = Mutex::new(Signing {
            signer: Arc::new(signer),
            retry_at: now,
        });
        let responder = Self {
            authority,
            lifetime: LIFETIME,
            index: Mutex::new(None),
            signer,
        };
        responder.index()?;
        Ok(responder)
    }

    /// Answers may be believed for so long: nextUpdate is this long after thisUpdate.
    #[must_use]
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// The authority it answers for.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The DER of the `OCSPResponse` to an `OCSPRequest`.
    #[must_use]
    pub fn answer(&self, request: &[u8], now: UnixTime) -> Vec<u8> {
        let Ok(request) = parse_request(request) else {
            return error_response(ErrorStatus::MalformedRequest);
        };
        if request.cert_ids().len() > MOST_CERTIFICATES || request.nonce().is_err() {
            return error_response(ErrorStatus::MalformedRequest);
        }
        self.respond(&request, now).unwrap_or_else(|error| {
            tracing::error!(error = %Causes(&*error), "no OCSP answer");
            error_response(ErrorStatus::InternalError)
        })
    }

    fn respond(
        &self,
        request: &Request<'_>,
        now: UnixTime,
    ) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
        let index = self.index()?;
        let signer = self.signer(now)?;
        let issuer = Certificate::parse(self.authority.issuing())?;
        let next_update = Some(date::after(now, self.lifetime));
        let cert_ids = request.cert_ids().iter();
        let answers: Vec<_> = cert_ids
            .map(|cert_id| {
                let status = status(&index, cert_id, &issuer);
                tracing::info!(serial = %cert_id.serial(), status = word(status), "OCSP answer");
                Answer {
                    cert_id: cert_id.der(),
                    status,
                    this_update: now,
                    next_update,
                    archive_cutoff: None,
                }
            })
            .collect();
        let certificate = Certificate::parse(signer.certificate())?;
        let name = ResponderId::by_key(&certificate);
        let nonce = request.nonce()?;
        Ok(respond(
            &answers,
            nonce,
            name,
            &[signer.certificate()],
            &*signer,
            now,
        )?)
    }

    /// The index as its file has it now.
    fn index(&self) -> Result<Arc<Index>, AuthorityError> {
        let path = self.authority.folder().file(INDEX);
        let error = folder::at(&path);
        let mut file = File::open(&path).map_err(&error)?;
        // Of the open file, so that version and content are those of one index.
        let version = Version::of(&file.metadata().map_err(&error)?);
        let mut known = lock(&self.index);
        if let Some((read, index)) = &*known
            && *read == version
        {
            return Ok(Arc::clone(index));
        }
        *known = None;
        let mut text = Vec::new();
        file.read_to_end(&mut text).map_err(&error)?;
        let index = Arc::new(Index::parse(&text, &path)?);
        *known = Some((version, Arc::clone(&index)));
        Ok(index)
    }

    /// The key to sign with now, renewed when it is due.
    fn signer(&self, now: UnixTime) -> Result<Arc<OcspSigner>, AuthorityError> {
        let mut signing = lock(&self.signer);
        if signing.signer.is_due(now) && signing.retry_at <= now {
            match OcspSigner::open(&self.authority, now) {
                Ok(renewed) => signing.signer = Arc::new(renewed),
                Err(error) if signing.signer.is_expired(now) => return Err(error),
                Err(error) => {
                    signing.retry_at = date::after(now, RENEWAL_RETRY);
                    tracing::warn!(error = %Causes(&error), "OCSP signing certificate is not renewed");
                }
            }
        }
        Ok(Arc::clone(&signing.signer))
    }
}

fn status(index: &Index, cert_id: &CertIdRef<'_>, issuer: &Certificate<'_>) -> CertificateStatus {
    if !cert_id.is_issued_by(issuer) {
        return CertificateStatus::Unknown;
    }
    let serial = Serial::from_content(cert_id.serial().as_bytes());
    match serial.and_then(|serial| index.find(&serial).map(|entry| entry.status)) {
        None => CertificateStatus::Unknown,
        Some(Status::Valid) => CertificateStatus::Good,
        Some(Status::Revoked { at, reason }) => CertificateStatus::Revoked {
            at,
            reason: reason.and_then(crate::Reason::in_answer),
        },
    }
}

/// A status in the log.
fn word(status: CertificateStatus) -> &'static str {
    match status {
        CertificateStatus::Good => "good",
        CertificateStatus::Revoked { .. } => "revoked",
        CertificateStatus::Unknown => "unknown",
    }
}

/// What changes when the file does: the index is replaced, never changed in place, by us; by an editor
/// it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    device: u64,
    inode: u64,
    length: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Version {
    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            length: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// A panic while the lock was held leaves the value as it was before or after, both of which are sound.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error with all its causes in one line.
struct Causes<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
