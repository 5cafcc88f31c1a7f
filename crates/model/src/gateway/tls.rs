//! Server certificates, and what is asked of clients.

use std::fmt;
use std::time::Duration;

use super::{FileSource, TlsPolicy};
use crate::diagnostic::{Located, Place};

/// The server certificate to show, and what is asked of clients.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TlsProfile {
    /// Unique among TLS profiles.
    pub name: String,
    /// The certificate the server shows.
    pub certificate: ServerCertificate,
    /// What is asked of clients.
    pub client_auth: ClientAuth,
    /// Whether an OCSP answer about the server's own certificate is stapled. What is asked of
    /// clients has no part in it.
    pub ocsp_stapling: bool,
    /// Which versions and cipher suites are offered: the profile's own, or `[tls] default_policy`.
    /// `None` where neither is said: what the gateway thinks best.
    pub policy: Option<Located<TlsPolicy>>,
    /// Where the profile begins.
    pub place: Place,
}

/// Where a server certificate and its key are read from. Relative paths are relative to the folder
/// of the configuration.
#[derive(Clone, Debug)]
pub enum ServerCertificate {
    /// A PEM file with the certificate and its intermediates, and a PEM file with the key.
    Pem {
        /// The certificate, followed by its intermediates.
        certificate: Located<FileSource>,
        /// The private key.
        key: Located<FileSource>,
    },
    /// A PKCS #12 file with both.
    Pfx {
        /// The file.
        file: Located<FileSource>,
        /// What it is encrypted with.
        password: Password,
    },
}

/// Where a password comes from.
#[derive(Clone, Debug)]
pub enum Password {
    /// It stands in the configuration.
    Inline(Located<Secret>),
    /// The first line of a file, without its line ending.
    File(Located<FileSource>),
}

/// A text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub(crate) fn new(text: String) -> Self {
        Self(text)
    }

    /// The text itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// What is asked of clients. What certificates are judged by exists only where they are judged.
#[derive(Clone, Debug)]
pub enum ClientAuth {
    /// No certificate is asked for.
    Off,
    /// A certificate is asked for and never judged.
    Passthrough,
    /// A certificate is asked for, and judged where one is presented.
    Optional(Trust),
    /// A certificate is asked for and must be presented and pass.
    Required(Trust),
}

impl ClientAuth {
    /// What certificates are judged by, where they are judged.
    #[must_use]
    pub fn trust(&self) -> Option<&Trust> {
        match self {
            Self::Off | Self::Passthrough => None,
            Self::Optional(trust) | Self::Required(trust) => Some(trust),
        }
    }
}

/// What client certificates are judged by.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Trust {
    /// PEM files, each with a root and any intermediates; at least one. Each has at most
    /// [`super::Limits::trust_file_bytes`]; whoever reads one from a path has to see to it.
    pub certificates: Vec<Located<FileSource>>,
    /// Who may have issued a client's certificate.
    pub immediate_issuer: ImmediateIssuer,
    /// Whether the issuer is asked if a certificate still stands.
    pub revocation: Revocation,
    /// How a refusal reaches the client.
    pub on_failure: OnFailure,
    /// Accepted chains to remember at most; `None` for as many as is good.
    pub remembered_chains: Option<usize>,
}

/// Who may have issued a client's certificate (`verifyClientCertIssuerDN` of Application Gateway).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ImmediateIssuer {
    /// Any CA below a trusted root, also an intermediate that no file has.
    #[default]
    Any,
    /// A CA whose name is that of the deepest CA of one of the files, the first of several as deep.
    Configured,
}

/// Whether the issuer is asked if a certificate still stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// Certificates are good until they expire.
    Off,
    /// OCSP responders are asked.
    Ocsp {
        /// What becomes of a certificate whose responder cannot be asked.
        mode: RevocationMode,
        /// Which certificates are asked about.
        scope: RevocationScope,
    },
}

/// What becomes of a certificate whose responder cannot be asked. Revoked, unknown, and an answer
/// that proves nothing are refused in each mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationMode {
    /// It is refused.
    #[default]
    HardFail,
    /// It is accepted unchecked, unless it was known to be revoked. Whoever can keep the gateway
    /// from reaching the responder can then use a revoked certificate.
    SoftFail,
    /// It is accepted on the last good answer, for at most so long after that answer ran out.
    Grace(Duration),
}

/// Which certificates of a chain are asked about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RevocationScope {
    /// The client's own.
    #[default]
    Leaf,
    /// Every one but the trust anchor; all must pass.
    Chain,
}

/// How a refusal reaches the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// The handshake completes and the answer is HTTP 400 with the reason.
    #[default]
    Respond,
    /// The handshake ends with a TLS alert for everything that needs no network.
    Alert,
}
