//! Who may sign, numbered as in RFC 6960 section 4.2.2.2, and whether they did.

mod delegate;
mod revocation;

use alloc::string::ToString;

use portcullis_x509::{
    AlgorithmIdentifier, Certificate, Shown, SignatureError, SubjectPublicKeyInfo, oid,
    verify_signature,
};
use rustls_pki_types::UnixTime;

use crate::query::Query;
use crate::refusal::{Refusal, Unauthorised};
use crate::response::BasicResponse;
use crate::rules::{Rules, Sha1Signatures};

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
/// two with a delegate. A delegate is asked for its own revocation last: whoever is told to check it
/// is told of a certificate that the issuer signed and that signed this response.
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
        signer_refused: None,
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
        if !attempt.authorise(delegate::check(&delegate, query, rules, now))
            || !attempt.signed_by(&delegate)
        {
            continue;
        }
        match revocation::check(&delegate, query, rules, now) {
            Ok(SignedUntil(until)) => {
                let not_after = delegate.validity().not_after;
                return Ok(SignedUntil(until.into_iter().chain([not_after]).min()));
            }
            Err(reason) => attempt.refuse_signer(reason),
        }
    }
    Err(attempt.into_refusal())
}

/// What was tried, and the refusal that tells most: of the one who did sign, then of one who may,
/// then of one who may not.
struct Attempt<'r, 'a> {
    response: &'r BasicResponse<'a>,
    rules: &'r Rules<'r>,
    refusal: Option<Refusal>,
    signer_refused: Option<Refusal>,
}

impl Attempt<'_, '_> {
    /// Whether the check is passed; if not, remembers why.
    fn authorise(&mut self, check: Result<(), Unauthorised>) -> bool {
        let Err(reason) = check else { return true };
        let refused = self.unauthorised(reason);
        self.refusal.get_or_insert(refused);
        false
    }

    /// Remembers why the one who signed, and was allowed to, is not believed.
    fn refuse_signer(&mut self, reason: Unauthorised) {
        let refused = self.unauthorised(reason);
        self.signer_refused.get_or_insert(refused);
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
        let responder = Shown::new(self.response.responder_id()).to_string();
        let algorithm = self.response.signature_algorithm();
        if refuses_sha1(self.rules, algorithm) {
            return Err(Refusal::Sha1Signature {
                responder,
                algorithm: Shown::new(algorithm).to_string(),
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
        let responder = Shown::new(self.response.responder_id()).to_string();
        Refusal::UnauthorisedResponder { responder, reason }
    }

    fn into_refusal(self) -> Refusal {
        let nobody = self.unauthorised(Unauthorised::Unknown);
        let refusal = self.signer_refused.or(self.refusal);
        refusal.unwrap_or(nobody)
    }
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

/// RSASSA-PSS with SHA-1 parameters is not looked for: no provider offers it.
fn refuses_sha1(rules: &Rules<'_>, algorithm: AlgorithmIdentifier<'_>) -> bool {
    rules.sha1_signatures == Sha1Signatures::Refuse
        && matches!(algorithm.oid(), oid::SHA1_WITH_RSA | oid::ECDSA_WITH_SHA1)
}
