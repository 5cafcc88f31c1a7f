//! How OCSP responders are asked, from the model to settings.

use std::sync::Arc;

use portcullis_model::{self as model, FileSource, Located, Problem};
use portcullis_ocsp::{DelegatesWithoutNocheck, HashAlgorithm};
use portcullis_revocation::{
    Checker, Destinations, Lifetimes, Method, Mode, Nonces, Policy, Ports, Proxy, Responders,
    Scope, Settings,
};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::CertificateDer;

use super::Loader;
use crate::metrics::Observing;

/// Why the OCSP settings do not fit together.
#[derive(Debug, thiserror::Error)]
enum SettingsError {
    #[error("the proxy is not one: {0}")]
    Proxy(portcullis_revocation::PolicyFault),
    #[error("the responder is none that can be asked: {0}")]
    Url(portcullis_revocation::PolicyFault),
    #[error("an https responder is never asked without https_roots")]
    HttpsWithoutRoots,
    #[error("https responders cannot be asked")]
    Https(#[source] rustls::Error),
    #[error("this is not a certificate: {0}")]
    Certificate(portcullis_x509::Malformed),
}

impl Loader<'_> {
    /// The checker of all profiles, of which each makes its own with its policy.
    pub(super) fn load_checker(&mut self) -> Checker {
        let mut settings = plain(&self.model.ocsp, &self.provider)
            .observer(Arc::<Observing>::clone(&self.observing));
        settings = self.with_https(settings);
        settings = self.with_proxy(settings);
        for responders in &self.model.ocsp.responders {
            settings = self.with_responders(settings, responders);
        }
        if let Some(store) = &self.model.ocsp.store {
            settings = settings.store(&self.base.join(&store.value));
        }
        Checker::new(settings, Policy::new(Mode::HardFail, Scope::Leaf))
    }

    fn with_https(&mut self, settings: Settings) -> Settings {
        let files = &self.model.ocsp.https_roots;
        let Some(first) = files.first() else {
            return settings;
        };
        let mut roots = RootCertStore::empty();
        for file in files {
            for certificate in self.certificates(file) {
                let added = roots.add(certificate);
                self.usable(file, added);
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(SettingsError::Https);
        let Some(builder) = self.usable(first, config) else {
            return settings;
        };
        let config = builder.with_root_certificates(roots).with_no_client_auth();
        settings.https(Arc::new(config))
    }

    fn with_proxy(&mut self, settings: Settings) -> Settings {
        let Some(proxy) = &self.model.ocsp.proxy else {
            return settings;
        };
        match proxy.value.parse::<Proxy>() {
            Ok(proxy) => settings.proxy(proxy),
            Err(fault) => {
                self.wrong(proxy, SettingsError::Proxy(fault));
                settings
            }
        }
    }

    fn with_responders(&mut self, settings: Settings, found: &model::OcspResponders) -> Settings {
        let mut responders = match &found.issuer {
            None => Responders::of_all(),
            Some(file) => {
                let Some(issuer) = self.certificates(file).into_iter().next() else {
                    return settings;
                };
                let responders = Responders::of(&issuer).map_err(SettingsError::Certificate);
                let Some(responders) = self.usable(file, responders) else {
                    return settings;
                };
                responders
            }
        };
        for url in &found.instead {
            self.check_url(url);
            responders = responders.instead(&url.value);
        }
        for url in &found.fallback {
            self.check_url(url);
            responders = responders.fallback(&url.value);
        }
        for file in &found.trusted {
            for certificate in self.certificates(file) {
                let added = responders
                    .clone()
                    .trusted(&certificate)
                    .map_err(SettingsError::Certificate);
                responders = self.usable(file, added).unwrap_or(responders);
            }
        }
        settings.responders(responders)
    }

    fn check_url(&mut self, url: &Located<String>) {
        if let Err(fault) = Responders::check_url(&url.value) {
            return self.wrong(url, SettingsError::Url(fault));
        }
        let scheme = url.value.split("://").next().unwrap_or_default();
        if scheme.eq_ignore_ascii_case("https") && self.model.ocsp.https_roots.is_empty() {
            self.wrong(url, SettingsError::HttpsWithoutRoots);
        }
    }

    /// The certificates of a PEM file; none where there is a problem with it.
    fn certificates(&mut self, file: &Located<FileSource>) -> Vec<CertificateDer<'static>> {
        let read = self
            .read(file)
            .map(|file| portcullis_tls::certificates(&file));
        read.and_then(|certificates| self.usable(file, certificates))
            .unwrap_or_default()
    }

    fn wrong(&mut self, text: &Located<String>, error: SettingsError) {
        let source = Arc::new(error);
        self.problems.push(text.diagnose(Problem::Setup { source }));
    }
}

/// What a profile demands of a certificate's revocation.
pub(super) fn policy(mode: model::RevocationMode, scope: model::RevocationScope) -> Policy {
    let mode = match mode {
        model::RevocationMode::HardFail => Mode::HardFail,
        model::RevocationMode::SoftFail => Mode::SoftFail,
        model::RevocationMode::Grace(grace) => Mode::Grace(grace),
    };
    let scope = match scope {
        model::RevocationScope::Leaf => Scope::Leaf,
        model::RevocationScope::Chain => Scope::Chain,
    };
    Policy::new(mode, scope)
}

/// What needs no file.
fn plain(ocsp: &model::OcspSettings, provider: &rustls::crypto::CryptoProvider) -> Settings {
    let destinations = match ocsp.destinations {
        model::Destinations::NotLocal => Destinations::NotLocal,
        model::Destinations::LoopbackToo => Destinations::LoopbackToo,
    };
    let settings = Settings::new(provider.signature_verification_algorithms.all, destinations)
        .timeout(ocsp.timeout)
        .connect_timeout(ocsp.connect_timeout)
        .skew(ocsp.skew)
        .capacity(ocsp.capacity)
        .questions(ocsp.questions)
        .questions_each(ocsp.questions_each)
        .lifetimes(lifetimes(ocsp))
        .method(match ocsp.method {
            model::OcspMethod::GetWhereShort => Method::GetWhereShort,
            model::OcspMethod::Post => Method::Post,
        })
        .nonces(match ocsp.nonce {
            model::OcspNonce::Off => Nonces::Off,
            model::OcspNonce::Prefer => Nonces::Prefer,
            model::OcspNonce::Require => Nonces::Require,
        })
        .hash(match ocsp.hash {
            model::OcspHash::Sha1 => HashAlgorithm::Sha1,
            model::OcspHash::Sha256 => HashAlgorithm::Sha256,
        })
        .delegates_without_nocheck(match ocsp.delegates_without_nocheck {
            model::Delegates::Check => DelegatesWithoutNocheck::CheckWhereNamed,
            model::Delegates::Allow => DelegatesWithoutNocheck::Allow,
            model::Delegates::Refuse => DelegatesWithoutNocheck::Refuse,
        });
    let settings = match &ocsp.ports {
        Some(ports) => settings.ports(Ports::Only(ports.clone())),
        None => settings,
    };
    let settings = match ocsp.max_age {
        Some(max_age) => settings.max_age(max_age),
        None => settings,
    };
    let networks = ocsp.allow_networks.iter().copied();
    networks.fold(settings, Settings::allow_network)
}

fn lifetimes(ocsp: &model::OcspSettings) -> Lifetimes {
    Lifetimes {
        good: ocsp.good_lifetime,
        revoked: ocsp.revoked_lifetime,
        unknown: ocsp.unknown_lifetime,
        first_failure: ocsp.failure_lifetime,
        longest_failure: ocsp.longest_failure_lifetime,
    }
}
