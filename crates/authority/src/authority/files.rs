//! Reading the authority's own files.

use portcullis_x509::Certificate;
use rcgen::KeyPair;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::RESPONDER_URL;
use crate::certificate::MOST_URL_OCTETS;
use crate::folder::Folder;
use crate::{AuthorityError, KeyAlgorithm, key};

pub(super) fn check_responder_url(url: &str) -> Result<(), AuthorityError> {
    let parsed = url.parse::<http::Uri>().ok();
    let plain = parsed.is_some_and(|uri| {
        uri.scheme_str() == Some("http")
            && uri.host().is_some_and(|host| !host.is_empty())
            && uri.query().is_none()
    });
    let visible = url.bytes().all(|byte| byte.is_ascii_graphic());
    if plain && visible && url.len() <= MOST_URL_OCTETS {
        return Ok(());
    }
    Err(AuthorityError::ResponderUrl {
        url: url.to_owned(),
    })
}

pub(super) fn read_responder_url(folder: &Folder) -> Result<Option<String>, AuthorityError> {
    let text = folder.read(RESPONDER_URL)?;
    let url = String::from_utf8_lossy(&text).trim().to_owned();
    if url.is_empty() {
        return Ok(None);
    }
    check_responder_url(&url)?;
    Ok(Some(url))
}

/// The first certificate of a PEM file of the folder, which parses.
pub(crate) fn read_certificate(
    folder: &Folder,
    file: &str,
) -> Result<CertificateDer<'static>, AuthorityError> {
    let error = || AuthorityError::UnreadableCertificate {
        path: folder.file(file),
    };
    let certificate = CertificateDer::from_pem_slice(&folder.read(file)?).map_err(|_| error())?;
    Certificate::parse(&certificate).map_err(|_| error())?;
    Ok(certificate)
}

/// The key of a PEM file of the folder, which is that of `certificate`.
pub(crate) fn read_key(
    folder: &Folder,
    file: &str,
    certificate: &Certificate<'_>,
) -> Result<KeyPair, AuthorityError> {
    let text = folder.read(file)?;
    let path = folder.file(file);
    let unreadable = |source| AuthorityError::UnreadableKey {
        path: path.clone(),
        source,
    };
    let text = str::from_utf8(&text).map_err(|_| unreadable(None))?;
    let pair = KeyPair::from_pem(text).map_err(|error| unreadable(Some(error)))?;
    if KeyAlgorithm::of(&pair).is_none() {
        return Err(unreadable(None));
    }
    if key::belongs_to(&pair, certificate) {
        Ok(pair)
    } else {
        Err(AuthorityError::WrongKey { path })
    }
}
