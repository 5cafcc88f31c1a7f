//! Certificates and messages as they lie on disk: PEM or DER, told apart by looking.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::{self, PemObject};

/// Why a file gives nothing to judge.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} has more than {FILE_SIZE} bytes", path.display())]
    TooLarge { path: PathBuf },
    #[error("{} is not valid PEM: {problem}", path.display())]
    Pem { path: PathBuf, problem: pem::Error },
    #[error("{} holds no certificate", path.display())]
    NoCertificate { path: PathBuf },
}

/// Most bytes of a file, 256 MiB: 100,000 certificates as PEM, and an end for what has none, such as a device.
const FILE_SIZE: usize = 256 << 20;

/// The bytes of a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(FILE_SIZE).unwrap_or(u64::MAX);
    File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|source| FileError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
    if bytes.len() > FILE_SIZE {
        return Err(FileError::TooLarge {
            path: path.to_owned(),
        });
    }
    Ok(bytes)
}

/// Every certificate of a file: the CERTIFICATE sections of a PEM file, or the whole file as DER.
///
/// The bytes of a certificate are not judged here: a file of garbage is one malformed certificate.
pub(crate) fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let bytes = bytes(path)?;
    let no_certificate = || FileError::NoCertificate {
        path: path.to_owned(),
    };
    if bytes.trim_ascii().is_empty() {
        return Err(no_certificate());
    }
    if !is_pem(&bytes) {
        return Ok(vec![CertificateDer::from(bytes)]);
    }
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let certificates = certificates.map_err(|problem| FileError::Pem {
        path: path.to_owned(),
        problem,
    })?;
    if certificates.is_empty() {
        return Err(no_certificate());
    }
    Ok(certificates)
}

/// Every certificate of several files, in order.
pub(crate) fn all_certificates(
    paths: &[PathBuf],
) -> Result<Vec<CertificateDer<'static>>, FileError> {
    let mut all = Vec::new();
    for path in paths {
        all.extend(certificates(path)?);
    }
    Ok(all)
}

/// Whether a PEM section begins somewhere in the file; DER of the formats read here cannot contain that by chance.
pub(crate) fn is_pem(bytes: &[u8]) -> bool {
    const BEGIN: &[u8] = b"-----BEGIN ";
    bytes.first() != Some(&0x30) && bytes.windows(BEGIN.len()).any(|window| window == BEGIN)
}
