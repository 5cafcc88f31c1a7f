//! A TLS profile: which certificate the server shows, and what it asks of clients.

use std::fmt;
use std::sync::Arc;

use portcullis_chain::{Anchors, Policy};
use portcullis_revocation::Checker;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, ProducesTickets, ResolvesServerCert, StoresServerSessions};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::UnixTime;

use crate::memory::{REMEMBERED_CHAINS, Remembered, Shards};
use crate::policy::{HYBRID, ResolvedPolicy, is_tls13};
use crate::server_certificate::ServerCertificate;
use crate::sessions::Sessions;
use crate::stapling::{Stapler, StaplingError};
use crate::tickets::{Cipher, TicketKeys, Ticketer};
use crate::verifier::PossessionVerifier;

/// The application protocols offered, the preferred first (RFC 7301, RFC 9113 section 3.2).
pub const APPLICATION_PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// What a profile does about client certificates.
#[derive(Clone)]
pub enum ClientAuth {
    /// No certificate is asked for.
    Off,
    /// A certificate is asked for and never judged; the client still proves that it holds the key.
    Passthrough,
    /// A certificate is asked for, and judged where one is presented.
    Optional(Arc<Trust>),
    /// A certificate is asked for and must be presented and pass.
    Required(Arc<Trust>),
}

impl ClientAuth {
    /// What is asked of clients and what they are judged by, for keys that nobody derives who asks or trusts another thing.
    fn context(&self, name: &str) -> Vec<u8> {
        let (mode, trust) = match self {
            Self::Off => (0, None),
            Self::Passthrough => (1, None),
            Self::Optional(trust) => (2, Some(trust)),
            Self::Required(trust) => (3, Some(trust)),
        };
        let mut context = vec![mode];
        if let Some(trust) = trust {
            context.push(match trust.revocation {
                Revocation::Off => 0,
                Revocation::Ocsp(_) => 1,
            });
            context.push(match trust.on_failure {
                OnFailure::Respond => 0,
                OnFailure::Alert => 1,
            });
            context.extend_from_slice(&trust.chain.digest());
        }
        // Last, as it is of any length.
        context.extend_from_slice(name.as_bytes());
        context
    }

    /// What certificates are judged by, where they are judged.
    #[must_use]
    pub fn trust(&self) -> Option<&Arc<Trust>> {
        match self {
            Self::Off | Self::Passthrough => None,
            Self::Optional(trust) | Self::Required(trust) => Some(trust),
        }
    }
}

/// What client certificates are judged by. There are no defaults: each part grants trust.
///
/// Chains that were accepted are remembered here, up to [`REMEMBERED_CHAINS`](crate::REMEMBERED_CHAINS),
/// and nowhere else: a trust that replaces another begins with none.
pub struct Trust {
    pub(crate) chain: portcullis_chain::Trust,
    pub(crate) memory: Shards,
    pub(crate) revocation: Revocation,
    pub(crate) on_failure: OnFailure,
}

impl Trust {
    /// Takes the certificates that end a path and what a path must satisfy, whether the issuer is
    /// asked if the certificate still stands, and how a refusal reaches the client.
    #[must_use]
    pub fn new(
        anchors: Anchors,
        policy: Policy,
        revocation: Revocation,
        on_failure: OnFailure,
    ) -> Self {
        Self {
            chain: portcullis_chain::Trust::new(anchors, policy),
            memory: Shards::new(REMEMBERED_CHAINS),
            revocation,
            on_failure,
        }
    }

    /// The same, with another number of chains to remember; 0 for none, where every handshake checks the signature of
    /// the client's certificate. That an issuer's certificate is signed by the next one is remembered all the same.
    #[must_use]
    pub fn remembering(mut self, chains: usize) -> Self {
        self.memory = Shards::new(chains);
        self
    }

    /// What is remembered, for those who watch.
    #[must_use]
    pub fn remembered(&self) -> Remembered {
        self.memory.remembered()
    }
}

/// Whether, and through whom, revocation is checked.
#[derive(Clone)]
pub enum Revocation {
    /// Certificates are good until they expire.
    Off,
    /// Responders are asked. What becomes of certificates that nobody can be asked about is the checker's policy.
    Ocsp(Checker),
}

/// Whether an OCSP answer about the server's own certificate is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OcspStapling {
    /// None.
    Off,
    /// The one that the profile's [`Stapler`] has, once it was asked for.
    On,
}

/// How a refusal reaches the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnFailure {
    /// The handshake completes and the caller answers, for example with HTTP 400 and the reason.
    Respond,
    /// The handshake ends with a TLS alert for everything that needs no network. A revocation
    /// verdict comes after the handshake and is still the caller's to answer.
    Alert,
}

/// A server certificate and what is asked of clients, as one rustls configuration.
///
/// Sessions and tickets belong to this value: two profiles never share them, and a profile that
/// replaces another starts with none, unless it [takes them
/// over](Self::take_over_sessions), or both have the same [`TicketKeys`], the same name, and ask and trust the very same. A session made under one trust therefore cannot be resumed
/// under another, which is the error behind CVE-2025-23419 and CVE-2025-23048.
#[derive(Clone)]
pub struct Profile {
    client_auth: ClientAuth,
    stapler: Option<Arc<Stapler>>,
    sessions: Arc<Sessions>,
    server_config: Arc<ServerConfig>,
    /// The same with the post-quantum hybrid alone.
    hybrid: Option<Arc<ServerConfig>>,
    /// What tickets are encrypted with; nothing where the provider has nothing for it.
    tickets: Option<Cipher>,
    ticketer: Option<Arc<Ticketer>>,
}

impl Profile {
    /// Makes a profile that speaks what `policy` has, and prefers its suites in its order to the client's.
    ///
    /// # Errors
    /// When the provider has no key exchange that rustls can use, no suite of the policy goes with the
    /// certificate's key, or there can be no answer to staple.
    pub fn new(
        certificate: ServerCertificate,
        stapling: OcspStapling,
        client_auth: ClientAuth,
        policy: &ResolvedPolicy,
    ) -> Result<Self, ProfileError> {
        let key = certificate.into_key();
        check_key(&key, policy.provider())?;
        let (stapler, resolver): (_, Arc<dyn ResolvesServerCert>) = match stapling {
            OcspStapling::Off => (None, Arc::new(SingleCertAndKey::from(key))),
            OcspStapling::On => {
                let stapler = Arc::new(Stapler::new(key).map_err(ProfileError::Stapling)?);
                (Some(Arc::clone(&stapler)), stapler)
            }
        };
        let sessions = Arc::new(Sessions::new());
        let shared = Arc::clone(&sessions);
        let storage: Arc<dyn StoresServerSessions> = shared;
        let config = |provider: &Arc<CryptoProvider>| {
            let config = server_config(provider, policy, &client_auth, &resolver, &storage);
            config.map(Arc::new).map_err(ProfileError::Provider)
        };
        let mut profile = Self {
            server_config: config(policy.provider())?,
            hybrid: policy.hybrid().as_ref().map(config).transpose()?,
            client_auth,
            stapler,
            sessions,
            tickets: policy.tickets(),
            ticketer: None,
        };
        if let Some(cipher) = profile.tickets {
            let ticketer = Ticketer::own(cipher, UnixTime::now());
            profile.make_tickets_with(ticketer.map_err(ProfileError::Provider)?);
        }
        Ok(profile)
    }

    /// The same with tickets that every server reads which has one of `keys`, a profile of this name, and asks and trusts
    /// the very same: the keys are derived from all of it (HKDF, RFC 5869), so that nobody else can read them.
    ///
    /// Without it a profile has random keys of its own, which rotate every [`TICKET_LIFETIME`](crate::TICKET_LIFETIME).
    ///
    /// # Errors
    /// When the cryptography provider has nothing that tickets could be encrypted with.
    pub fn with_ticket_keys(mut self, keys: &TicketKeys, name: &str) -> Result<Self, ProfileError> {
        let cipher = self.tickets.ok_or(ProfileError::NoTickets)?;
        let context = self.client_auth.context(name);
        self.make_tickets_with(Ticketer::shared(cipher, keys, &context));
        Ok(self)
    }

    fn make_tickets_with(&mut self, ticketer: Ticketer) {
        let ticketer = Arc::new(ticketer);
        self.ticketer = Some(Arc::clone(&ticketer));
        let ticketer: Arc<dyn ProducesTickets> = ticketer;
        let configs = [Some(&mut self.server_config), self.hybrid.as_mut()];
        for config in configs.into_iter().flatten() {
            Arc::make_mut(config).ticketer = Arc::clone(&ticketer);
        }
    }

    /// The same without HTTP/2.
    #[must_use]
    pub fn without_http2(mut self) -> Self {
        let configs = [Some(&mut self.server_config), self.hybrid.as_mut()];
        for config in configs.into_iter().flatten() {
            let protocols = &mut Arc::make_mut(config).alpn_protocols;
            protocols.retain(|protocol| protocol != b"h2");
        }
        self
    }

    /// The rustls configuration to accept this client with, whose hello was read by
    /// [`Acceptor`](rustls::server::Acceptor). A client that can do the first of
    /// [`KEY_EXCHANGES`](crate::KEY_EXCHANGES) does, wherever among its own it ranks that: one that did
    /// not expect it is asked again, for a round trip.
    #[must_use]
    pub fn server_config_for(&self, client: &ClientHello<'_>) -> Arc<ServerConfig> {
        match &self.hybrid {
            Some(hybrid) if speaks_hybrid(client) => Arc::clone(hybrid),
            _ => self.server_config(),
        }
    }

    /// The rustls configuration to accept any connection with, where hellos are not looked at: the first
    /// of the client's own key exchanges is used.
    #[must_use]
    pub fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server_config)
    }

    /// What keeps an OCSP answer about the server's certificate, where one is to be stapled.
    #[must_use]
    pub fn stapler(&self) -> Option<&Arc<Stapler>> {
        self.stapler.as_ref()
    }

    /// Goes on with the sessions of a profile that this one replaces, and shares them from now on.
    ///
    /// Whoever calls this answers for both asking the same of clients and trusting the same: a resumed session shows no
    /// certificate anew, though [`authenticate`](crate::authenticate) judges the one it was made with.
    pub fn take_over_sessions(&self, former: &Self) {
        self.sessions.take_over(&former.sessions);
        if let (Some(ticketer), Some(former)) = (&self.ticketer, &former.ticketer) {
            ticketer.take_over(former);
        }
    }

    /// What this profile asks of clients.
    #[must_use]
    pub fn client_auth(&self) -> &ClientAuth {
        &self.client_auth
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client_auth = match self.client_auth {
            ClientAuth::Off => "off",
            ClientAuth::Passthrough => "passthrough",
            ClientAuth::Optional(_) => "optional",
            ClientAuth::Required(_) => "required",
        };
        f.debug_struct("Profile")
            .field("client_auth", &client_auth)
            .finish_non_exhaustive()
    }
}

/// What all configurations of a profile have in common. They share their sessions.
fn server_config(
    provider: &Arc<CryptoProvider>,
    policy: &ResolvedPolicy,
    client_auth: &ClientAuth,
    resolver: &Arc<dyn ResolvesServerCert>,
    sessions: &Arc<dyn StoresServerSessions>,
) -> Result<ServerConfig, rustls::Error> {
    let algorithms = provider.signature_verification_algorithms;
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(policy.versions())?;
    let builder = match client_auth {
        ClientAuth::Off => builder.with_no_client_auth(),
        asked => builder.with_client_cert_verifier(Arc::new(PossessionVerifier::new(
            asked.clone(),
            algorithms,
        ))),
    };
    let mut config = builder.with_cert_resolver(Arc::clone(resolver));
    config.ignore_client_order = true;
    config.session_storage = Arc::clone(sessions);
    config.alpn_protocols = APPLICATION_PROTOCOLS
        .iter()
        .map(|name| name.to_vec())
        .collect();
    Ok(config)
}

/// The hybrid is for TLS 1.3 alone, which a client speaks that has suites of it.
fn speaks_hybrid(client: &ClientHello<'_>) -> bool {
    let mut suites = client.cipher_suites().iter();
    let groups = client.named_groups().unwrap_or_default();
    groups.contains(&HYBRID) && suites.any(|suite| is_tls13(*suite))
}

/// A suite of TLS 1.2 says with what kind of key the server signs (RFC 8422 section 2).
fn check_key(key: &CertifiedKey, provider: &CryptoProvider) -> Result<(), ProfileError> {
    let algorithm = key.key.algorithm();
    let mut suites = provider.cipher_suites.iter();
    match suites.any(|suite| suite.usable_for_signature_algorithm(algorithm)) {
        true => Ok(()),
        false => Err(ProfileError::NoSuiteForKey),
    }
}

/// Why a profile could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// The cryptography provider lacks what TLS needs.
    #[error("the cryptography provider cannot serve TLS")]
    Provider(#[source] rustls::Error),
    /// The policy has suites for other kinds of keys only, so that no handshake could succeed.
    #[error("no cipher suite of the TLS policy can be used with the certificate's key")]
    NoSuiteForKey,
    /// The cryptography provider has nothing that tickets could be encrypted with.
    #[error("the cryptography provider cannot encrypt session tickets")]
    NoTickets,
    /// No OCSP answer can be stapled to the server's certificate.
    #[error("no OCSP answer can be stapled")]
    Stapling(#[source] StaplingError),
}
