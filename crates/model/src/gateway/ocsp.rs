//! How OCSP responders are asked, and which ones beside those that certificates name.

use std::path::PathBuf;
use std::time::Duration;

use ipnet::IpNet;

use super::{FileSource, Secret};
use crate::diagnostic::{Located, Place};

/// How OCSP responders are asked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspSettings {
    /// How long one question may take, connecting included.
    pub timeout: Duration,
    /// How long connecting to one address may take, within the timeout.
    pub connect_timeout: Duration,
    /// How far the clocks of responder and gateway may differ.
    pub skew: Duration,
    /// How old an answer may be at most, where not only its own `nextUpdate` shall decide.
    pub max_age: Option<Duration>,
    /// Which addresses responders may have.
    pub destinations: Destinations,
    /// Networks whose addresses responders may have whatever the destinations refuse. Bits beyond
    /// the prefix are zero.
    pub allow_networks: Vec<IpNet>,
    /// The only ports that responders may have, at least one and none of them 0; `None` is 80, 443
    /// and all from 1024 on.
    pub ports: Option<Vec<u16>>,
    /// How questions are put.
    pub method: OcspMethod,
    /// Whether questions have a nonce.
    pub nonce: OcspNonce,
    /// By what questions name certificates.
    pub hash: OcspHash,
    /// What becomes of delegates whose certificate lacks `id-pkix-ocsp-nocheck`.
    pub delegates_without_nocheck: Delegates,
    /// PEM files with the CAs that https responders are held against. Without any, https responders
    /// are not asked.
    pub https_roots: Vec<Located<FileSource>>,
    /// The proxy to ask through, meant to be `http://HOST:PORT`. It is not judged here.
    pub proxy: Option<Located<String>>,
    /// The file that keeps answers across restarts.
    pub store: Option<Located<PathBuf>>,
    /// The URL of a Redis where gateways share answers, meant to be `redis://[[USER]:PASSWORD@]HOST[:PORT][/DB]`, or
    /// `rediss://` for TLS. Only its scheme is judged here.
    pub redis: Option<Located<Secret>>,
    /// PEM files with the CAs that a Redis with TLS is held against.
    pub redis_roots: Vec<Located<FileSource>>,
    /// How many answers are remembered at most; at least one.
    pub capacity: usize,
    /// How many questions are asked at once; at least one.
    pub questions: usize,
    /// How many questions one responder is asked at once; at least one.
    pub questions_each: usize,
    /// How long "good" is remembered at most, where not only the answer itself shall decide.
    pub good_lifetime: Option<Duration>,
    /// How long "revoked" is remembered at most, where not only the answer itself shall decide.
    pub revoked_lifetime: Option<Duration>,
    /// How long "unknown" is remembered at most; zero is not at all.
    pub unknown_lifetime: Duration,
    /// How long the first failure is remembered; each further one doubles it.
    pub failure_lifetime: Duration,
    /// How long a failure is remembered at most, also the first: it may be shorter than
    /// `failure_lifetime`.
    pub longest_failure_lifetime: Duration,
    /// Whom to ask beside those that certificates name, in the order of the file: the first that is
    /// about an issuer counts for it.
    pub responders: Vec<OcspResponders>,
}

impl OcspSettings {
    /// How long one question may take where nothing is said: a client waits meanwhile.
    pub const TIMEOUT: Duration = Duration::from_secs(5);
    /// How long connecting may take where nothing is said: two responders fit into the timeout, and
    /// a connection that takes longer is one that nobody accepts.
    pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
    /// How far clocks may differ where nothing is said: what OpenSSL's and nginx's OCSP use.
    pub const SKEW: Duration = Duration::from_secs(300);
    /// How many answers are remembered where nothing is said: less than 30 MB.
    pub const CAPACITY: usize = 0x1_0000;
    /// How many questions are asked at once where nothing is said: a quarter of the 1024 files that
    /// a process commonly may have open, so that connections of clients have the others.
    pub const QUESTIONS: usize = 256;
    /// How many questions one responder is asked at once where nothing is said: a slow one leaves
    /// the others three quarters.
    pub const QUESTIONS_EACH: usize = 64;
    /// How long "unknown" is remembered where nothing is said: responders learn late of new
    /// certificates, and their holders wait.
    pub const UNKNOWN_LIFETIME: Duration = Duration::from_secs(60);
    /// How long the first failure is remembered where nothing is said: as long as a question may
    /// take, so that a responder in trouble is spared and one that is back is found soon.
    pub const FAILURE_LIFETIME: Duration = Duration::from_secs(5);
    /// How long a failure is remembered at most where nothing is said: for that long clients may be
    /// refused although the responder is back.
    pub const LONGEST_FAILURE_LIFETIME: Duration = Duration::from_secs(60);
}

impl Default for OcspSettings {
    fn default() -> Self {
        Self {
            timeout: Self::TIMEOUT,
            connect_timeout: Self::CONNECT_TIMEOUT,
            skew: Self::SKEW,
            max_age: None,
            destinations: Destinations::default(),
            allow_networks: Vec::new(),
            ports: None,
            method: OcspMethod::default(),
            nonce: OcspNonce::default(),
            hash: OcspHash::default(),
            delegates_without_nocheck: Delegates::default(),
            https_roots: Vec::new(),
            proxy: None,
            store: None,
            redis: None,
            redis_roots: Vec::new(),
            capacity: Self::CAPACITY,
            questions: Self::QUESTIONS,
            questions_each: Self::QUESTIONS_EACH,
            good_lifetime: None,
            revoked_lifetime: None,
            unknown_lifetime: Self::UNKNOWN_LIFETIME,
            failure_lifetime: Self::FAILURE_LIFETIME,
            longest_failure_lifetime: Self::LONGEST_FAILURE_LIFETIME,
            responders: Vec::new(),
        }
    }
}

/// Whom to ask and to believe about the certificates of one issuer, or of all, beside what they say
/// themselves. One of `instead`, `fallback` and `trusted` is not empty.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OcspResponders {
    /// A PEM file with the certificate of the issuer; `None` is every issuer.
    pub issuer: Option<Located<FileSource>>,
    /// URLs to ask instead of those that certificates name. Only their scheme is judged here.
    pub instead: Vec<Located<String>>,
    /// URLs to ask after the others failed, or where a certificate names none. Only their scheme is
    /// judged here.
    pub fallback: Vec<Located<String>>,
    /// PEM files with certificates of responders whose word counts, whoever certified them (RFC 6960
    /// section 4.2.2.2, number 1).
    pub trusted: Vec<Located<FileSource>>,
    /// Where the table begins.
    pub place: Place,
}

/// Which addresses OCSP responders may have. The certificate names them, so a client chooses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Destinations {
    /// Not loopback, link-local, unspecified or multicast addresses, nor metadata services.
    #[default]
    NotLocal,
    /// The same, but loopback addresses are allowed.
    LoopbackToo,
}

/// How questions are put.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OcspMethod {
    /// By GET where its URL is short (RFC 9654 section 5), so that caches on the way can answer;
    /// otherwise by POST.
    #[default]
    GetWhereShort,
    /// By POST, for responders that know nothing else.
    Post,
}

/// Whether questions have a nonce (RFC 9654), which the answer repeats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OcspNonce {
    /// None, for responders that sign ahead. The dates alone protect from replay.
    #[default]
    Off,
    /// One is sent. An answer without it is taken, one with another is not.
    Prefer,
    /// One is sent and has to come back.
    Require,
}

/// By what questions name certificates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OcspHash {
    /// SHA-1, which every responder knows (RFC 5019 section 2.1.1).
    #[default]
    Sha1,
    /// SHA-256.
    Sha256,
}

/// What becomes of a delegate whose certificate lacks `id-pkix-ocsp-nocheck` (RFC 6960 section
/// 4.2.2.2.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Delegates {
    /// Its own revocation is asked about where its certificate names a responder.
    #[default]
    Check,
    /// It may sign until its certificate ends.
    Allow,
    /// It may not sign.
    Refuse,
}
