use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_x509::Certificate;
use rcgen::{Issuer, KeyPair};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::certificate::{CLIENT_VALIDITY, MOST_URL_OCTETS, SERVER_VALIDITY, Template};
use crate::folder::{self, Access, Folder, Lock};
use crate::index::{Entry, Index, Status};
use crate::issued::{Issued, pem};
use crate::label::Label;
use crate::{AlternativeName, AuthorityError, KeyAlgorithm, Reason, Serial, key};

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

/// How a certificate is to be issued.
#[derive(Clone, Debug, Default)]
pub struct IssueOptions {
    validity: Option<Duration>,
    alternative_names: Vec<AlternativeName>,
}

impl IssueOptions {
    /// A year for clients, 397 days for servers, no alternative names beyond a server's own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Valid for so long, and never longer than the issuing authority.
    #[must_use]
    pub fn validity(mut self, validity: Duration) -> Self {
        self.validity = Some(validity);
        self
    }

    /// One more alternative name.
    #[must_use]
    pub fn alternative_name(mut self, name: AlternativeName) -> Self {
        self.alternative_names.push(name);
        self
    }
}

/// What became of a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is recorded now.
    Recorded(Entry),
    /// It was before, and its first date and reason stand.
    AlreadyRecorded(Entry),
}

impl Revocation {
    /// The revoked certificate.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        match self {
            Self::Recorded(entry) | Self::AlreadyRecorded(entry) => entry,
        }
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
        let name = Label::parse(&options.name)?;
        options
            .responder_url
            .as_deref()
            .map_or(Ok(()), check_responder_url)?;
        let folder = Folder::new(folder);
        folder.create()?;
        let lock = folder.lock()?;
        let files = [
            ROOT,
            ROOT_KEY,
            ISSUING,
            ISSUING_KEY,
            CHAIN,
            RESPONDER_URL,
            INDEX,
            INDEX_ATTRIBUTES,
        ];
        if let Some(path) = files
            .iter()
            .map(|file| folder.file(file))
            .find(|path| path.exists())
        {
            return Err(AuthorityError::AlreadyInitialised { path });
        }
        let authority = Self::write_new(folder, name.as_str(), options, &lock, now)?;
        Ok(authority)
    }

    fn write_new(
        folder: Folder,
        name: &str,
        options: &InitOptions,
        lock: &Lock,
        now: UnixTime,
    ) -> Result<Self, AuthorityError> {
        let (root_key, issuing_key) =
            (options.algorithm.generate()?, options.algorithm.generate()?);
        let (root_key_pem, issuing_key_pem) =
            (root_key.serialize_pem(), issuing_key.serialize_pem());
        let root = Template::root(name, now)?.self_signed(&root_key)?;
        let root_issuer =
            Issuer::from_ca_cert_der(&root, root_key).map_err(AuthorityError::Certificate)?;
        let issuing = Template::issuing(name, now)?.signed_by(&issuing_key, &root_issuer)?;
        let url = options.responder_url.clone();
        let authority = Self {
            folder,
            root,
            issuing,
            responder_url: url,
        };
        let url_line = authority
            .responder_url
            .as_ref()
            .map(|url| format!("{url}\n"));
        // The index comes last: without it there is no authority to open.
        let mut staged = Vec::new();
        for (file, content, access) in [
            (ROOT_KEY, root_key_pem, Access::Private),
            (ISSUING_KEY, issuing_key_pem, Access::Private),
            (ROOT, authority.root_pem(), Access::Public),
            (ISSUING, authority.issuing_pem(), Access::Public),
            (CHAIN, authority.chain_pem(), Access::Public),
            (RESPONDER_URL, url_line.unwrap_or_default(), Access::Public),
            (
                INDEX_ATTRIBUTES,
                "unique_subject = no\n".into(),
                Access::Public,
            ),
            (INDEX, String::new(), Access::Public),
        ] {
            staged.push(
                authority
                    .folder
                    .stage(file, content.as_bytes(), access, lock)?,
            );
        }
        staged.into_iter().try_for_each(folder::Staged::publish)?;
        authority.folder.sync()?;
        Ok(authority)
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

    /// Issues a client certificate with a fresh key, and writes `NAME.pem` and `NAME.key`.
    ///
    /// # Errors
    /// [`AuthorityError::Name`] when the name is not fit for a file; [`AuthorityError::AlreadyIssued`] when
    /// it has a certificate that still stands; else the folder cannot be read or written.
    pub fn issue_client(
        &self,
        name: &str,
        options: &IssueOptions,
        now: UnixTime,
    ) -> Result<Issued, AuthorityError> {
        let label = Label::parse(name)?;
        let validity = options.validity.unwrap_or(CLIENT_VALIDITY);
        let template = Template::client(name, validity, now)?;
        self.issue(
            &label,
            template.alternative_names(&options.alternative_names)?,
            now,
        )
    }

    /// Issues a server certificate for DNS names and IP addresses, and writes `FIRST.pem` and `FIRST.key`
    /// after the first of them, where `*` is written as `_wildcard` and `:` as `_`.
    ///
    /// # Errors
    /// [`AuthorityError::NoNames`], [`AuthorityError::AlternativeName`] when one is neither a DNS name nor an
    /// address, and those of [`Authority::issue_client`].
    pub fn issue_server(
        &self,
        names: &[&str],
        options: &IssueOptions,
        now: UnixTime,
    ) -> Result<Issued, AuthorityError> {
        let first = names.first().ok_or(AuthorityError::NoNames)?;
        let own = names.iter().map(|name| AlternativeName::of_server(name));
        let mut alternative_names = own.collect::<Result<Vec<_>, _>>()?;
        alternative_names.extend(options.alternative_names.iter().cloned());
        let label = Label::of_server(first)?;
        let validity = options.validity.unwrap_or(SERVER_VALIDITY);
        let template = Template::server(first, validity, now)?;
        self.issue(&label, template.alternative_names(&alternative_names)?, now)
    }

    fn issue(
        &self,
        label: &Label,
        template: Template,
        now: UnixTime,
    ) -> Result<Issued, AuthorityError> {
        let lock = self.folder.lock()?;
        let mut index = self.index()?;
        check_not_issued(&index, label, now)?;
        let signed = self.sign(template.responder(self.responder_url.as_deref()), now)?;
        let (entry, key) = (
            Entry::issued(label, signed.serial, signed.not_after),
            &signed.key,
        );
        let issued = Issued::new(
            &self.folder,
            entry.clone(),
            [signed.certificate, self.issuing.clone()],
            key,
        );
        let path = self.folder.file(INDEX);
        index.push(entry).map_err(|problem| AuthorityError::Index {
            path,
            line: 0,
            problem,
        })?;
        let key = self.folder.stage(
            &label.file("key"),
            issued.key_pem().as_bytes(),
            Access::Private,
            &lock,
        )?;
        let certificates = issued.certificate_pem();
        let certificate = self.folder.stage(
            &label.file("pem"),
            certificates.as_bytes(),
            Access::Public,
            &lock,
        )?;
        // First the index: no certificate leaves this function that a revocation would not find.
        self.write_index(&index, &lock)?;
        key.publish()?;
        certificate.publish()?;
        self.folder.sync()?;
        Ok(issued)
    }

    /// Signs a template with the issuing key, for a fresh key of the same kind.
    pub(crate) fn sign(&self, template: Template, now: UnixTime) -> Result<Signed, AuthorityError> {
        let path = self.folder.file(ISSUING);
        let issuer = Certificate::parse(&self.issuing)
            .map_err(|_| AuthorityError::UnreadableCertificate { path })?;
        let not_after = issuer.validity().not_after;
        if not_after < now {
            return Err(AuthorityError::IssuerExpired { not_after });
        }
        let issuing_key = read_key(&self.folder, ISSUING_KEY, &issuer)?;
        let algorithm = KeyAlgorithm::of(&issuing_key).unwrap_or_default();
        let key = algorithm.generate()?;
        let template = template.no_longer_than(&issuer)?;
        let issuing = Issuer::from_ca_cert_der(&self.issuing, issuing_key)
            .map_err(AuthorityError::Certificate)?;
        let certificate = template.signed_by(&key, &issuing)?;
        let named = Certificate::parse(&certificate)
            .is_ok_and(|leaf| leaf.issuer().der() == issuer.subject().der());
        if !named {
            return Err(AuthorityError::IssuerName);
        }
        let Template {
            serial, not_after, ..
        } = template;
        Ok(Signed {
            certificate,
            key,
            serial,
            not_after,
        })
    }

    /// Revokes what was issued last under a name, or the certificate of a serial number in hexadecimal.
    ///
    /// # Errors
    /// [`AuthorityError::NotIssued`] when there is neither; else the folder cannot be read or written.
    pub fn revoke(
        &self,
        wanted: &str,
        reason: Reason,
        now: UnixTime,
    ) -> Result<Revocation, AuthorityError> {
        let lock = self.folder.lock()?;
        let mut index = self.index()?;
        let not_issued = || AuthorityError::NotIssued {
            wanted: wanted.to_owned(),
        };
        let serial = find(&index, wanted).ok_or_else(not_issued)?;
        let entry = index.find_mut(&serial).ok_or_else(not_issued)?;
        if let Status::Revoked { .. } = entry.status {
            return Ok(Revocation::AlreadyRecorded(entry.clone()));
        }
        entry.status = Status::Revoked {
            at: now,
            reason: Some(reason),
        };
        let entry = entry.clone();
        self.write_index(&index, &lock)?;
        self.folder.sync()?;
        Ok(Revocation::Recorded(entry))
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

/// A certificate just signed, with its key.
pub(crate) struct Signed {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: KeyPair,
    serial: Serial,
    not_after: UnixTime,
}

/// A name first, then a serial number. No name reads as one of this authority's serial numbers.
fn find(index: &Index, wanted: &str) -> Option<Serial> {
    let label = Label::parse(wanted)
        .or_else(|_| Label::of_server(wanted))
        .ok();
    let named = |entry: &&Entry| {
        label
            .as_ref()
            .is_some_and(|label| label.collides_with(&entry.name))
    };
    let by_name = index
        .entries()
        .iter()
        .rev()
        .find(named)
        .map(|entry| entry.serial.clone());
    by_name.or_else(|| Serial::from_hex(wanted))
}

fn check_not_issued(index: &Index, label: &Label, now: UnixTime) -> Result<(), AuthorityError> {
    let stands = |entry: &&Entry| {
        entry.status == Status::Valid && entry.not_after >= now && label.collides_with(&entry.name)
    };
    match index.entries().iter().find(stands) {
        None => Ok(()),
        Some(entry) => {
            let (name, serial) = (entry.name.clone(), entry.serial.clone());
            Err(AuthorityError::AlreadyIssued { name, serial })
        }
    }
}

fn check_responder_url(url: &str) -> Result<(), AuthorityError> {
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

fn read_responder_url(folder: &Folder) -> Result<Option<String>, AuthorityError> {
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
