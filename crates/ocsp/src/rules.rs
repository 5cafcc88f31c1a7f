use core::time::Duration;

use portcullis_x509::Certificate;
use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::freshness::{DEFAULT_SKEW, Limits};

/// What the caller demands of a response.
#[derive(Clone, Debug)]
pub struct Rules<'a> {
    pub(crate) algorithms: &'a [&'a dyn SignatureVerificationAlgorithm],
    pub(crate) limits: Limits,
    pub(crate) trusted_responders: &'a [Certificate<'a>],
    pub(crate) sha1_signatures: Sha1Signatures,
    pub(crate) missing_nonce: MissingNonce,
    pub(crate) delegates_without_nocheck: DelegatesWithoutNocheck,
    pub(crate) delegate_answers: &'a [&'a [u8]],
}

/// Whether signatures over a SHA-1 hash count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sha1Signatures {
    /// Where the algorithms given to [`Rules::new`] have one.
    Allow,
    /// Never, whatever the algorithms.
    Refuse,
}

/// What becomes of a response without nonce when one was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MissingNonce {
    /// Its dates alone protect from replay. For responders that sign ahead (RFC 5019).
    Allow,
    /// It is refused.
    Refuse,
}

/// What becomes of a delegate whose certificate lacks `id-pkix-ocsp-nocheck`.
///
/// RFC 6960 section 4.2.2.2.1 leaves an issuer three ways. With that extension it says that the
/// delegate's own revocation need not be checked as long as its certificate is valid: such a
/// delegate may always sign, and nobody looks it up. It may say how to check the delegate, by an
/// OCSP responder in the authorityInfoAccess of its certificate. Or it says nothing, and the matter
/// is the client's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelegatesWithoutNocheck {
    /// It may sign until its certificate ends, as with OpenSSL, Go and BoringSSL.
    Allow,
    /// One whose certificate names an OCSP responder needs a good answer about itself among
    /// [`Rules::delegate_answers`]; one that names none may sign until its certificate ends.
    CheckWhereNamed,
    /// It may not sign. Public certification authorities always set the extension.
    Refuse,
}

impl<'a> Rules<'a> {
    /// Accepts signatures of these algorithms, usually all that the caller's crypto provider has.
    ///
    /// Unless said otherwise: a skew of 300 s; no maximum age, but an hour for answers without
    /// nextUpdate; no trusted responders beside the issuer and its delegates; no SHA-1; a nonce
    /// that is sent must come back; delegates without `id-pkix-ocsp-nocheck` that name an OCSP
    /// responder need a good answer about themselves, and no such answers are at hand.
    pub fn new(algorithms: &'a [&'a dyn SignatureVerificationAlgorithm]) -> Self {
        Self {
            algorithms,
            limits: Limits {
                skew: DEFAULT_SKEW,
                max_age: None,
            },
            trusted_responders: &[],
            sha1_signatures: Sha1Signatures::Refuse,
            missing_nonce: MissingNonce::Refuse,
            delegates_without_nocheck: DelegatesWithoutNocheck::CheckWhereNamed,
            delegate_answers: &[],
        }
    }

    /// The difference between the responder's clock and the caller's that is forgiven, in whole seconds.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.limits.skew = skew;
        self
    }

    /// How long ago thisUpdate may be, in whole seconds, even when nextUpdate is still ahead. Also
    /// replaces the hour that answers without nextUpdate hold.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.limits.max_age = Some(max_age);
        self
    }

    /// Responders that are believed about any certificate that is judged by these rules, whoever
    /// certified them. Their certificates must be valid; nothing else is asked of them.
    #[must_use]
    pub fn trusted_responders(mut self, certificates: &'a [Certificate<'a>]) -> Self {
        self.trusted_responders = certificates;
        self
    }

    /// Whether signatures over a SHA-1 hash count, on responses and on delegates' certificates.
    #[must_use]
    pub fn sha1_signatures(mut self, policy: Sha1Signatures) -> Self {
        self.sha1_signatures = policy;
        self
    }

    /// What becomes of a response that does not repeat the nonce.
    #[must_use]
    pub fn missing_nonce(mut self, policy: MissingNonce) -> Self {
        self.missing_nonce = policy;
        self
    }

    /// What becomes of a delegate whose own revocation the issuer does not exempt from checking.
    #[must_use]
    pub fn delegates_without_nocheck(mut self, policy: DelegatesWithoutNocheck) -> Self {
        self.delegates_without_nocheck = policy;
        self
    }

    /// The DER of responses about delegates, for [`DelegatesWithoutNocheck::CheckWhereNamed`].
    ///
    /// Each is judged by these same rules with the delegate as the certificate in question, its
    /// issuer as the issuer, and without a nonce. Only the issuer itself, a delegate with
    /// `id-pkix-ocsp-nocheck` or a trusted responder may sign it, and not the certificate that the
    /// delegate answers about: one step decides. Those that prove nothing about the delegate are
    /// passed over. Each costs as much as a response, so the caller bounds their number.
    ///
    /// Whom to ask, [`Refusal::delegate_to_check`](crate::Refusal::delegate_to_check) tells.
    #[must_use]
    pub fn delegate_answers(mut self, answers: &'a [&'a [u8]]) -> Self {
        self.delegate_answers = answers;
        self
    }
}
