//! What a client or server presents.

use std::path::PathBuf;

/// A certificate with its key, in files.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// The certificate alone, as PEM.
    pub(crate) certificate: PathBuf,
    /// The certificate and those of its issuers below the root, as PEM.
    pub(crate) chain: PathBuf,
    /// The private key, as PEM.
    pub(crate) key: PathBuf,
}
