//! A throwaway PKI: a root, an intermediate, the server, 200 clients, and a client of somebody else.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::failure::{Failure, Outcome};

/// How many clients there are.
pub(crate) const CLIENTS: usize = 200;

/// What clients need. What gateways need lies in the folder.
pub(crate) struct Pki {
    pub(crate) root: CertificateDer<'static>,
    /// Whom gateways trust.
    pub(crate) authority: Arc<Authority>,
    pub(crate) clients: Vec<Identity>,
    /// A client as the others are, of a root that no gateway trusts.
    pub(crate) foreign: Identity,
}

/// A certificate with the chain that is sent with it, and its key.
pub(crate) struct Identity {
    /// The leaf first, then the intermediate.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    key: KeyPair,
    pem: String,
}

impl Pki {
    /// Makes everything, and writes `root.pem`, `server.pem`, `server.key` and `server-with-key.pem` (both in one) to
    /// `folder`.
    pub(crate) fn create(folder: &Path) -> Outcome<Self> {
        let ours = Authority::new("Comparison")?;
        let server = ours.issue("localhost", ExtendedKeyUsagePurpose::ServerAuth)?;
        let key = server.key.serialize_pem();
        let files = [
            ("root.pem", ours.root_pem.clone()),
            ("server.pem", server.pem.clone()),
            ("server.key", key.clone()),
            ("server-with-key.pem", format!("{}{key}", server.pem)),
        ];
        for (name, text) in files {
            fs::write(folder.join(name), text).map_err(Failure::at(name))?;
        }
        let clients: Outcome<Vec<Identity>> = (0..CLIENTS)
            .map(|number| {
                let name = format!("client-{number}");
                ours.issue(&name, ExtendedKeyUsagePurpose::ClientAuth)
            })
            .collect();
        let theirs = Authority::new("Foreign")?;
        Ok(Self {
            root: ours.root.clone(),
            authority: Arc::new(ours),
            clients: clients?,
            foreign: theirs.issue("client-0", ExtendedKeyUsagePurpose::ClientAuth)?,
        })
    }
}

impl Identity {
    /// The key, as rustls takes it.
    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.serialize_der()).into()
    }
}

/// A root and its intermediate, which issues.
pub(crate) struct Authority {
    root: CertificateDer<'static>,
    root_pem: String,
    intermediate: CertificateDer<'static>,
    intermediate_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Outcome<Self> {
        Self::generate(name).map_err(Failure::at(name))
    }

    fn generate(name: &str) -> Result<Self, rcgen::Error> {
        let root_params = ca_params(&format!("{name} root"));
        let root_key = KeyPair::generate()?;
        let root = root_params.self_signed(&root_key)?;
        let params = ca_params(&format!("{name} issuing CA"));
        let key = KeyPair::generate()?;
        let intermediate = params.signed_by(&key, &Issuer::new(root_params, root_key))?;
        Ok(Self {
            root: root.der().clone(),
            root_pem: root.pem(),
            intermediate: intermediate.der().clone(),
            intermediate_pem: intermediate.pem(),
            issuer: Issuer::new(params, key),
        })
    }

    fn issue(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> Outcome<Identity> {
        self.sign(name, purpose).map_err(Failure::at(name))
    }

    /// The root and the intermediate, as a file of trusted client certificates has them.
    pub(crate) fn pem(&self) -> String {
        format!("{}{}", self.root_pem, self.intermediate_pem)
    }

    /// A client's chain that differs from others of the same key by its serial number alone.
    pub(crate) fn numbered(
        &self,
        key: &KeyPair,
        number: u64,
    ) -> Result<Vec<CertificateDer<'static>>, rcgen::Error> {
        let mut params = leaf_params("client", ExtendedKeyUsagePurpose::ClientAuth)?;
        params.serial_number = Some(number.into());
        let certificate = params.signed_by(key, &self.issuer)?;
        Ok(vec![certificate.der().clone(), self.intermediate.clone()])
    }

    fn sign(&self, name: &str, purpose: ExtendedKeyUsagePurpose) -> Result<Identity, rcgen::Error> {
        let params = leaf_params(name, purpose)?;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        Ok(Identity {
            chain: vec![certificate.der().clone(), self.intermediate.clone()],
            pem: format!("{}{}", certificate.pem(), self.intermediate_pem),
            key,
        })
    }
}

fn leaf_params(
    name: &str,
    purpose: ExtendedKeyUsagePurpose,
) -> Result<CertificateParams, rcgen::Error> {
    let mut names = vec![name.to_owned()];
    if purpose == ExtendedKeyUsagePurpose::ServerAuth {
        names.push("127.0.0.1".to_owned());
    }
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = named(name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![purpose];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

fn ca_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.distinguished_name = named(name);
    params
}

fn named(name: &str) -> rcgen::DistinguishedName {
    let mut distinguished = rcgen::DistinguishedName::new();
    distinguished.push(DnType::CommonName, name);
    distinguished
}
