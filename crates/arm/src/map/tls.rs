//! `sslCertificates`, `sslProfiles` and `sslPolicy`: what a listener shows and asks for.
//!
//! A listener of Application Gateway names a certificate and, separately, a profile; a TLS profile
//! of the configuration has both. So each pair that a listener has is one.

use std::collections::HashSet;

use super::Mapping;
use crate::certificates;
use crate::collection::Element;
use crate::finding::{Adaptation, Fate, Problem, Reason};
use crate::item::Item;
use crate::toml_text::{Table, Value};

/// Every pair of a certificate and a profile that listeners have, with a name.
pub(super) struct Profiles<'a> {
    pairs: Vec<Pair<'a>>,
    /// The listener's name, and which pair it has.
    of_listeners: Vec<(&'a str, usize)>,
}

/// Elements by their names, which are unique in their collections.
struct Pair<'a> {
    name: String,
    certificate: &'a str,
    profile: Option<&'a str>,
}

impl<'a> Profiles<'a> {
    pub(super) fn of(mapping: &Mapping<'a>) -> Self {
        let mut profiles = Self {
            pairs: Vec::new(),
            of_listeners: Vec::new(),
        };
        for listener in &mapping.of.listeners.elements {
            let item = &listener.item;
            let is_https = item
                .word("protocol")
                .is_some_and(|word| word.eq_ignore_ascii_case("https"));
            if is_https {
                profiles.add(listener, mapping);
            }
        }
        profiles.name();
        profiles
    }

    fn add(&mut self, listener: &Element<'a>, mapping: &Mapping<'a>) {
        let item = &listener.item;
        let certificate = mapping.of.certificates.referred(item, "sslCertificate");
        if certificate.is_none() {
            super::listeners::require(item, "sslCertificate");
        }
        let profile = mapping.of.profiles.referred(item, "sslProfile");
        // A profile that cannot be found is a problem, and never a listener that asks for nothing.
        let Some(certificate) = certificate.map(|certificate| certificate.name) else {
            return;
        };
        let profile = profile.map(|profile| profile.name);
        let same = |pair: &Pair<'_>| pair.certificate == certificate && pair.profile == profile;
        let at = self.pairs.iter().position(same).unwrap_or_else(|| {
            let name = String::new();
            self.pairs.push(Pair {
                name,
                certificate,
                profile,
            });
            self.pairs.len().saturating_sub(1)
        });
        self.of_listeners.push((listener.name, at));
    }

    /// By the profile where that tells it apart, by the certificate where there is no profile,
    /// otherwise by both.
    fn name(&mut self) {
        let with = |profile| {
            self.pairs
                .iter()
                .filter(|pair| pair.profile == profile)
                .count()
        };
        let single: HashSet<&str> = self
            .pairs
            .iter()
            .filter_map(|pair| pair.profile)
            .filter(|profile| with(Some(profile)) == 1)
            .collect();
        let mut taken = HashSet::new();
        for pair in &mut self.pairs {
            let name = match pair.profile {
                None => pair.certificate.to_owned(),
                Some(profile) if single.contains(profile) => profile.to_owned(),
                Some(profile) => format!("{profile}-{}", pair.certificate),
            };
            pair.name = unique(name, &mut taken);
        }
    }

    pub(super) fn name_of(&self, listener: &Element<'_>) -> Option<&str> {
        let mut of_listeners = self.of_listeners.iter();
        let (_, at) = of_listeners.find(|(name, _)| *name == listener.name)?;
        self.pairs.get(*at).map(|pair| pair.name.as_str())
    }
}

fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let mut candidate = name.clone();
    let mut number: usize = 2;
    while !taken.insert(candidate.clone()) {
        candidate = format!("{name}-{number}");
        number = number.saturating_add(1);
    }
    candidate
}

impl<'a> Mapping<'a> {
    pub(super) fn tls_profiles(&mut self, profiles: &Profiles<'a>) {
        let mut tables = Vec::new();
        for pair in &profiles.pairs {
            let named = |element: &&Element<'a>| Some(element.name) == pair.profile;
            let profile = self.of.profiles.elements.iter().find(named);
            let mut certificates = self.of.certificates.elements.iter();
            let certificate = certificates.find(|element| element.name == pair.certificate);
            let origin = profile.or(certificate);
            let place = origin.map_or(self.gateway.place(), Element::place);
            let mut table = Table::named(&["tls_profile", &pair.name], place);
            if let Some(certificate) = certificate {
                table.set_some("certificate", self.certificate(certificate));
            }
            match profile {
                Some(profile) => self.profile(profile, &mut table),
                None => table.set("client_auth", "off"),
            }
            tables.push(table);
        }
        for table in tables {
            self.document.push(table);
        }
    }

    /// A PFX with its password.
    fn certificate(&self, certificate: &Element<'a>) -> Option<Value> {
        let item = &certificate.item;
        let file = format!("ssl-certificate-{}.pfx", certificate.name);
        let password_file = format!("ssl-certificate-{}.password", certificate.name);
        let password = match item.has("password") {
            true => item.text("password"),
            false => Some(""),
        };
        if !item.has("data") {
            let key_vault = item.has("keyVaultSecretId");
            return Some(self.elsewhere(item, &file, &password_file, key_vault));
        }
        let (data, password) = item.text("data").zip(password)?;
        let pfx = match certificates::pfx(data) {
            Ok(bytes) => self.files.put(&file, bytes, true),
            Err(problem) => {
                item.problem_at("data", Problem::Certificate(problem));
                return None;
            }
        };
        // Only the first line of a file counts.
        let password = if self.files.are_beside() && !password.contains(['\r', '\n']) {
            let path = self
                .files
                .put(&password_file, password.as_bytes().to_vec(), true);
            ("password_file", path)
        } else {
            ("password", password.to_owned())
        };
        Some(table_of([("pfx", pfx), password]))
    }

    /// Azure gives out no keys: the configuration names the files that somebody else puts there.
    fn elsewhere(
        &self,
        item: &Item<'a>,
        file: &str,
        password_file: &str,
        key_vault: bool,
    ) -> Value {
        let file = self.files.path(file);
        let password_file = self.files.path(password_file);
        let table = [
            ("pfx", file.clone()),
            ("password_file", password_file.clone()),
        ];
        item.problem(Problem::NoKey {
            key_vault,
            file,
            password_file,
        });
        table_of(table)
    }

    fn profile(&self, profile: &Element<'a>, table: &mut Table) {
        let item = &profile.item;
        let asked = item.table("clientAuthConfiguration");
        let mode = asked.and_then(|asked| {
            let modes = &["Strict", "Passthrough"];
            asked.choice("verifyClientAuthMode", modes, "Strict or Passthrough")
        });
        if mode == Some("Passthrough") {
            table.set("client_auth", "passthrough");
            self.judge_nothing(item, asked.as_ref());
        } else if item.list("trustedClientCertificates").is_empty() {
            self.ask_nothing(item, asked.as_ref(), mode.is_some());
            table.set("client_auth", "off");
        } else {
            table.set("client_auth", "required");
            self.judge(item, asked.as_ref(), table);
        }
        table.set_some("tls_policy", policy(item));
    }

    fn judge(&self, item: &Item<'a>, asked: Option<&Item<'a>>, table: &mut Table) {
        let chains = self
            .of
            .chains
            .all_referred(item, "trustedClientCertificates");
        let chains: Option<Vec<String>> = chains
            .into_iter()
            .map(|chain| self.pem(chain, "trusted-client-certificate"))
            .collect();
        table.set_some("trusted_client_certificates", chains);
        let issuer = asked.and_then(|asked| asked.switch("verifyClientCertIssuerDN"));
        if issuer == Some(true) {
            table.set("verify_issuer_dn", true);
        }
        let revocation = asked.and_then(revocation);
        table.set(
            "revocation",
            if revocation == Some("OCSP") {
                "ocsp"
            } else {
                "off"
            },
        );
    }

    /// Nothing is trusted, so nothing may be demanded: a demand without trust is a mistake, and
    /// never a listener that lets everybody in.
    fn ask_nothing(&self, item: &Item<'a>, asked: Option<&Item<'a>>, is_strict: bool) {
        let Some(asked) = asked else {
            return;
        };
        let issuer = asked.switch("verifyClientCertIssuerDN") == Some(true);
        let revocation = revocation(asked) == Some("OCSP");
        if is_strict || issuer || revocation {
            item.problem(Problem::NoTrust);
        }
    }

    fn judge_nothing(&self, item: &Item<'a>, asked: Option<&Item<'a>>) {
        let certificates = item.find("trustedClientCertificates");
        let certificates = certificates.filter(|node| !node.is_empty());
        // Following them finds the ones that are not there.
        let _ = self
            .of
            .chains
            .all_referred(item, "trustedClientCertificates");
        let asked_more = asked.map(|asked| {
            let issuer = asked.switch("verifyClientCertIssuerDN") == Some(true);
            let issuer = issuer.then(|| asked.find("verifyClientCertIssuerDN"));
            let revoked = revocation(asked) == Some("OCSP");
            let revoked = revoked.then(|| asked.find("verifyClientRevocation"));
            [issuer.flatten(), revoked.flatten()]
        });
        let asked_more = asked_more.into_iter().flatten().flatten();
        for node in certificates.into_iter().chain(asked_more) {
            node.used_up();
            self.not_carried(&node.place, Reason::Passthrough);
        }
    }

    /// Certificates as PEM, by what the configuration names them.
    pub(super) fn pem(&self, element: &Element<'a>, kind: &str) -> Option<String> {
        let item = &element.item;
        if !item.has("data") {
            item.problem(Problem::Missing { name: "data" });
            return None;
        }
        match certificates::chain(item.text("data")?) {
            Ok(bytes) => {
                let name = format!("{kind}-{}.pem", element.name);
                Some(self.files.put(&name, bytes, false))
            }
            Err(problem) => {
                item.problem_at("data", Problem::Certificate(problem));
                None
            }
        }
    }
}

fn revocation(asked: &Item<'_>) -> Option<&'static str> {
    asked.choice("verifyClientRevocation", &["None", "OCSP"], "None or OCSP")
}

fn table_of<const N: usize>(members: [(&str, String); N]) -> Value {
    let members = members.into_iter();
    Value::Table(
        members
            .map(|(key, text)| (key.to_owned(), text.into()))
            .collect(),
    )
}

/// An `sslPolicy`: a name, or a table of its own.
pub(super) fn policy(item: &Item<'_>) -> Option<Value> {
    let policy = item.table("sslPolicy")?;
    let types = &["Predefined", "Custom", "CustomV2"];
    let expected = "Predefined, Custom or CustomV2";
    let kind = match policy.choice("policyType", types, expected) {
        // A policy of its own says no name.
        None if !policy.has("policyType") && policy.has("policyName") => "Predefined",
        None if !policy.has("policyType") => "CustomV2",
        kind => kind?,
    };
    if kind == "Predefined" {
        super::listeners::require(&policy, "policyName");
        return policy.word("policyName").map(Value::from);
    }
    let version = min_version(&policy);
    let suites = policy.texts("cipherSuites");
    let mut members = vec![(
        "type".to_owned(),
        Value::from(if kind == "Custom" {
            "custom"
        } else {
            "custom_v2"
        }),
    )];
    if let Some(version) = version {
        members.push(("min_version".to_owned(), version.into()));
    }
    if !suites.is_empty() {
        members.push(("cipher_suites".to_owned(), suites.into()));
    }
    Some(Value::Table(members))
}

/// Versions before 1.2 are not spoken: what asks for them gets the next that is.
fn min_version(policy: &Item<'_>) -> Option<&'static str> {
    let versions = &["TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"];
    let expected = "TLSv1_0, TLSv1_1, TLSv1_2 or TLSv1_3";
    let version = policy.choice("minProtocolVersion", versions, expected)?;
    let node = policy.find("minProtocolVersion")?;
    match version {
        "TLSv1_3" => Some("1.3"),
        "TLSv1_2" => Some("1.2"),
        _ => {
            let fate = Fate::Adapted(Adaptation::Version);
            policy.report.push(&node.place, fate);
            Some("1.2")
        }
    }
}
