//! From the model to what runs: reads the files it names, compiles the rewrites it holds, and
//! collects every problem on the way.

mod ocsp;
mod plan;
mod record;
pub(crate) mod resumable;
mod tickets;
mod transport;

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use portcullis_chain::{Policy, Purpose};
use portcullis_model::{self as model, Diagnostic, FileSource, Located, Place, Problem};
use portcullis_revocation::Checker;
use portcullis_rewrite::{Fact, RuleSet, StripList};
use portcullis_tls::{
    ClientAuth, ClientChainLimits, ClientChains, ClientIssuer, NotHonoured, OcspStapling,
    OnFailure, PolicyError, PredefinedPolicy, Profile, ResolvedPolicy, Revocation,
    ServerCertificate, TlsPolicy, TlsVersion, Trust,
};
use rustls::RootCertStore;
use rustls::crypto::CryptoProvider;

use crate::authorization::Authorization;
use crate::files::Files;
use crate::gateway::{Bind, Site};
use crate::identity_headers::IdentityHeaders;
use crate::inventory::Inventory;
use crate::load::resumable::Resumable;
use crate::log;
use crate::metrics::Observing;
use crate::pool::Pool;
use crate::rules;
use crate::transport::Transport;

/// Most bytes of a certificate, key or password file: Application Gateway accepts 25 KB a chain,
/// and a chain of post-quantum certificates takes some 100 KB.
const FILE_SIZE: u64 = 1 << 20;

/// Loads one configuration.
pub(crate) struct Loader<'a> {
    model: &'a model::Gateway,
    base: &'a Path,
    provider: Arc<CryptoProvider>,
    profiles: HashMap<&'a str, Arc<Profile>>,
    rewrite_sets: HashMap<&'a str, Arc<RuleSet>>,
    authorizations: HashMap<&'a str, Arc<Authorization>>,
    /// By their place in memory, where the model keeps them; nothing where one had a problem.
    transports: HashMap<*const model::BackendSettings, Option<Arc<Transport>>>,
    public_roots: Option<Arc<RootCertStore>>,
    /// Of all rules that were looked at.
    pools: Vec<Arc<Pool>>,
    chain_files: HashSet<&'a FileSource>,
    files: Files,
    resumable: HashMap<Resumable, Arc<Profile>>,
    not_honoured: Vec<(Place, NotHonoured)>,
    problems: Vec<Diagnostic>,
    observing: Arc<Observing>,
    inventory: Inventory,
}

impl<'a> Loader<'a> {
    /// Loads every profile and rewrite set, also those that no listener uses, and makes the one checker of all profiles.
    pub(crate) fn new(
        model: &'a model::Gateway,
        base: &'a Path,
        provider: Arc<CryptoProvider>,
    ) -> (Self, Checker) {
        let mut loader = Self {
            model,
            base,
            provider,
            profiles: HashMap::new(),
            rewrite_sets: HashMap::new(),
            authorizations: HashMap::new(),
            transports: HashMap::new(),
            public_roots: None,
            pools: Vec::new(),
            chain_files: HashSet::new(),
            files: Files::new(),
            resumable: HashMap::new(),
            not_honoured: Vec::new(),
            problems: Vec::new(),
            observing: Arc::default(),
            inventory: Inventory::of(model),
        };
        let checker = loader.load_checker();
        loader.load_profiles(&checker);
        loader.compile_rewrites();
        loader.load_authorizations();
        loader.load_transports();
        (loader, checker)
    }

    /// What a listener does, made of what was loaded. Nothing where a part of it had a problem.
    fn site(&mut self, listener: &model::Listener) -> Option<Site> {
        let profile = match listener.tls_profile() {
            Some(profile) => Some(Arc::clone(self.profiles.get(profile.name.as_str())?)),
            None => None,
        };
        let authorization = self.authorization(listener.rule.authorization.as_ref())?;
        let pages = self.pages(&listener.error_pages)?;
        let plan = self.plan(&listener.rule)?;
        Some(Site {
            name: listener.name.value.clone(),
            rule: listener.rule.name.value.clone(),
            profile,
            authorization,
            plan,
            identity_headers: listener.rule.identity_headers.map(IdentityHeaders::of),
            pages,
            counts: OnceLock::new(),
        })
    }

    /// Groups the listeners by address, in each group in the order of their rules' priorities. The
    /// addresses are in their own order: a bind is known by its place, and must be found there again
    /// after a reload, whatever the priorities have become.
    pub(crate) fn binds(&mut self) -> Vec<Bind> {
        let mut binds: Vec<Bind> = Vec::new();
        for listener in &self.model.listeners {
            let Some(site) = self.site(listener) else {
                continue;
            };
            let address = listener.bind.value;
            match binds.iter_mut().find(|bind| bind.address() == address) {
                Some(bind) => bind.push(listener, site),
                None => {
                    let mut bind = Bind::new(address);
                    bind.push(listener, site);
                    binds.push(bind);
                }
            }
        }
        binds.sort_by_key(Bind::address);
        binds
    }

    /// The headers that no client may send: those that any listener's rules set from a certificate.
    pub(crate) fn strip(&self) -> StripList {
        StripList::new(
            self.rewrite_sets
                .values()
                .flat_map(|rules| rules.identity_headers())
                .cloned(),
        )
    }

    /// The profiles that an OCSP answer is stapled to.
    pub(crate) fn stapling(&self) -> Vec<Arc<Profile>> {
        let profiles = self.profiles.values();
        let stapling = profiles.filter(|profile| profile.stapler().is_some());
        stapling.cloned().collect()
    }

    /// The files that were read, or tried.
    pub(crate) fn files(&mut self) -> Files {
        std::mem::take(&mut self.files)
    }

    /// Every profile by what its sessions were made under.
    pub(crate) fn resumable(&mut self) -> HashMap<Resumable, Arc<Profile>> {
        std::mem::take(&mut self.resumable)
    }

    /// What the checker tells of what it does.
    pub(crate) fn observing(&self) -> Arc<Observing> {
        Arc::clone(&self.observing)
    }

    /// What certificates of clients are judged by, with the names of the profiles, in their order.
    pub(crate) fn trusts(&self) -> Vec<(String, Arc<Trust>)> {
        let profiles = self.profiles.iter();
        let trusts = profiles.filter_map(|(name, profile)| {
            let trust = profile.client_auth().trust()?;
            Some(((*name).to_owned(), Arc::clone(trust)))
        });
        let mut trusts: Vec<_> = trusts.collect();
        trusts.sort_by(|(one, _), (other, _)| one.cmp(other));
        trusts
    }

    /// What there is, for operators to look at.
    pub(crate) fn take_inventory(&mut self) -> Inventory {
        std::mem::take(&mut self.inventory)
    }

    /// The pools that rules forward to; to be asked for after [`Self::binds`].
    pub(crate) fn pools(&self) -> Vec<Arc<Pool>> {
        self.pools.clone()
    }

    /// What was asked for and cannot be had, or every problem found.
    pub(crate) fn finish(self) -> Result<Vec<(Place, NotHonoured)>, Vec<Diagnostic>> {
        if self.problems.is_empty() {
            Ok(self.not_honoured)
        } else {
            Err(self.problems)
        }
    }

    fn load_profiles(&mut self, checker: &Checker) {
        let model = self.model;
        let ticket_keys = self.ticket_keys();
        for profile in &model.tls_profiles {
            self.inventory.begin_profile(&profile.name);
            let certificate = self.server_certificate(&profile.certificate);
            if let Some(certificate) = &certificate {
                self.inventory.serves_with(certificate.chain());
            }
            let client_auth = self.client_auth(&profile.client_auth, checker);
            let (Some(certificate), Some(client_auth)) = (certificate, client_auth) else {
                continue;
            };
            let stapling = match profile.ocsp_stapling {
                true => OcspStapling::On,
                false => OcspStapling::Off,
            };
            let Some(policy) = self.policy_of(profile) else {
                continue;
            };
            let loaded = Profile::new(certificate, stapling, client_auth, &policy);
            let loaded = match &ticket_keys {
                Some(keys) => loaded.and_then(|made| made.with_ticket_keys(keys, &profile.name)),
                None => loaded,
            };
            match loaded {
                Ok(loaded) => {
                    let loaded = match model.http.http2 {
                        true => loaded,
                        false => loaded.without_http2(),
                    };
                    let loaded = Arc::new(loaded);
                    let under = Resumable::of(profile, self.base, &self.files);
                    self.resumable.insert(under, Arc::clone(&loaded));
                    self.profiles.insert(&profile.name, loaded);
                }
                Err(error) => self.setup(&profile.place, error),
            }
        }
    }

    /// What a profile offers: its policy, or the strictest that is predefined.
    fn policy_of(&mut self, profile: &model::TlsProfile) -> Option<ResolvedPolicy> {
        let Some(policy) = &profile.policy else {
            let strictest = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
            return self.tls_policy(&profile.place, &strictest);
        };
        match tls_policy(&policy.value) {
            Ok(named) => self.tls_policy(&policy.place, &named),
            Err(error) => {
                self.setup(&policy.place, error);
                None
            }
        }
    }

    /// What can be had of a policy. What cannot is told to the operator, and no reason to stand still.
    fn tls_policy(&mut self, place: &Place, policy: &TlsPolicy) -> Option<ResolvedPolicy> {
        match policy.resolve(&self.provider) {
            Ok(resolved) => {
                for lost in resolved.not_honoured() {
                    tracing::warn!(place = %place.path, reason = lost.reason.code(), "{lost}");
                    self.not_honoured.push((place.clone(), *lost));
                }
                Some(resolved)
            }
            Err(error) => {
                self.setup(place, error);
                None
            }
        }
    }

    fn compile_rewrites(&mut self) {
        let model = self.model;
        for set in &model.rewrite_sets {
            match RuleSet::compile(rules::specs(set)) {
                Ok(compiled) => {
                    self.rewrite_sets.insert(&set.name, Arc::new(compiled));
                }
                Err(errors) => self
                    .problems
                    .extend(errors.into_iter().map(|error| rules::diagnose(set, error))),
            }
        }
    }

    /// Whether a rewrite asks for the cipher suites that clients offered.
    pub(crate) fn lists_ciphers(&self) -> bool {
        let mut sets = self.rewrite_sets.values();
        sets.any(|set| set.asks_for_ciphers())
    }

    /// What backends and the log are told of the certificates of clients.
    pub(crate) fn facts(&self) -> Vec<Fact> {
        let rules = self.rewrite_sets.values().flat_map(|set| set.facts());
        let listeners = self.model.listeners.iter();
        let headers = listeners.filter_map(|listener| listener.rule.identity_headers);
        let headers = headers.flat_map(|headers| IdentityHeaders::of(headers).facts());
        let written = self.model.access_log.output != model::LogOutput::Off;
        let written = written || self.model.traces.is_some();
        let log: &[Fact] = if written { &log::FACTS } else { &[] };
        let mut facts = Vec::new();
        for fact in rules.chain(headers).chain(log) {
            if !facts.contains(fact) {
                facts.push(*fact);
            }
        }
        facts
    }

    fn server_certificate(
        &mut self,
        certificate: &model::ServerCertificate,
    ) -> Option<ServerCertificate> {
        match certificate {
            model::ServerCertificate::Pem { certificate, key } => {
                let chain = self.read(certificate);
                let key = self.read(key);
                let loaded = ServerCertificate::from_pem(&chain?, &key?, &self.provider);
                self.usable(certificate, loaded)
            }
            model::ServerCertificate::Pfx { file, password } => {
                let pfx = self.read(file);
                let password = self.password(password);
                let loaded = ServerCertificate::from_pfx(&pfx?, &password?, &self.provider);
                self.usable(file, loaded)
            }
        }
    }

    fn password(&mut self, password: &model::Password) -> Option<String> {
        match password {
            model::Password::Inline(secret) => Some(secret.value.expose().to_owned()),
            model::Password::File(file) => {
                let text = String::from_utf8(self.read(file)?);
                let text = self.usable(file, text)?;
                Some(text.lines().next().unwrap_or_default().to_owned())
            }
        }
    }

    fn client_auth(
        &mut self,
        client_auth: &'a model::ClientAuth,
        checker: &Checker,
    ) -> Option<ClientAuth> {
        Some(match client_auth {
            model::ClientAuth::Off => ClientAuth::Off,
            model::ClientAuth::Passthrough => ClientAuth::Passthrough,
            model::ClientAuth::Optional(trust) => ClientAuth::Optional(self.trust(trust, checker)?),
            model::ClientAuth::Required(trust) => ClientAuth::Required(self.trust(trust, checker)?),
        })
    }

    fn trust(&mut self, trust: &'a model::Trust, checker: &Checker) -> Option<Arc<Trust>> {
        let limits = &self.model.limits;
        let limits = ClientChainLimits {
            file_bytes: limits.trust_file_bytes,
            profile: limits.trust_files_per_profile,
            gateway: limits.trust_files,
        };
        let chains = self.client_chains(&trust.certificates, limits)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        let policy = Policy::new(Purpose::ClientAuth, algorithms);
        let issuer = match trust.immediate_issuer {
            model::ImmediateIssuer::Any => ClientIssuer::AnyBelowRoot,
            model::ImmediateIssuer::Configured => ClientIssuer::OfChainFile,
        };
        let policy = chains.demand(issuer, policy);
        let anchors = self.usable(trust.certificates.first()?, chains.into_anchors())?;
        let trusted = Trust::new(
            anchors,
            policy,
            match trust.revocation {
                model::Revocation::Off => Revocation::Off,
                model::Revocation::Ocsp { mode, scope } => {
                    Revocation::Ocsp(checker.with_policy(ocsp::policy(mode, scope)))
                }
            },
            match trust.on_failure {
                model::OnFailure::Respond => OnFailure::Respond,
                model::OnFailure::Alert => OnFailure::Alert,
            },
        );
        Some(Arc::new(match trust.remembered_chains {
            Some(chains) => trusted.remembering(chains),
            None => trusted,
        }))
    }

    /// All chains of a profile, or none: one that cannot be used leaves no other in its place.
    fn client_chains(
        &mut self,
        files: &'a [Located<FileSource>],
        limits: ClientChainLimits,
    ) -> Option<ClientChains> {
        let mut chains = ClientChains::new(limits);
        let mut complete = true;
        for file in files {
            self.chain_files.insert(&file.value);
            let all = limits.check_gateway(self.chain_files.len());
            let within = self.usable(file, all).is_some();
            let added = match self.read(file) {
                Some(content) => {
                    self.inventory.trusts(&content);
                    self.usable(file, chains.add(&content)).is_some()
                }
                None => false,
            };
            complete &= within && added;
        }
        complete.then_some(chains)
    }

    fn read(&mut self, file: &Located<FileSource>) -> Option<Vec<u8>> {
        let read = match &file.value {
            FileSource::Path(path) => read_bounded(&self.base.join(path), &mut self.files),
            FileSource::Inline(inline) => Ok(inline.bytes().to_vec()),
        };
        self.usable(file, read)
    }

    /// What a file gave, or a diagnostic about it.
    fn usable<T, E: Error + Send + Sync + 'static>(
        &mut self,
        file: &Located<FileSource>,
        result: Result<T, E>,
    ) -> Option<T> {
        result
            .map_err(|error| {
                self.problems.push(file.diagnose(Problem::File {
                    file: file.value.clone(),
                    source: Arc::new(error),
                }));
            })
            .ok()
    }

    fn setup(&mut self, place: &Place, error: impl Error + Send + Sync + 'static) {
        let source = Arc::new(error);
        self.problems
            .push(Diagnostic::new(place.clone(), Problem::Setup { source }));
    }
}

/// A policy by the names that the model keeps.
fn tls_policy(policy: &model::TlsPolicy) -> Result<TlsPolicy, PolicyError> {
    let custom = match policy {
        model::TlsPolicy::Predefined(predefined) => {
            return predefined.name().parse().map(TlsPolicy::predefined);
        }
        model::TlsPolicy::Custom(custom) => custom,
    };
    let suites: Vec<&str> = custom
        .cipher_suites
        .iter()
        .map(|suite| suite.value.as_str())
        .collect();
    let least = match custom.min_version {
        model::MinVersion::Tls12 => TlsVersion::Tls12,
        model::MinVersion::Tls13 => TlsVersion::Tls13,
    };
    match custom.generation {
        model::Generation::Old => TlsPolicy::custom(least, &suites),
        model::Generation::New => TlsPolicy::custom_v2(least, &suites),
    }
}

fn read_bounded(path: &Path, files: &mut Files) -> io::Result<Vec<u8>> {
    let bytes = files.read(path, FILE_SIZE)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length <= FILE_SIZE) {
        Ok(bytes)
    } else {
        Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("the file has more than {FILE_SIZE} bytes"),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_tls_policy_loses_is_told_and_a_policy_of_nothing_is_a_problem() {
        let model = model::diagnose("").gateway;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let (mut loader, _) = Loader::new(&model, Path::new("."), provider);
        let place = Place::default();
        let policy = |name: PredefinedPolicy| TlsPolicy::predefined(name);
        let whole = loader.tls_policy(&place, &policy(PredefinedPolicy::V20220101S));
        assert!(whole.is_some() && loader.not_honoured.is_empty());
        let partly = loader.tls_policy(&place, &policy(PredefinedPolicy::V20220101));
        assert!(partly.is_some() && loader.problems.is_empty());
        assert_eq!(loader.not_honoured.len(), 4);
        let nothing = policy(PredefinedPolicy::V20170401S).without(TlsVersion::Tls12);
        assert!(loader.tls_policy(&place, &nothing).is_none());
        let [problem] = &loader.problems[..] else {
            panic!("{:?}", loader.problems)
        };
        let told = problem.message();
        assert!(told.contains("nothing of the TLS policy"), "{told}");
    }
}
