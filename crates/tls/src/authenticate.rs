//! The only door: from what a client presented to who it is.

use portcullis_chain::{Rejection, VerifiedChain};
use portcullis_revocation::Verdict;
use portcullis_x509::Certificate;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::profile::{ClientAuth, Profile, Revocation, Trust};
use crate::refusal::Refusal;

/// Most certificates of a presented chain that are looked at.
///
/// OpenSSL sends and accepts 10 by default, Google Cloud refuses more than 10 intermediates; the
/// TLS layer already bounds the bytes.
pub const PRESENTED_CERTIFICATES: usize = 16;

/// Most bytes of a client's own certificate.
///
/// What it says is logged and passed on with every request, so a client decides with it how much
/// is. RSA certificates have 1 to 3 KiB, those with ML-DSA-87 some 8 KiB.
pub const CERTIFICATE_SIZE: usize = 16 * 1024;

/// Who is on the other side of a connection.
#[derive(Clone, Debug)]
pub enum Client {
    /// No certificate was presented, and the profile does not require one.
    Anonymous,
    /// The client holds the key of this certificate; nothing else about it was judged.
    Unverified(CertificateDer<'static>),
    /// The certificate was proven up to an anchor and, where asked, stands.
    Verified(VerifiedClient),
}

/// A client whose certificate passed everything its profile demands. Only [`authenticate`] makes one.
#[derive(Clone, Debug)]
pub struct VerifiedClient {
    certificate: CertificateDer<'static>,
    issuers: Vec<CertificateDer<'static>>,
    valid_until: UnixTime,
    revocation: Option<Verdict>,
    policies: Vec<String>,
}

impl VerifiedClient {
    /// The client's own certificate.
    #[must_use]
    pub fn certificate(&self) -> &CertificateDer<'static> {
        &self.certificate
    }

    /// The rest of the proven path: the issuer of the client's certificate first, the anchor last.
    #[must_use]
    pub fn issuers(&self) -> &[CertificateDer<'static>] {
        &self.issuers
    }

    /// Until when this identity may be relied on: the earliest notAfter of the path, or the end of
    /// the revocation answer's life if that comes first. Authenticate again before using it later.
    #[must_use]
    pub fn valid_until(&self) -> UnixTime {
        self.valid_until
    }

    /// The certificate policies under which the path is valid, dotted, without anyPolicy where that is all there is
    /// (RFC 5280 section 6.1.6).
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.policies
    }

    /// The responder's answer, where the profile asks for one.
    #[must_use]
    pub fn revocation(&self) -> Option<&Verdict> {
        self.revocation.as_ref()
    }
}

/// Decides who the client is, after **every** handshake, full or resumed.
///
/// `presented` is what rustls calls `peer_certificates()`. TLS libraries do not judge certificates
/// again when a session is resumed, so the caller must not take a finished handshake for a verified
/// client: this function is what judges.
///
/// # Errors
/// The reason why the client is refused.
pub async fn authenticate(
    profile: &Profile,
    presented: Option<&[CertificateDer<'static>]>,
    now: UnixTime,
) -> Result<Client, Refusal> {
    let certificates = presented.unwrap_or_default();
    let Some((end_entity, intermediates)) = certificates.split_first() else {
        return match profile.client_auth() {
            ClientAuth::Required(_) => Err(Refusal::CertificateMissing),
            ClientAuth::Off | ClientAuth::Passthrough | ClientAuth::Optional(_) => {
                Ok(Client::Anonymous)
            }
        };
    };
    match profile.client_auth() {
        // A profile that never asks has nothing to say about who the client is.
        ClientAuth::Off => Ok(Client::Anonymous),
        ClientAuth::Passthrough => {
            check_size(end_entity)?;
            Ok(Client::Unverified(end_entity.clone()))
        }
        ClientAuth::Optional(trust) | ClientAuth::Required(trust) => {
            verify(trust, end_entity, intermediates, now)
                .await
                .map(Client::Verified)
        }
    }
}

async fn verify(
    trust: &Trust,
    end_entity: &CertificateDer<'static>,
    intermediates: &[CertificateDer<'static>],
    now: UnixTime,
) -> Result<VerifiedClient, Refusal> {
    let (leaf, offered) = parse(end_entity, intermediates)?;
    let chain = trust
        .chain
        .verify(&leaf, &offered, &trust.memory, now)
        .map_err(rejected)?;
    let revocation = match &trust.revocation {
        Revocation::Off => None,
        Revocation::Ocsp(checker) => Some(
            checker
                .check(&chain, now)
                .await
                .map_err(|refused| Refusal::Revocation(Box::new(refused)))?,
        ),
    };
    let valid_until = match &revocation {
        Some(verdict) => chain.valid_until().min(verdict.valid_until()),
        None => chain.valid_until(),
    };
    Ok(VerifiedClient {
        certificate: end_entity.clone(),
        issuers: issuers(&chain),
        policies: chain.policies().map(|oid| oid.to_string()).collect(),
        valid_until,
        revocation,
    })
}

/// Judges what needs no network.
pub(crate) fn judge(
    trust: &Trust,
    end_entity: &CertificateDer<'_>,
    intermediates: &[CertificateDer<'_>],
    now: UnixTime,
) -> Result<(), Refusal> {
    let (leaf, offered) = parse(end_entity, intermediates)?;
    trust
        .chain
        .verify(&leaf, &offered, &trust.memory, now)
        .map(drop)
        .map_err(rejected)
}

fn check_size(end_entity: &CertificateDer<'_>) -> Result<(), Refusal> {
    let (found, limit) = (end_entity.len(), CERTIFICATE_SIZE);
    if found > limit {
        return Err(Refusal::TooLarge { found, limit });
    }
    Ok(())
}

/// The leaf must parse. An intermediate that does not is left out: the path may not need it, and
/// without it nothing gains trust.
fn parse<'a>(
    end_entity: &'a CertificateDer<'_>,
    intermediates: &'a [CertificateDer<'_>],
) -> Result<(Certificate<'a>, Vec<Certificate<'a>>), Refusal> {
    check_size(end_entity)?;
    let leaf = Certificate::parse(end_entity).map_err(Refusal::Malformed)?;
    let offered = intermediates
        .iter()
        .take(PRESENTED_CERTIFICATES)
        .filter_map(|der| Certificate::parse(der).ok())
        .collect();
    Ok((leaf, offered))
}

fn rejected(rejection: Rejection) -> Refusal {
    Refusal::Chain(Box::new(rejection))
}

fn issuers(chain: &VerifiedChain<'_>) -> Vec<CertificateDer<'static>> {
    chain
        .certificates()
        .iter()
        .skip(1)
        .map(|certificate| CertificateDer::from(certificate.der().to_vec()))
        .collect()
}
