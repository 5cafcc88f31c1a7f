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
/// With that extension the issuer says that the delegate's own revocation need not be checked as
/// long as its certificate is valid (RFC 6960 section 4.2.2.2.1). Without it the RFC leaves the
/// matter to the client. Nothing here asks about a delegate, as that question would often go to
/// the very same delegate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DelegatesWithoutNocheck {
    /// It may sign until its certificate ends, as with OpenSSL, Go and BoringSSL.
    Allow,
    /// It may not sign. Public certification authorities always set the extension.
    Refuse,
}

impl<'a> Rules<'a> {
    /// Accepts signatures of these algorithms, usually all that the caller's crypto provider has.
    ///
    /// Unless said otherwise: a skew of 300 s; no maximum age, but an hour for answers without
    /// nextUpdate; no trusted responders beside the issuer and its delegates; no SHA-1; a nonce
    /// that is sent must come back; delegates without `id-pkix-ocsp-nocheck` are allowed.
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
            delegates_without_nocheck: DelegatesWithoutNocheck::Allow,
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
}
