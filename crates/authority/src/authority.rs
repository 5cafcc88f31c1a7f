mod files;
mod issuing;
mod revoking;

use std::path::{Path, PathBuf};

use rcgen::Issuer;
use rustls_pki_types::{CertificateDer, UnixTime};

use self::files::{check_responder_url, read_responder_url};
pub(crate) use self::files::{read_certificate, read_key};
pub use self::issuing::IssueOptions;
pub use self::revoking::Revocation;
use crate::certificate::Template;
use crate::folder::{Access, Folder, Lock, Staged};
use crate::index::Index;
use crate::issued::pem;
use crate::{AuthorityError, KeyAlgorithm, label};

/// A private certificate authority: a root, the issuing authority below it, and what that issued.
///
/// Everything is in one folder; the crate's documentation lists its files. The value holds certificates
/// only: a private key is read when it signs. Commands of other processes may work in the same folder at
/// the same time.
#[derive(Clone, Debug)]
pub struct Authority {
    folder: Folder,
    root: CertificateDer<'static>,
    issuing: CertificateDer<'static>,
    responder_url: Option<String>,
}

/// What a new authority is to be.
#[derive(Clone, Debug)]
pub struct InitOptions {
    name: String,
    responder_url: Option<String>,
    algorithm: KeyAlgorithm,
}

impl InitOptions {
    /// An authority of this name, with P-256 keys and no OCSP responder.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            responder_url: None,
            algorithm: KeyAlgorithm::default(),
        }
    }

    /// Every issued certificate names the OCSP responder at this `http://` URL.
    #[must_use]
    pub fn responder_url(mut self, url: &str) -> Self {
        self.responder_url = Some(url.to_owned());
        self
    }

    /// Keys of this kind.
    #[must_use]
    pub fn algorithm(mut self, algorithm: KeyAlgorithm) -> Self {
        self.algorithm = algorithm;
        self
    }
}

const ROOT: &str = "root.pem";
const ROOT_KEY: &str = "root.key";
pub(crate) const ISSUING: &str = "issuing.pem";
pub(crate) const ISSUING_KEY: &str = "issuing.key";
const CHAIN: &str = "chain.pem";
const RESPONDER_URL: &str = "responder.url";
pub(crate) const INDEX: &str = "index.txt";
/// Lets OpenSSL take an index in which a name was issued more than once.
const INDEX_ATTRIBUTES: &str = "index.txt.attr";

/// What a new authority must not find.
const FILES: [&str; 8] = [
    ROOT,
    ROOT_KEY,
    ISSUING,
    ISSUING_KEY,
    CHAIN,
    RESPONDER_URL,
    INDEX,
    INDEX_ATTRIBUTES,
];

/// The private keys of a new authority, as PEM.
struct Keys {
    root: String,
    issuing: String,
}

impl Authority {
    /// Makes a new authority in `folder`, which is created where missing.
    ///
    /// # Errors
    /// [`AuthorityError::AlreadyInitialised`] when there is anything of an authority in the folder; else
    /// [`AuthorityError::Name`], [`AuthorityError::ResponderUrl`], or the folder cannot be written.
    pub fn init(
        folder: &Path,
        options: &InitOptions,
        now: UnixTime,
    ) -> Result<Self, AuthorityError> {
        label::check_authority(&options.name)?;
        options
            .responder_url
            .as_deref()
            .map_or(Ok(()), check_responder_url)?;
        let folder = Folder::new(folder);
        folder.create()?;
        let lock = folder.lock()?;
        let found = FILES
            .map(|file| folder.file(file))
            .into_iter()
            .find(|path| path.exists());
        if let Some(path) = found {
            return Err(AuthorityError::AlreadyInitialised { path });
        }
        let (authority, keys) = Self::generate(folder, options, now)?;
        authority.write_new(&keys, &lock)?;
        Ok(authority)
    }

    fn generate(
        folder: Folder,
        options: &InitOptions,
        now: UnixTime,
    ) -> Result<(Self, Keys), AuthorityError> {
        let (root_key, issuing_key) =
            (options.algorithm.generate()?, options.algorithm.generate()?);
        let keys = Keys {
            root: root_key.serialize_pem(),
            issuing: issuing_key.serialize_pem(),
        };
        let root = Template::root(&options.name, now)?.self_signed(&root_key)?;
        let issuer =
            Issuer::from_ca_cert_der(&root, root_key).map_err(AuthorityError::Certificate)?;
        let issuing = Template::issuing(&options.name, now)?.signed_by(&issuing_key, &issuer)?;
        Ok((
            Self {
                folder,
                root,
                issuing,
                responder_url: options.responder_url.clone(),
            },
            keys,
        ))
    }

    fn write_new(&self, keys: &Keys, lock: &Lock) -> Result<(), AuthorityError> {
        let url = self.responder_url().unwrap_or_default();
        let mut staged = Vec::new();
        for (file, content, access) in [
            (ROOT_KEY, &keys.root, Access::Private),
            (ISSUING_KEY, &keys.issuing, Access::Private),
            (ROOT, &self.root_pem(), Access::Public),
            (ISSUING, &self.issuing_pem(), Access::Public),
            (CHAIN, &self.chain_pem(), Access::Public),
            (RESPONDER_URL, &format!("{url}\n"), Access::Public),
            (
                INDEX_ATTRIBUTES,
                &"unique_subject = no\n".to_owned(),
                Access::Public,
            ),
            // Last: without the index there is no authority to open.
            (INDEX, &String::new(), Access::Public),
        ] {
            staged.push(self.folder.stage(file, content.as_bytes(), access, lock)?);
        }
        staged.into_iter().try_for_each(Staged::publish)?;
        self.folder.sync()
    }

    /// Opens the authority in `folder`.
    ///
    /// # Errors
    /// [`AuthorityError::NotInitialised`] when there is none; else one of its files cannot be read.
    pub fn open(folder: &Path) -> Result<Self, AuthorityError> {
        let folder = Folder::new(folder);
        for file in [INDEX, ROOT, ISSUING, RESPONDER_URL] {
            if !folder.file(file).exists() {
                let folder = folder.path().to_owned();
                return Err(AuthorityError::NotInitialised { folder, file });
            }
        }
        let root = read_certificate(&folder, ROOT)?;
        let issuing = read_certificate(&folder, ISSUING)?;
        let responder_url = read_responder_url(&folder)?;
        Ok(Self {
            folder,
            root,
            issuing,
            responder_url,
        })
    }

    /// Everything that was issued, as the index has it now.
    ///
    /// # Errors
    /// [`AuthorityError::Index`] when a line cannot be relied on; else it cannot be read.
    pub fn index(&self) -> Result<Index, AuthorityError> {
        Index::parse(&self.folder.read(INDEX)?, &self.folder.file(INDEX))
    }

    fn write_index(&self, index: &Index, lock: &Lock) -> Result<(), AuthorityError> {
        let text = index.to_text()?;
        self.folder
            .stage(INDEX, text.as_bytes(), Access::Public, lock)?
            .publish()
    }

    pub(crate) fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The root certificate.
    #[must_use]
    pub fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    /// The certificate of the issuing authority.
    #[must_use]
    pub fn issuing(&self) -> &CertificateDer<'static> {
        &self.issuing
    }

    /// The root certificate as PEM: what a client trusts.
    #[must_use]
    pub fn root_pem(&self) -> String {
        pem(&self.root)
    }

    /// The certificate of the issuing authority as PEM.
    #[must_use]
    pub fn issuing_pem(&self) -> String {
        pem(&self.issuing)
    }

    /// Issuing and root certificate as PEM, in this order: what a gateway trusts.
    #[must_use]
    pub fn chain_pem(&self) -> String {
        self.issuing_pem() + &self.root_pem()
    }

    /// The file with [`Authority::chain_pem`].
    #[must_use]
    pub fn chain_file(&self) -> PathBuf {
        self.folder.file(CHAIN)
    }

    /// The file with [`Authority::root_pem`].
    #[must_use]
    pub fn root_file(&self) -> PathBuf {
        self.folder.file(ROOT)
    }

    /// The URL of the OCSP responder that issued certificates name.
    #[must_use]
    pub fn responder_url(&self) -> Option<&str> {
        self.responder_url.as_deref()
    }
}
