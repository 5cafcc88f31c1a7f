//! Who may sign, numbered as in RFC 6960 section 4.2.2.2, and whether they did.

use alloc::string::ToString;

use const_oid::ObjectIdentifier;
use portcullis_x509::{
    AlgorithmIdentifier, Certificate, KeyUsage, SignatureError, SubjectPublicKeyInfo, oid,
    verify_signature,
};
use rustls_pki_types::UnixTime;

use crate::extensions::unknown_critical;
use crate::query::Query;
use crate::refusal::{Refusal, Unauthorised};
use crate::response::BasicResponse;
use crate::rules::{DelegatesWithoutNocheck, Rules, Sha1Signatures};

/// Until when the signer's word counts. Only [`verify`] makes one.
pub(crate) struct SignedUntil(pub(crate) Option<UnixTime>);

/// Certificates by the responder's name or key that are examined, each of which costs up to two
/// signature checks. Responders send one; a few more cover a change of keys.
const MAX_CANDIDATES: usize = 4;

/// Verifies that a response is signed by one of those who may:
///
/// 1. a locally configured responder;
/// 2. the issuer of the certificate in question;
/// 3. a delegate, certified for that directly by the same issuer, whose certificate comes along.
///
/// The responder's id picks whom to try, so that an honest response costs one signature check, or
/// two with a delegate.
pub(crate) fn verify(
    response: &BasicResponse<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<SignedUntil, Refusal> {
    let mut attempt = Attempt {
        response,
        rules,
        refusal: None,
    };
    let id = response.responder_id();
    // (1)
    for responder in rules
        .trusted_responders
        .iter()
        .filter(|trusted| id.names(trusted))
    {
        if attempt.authorise(check_validity(responder, now)) && attempt.signed_by(responder) {
            return Ok(SignedUntil(Some(responder.validity().not_after)));
        }
    }
    // (2)
    if id.names(query.issuer()) && attempt.signed_by(query.issuer()) {
        return Ok(SignedUntil(None));
    }
    // (3)
    let candidates = response
        .certificates()
        .filter_map(|der| Certificate::parse(der).ok());
    let candidates = candidates
        .filter(|candidate| id.names(candidate) && candidate.der() != query.issuer().der());
    for (index, delegate) in candidates.enumerate() {
        if index == MAX_CANDIDATES {
            attempt.authorise(Err(Unauthorised::TooManyCertificates {
                limit: MAX_CANDIDATES,
            }));
            break;
        }
        if attempt.authorise(check_delegate(&delegate, query, rules, now))
            && attempt.signed_by(&delegate)
        {
            return Ok(SignedUntil(Some(delegate.validity().not_after)));
        }
    }
    Err(attempt.into_refusal())
}

/// What was tried, and the refusal that tells most: of one who may sign before one who may not.
struct Attempt<'r, 'a> {
    response: &'r BasicResponse<'a>,
    rules: &'r Rules<'r>,
    refusal: Option<Refusal>,
}

impl Attempt<'_, '_> {
    /// Whether the check is passed; if not, remembers why.
    fn authorise(&mut self, check: Result<(), Unauthorised>) -> bool {
        let Err(reason) = check else { return true };
        let refused = self.unauthorised(reason);
        self.refusal.get_or_insert(refused);
        false
    }

    /// Whether this certificate's key signed the response; if not, remembers why.
    fn signed_by(&mut self, signer: &Certificate<'_>) -> bool {
        let key = signer.subject_public_key_info();
        let Err(refused) = self.verify_signature(key) else {
            return true;
        };
        match self.refusal {
            None | Some(Refusal::UnauthorisedResponder { .. }) => self.refusal = Some(refused),
            Some(_) => (),
        }
        false
    }

    fn verify_signature(&self, key: SubjectPublicKeyInfo<'_>) -> Result<(), Refusal> {
        let responder = self.response.responder_id().to_string();
        let algorithm = self.response.signature_algorithm();
        if refuses_sha1(self.rules, algorithm) {
            return Err(Refusal::Sha1Signature {
                responder,
                algorithm: algorithm.to_string(),
            });
        }
        let (tbs, signature) = (self.response.tbs(), self.response.signature());
        match verify_signature(self.rules.algorithms, key, algorithm, tbs, signature) {
            Ok(()) => Ok(()),
            Err(SignatureError::BadSignature) => Err(Refusal::BadSignature { responder }),
            Err(source) => Err(Refusal::UnsupportedAlgorithm { responder, source }),
        }
    }

    fn unauthorised(&self, reason: Unauthorised) -> Refusal {
        let responder = self.response.responder_id().to_string();
        Refusal::UnauthorisedResponder { responder, reason }
    }

    fn into_refusal(self) -> Refusal {
        let nobody = self.unauthorised(Unauthorised::Unknown);
        self.refusal.unwrap_or(nobody)
    }
}

/// What RFC 6960 section 4.2.2.2 asks of a delegate, dearest check last.
fn check_delegate(
    delegate: &Certificate<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
    now: UnixTime,
) -> Result<(), Unauthorised> {
    check_issuer_name(delegate, query)?;
    if delegate.serial() == query.certificate().serial() {
        return Err(Unauthorised::Itself);
    }
    check_validity(delegate, now)?;
    check_extended_key_usage(delegate)?;
    check_key_usage(delegate)?;
    check_critical_extensions(delegate)?;
    check_nocheck(delegate, rules)?;
    check_signed_by_issuer(delegate, query, rules)
}

fn check_issuer_name(delegate: &Certificate<'_>, query: &Query<'_>) -> Result<(), Unauthorised> {
    let (found, expected) = (delegate.issuer(), query.issuer().subject());
    if found.matches(&expected) {
        return Ok(());
    }
    Err(Unauthorised::OtherIssuer {
        expected: expected.to_string(),
        found: found.to_string(),
    })
}

fn check_validity(signer: &Certificate<'_>, now: UnixTime) -> Result<(), Unauthorised> {
    let validity = signer.validity();
    if now < validity.not_before {
        return Err(Unauthorised::NotYetValid {
            not_before: validity.not_before,
        });
    }
    if validity.not_after < now {
        return Err(Unauthorised::Expired {
            not_after: validity.not_after,
        });
    }
    Ok(())
}

/// `id-kp-OCSPSigning` itself: neither absence nor anyExtendedKeyUsage delegates anything.
fn check_extended_key_usage(delegate: &Certificate<'_>) -> Result<(), Unauthorised> {
    match delegate
        .extended_key_usage()
        .map_err(Unauthorised::Malformed)?
    {
        Some(purposes) if purposes.contains(oid::OCSP_SIGNING) => Ok(()),
        _ => Err(Unauthorised::NotForOcspSigning),
    }
}

/// RFC 5280 section 4.2.1.12: consistent with id-kp-OCSPSigning are digitalSignature and nonRepudiation.
fn check_key_usage(delegate: &Certificate<'_>) -> Result<(), Unauthorised> {
    let Some(usage) = delegate.key_usage().map_err(Unauthorised::Malformed)? else {
        return Ok(());
    };
    let signs =
        usage.contains(KeyUsage::DIGITAL_SIGNATURE) || usage.contains(KeyUsage::NON_REPUDIATION);
    if signs {
        Ok(())
    } else {
        Err(Unauthorised::KeyUsage {
            found: usage.to_string(),
        })
    }
}

/// The extensions of a delegate that do not change what it may do here, or are judged above.
const KNOWN_ON_DELEGATES: &[ObjectIdentifier] = &[
    // authorityKeyIdentifier, subjectKeyIdentifier
    ObjectIdentifier::new_unwrap("2.5.29.35"),
    ObjectIdentifier::new_unwrap("2.5.29.14"),
    // basicConstraints, keyUsage, extKeyUsage
    ObjectIdentifier::new_unwrap("2.5.29.19"),
    ObjectIdentifier::new_unwrap("2.5.29.15"),
    ObjectIdentifier::new_unwrap("2.5.29.37"),
    // subjectAltName
    ObjectIdentifier::new_unwrap("2.5.29.17"),
    // id-pkix-ocsp-nocheck
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.5"),
];

fn check_critical_extensions(delegate: &Certificate<'_>) -> Result<(), Unauthorised> {
    delegate
        .basic_constraints()
        .map_err(Unauthorised::Malformed)?;
    match unknown_critical(delegate.extensions().iter(), KNOWN_ON_DELEGATES) {
        None => Ok(()),
        Some(oid) => Err(Unauthorised::UnknownCriticalExtension {
            oid: oid.to_string(),
        }),
    }
}

fn check_nocheck(delegate: &Certificate<'_>, rules: &Rules<'_>) -> Result<(), Unauthorised> {
    match rules.delegates_without_nocheck {
        DelegatesWithoutNocheck::Refuse
            if delegate.extensions().find(oid::OCSP_NOCHECK).is_none() =>
        {
            Err(Unauthorised::RevocationNotChecked)
        }
        _ => Ok(()),
    }
}

fn check_signed_by_issuer(
    delegate: &Certificate<'_>,
    query: &Query<'_>,
    rules: &Rules<'_>,
) -> Result<(), Unauthorised> {
    let algorithm = delegate.signature_algorithm();
    if refuses_sha1(rules, algorithm) {
        return Err(Unauthorised::Sha1Signature {
            algorithm: algorithm.to_string(),
        });
    }
    let key = query.issuer().subject_public_key_info();
    let (tbs, signature) = (delegate.tbs(), delegate.signature());
    verify_signature(rules.algorithms, key, algorithm, tbs, signature)
        .map_err(Unauthorised::NotSignedByIssuer)
}

/// RSASSA-PSS with SHA-1 parameters is not looked for: no provider offers it.
fn refuses_sha1(rules: &Rules<'_>, algorithm: AlgorithmIdentifier<'_>) -> bool {
    rules.sha1_signatures == Sha1Signatures::Refuse
        && matches!(algorithm.oid(), oid::SHA1_WITH_RSA | oid::ECDSA_WITH_SHA1)
}
