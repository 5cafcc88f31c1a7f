use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use portcullis_ocsp::{DelegatesWithoutNocheck, HashAlgorithm, MissingNonce, Rules};
use rustls::ClientConfig;
use rustls_pki_types::SignatureVerificationAlgorithm;

use crate::destination::{Destinations, Ports};
use crate::lifetimes::Lifetimes;
use crate::observer::{Event, Observer};
use crate::proxy::Proxy;
use crate::redis::Redis;
use crate::transport::{Method, Transport};
use crate::whom::Responders;

/// How responders are asked, what of them is believed, and how long it is remembered.
#[derive(Clone)]
pub struct Settings {
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    skew: Option<Duration>,
    max_age: Option<Duration>,
    delegates_without_nocheck: DelegatesWithoutNocheck,
    pub(crate) nonces: Nonces,
    pub(crate) hash: HashAlgorithm,
    pub(crate) responders: Vec<Responders>,
    pub(crate) transport: Transport,
    pub(crate) timeout: Duration,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) capacity: usize,
    pub(crate) questions: usize,
    pub(crate) questions_each: usize,
    pub(crate) store: Option<PathBuf>,
    pub(crate) redis: Option<Redis>,
    pub(crate) observer: Option<Arc<dyn Observer>>,
}

/// Whether questions have a nonce (RFC 9654), which the answer repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Nonces {
    /// None: for responders that sign ahead. The dates alone protect from replay.
    Off,
    /// One is sent. An answer without it is taken, one with another is not.
    Prefer,
    /// One is sent and has to come back. Nothing is believed that is not of this very question, so that there is
    /// nothing for a [store](Settings::store) to keep.
    Require,
}

/// Equal settings lead to equal judgements. Algorithms are equal when they are the very same list:
/// two lists with the same names may check signatures differently. Who is told of it makes no difference.
impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            algorithms,
            skew,
            max_age,
            delegates_without_nocheck,
            nonces,
            hash,
            responders,
            transport,
            timeout,
            lifetimes,
            capacity,
            questions,
            questions_each,
            store,
            redis,
            observer: _,
        } = self;
        std::ptr::eq(*algorithms, other.algorithms)
            && *skew == other.skew
            && *max_age == other.max_age
            && *delegates_without_nocheck == other.delegates_without_nocheck
            && *nonces == other.nonces
            && *hash == other.hash
            && *responders == other.responders
            && *transport == other.transport
            && *timeout == other.timeout
            && *lifetimes == other.lifetimes
            && *capacity == other.capacity
            && *questions == other.questions
            && *questions_each == other.questions_each
            && *store == other.store
            && *redis == other.redis
    }
}

impl Settings {
    /// How long an answer may take unless said otherwise: a client waits meanwhile.
    pub const TIMEOUT: Duration = Duration::from_secs(5);

    /// How long a connection may take unless said otherwise: longer means that nobody is there.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

    /// How many answers are remembered unless said otherwise: less than 30 MB.
    pub const CAPACITY: usize = 0x1_0000;

    /// How many questions are asked at once unless said otherwise: a quarter of the 1024 files that a
    /// process commonly may have open, so that connections of clients have the others.
    pub const QUESTIONS: usize = 256;

    /// How many questions one responder is asked at once unless said otherwise: one that is slow leaves the others
    /// three quarters.
    pub const QUESTIONS_EACH: usize = 64;

    /// Believes signatures of these algorithms, usually all that the caller's crypto provider has,
    /// and asks responders at these addresses.
    #[must_use]
    pub fn new(
        algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
        destinations: Destinations,
    ) -> Self {
        Self {
            algorithms,
            skew: None,
            max_age: None,
            delegates_without_nocheck: DelegatesWithoutNocheck::CheckWhereNamed,
            nonces: Nonces::Off,
            hash: HashAlgorithm::Sha1,
            responders: Vec::new(),
            transport: Transport::new(destinations, Self::CONNECT_TIMEOUT),
            timeout: Self::TIMEOUT,
            lifetimes: Lifetimes::default(),
            capacity: Self::CAPACITY,
            questions: Self::QUESTIONS,
            questions_each: Self::QUESTIONS_EACH,
            store: None,
            redis: None,
            observer: None,
        }
    }

    /// How long an answer may take in all: name resolution, connecting, every responder that there is to ask, and
    /// the question about a delegate where there has to be one.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How long connecting to one address may take, within the [timeout](Self::timeout).
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.transport.connect_timeout = timeout;
        self
    }

    /// The difference between the responders' clocks and the caller's that is forgiven, 300 s unless said.
    #[must_use]
    pub fn skew(mut self, skew: Duration) -> Self {
        self.skew = Some(skew);
        self
    }

    /// How old an answer may be at most, even when its nextUpdate is still ahead.
    #[must_use]
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.max_age = Some(max_age);
        self
    }

    /// What becomes of a delegate whose own revocation the issuer does not exempt from checking. Unless said, one
    /// that names a responder is asked about.
    #[must_use]
    pub fn delegates_without_nocheck(mut self, policy: DelegatesWithoutNocheck) -> Self {
        self.delegates_without_nocheck = policy;
        self
    }

    /// Whether questions have a nonce. They have none unless said.
    #[must_use]
    pub fn nonces(mut self, nonces: Nonces) -> Self {
        self.nonces = nonces;
        self
    }

    /// What certificates are named with in questions: SHA-1 unless said, which every responder knows (RFC 5019
    /// section 2.1.1). Answers are understood in either.
    #[must_use]
    pub fn hash(mut self, hash: HashAlgorithm) -> Self {
        self.hash = hash;
        self
    }

    /// One more rule about whom to ask and to believe.
    #[must_use]
    pub fn responders(mut self, responders: Responders) -> Self {
        self.responders.push(responders);
        self
    }

    /// Addresses of this network are allowed, whatever the destinations say.
    #[must_use]
    pub fn allow_network(mut self, network: IpNet) -> Self {
        self.transport.networks.push(network);
        self
    }

    /// Which ports responders may have, [`Ports::Usual`] unless said.
    #[must_use]
    pub fn ports(mut self, ports: Ports) -> Self {
        self.transport.ports = ports;
        self
    }

    /// How questions are put, [`Method::GetWhereShort`] unless said.
    #[must_use]
    pub fn method(mut self, method: Method) -> Self {
        self.transport.method = method;
        self
    }

    /// Also asks https responders, whose certificates have to satisfy this configuration. They are refused unless
    /// said. Responses are signed: TLS keeps it private who is asked about.
    #[must_use]
    pub fn https(mut self, config: Arc<ClientConfig>) -> Self {
        self.transport.https = Some(config);
        self
    }

    /// Asks through this proxy. It resolves the names of responders, so that it is the one to judge the addresses they
    /// have; the destinations are held against addresses that a URL itself gives.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.transport.proxy = Some(proxy);
        self
    }

    /// How long answers are remembered at most.
    #[must_use]
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.lifetimes = lifetimes;
        self
    }

    /// How many answers are remembered at most.
    #[must_use]
    pub fn capacity(mut self, capacity: usize) -> Self {
        self.capacity = capacity;
        self
    }

    /// How many questions are asked at once, at least one. Others wait for their turn, and the waiting
    /// counts for their timeout.
    #[must_use]
    pub fn questions(mut self, questions: usize) -> Self {
        self.questions = questions.max(1);
        self
    }

    /// How many questions one responder is asked at once, at least one.
    #[must_use]
    pub fn questions_each(mut self, questions: usize) -> Self {
        self.questions_each = questions.max(1);
        self
    }

    /// Keeps answers in this file, for the time after a restart: as many as are [remembered](Self::capacity).
    ///
    /// Nothing in it is believed: an answer that is read is judged like one that comes from the network, its signature
    /// and its dates first. Who can write to the file can delete answers, so that they are asked for again, and put
    /// back an older answer that still holds, as can whoever sits between here and the responder; nobody can turn
    /// what a responder said into something else. Only one process may use it.
    #[must_use]
    pub fn store(mut self, file: &Path) -> Self {
        self.store = Some(file.to_owned());
        self
    }

    /// Shares answers with other gateways through this Redis: what nothing is known about is looked up there before a
    /// responder is asked, and what a responder says is put there.
    ///
    /// Nothing there is believed: what is read is judged like an answer of the network, without any difference of the
    /// clocks, and only where it names a responder that would be asked. Who can write there can do what is said of the
    /// [store](Self::store), and no more. One that does not answer costs a quarter of a second, and is then left alone for
    /// a while.
    #[must_use]
    pub fn redis(mut self, redis: Redis) -> Self {
        self.redis = Some(redis);
        self
    }

    /// Tells of everything that happens.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Whether an answer about a delegate may admit it.
    pub(crate) fn checks_delegates(&self) -> bool {
        self.delegates_without_nocheck == DelegatesWithoutNocheck::CheckWhereNamed
    }

    pub(crate) fn observe(&self, event: &Event<'_>) {
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }

    /// The rules by which responses are judged.
    pub(crate) fn rules(&self) -> Rules<'static> {
        let rules = Rules::new(self.algorithms)
            .delegates_without_nocheck(self.delegates_without_nocheck)
            .missing_nonce(match self.nonces {
                Nonces::Off | Nonces::Prefer => MissingNonce::Allow,
                Nonces::Require => MissingNonce::Refuse,
            });
        let rules = match self.skew {
            Some(skew) => rules.skew(skew),
            None => rules,
        };
        match self.max_age {
            Some(max_age) => rules.max_age(max_age),
            None => rules,
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("timeout", &self.timeout)
            .field("transport", &self.transport)
            .field("nonces", &self.nonces)
            .field("responders", &self.responders)
            .finish_non_exhaustive()
    }
}
