//! What was answered, and what is being asked.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hashbrown::HashMap;
use portcullis_ocsp::Status;
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, watch};

use crate::entry::{Entry, Outcome};
use crate::gate::Gate;
use crate::key::{Issuer, IssuerRef, Key, KeyRef};
use crate::lifetimes::Lifetimes;
use crate::settings::Settings;
use crate::store::Store;
use crate::verdict::Source;

/// How what is known reaches those who wait for it: nothing until a question is settled.
pub(crate) type Waiting = watch::Receiver<Option<(Arc<Entry>, Source)>>;

type Sharded<K, V> = Cache<K, V, UnitWeighter, RandomState>;

/// A bounded map from certificates to answers, in shards of which each has its own lock, and the
/// questions under way.
#[derive(Debug)]
pub(crate) struct Memory {
    answers: Sharded<Key, Arc<Entry>>,
    issuers: Sharded<Arc<Issuer>, Arc<Issuer>>,
    questions: Mutex<HashMap<Key, Waiting>>,
    lifetimes: Lifetimes,
    /// The same for one certificate always, and another in each process.
    jitter: RandomState,
    /// One permit for each question that may be asked at once.
    pub(crate) turns: Semaphore,
    /// The ways to responders, by scheme and authority.
    gates: Sharded<Box<str>, Arc<Gate>>,
    /// The responses about delegates, by the octets of their certificates.
    delegates: Sharded<Box<[u8]>, Arc<[u8]>>,
    pub(crate) store: Option<Arc<Store>>,
}

/// What to do about a certificate.
pub(crate) enum Turn {
    /// Enough is known.
    Settled(Arc<Entry>),
    /// Somebody is asking: wait.
    Wait(Waiting),
    /// Nobody is asking: ask, and wait.
    Ask(Question, Waiting),
}

/// The right and the duty to ask about a certificate, which one at a time has.
///
/// When it goes out of scope the next one may ask; those who wait learn what is known then, or, if
/// it was not settled, that nobody asks any more.
pub(crate) struct Question {
    memory: Arc<Memory>,
    key: Key,
    sender: watch::Sender<Option<(Arc<Entry>, Source)>>,
    settled: Option<(Arc<Entry>, Source)>,
}

/// Issuers whose name and key are held once for all of their certificates. More are held several times.
const ISSUERS: usize = 1024;

/// Responders whose failures are counted. Of more, those that are asked least are forgotten.
const GATES: usize = 4096;

/// Delegates of whom an answer is remembered. An issuer has one or two.
const DELEGATES: usize = 256;

impl Memory {
    /// A memory that is empty, but for what a store may hold.
    pub(crate) fn new(settings: &Settings, store: Option<Store>) -> Self {
        let Settings {
            capacity,
            questions,
            lifetimes,
            ..
        } = *settings;
        Self {
            answers: sharded(capacity),
            issuers: sharded(ISSUERS),
            questions: Mutex::default(),
            lifetimes,
            jitter: RandomState::new(),
            turns: Semaphore::new(questions.min(Semaphore::MAX_PERMITS)),
            gates: sharded(GATES),
            delegates: sharded(DELEGATES),
            store: store.map(Arc::new),
        }
    }

    /// What is known, or one's place in the queue for it.
    pub(crate) fn turn(self: &Arc<Self>, key: KeyRef<'_>, now: UnixTime) -> Turn {
        if let Some(entry) = self.settled(key, now) {
            return Turn::Settled(entry);
        }
        let mut questions = self.questions();
        if let Some(waiting) = questions.get(&key) {
            return Turn::Wait(waiting.clone());
        }
        // It may have been settled since.
        if let Some(entry) = self.settled(key, now) {
            return Turn::Settled(entry);
        }
        let (question, waiting) = self.begin(key, &mut questions);
        Turn::Ask(question, waiting)
    }

    /// The right to ask again although enough is known, if nobody asks.
    pub(crate) fn ahead(self: &Arc<Self>, key: KeyRef<'_>) -> Option<Question> {
        let mut questions = self.questions();
        if questions.contains_key(&key) {
            return None;
        }
        Some(self.begin(key, &mut questions).0)
    }

    fn begin(
        self: &Arc<Self>,
        key: KeyRef<'_>,
        questions: &mut HashMap<Key, Waiting>,
    ) -> (Question, Waiting) {
        let key = key.to_key(self.issuer(key.issuer()));
        let (sender, waiting) = watch::channel(None);
        questions.insert(key.clone(), waiting.clone());
        let question = Question {
            memory: Arc::clone(self),
            key,
            sender,
            settled: None,
        };
        (question, waiting)
    }

    fn settled(&self, key: KeyRef<'_>, now: UnixTime) -> Option<Arc<Entry>> {
        self.answers.get(&key).filter(|entry| entry.is_settled(now))
    }

    fn issuer(&self, issuer: IssuerRef<'_>) -> Arc<Issuer> {
        if let Some(known) = self.issuers.get(&issuer) {
            return known;
        }
        let issuer = Arc::new(issuer.to_issuer());
        self.issuers
            .insert(Arc::clone(&issuer), Arc::clone(&issuer));
        issuer
    }

    /// The way to the responder at this URL, which all of its URLs share.
    pub(crate) fn gate(&self, url: &str, questions: usize) -> Arc<Gate> {
        let authority = url
            .split_once("://")
            .and_then(|(scheme, rest)| {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                url.get(..scheme.len().saturating_add(3).saturating_add(end))
            })
            .unwrap_or(url)
            .to_ascii_lowercase();
        if let Some(gate) = self.gates.get(authority.as_str()) {
            return gate;
        }
        let gate = Arc::new(Gate::new(questions));
        self.gates.insert(authority.into(), Arc::clone(&gate));
        gate
    }

    /// The last response about a delegate that was of use.
    pub(crate) fn about_delegate(&self, delegate: &[u8]) -> Option<Arc<[u8]>> {
        self.delegates.get(delegate)
    }

    pub(crate) fn remember_about_delegate(&self, delegate: &[u8], response: Vec<u8>) {
        self.delegates.insert(delegate.into(), response.into());
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<Key, Waiting>> {
        // The map is whole after every statement, also after one that panicked.
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

fn sharded<K: Eq + Hash, V: Clone>(capacity: usize) -> Sharded<K, V> {
    Cache::with(
        capacity,
        u64::try_from(capacity).unwrap_or(u64::MAX),
        UnitWeighter,
        RandomState::new(),
        DefaultLifecycle::default(),
    )
}

impl Question {
    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Puts in what was known before the process began, where nothing is known. It does not settle the question.
    pub(crate) fn recall(&self, status: Status, responder: Arc<str>, now: UnixTime) {
        let memory = &self.memory;
        if memory.answers.peek(&self.key.by_reference()).is_none() {
            let entry = Entry::after(None, Ok((status, responder)), &memory.lifetimes, 0, now);
            memory.answers.insert(self.key.clone(), Arc::new(entry));
        }
    }

    /// Settles the question.
    pub(crate) fn settle(mut self, outcome: Outcome, source: Source, now: UnixTime) {
        let memory = &self.memory;
        let known = memory.answers.peek(&self.key.by_reference());
        let [jitter, ..] = memory.jitter.hash_one(&self.key).to_be_bytes();
        let entry = Entry::after(known.as_deref(), outcome, &memory.lifetimes, jitter, now);
        let entry = Arc::new(entry);
        // One question at a time is under way for a key, so nothing came in between.
        memory.answers.insert(self.key.clone(), Arc::clone(&entry));
        self.settled = Some((entry, source));
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        self.memory.questions().remove(&self.key.by_reference());
        // Without an outcome those who wait find the sender gone.
        if let Some(settled) = self.settled.take() {
            self.sender.send_replace(Some(settled));
        }
    }
}

#[cfg(test)]
mod tests;
