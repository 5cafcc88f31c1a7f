use std::fmt;
use std::path::{Path, PathBuf};

use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::KeyPair;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::folder::{Access, Folder};
use crate::{AuthorityError, Entry};

/// A certificate that was just issued, with its chain and its private key.
///
/// The authority keeps the key nowhere but in the file beside the certificate.
#[derive(Clone)]
pub struct Issued {
    folder: Folder,
    entry: Entry,
    chain: [CertificateDer<'static>; 2],
    pkcs8: Vec<u8>,
    key_pem: String,
}

impl Issued {
    pub(crate) fn new(
        folder: &Folder,
        entry: Entry,
        chain: [CertificateDer<'static>; 2],
        key: &KeyPair,
    ) -> Self {
        let (pkcs8, key_pem) = (key.serialize_der(), key.serialize_pem());
        Self {
            folder: folder.clone(),
            entry,
            chain,
            pkcs8,
            key_pem,
        }
    }

    /// What the index says of it.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        &self.entry
    }

    /// The certificate, then that of its issuer: what its owner presents.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.chain
    }

    /// [`Issued::chain`] as PEM.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.chain
            .iter()
            .map(|certificate| pem(certificate))
            .collect()
    }

    /// The private key as PEM.
    #[must_use]
    pub fn key_pem(&self) -> &str {
        &self.key_pem
    }

    /// The private key in the type that rustls takes.
    #[must_use]
    pub fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.pkcs8.clone()))
    }

    /// The file with [`Issued::certificate_pem`].
    #[must_use]
    pub fn certificate_file(&self) -> PathBuf {
        self.file("pem")
    }

    /// The file with [`Issued::key_pem`], which only its owner reads.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        self.file("key")
    }

    fn file(&self, extension: &str) -> PathBuf {
        self.folder
            .file(&format!("{}.{extension}", self.entry.name))
    }

    /// Chain and key as PFX (PKCS #12), encrypted with AES-256 under a key from the password.
    ///
    /// # Errors
    /// [`AuthorityError::Pfx`].
    pub fn pfx(&self, password: &Password) -> Result<Vec<u8>, AuthorityError> {
        let key = PrivateKey::from_der(&self.pkcs8).map_err(AuthorityError::Pfx)?;
        let certificates = self
            .chain
            .iter()
            .map(|certificate| Certificate::from_der(certificate));
        let certificates = certificates
            .collect::<Result<Vec<_>, _>>()
            .map_err(AuthorityError::Pfx)?;
        let chain = PrivateKeyChain::new(self.entry.serial.as_bytes(), key, certificates);
        let mut store = KeyStore::new();
        store.add_entry(&self.entry.name, KeyStoreEntry::PrivateKeyChain(chain));
        store
            .writer(&password.0)
            .write()
            .map_err(AuthorityError::Pfx)
    }

    /// Writes [`Issued::pfx`] as `NAME.pfx`, for its owner alone, and returns its path.
    ///
    /// # Errors
    /// [`AuthorityError::Pfx`], or the folder cannot be written.
    pub fn write_pfx(&self, password: &Password) -> Result<PathBuf, AuthorityError> {
        let lock = self.folder.lock()?;
        let pfx = self.pfx(password)?;
        let name = format!("{}.pfx", self.entry.name);
        self.folder
            .stage(&name, &pfx, Access::Private, &lock)?
            .publish()?;
        self.folder.sync()?;
        Ok(self.file("pfx"))
    }
}

/// Without the private key.
impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let folder: &Path = self.folder.path();
        f.debug_struct("Issued")
            .field("folder", &folder)
            .field("entry", &self.entry)
            .finish_non_exhaustive()
    }
}

/// The password of a PFX. `Debug` does not show it.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// This one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// A random one of 20 letters and digits, which is 100 bits.
    ///
    /// # Errors
    /// [`AuthorityError::Random`].
    pub fn random() -> Result<Self, AuthorityError> {
        let mut octets = [0; 20];
        getrandom::fill(&mut octets).map_err(AuthorityError::Random)?;
        let letter = |octet: &u8| LETTERS.chars().nth(usize::from(octet % 32)).unwrap_or('-');
        Ok(Self(octets.iter().map(letter).collect()))
    }

    /// The text, to be told to whom the PFX is for.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// 32 letters and digits that do not look alike.
const LETTERS: &str = "abcdefghijkmnpqrstuvwxyz23456789";

pub(crate) fn pem(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for (place, character) in text.chars().enumerate() {
        if place.is_multiple_of(64) && place > 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    pem.push_str("\n-----END CERTIFICATE-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_random_password_has_twenty_letters_and_is_not_shown() {
        let password = Password::random().unwrap();
        assert_eq!(password.as_str().len(), 20);
        assert!(!format!("{password:?}").contains(password.as_str()));
        assert_eq!(
            LETTERS
                .chars()
                .collect::<std::collections::HashSet<_>>()
                .len(),
            32
        );
    }
}
