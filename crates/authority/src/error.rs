use std::io;
use std::path::PathBuf;

use rustls_pki_types::UnixTime;

use crate::Serial;

/// Why the authority did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The folder holds an authority already, or something of its name.
    #[error("{} exists already", path.display())]
    AlreadyInitialised {
        /// What was found.
        path: PathBuf,
    },
    /// The folder holds no authority.
    #[error("{} holds no authority: {} is missing", folder.display(), file)]
    NotInitialised {
        /// The folder.
        folder: PathBuf,
        /// The first file that is missing.
        file: &'static str,
    },
    /// A name cannot be that of an authority, or of a certificate and its files.
    #[error("{name:?} cannot be a name: {problem}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        problem: NameProblem,
    },
    /// A server certificate without any name.
    #[error("a server certificate needs at least one name")]
    NoNames,
    /// An alternative name that is none.
    #[error("{text:?} is not {expected}")]
    AlternativeName {
        /// What was given.
        text: String,
        /// What it should have been.
        expected: &'static str,
    },
    /// The responder's URL cannot stand in a certificate.
    #[error("{url:?} is not an http:// URL with a host")]
    ResponderUrl {
        /// What was given.
        url: String,
    },
    /// A reason that the index does not know.
    #[error("{text:?} is not a reason for revocation; one of {}", crate::Reason::NAMES.join(", "))]
    Reason {
        /// What was given.
        text: String,
    },
    /// The name has a certificate that still stands.
    #[error("{name} has a certificate that still stands, serial {serial}; revoke it first")]
    AlreadyIssued {
        /// The name.
        name: String,
        /// The serial number of the certificate that stands.
        serial: Serial,
    },
    /// Neither a name nor a serial number of an issued certificate.
    #[error("nothing was issued as {wanted:?}")]
    NotIssued {
        /// The name or serial number.
        wanted: String,
    },
    /// The issuing certificate is past its end.
    #[error("the issuing certificate ended {} seconds after 1970", not_after.as_secs())]
    IssuerExpired {
        /// Its last moment.
        not_after: UnixTime,
    },
    /// A file of the folder cannot be read or written.
    #[error("{}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        #[source]
        source: io::Error,
    },
    /// A line of the index says nothing that can be relied on.
    #[error("{}:{line}: {problem}", path.display())]
    Index {
        /// The index.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// A certificate of the folder cannot be read.
    #[error("{} holds no certificate that can be read", path.display())]
    UnreadableCertificate {
        /// The file.
        path: PathBuf,
    },
    /// A private key of the folder cannot be read.
    #[error("{} holds no private key that can be read", path.display())]
    UnreadableKey {
        /// The file.
        path: PathBuf,
        /// What rcgen says.
        #[source]
        source: Option<rcgen::Error>,
    },
    /// A private key is not that of the certificate beside it.
    #[error("{} is not the key of its certificate", path.display())]
    WrongKey {
        /// The key file.
        path: PathBuf,
    },
    /// The issued certificate does not name its issuer in the issuer's own octets.
    #[error("the subject of the issuing certificate cannot be repeated octet for octet")]
    IssuerName,
    /// A moment that no certificate can carry.
    #[error("{seconds} seconds after 1970 cannot be written in a certificate")]
    Date {
        /// The moment.
        seconds: u64,
    },
    /// A certificate was not made.
    #[error("certificate is not made")]
    Certificate(#[source] rcgen::Error),
    /// A PFX was not made.
    #[error("PFX is not made")]
    Pfx(#[source] p12_keystore::error::Error),
    /// The system gave no random numbers.
    #[error("no random numbers")]
    Random(#[source] getrandom::Error),
}

impl AuthorityError {
    /// A name for programs, which does not change.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyInitialised { .. } => "already_initialised",
            Self::NotInitialised { .. } => "not_initialised",
            Self::Name { .. } => "name_not_allowed",
            Self::NoNames => "no_names",
            Self::AlternativeName { .. } => "alternative_name_malformed",
            Self::ResponderUrl { .. } => "responder_url_not_allowed",
            Self::Reason { .. } => "reason_unknown",
            Self::AlreadyIssued { .. } => "already_issued",
            Self::NotIssued { .. } => "not_issued",
            Self::IssuerExpired { .. } => "issuer_expired",
            Self::Io { .. } => "io",
            Self::Index { .. } => "index_unreliable",
            Self::UnreadableCertificate { .. } => "certificate_unreadable",
            Self::UnreadableKey { .. } => "key_unreadable",
            Self::WrongKey { .. } => "wrong_key",
            Self::IssuerName => "issuer_name_not_repeatable",
            Self::Date { .. } => "date_not_encodable",
            Self::Certificate(_) => "certificate_not_made",
            Self::Pfx(_) => "pfx_not_made",
            Self::Random(_) => "no_random_numbers",
        }
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn class(&self) -> Class {
        match self {
            Self::Name { .. }
            | Self::NoNames
            | Self::AlternativeName { .. }
            | Self::ResponderUrl { .. }
            | Self::Reason { .. }
            | Self::Date { .. } => Class::Request,
            Self::AlreadyInitialised { .. }
            | Self::AlreadyIssued { .. }
            | Self::NotIssued { .. }
            | Self::IssuerExpired { .. } => Class::Refused,
            Self::NotInitialised { .. }
            | Self::Io { .. }
            | Self::Index { .. }
            | Self::UnreadableCertificate { .. }
            | Self::UnreadableKey { .. }
            | Self::WrongKey { .. }
            | Self::IssuerName => Class::Folder,
            Self::Certificate(_) | Self::Pfx(_) | Self::Random(_) => Class::Cryptography,
        }
    }
}

/// The kinds of failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The request makes no sense, whatever the authority holds.
    Request,
    /// The request makes sense, and the state of the authority forbids it.
    Refused,
    /// The folder cannot be read or written, or is damaged.
    Folder,
    /// The cryptography below failed.
    Cryptography,
}

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameProblem {
    /// There is nothing.
    #[error("it is empty")]
    Empty,
    /// It is too long.
    #[error("it has {found} octets, and {limit} is the most")]
    TooLong {
        /// Its octets.
        found: usize,
        /// The most octets.
        limit: usize,
    },
    /// It has a character that has no place in a file name or a subject.
    #[error(
        "{found:?} is neither letter nor digit nor one of \"{}\"",
        crate::label::PUNCTUATION
    )]
    Character {
        /// The character.
        found: char,
    },
    /// It has a character that cannot be printed.
    #[error("it has the unprintable {found:?}")]
    Unprintable {
        /// The character.
        found: char,
    },
    /// It starts with a character that has a meaning there.
    #[error("it starts with {found:?}")]
    Start {
        /// The character.
        found: char,
    },
    /// It ends with a character that some file systems drop.
    #[error("it ends with {found:?}")]
    End {
        /// The character.
        found: char,
    },
    /// The authority's own files have this name.
    #[error("the authority's own files have this name")]
    Reserved,
    /// It reads as a serial number.
    #[error("it reads as a serial number")]
    Serial,
}

/// What is wrong with a line of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LineProblem {
    /// It is not text.
    #[error("it is not UTF-8")]
    Encoding,
    /// It is cut off: every line ends with a newline.
    #[error("it is cut off")]
    Unterminated,
    /// It has another number of fields.
    #[error("it has {found} fields instead of {expected}")]
    Fields {
        /// How many it has.
        found: usize,
        /// How many it should have.
        expected: usize,
    },
    /// The status is none.
    #[error("its status is neither V nor R nor E")]
    Status,
    /// The end of validity is no date.
    #[error("its end of validity is no date")]
    NotAfter,
    /// The date of revocation is none, or stands where the status says that there is none.
    #[error("its date of revocation is none, or does not agree with its status")]
    RevokedAt,
    /// The reason is none.
    #[error("its reason for revocation is none")]
    Reason,
    /// The serial number is none.
    #[error("its serial number is none")]
    Serial,
    /// Another line has the same serial number.
    #[error("another line has its serial number")]
    Duplicate,
}
