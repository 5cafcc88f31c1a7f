//! What there is in a configuration, for operators to look at: listeners, profiles, certificates.

mod model;

use std::collections::HashSet;

use portcullis_model as configured;
use portcullis_x509::{BasicConstraints, Certificate};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use portcullis_rewrite::facts::hexadecimal;

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    certificates: Vec<Listed>,
    listeners: Vec<Listener>,
    profiles: Vec<Profile>,
    /// Whose certificates are being told.
    profile: String,
    /// Which of its certificates have been told.
    seen: HashSet<(Use, String)>,
}

/// A listener.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) name: String,
    /// As configured; its port may be 0.
    pub(crate) address: String,
    /// None for every host.
    pub(crate) hosts: Vec<String>,
    pub(crate) protocol: &'static str,
    pub(crate) profile: Option<String>,
    pub(crate) rule: String,
    pub(crate) priority: u16,
    pub(crate) authorization: Option<String>,
}

/// A TLS profile.
#[derive(Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    pub(crate) client_auth: &'static str,
    pub(crate) revocation: Option<String>,
    pub(crate) revocation_scope: Option<&'static str>,
    pub(crate) on_failure: Option<&'static str>,
    pub(crate) verify_issuer_dn: bool,
    pub(crate) ocsp_stapling: bool,
    pub(crate) tls_policy: String,
}

/// What a certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Use {
    /// The gateway shows it.
    Server,
    /// The gateway sends it along with its own.
    ServerChain,
    /// The gateway shows it to backends.
    ToBackends,
    /// Clients' certificates lead to it.
    TrustedRoot,
    /// Paths of clients' certificates may lead through it.
    TrustedIntermediate,
}

impl Use {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::ServerChain => "server_chain",
            Self::ToBackends => "to_backends",
            Self::TrustedRoot => "trusted_root",
            Self::TrustedIntermediate => "trusted_intermediate",
        }
    }
}

/// A certificate and where it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The TLS profile, or the backend settings.
    pub(crate) profile: String,
    pub(crate) used: Use,
    pub(crate) subject: String,
    pub(crate) issuer: String,
    pub(crate) serial: String,
    /// In seconds since 1970.
    pub(crate) not_before: u64,
    pub(crate) not_after: u64,
    /// SHA-256.
    pub(crate) fingerprint: String,
}

/// Seconds.
const DAY: i64 = 86_400;

impl Listed {
    /// Whole days until it ends, below 0 once it has.
    pub(crate) fn days_left(&self, now: UnixTime) -> i64 {
        let seconds = |time| i64::try_from(time).unwrap_or(i64::MAX);
        let left = seconds(self.not_after).saturating_sub(seconds(now.as_secs()));
        left.div_euclid(DAY)
    }
}

impl Inventory {
    /// What the model itself says.
    pub(crate) fn of(model: &configured::Gateway) -> Self {
        Self {
            certificates: Vec::new(),
            listeners: model.listeners.iter().map(model::listener).collect(),
            profiles: model
                .tls_profiles
                .iter()
                .map(|one| model::profile(one))
                .collect(),
            profile: String::new(),
            seen: HashSet::new(),
        }
    }

    /// What follows is about the certificates of this profile.
    pub(crate) fn begin_profile(&mut self, name: &str) {
        name.clone_into(&mut self.profile);
        self.seen.clear();
    }

    /// The chain that the profile shows, leaf first.
    pub(crate) fn serves_with(&mut self, chain: &[CertificateDer<'_>]) {
        let Some((leaf, others)) = chain.split_first() else {
            return;
        };
        self.push(Use::Server, leaf);
        for other in others {
            self.push(Use::ServerChain, other);
        }
    }

    /// The chain that is shown to backends, leaf first.
    pub(crate) fn shows_to_backends(&mut self, settings: &str, chain: &[CertificateDer<'_>]) {
        self.begin_profile(settings);
        if let Some(leaf) = chain.first() {
            self.push(Use::ToBackends, leaf);
        }
    }

    /// A file of trusted certificates. What cannot be read of it is reported elsewhere.
    pub(crate) fn trusts(&mut self, file: &[u8]) {
        for der in portcullis_tls::certificates(file).unwrap_or_default() {
            let Ok(certificate) = Certificate::parse(&der) else {
                continue;
            };
            let constraints = certificate.basic_constraints();
            if !matches!(constraints, Ok(Some(BasicConstraints { ca: true, .. }))) {
                continue;
            }
            let used = match certificate.is_self_issued() {
                true => Use::TrustedRoot,
                false => Use::TrustedIntermediate,
            };
            self.push(used, &der);
        }
    }

    fn push(&mut self, used: Use, der: &CertificateDer<'_>) {
        let Ok(certificate) = Certificate::parse(der) else {
            return;
        };
        let validity = certificate.validity();
        let listed = Listed {
            profile: self.profile.clone(),
            used,
            subject: certificate.subject().shown().to_string(),
            issuer: certificate.issuer().shown().to_string(),
            serial: certificate.serial().to_string(),
            not_before: validity.not_before.as_secs(),
            not_after: validity.not_after.as_secs(),
            fingerprint: hexadecimal(&Sha256::digest(der)),
        };
        // Files may have it in common.
        if self.seen.insert((used, listed.fingerprint.clone())) {
            self.certificates.push(listed);
        }
    }

    pub(crate) fn certificates(&self) -> &[Listed] {
        &self.certificates
    }

    pub(crate) fn listeners(&self) -> &[Listener] {
        &self.listeners
    }

    pub(crate) fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// The listeners that use a profile.
    pub(crate) fn users_of<'a>(&'a self, profile: &'a str) -> impl Iterator<Item = &'a str> {
        let users = self.listeners.iter();
        let users = users.filter(move |one| one.profile.as_deref() == Some(profile));
        users.map(|one| one.name.as_str())
    }

    /// The listeners whose clients a certificate has to do with.
    pub(crate) fn users_of_certificate<'a>(&'a self, listed: &'a Listed) -> Vec<&'a str> {
        match listed.used {
            Use::ToBackends => Vec::new(),
            _ => self.users_of(&listed.profile).collect(),
        }
    }
}

impl Listener {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "address": self.address,
            "hosts": self.hosts,
            "protocol": self.protocol,
            "tls_profile": self.profile,
            "rule": self.rule,
            "priority": self.priority,
            "authorization": self.authorization,
        })
    }
}
