//! What runs inside the handshake: proof that the client holds its key, and, where a profile
//! answers with alerts, what can be judged without a network.

use std::fmt;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, OtherError, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer, UnixTime};

use portcullis_chain::{Class, Reason};
use portcullis_x509::Certificate;

use crate::authenticate::judge;
use crate::profile::{ClientAuth, OnFailure, Trust};
use crate::refusal::Refusal;

/// Takes whatever certificate the client proves to own; [`crate::authenticate`] judges it after
/// the handshake.
///
/// Only a profile with [`OnFailure::Alert`] judges here, and then only what needs no network.
pub(crate) struct PossessionVerifier {
    algorithms: WebPkiSupportedAlgorithms,
    hints: Vec<DistinguishedName>,
    client_auth: ClientAuth,
}

impl PossessionVerifier {
    pub(crate) fn new(client_auth: ClientAuth, algorithms: WebPkiSupportedAlgorithms) -> Self {
        let hints = match client_auth.trust() {
            Some(trust) => hints(trust),
            None => Vec::new(),
        };
        Self {
            algorithms,
            hints,
            client_auth,
        }
    }

    /// The trust to judge by inside the handshake, where the profile asks for that.
    fn alerting_trust(&self) -> Option<&Arc<Trust>> {
        self.client_auth
            .trust()
            .filter(|trust| trust.on_failure == OnFailure::Alert)
    }
}

impl fmt::Debug for PossessionVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PossessionVerifier")
            .field("hints", &self.hints.len())
            .finish_non_exhaustive()
    }
}

impl ClientCertVerifier for PossessionVerifier {
    fn client_auth_mandatory(&self) -> bool {
        matches!(self.client_auth, ClientAuth::Required(_)) && self.alerting_trust().is_some()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        if let Some(trust) = self.alerting_trust() {
            judge(trust, end_entity, intermediates, now).map_err(alert)?;
        }
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let leaf = parse(cert)?;
        let key = leaf.subject_public_key_info();
        let (_, candidates) = self
            .algorithms
            .mapping
            .iter()
            .find(|(scheme, _)| *scheme == dss.scheme)
            .ok_or(CertificateError::BadSignature)?;
        // In TLS 1.2 a scheme names the hash and leaves the curve open (RFC 8422 section 5.1.1).
        candidates
            .iter()
            .filter(|candidate| candidate.public_key_alg_id().as_ref() == key.algorithm().content())
            .find_map(|candidate| {
                candidate
                    .verify_signature(key.key(), message, dss.signature())
                    .ok()
            })
            .map(|()| HandshakeSignatureValid::assertion())
            .ok_or_else(|| CertificateError::BadSignature.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let leaf = parse(cert)?;
        let key = SubjectPublicKeyInfoDer::from(leaf.subject_public_key_info().der());
        verify_tls13_signature_with_raw_key(message, &key, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Octets that the names of authorities may take in a certificate request.
///
/// Their list has a length of 16 bits, and in TLS 1.3 shares another with the request's further
/// extensions (RFC 8446 section 4.3.2): a longer one cannot be read, and no handshake would succeed.
/// Half of that is some 300 names.
const MAX_HINTS: usize = 0x8000;

/// The authorities that clients are told to choose a certificate of, or none where they would take
/// too much room: clients may then show any, which is judged like every other.
fn hints(trust: &Trust) -> Vec<DistinguishedName> {
    let names = || trust.chain.anchors().subjects();
    let octets = names().fold(0_usize, |octets, name| {
        octets.saturating_add(2).saturating_add(name.len())
    });
    if octets > MAX_HINTS {
        tracing::warn!(
            octets,
            "the names of the trusted authorities are too many to be told to clients"
        );
        return Vec::new();
    }
    names()
        .map(|name| DistinguishedName::from(name.to_vec()))
        .collect()
}

/// A certificate that cannot be read proves nothing: the handshake ends with `bad_certificate`.
fn parse<'a>(cert: &'a CertificateDer<'_>) -> Result<Certificate<'a>, Error> {
    Certificate::parse(cert).map_err(|_| CertificateError::BadEncoding.into())
}

/// The TLS alert that a refusal becomes (RFC 8446 section 6.2).
fn alert(refusal: Refusal) -> Error {
    tracing::info!(reason = refusal.code(), detail = %refusal, "client certificate refused by an alert");
    let class = match &refusal {
        Refusal::Chain(rejection) => match rejection.reason() {
            Reason::PurposeNotAllowed { .. } | Reason::KeyUsageMissing { .. } => {
                return CertificateError::InvalidPurpose.into();
            }
            _ => rejection.class(),
        },
        Refusal::Malformed(_) => Class::Malformed,
        _ => return CertificateError::Other(OtherError(Arc::new(refusal))).into(),
    };
    match class {
        Class::Malformed => CertificateError::BadEncoding,
        Class::Expired => CertificateError::Expired,
        Class::NotYetValid => CertificateError::NotValidYet,
        Class::Untrusted => CertificateError::UnknownIssuer,
        Class::NotPermitted | Class::TooCostly => {
            CertificateError::Other(OtherError(Arc::new(refusal)))
        }
    }
    .into()
}
