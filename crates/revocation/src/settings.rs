use std::time::Duration;

use portcullis_ocsp::Rules;
use rustls_pki_types::SignatureVerificationAlgorithm;

/// How responders are asked, and what of them is believed.
#[derive(Clone, Debug)]
pub struct Settings {
    algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
    pub(crate) destinations: Destinations,
    pub(crate) timeout: Duration,
    skew: Option<Duration>,
    max_age: Option<Duration>,
    pub(crate) capacity: usize,
    pub(crate) questions: usize,
}

/// Equal settings lead to equal judgements. Algorithms are equal when they are the very same list:
/// two lists with the same names may check signatures differently.
impl PartialEq for Settings {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            algorithms,
            destinations,
            timeout,
            skew,
            max_age,
            capacity,
            questions,
        } = self;
        std::ptr::eq(*algorithms, other.algorithms)
            && *destinations == other.destinations
            && *timeout == other.timeout
            && *skew == other.skew
            && *max_age == other.max_age
            && *capacity == other.capacity
            && *questions == other.questions
    }
}

/// Which addresses responders may have. Certificates name responders, so this is what keeps an
/// issuer from making the gateway talk to the gateway's own surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// Any.
    Any,
    /// None that is loopback, link-local, unspecified, multicast or broadcast, nor a cloud's metadata
    /// service. Private networks are allowed: that is where the responders of private authorities are.
    NotLocal,
    /// As [`NotLocal`](Self::NotLocal), and loopback: for a responder on this very machine.
    LoopbackToo,
}

impl Settings {
    /// How long an answer may take unless said otherwise: a client waits meanwhile.
    pub const TIMEOUT: Duration = Duration::from_secs(5);

    /// How many answers are remembered unless said otherwise: about 30 MB.
    pub const CAPACITY: usize = 0x1_0000;

    /// How many questions are asked at once unless said otherwise: a quarter of the 1024 files that a
    /// process commonly may have open, so that connections of clients have the others.
    pub const QUESTIONS: usize = 256;

    /// Believes signatures of these algorithms, usually all that the caller's crypto provider has,
    /// and asks responders at these addresses.
    #[must_use]
    pub fn new(
        algorithms: &'static [&'static dyn SignatureVerificationAlgorithm],
        destinations: Destinations,
    ) -> Self {
        Self {
            algorithms,
            destinations,
            timeout: Self::TIMEOUT,
            skew: None,
            max_age: None,
            capacity: Self::CAPACITY,
            questions: Self::QUESTIONS,
        }
    }

    /// How long an answer may take in all: name resolution, connecting, and every responder that the
    /// certificate names.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
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

    /// The rules by which responses are judged.
    pub(crate) fn rules(&self) -> Rules<'static> {
        let rules = Rules::new(self.algorithms);
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
