//! Files of trusted client certificates: each one root and any number of intermediates.

mod error;
mod file;

use portcullis_chain::{Anchors, AnchorsError, Policy, client_certificate_issuer};
use portcullis_x509::{Certificate, DistinguishedName};
use rustls_pki_types::CertificateDer;

use self::file::{Kind, classify};

pub use self::error::ClientChainError;
pub use self::file::certificates;

/// How much may be trusted. The defaults are what Application Gateway documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientChainLimits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Files of one profile.
    pub profile: usize,
    /// Files of all profiles together, each counted once.
    pub gateway: usize,
}

impl Default for ClientChainLimits {
    fn default() -> Self {
        Self {
            file_bytes: 25 * 1024,
            profile: 100,
            gateway: 200,
        }
    }
}

impl ClientChainLimits {
    /// Checks how many files the profiles of a gateway name together.
    ///
    /// # Errors
    /// When there are more than the limit.
    pub fn check_gateway(&self, found: usize) -> Result<(), ClientChainError> {
        check_count(found, self.gateway)
    }
}

/// Whether a client's certificate must come from the immediate issuer that its chain file stands for:
/// Application Gateway's `verifyClientCertIssuerDN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientIssuer {
    /// Any authority below a trusted root will do.
    AnyBelowRoot,
    /// The issuer has the name of the deepest authority of one of the files, see [`ClientChains::issuers`].
    OfChainFile,
}

/// The certificates of several chain files.
#[derive(Clone, Debug)]
pub struct ClientChains {
    limits: ClientChainLimits,
    roots: Vec<CertificateDer<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    issuers: Vec<DistinguishedName>,
}

impl ClientChains {
    /// No chains yet, which is no trust: [`ClientChains::into_anchors`] refuses it.
    #[must_use]
    pub fn new(limits: ClientChainLimits) -> Self {
        Self {
            limits,
            roots: Vec::new(),
            intermediates: Vec::new(),
            issuers: Vec::new(),
        }
    }

    /// Adds a file, PEM or the DER of one certificate. It holds exactly one root, however often, and any
    /// number of intermediates in any order. A certificate that is no authority's (basicConstraints
    /// CA:TRUE) is passed over, self-signed or not.
    ///
    /// # Errors
    /// When the file is not like that. Nothing of it is added then.
    pub fn add(&mut self, file: &[u8]) -> Result<(), ClientChainError> {
        let (found, limit) = (file.len(), self.limits.file_bytes);
        if found > limit {
            return Err(ClientChainError::FileTooLarge { found, limit });
        }
        check_count(self.issuers.len().saturating_add(1), self.limits.profile)?;
        let certificates = certificates(file)?;
        let mut views = Vec::new();
        let (mut roots, mut intermediates) = (Vec::new(), Vec::new());
        for (position, der) in certificates.iter().enumerate() {
            let malformed = |source| ClientChainError::Malformed { position, source };
            let certificate = Certificate::parse(der).map_err(malformed)?;
            let kind = classify(&certificate).map_err(malformed)?;
            views.push(certificate);
            match kind {
                Kind::Leaf => {}
                Kind::Root if roots.contains(der) => {}
                Kind::Root => roots.push(der.clone()),
                Kind::Intermediate => intermediates.push(der.clone()),
            }
        }
        let issuer = client_certificate_issuer(&views);
        let issuer = issuer.ok_or(ClientChainError::NoAuthority)?;
        if roots.len() != 1 {
            let found = roots.len();
            return Err(ClientChainError::NotOneRoot { found });
        }
        self.roots.append(&mut roots);
        self.intermediates.append(&mut intermediates);
        self.issuers.push(issuer);
        Ok(())
    }

    /// For each file the issuer it stands for, Application Gateway's `clientCertIssuerDN`: the subject of
    /// the deepest authority, and of the first among equals.
    #[must_use]
    pub fn issuers(&self) -> &[DistinguishedName] {
        &self.issuers
    }

    /// A policy with this demand on the issuer: with several files, any file's is accepted.
    #[must_use]
    pub fn demand(&self, issuer: ClientIssuer, policy: Policy) -> Policy {
        match issuer {
            ClientIssuer::AnyBelowRoot => policy,
            ClientIssuer::OfChainFile => self.issuers.iter().cloned().fold(policy, Policy::issuer),
        }
    }

    /// What ends a path: the roots.
    ///
    /// # Errors
    /// When no file was added, as that would be no trust at all.
    pub fn into_anchors(self) -> Result<Anchors, AnchorsError> {
        Anchors::new(self.roots, self.intermediates)
    }
}

fn check_count(found: usize, limit: usize) -> Result<(), ClientChainError> {
    match found > limit {
        true => Err(ClientChainError::TooMany { found, limit }),
        false => Ok(()),
    }
}
