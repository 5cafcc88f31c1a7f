//! How backends are reached, from the model to what runs.

use std::sync::Arc;

use portcullis_model::{self as model, BackendProtocol, Located, Place, Validation};
use rustls::client::Resumption;
use rustls::sign::SingleCertAndKey;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, TrustAnchor};
use sha2::{Digest as _, Sha256};

use super::Loader;
use crate::transport::{BackendTls, BackendVerifier, Transport};

impl Loader<'_> {
    /// Loads the transports of all backend settings, also of those that no rule uses.
    pub(super) fn load_transports(&mut self) {
        let model = self.model;
        for settings in &model.backend_settings {
            let transport = self.load_transport(settings).map(Arc::new);
            self.transports.insert(Arc::as_ptr(settings), transport);
        }
    }

    /// The transport of these settings; a new one for the settings of rules that name none. Nothing where
    /// it had a problem: there is no other way to those backends.
    pub(super) fn transport(
        &mut self,
        settings: &Arc<model::BackendSettings>,
    ) -> Option<Arc<Transport>> {
        if let Some(loaded) = self.transports.get(&Arc::as_ptr(settings)) {
            return loaded.clone();
        }
        self.load_transport(settings).map(Arc::new)
    }

    fn load_transport(&mut self, settings: &model::BackendSettings) -> Option<Transport> {
        let tls = match &settings.protocol {
            BackendProtocol::Http => None,
            BackendProtocol::Https(tls) => Some(self.backend_tls(settings, tls)?),
        };
        Some(Transport::new(settings, tls))
    }

    fn backend_tls(
        &mut self,
        settings: &model::BackendSettings,
        tls: &model::BackendTls,
    ) -> Option<BackendTls> {
        let mut digest = Sha256::new();
        digest.update(format!("{:?} {:?} ", tls.chain, tls.name));
        let roots = match tls.chain {
            Validation::Check => Some(self.backend_roots(&tls.trusted_roots)?),
            Validation::Skip => {
                self.backend_roots_unless_public(&tls.trusted_roots)?;
                None
            }
        };
        digest.update(roots.as_deref().map(digest_of).unwrap_or_default());
        let algorithms = self.provider.signature_verification_algorithms;
        let verifier = |name| Arc::new(BackendVerifier::new(roots.clone(), name, algorithms));
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider));
        let builder = match builder.with_safe_default_protocol_versions() {
            Ok(builder) => builder
                .dangerous()
                .with_custom_certificate_verifier(verifier(tls.name)),
            Err(error) => {
                self.setup(&Place::default(), error);
                return None;
            }
        };
        let mut config = match &tls.client_certificate {
            None => builder.with_no_client_auth(),
            Some(certificate) => {
                let certificate = self.server_certificate(certificate)?;
                self.inventory
                    .shows_to_backends(&settings.name, certificate.chain());
                let key = certificate.into_key();
                // Its public key says which private one goes with it.
                for shown in &key.cert {
                    digest.update(Sha256::digest(shown));
                }
                builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(key)))
            }
        };
        // rustls checks no certificate when a session is resumed, whatever has expired meanwhile.
        config.resumption = Resumption::disabled();
        let protocol: &[u8] = match settings.http_version {
            model::BackendHttpVersion::Http1 => b"http/1.1",
            model::BackendHttpVersion::Http2 => b"h2",
        };
        config.alpn_protocols = vec![protocol.to_vec()];
        let mut of_any_name = config.clone();
        let any = verifier(Validation::Skip);
        of_any_name.dangerous().set_certificate_verifier(any);
        Some(BackendTls {
            named: Arc::new(config),
            of_any_name: Arc::new(of_any_name),
            digest: digest.finalize().into(),
        })
    }

    /// A file that cannot be used is a problem also where it is not asked for.
    fn backend_roots_unless_public(&mut self, files: &[Located<model::FileSource>]) -> Option<()> {
        match files {
            [] => Some(()),
            files => self.backend_roots(files).map(drop),
        }
    }

    /// The roots of all files, or, without any file, the public ones. One that cannot be used leaves no
    /// other in its place.
    fn backend_roots(
        &mut self,
        files: &[Located<model::FileSource>],
    ) -> Option<Arc<RootCertStore>> {
        if files.is_empty() {
            return self.public_roots();
        }
        let mut roots = RootCertStore::empty();
        let mut complete = true;
        for file in files {
            let added = self.read(file).and_then(|content| {
                let added = add_roots(&mut roots, &content);
                self.usable(file, added)
            });
            complete &= added.is_some();
        }
        complete.then(|| Arc::new(roots))
    }

    /// The certificates that this machine trusts, or, where it has none at all, those that Mozilla does.
    /// A store that is there and cannot be read is a problem, not a reason to trust another.
    fn public_roots(&mut self) -> Option<Arc<RootCertStore>> {
        if let Some(roots) = &self.public_roots {
            return Some(Arc::clone(roots));
        }
        let native = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (added, _) = roots.add_parsable_certificates(native.certs);
        if added == 0 {
            if let Some(error) = native.errors.into_iter().next() {
                self.setup(&Place::default(), RootsError::Platform(error));
                return None;
            }
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        let roots = Arc::new(roots);
        self.public_roots = Some(Arc::clone(&roots));
        Some(roots)
    }
}

/// Tells roots from others, in whatever order they are.
fn digest_of(roots: &RootCertStore) -> [u8; 32] {
    let one = |root: &TrustAnchor<'_>| -> [u8; 32] {
        let constraints = root.name_constraints.as_ref();
        let mut digest = Sha256::new();
        digest.update(Sha256::digest(&root.subject));
        digest.update(Sha256::digest(&root.subject_public_key_info));
        digest.update(Sha256::digest(constraints.map_or(&[][..], |der| der)));
        digest.finalize().into()
    };
    let mut all: Vec<_> = roots.roots.iter().map(one).collect();
    all.sort_unstable();
    Sha256::digest(all.as_flattened()).into()
}

fn add_roots(roots: &mut RootCertStore, content: &[u8]) -> Result<(), RootsError> {
    let mut found = false;
    for certificate in CertificateDer::pem_slice_iter(content) {
        let certificate = certificate.map_err(RootsError::Pem)?;
        roots.add(certificate).map_err(RootsError::Unusable)?;
        found = true;
    }
    if found {
        Ok(())
    } else {
        Err(RootsError::Empty)
    }
}

/// Why no roots of backends' certificates could be had.
#[derive(Debug, thiserror::Error)]
enum RootsError {
    /// The file is not PEM.
    #[error("the file is not readable PEM")]
    Pem(#[source] pem::Error),
    /// There is nothing in it.
    #[error("no PEM certificate was found")]
    Empty,
    /// A certificate cannot be a root.
    #[error("a certificate cannot be used as a root")]
    Unusable(#[source] rustls::Error),
    /// The certificates that this machine trusts cannot be read.
    #[error("the public CAs that this machine trusts cannot be read")]
    Platform(#[source] rustls_native_certs::Error),
}
