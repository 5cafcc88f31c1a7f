//! Why a document cannot be imported as it is.

use crate::evaluate::EvaluationError;

/// Something that has to be put right, or given, before a gateway can run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// A property that is needed is an expression that gives nothing.
    #[error(transparent)]
    Evaluation(#[from] EvaluationError),
    /// A property has another type of value than it takes.
    #[error("found {found}, expected {expected}")]
    Type {
        /// What it takes.
        expected: &'static str,
        /// What stands there.
        found: &'static str,
    },
    /// A property has a value that it does not take.
    #[error("{found} is not {expected}")]
    Value {
        /// What it takes.
        expected: &'static str,
        /// What stands there, shortened.
        found: String,
    },
    /// Two properties whose names differ in nothing but upper and lower case.
    #[error("\"{name}\" stands here twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// Two elements of one name.
    #[error("another of the {collection} has the name \"{name}\"")]
    SameName {
        /// Where both stand.
        collection: &'static str,
        /// The name.
        name: String,
    },
    /// A property that is needed is absent.
    #[error("\"{name}\" is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// One of several properties is needed.
    #[error("one of {names} is missing")]
    MissingOneOf {
        /// Their names.
        names: &'static str,
    },
    /// Two properties exclude each other.
    #[error("it has both {one} and {other}")]
    Both {
        /// The name of one.
        one: &'static str,
        /// The name of the other.
        other: &'static str,
    },
    /// A reference to what is not there.
    #[error("there is no \"{name}\" among the {collection}")]
    Dangling {
        /// Where it should stand.
        collection: &'static str,
        /// The name.
        name: String,
    },
    /// A reference to something else than can be referred to here.
    #[error("\"{id}\" is not the id of one of the {collection}")]
    Reference {
        /// What can be referred to.
        collection: &'static str,
        /// What stands there, shortened.
        id: String,
    },
    /// A listener shows a certificate whose key Azure does not give out.
    #[error(
        "the certificate and its key are not in the document{}; \
         put them into {file} and their password into {password_file}",
        if *.key_vault { " but in a key vault" } else { "" }
    )]
    NoKey {
        /// Whether a key vault has them.
        key_vault: bool,
        /// The PFX that the configuration names.
        file: String,
        /// The file with its password that the configuration names.
        password_file: String,
    },
    /// A certificate cannot be read.
    #[error("the certificate {0}")]
    Certificate(CertificateProblem),
    /// A profile demands certificates and has nothing to judge them by.
    #[error("it demands client certificates and trusts none; name trustedClientCertificates")]
    NoTrust,
    /// A pool without targets that something forwards to.
    #[error(
        "the pool has no addresses to forward to; those of network interfaces are known only to Azure"
    )]
    EmptyPool,
    /// A listener that no rule serves.
    #[error("no rule names this listener")]
    NoRule,
    /// A listener that several rules serve.
    #[error("the rule \"{rule}\" names the same listener")]
    SameListener {
        /// The rule.
        rule: String,
    },
    /// What the document says makes no gateway; the message of the configuration's own checks.
    #[error("the configuration has a problem at {at}: {message}")]
    Configuration {
        /// Where in the TOML.
        at: String,
        /// What it is.
        message: String,
    },
    /// More findings than are kept.
    #[error("there is more to say than {most} findings")]
    TooMuch {
        /// How many are kept.
        most: usize,
    },
}

/// Why certificates of the document cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateProblem {
    /// Neither base64 nor PEM.
    #[error("is neither base64 nor PEM")]
    Encoding,
    /// Decoded, it is neither PEM nor DER.
    #[error("is neither PEM nor DER")]
    Form,
    /// A chain of trusted certificates has a private key with it.
    #[error("comes with a private key, which does not belong there")]
    PrivateKey,
    /// There is none.
    #[error("is empty")]
    Empty,
}
