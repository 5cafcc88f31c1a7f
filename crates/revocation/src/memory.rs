//! What was answered, and what is being asked.

use std::collections::hash_map::RandomState;
use std::convert::Infallible;
use std::hash::{BuildHasher as _, Hash};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hashbrown::HashMap;
use portcullis_ocsp::{Refusal, Status};
use quick_cache::UnitWeighter;
use quick_cache::sync::{Cache, DefaultLifecycle};
use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, watch};

use crate::entry::{Entry, Outcome};
use crate::failure::Failure;
use crate::gate::{Breaker, Gate};
use crate::key::{Issuer, IssuerRef, Key, KeyRef};
use crate::lifetimes::Lifetimes;
use crate::settings::Settings;
use crate::store::Store;
use crate::verdict::Source;

/// How what is known reaches those who wait for it: nothing until a question is settled.
pub(crate) type Waiting = watch::Receiver<Option<Settled>>;

/// What is known when a question is settled.
#[derive(Clone, Debug)]
pub(crate) struct Settled {
    pub(crate) entry: Arc<Entry>,
    pub(crate) source: Source,
    /// The moment that it was asked for.
    pub(crate) asked_at: UnixTime,
}

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
    /// The ways to responders, by scheme, host and port.
    gates: Sharded<String, Arc<Gate>>,
    /// What keeps from asking a responder that is there and fails, by URL.
    breakers: Sharded<String, Arc<Breaker>>,
    /// What is known of delegates, by the octets of their certificates.
    delegates: Sharded<Box<[u8]>, Delegate>,
    pub(crate) store: Option<Arc<Store>>,
}

/// What is known of a delegate whose own revocation is to be checked.
#[derive(Clone, Debug)]
pub(crate) enum Delegate {
    /// The last response about it that was of use.
    Good(Arc<[u8]>),
    /// It was revoked, which nothing takes back.
    Revoked(Arc<Refusal>),
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
    sender: watch::Sender<Option<Settled>>,
    settled: Option<Settled>,
}

/// Issuers whose name and key are held once for all of their certificates. More are held several times.
const ISSUERS: usize = 1024;

/// Responders whose failures are counted. Of more, those that are asked least are forgotten.
const GATES: usize = 4096;

/// Delegates of whom an answer is remembered. An issuer has one or two.
const DELEGATES: usize = 256;

impl Memory {
    /// A memory that is empty, but for what a store may hold.
    pub(crate) fn new(settings: &Settings, store: Option<Arc<Store>>) -> Self {
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
            breakers: sharded(GATES),
            delegates: sharded(DELEGATES),
            store,
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

    /// What is known of a certificate, whether it is of use now or not.
    pub(crate) fn known(&self, key: KeyRef<'_>) -> Option<Arc<Entry>> {
        self.answers.peek(&key)
    }

    /// Takes the turn from whoever does not get on with the question that is waited for, so that the next one asks.
    pub(crate) fn give_up(&self, key: KeyRef<'_>, waiting: &Waiting) {
        let mut questions = self.questions();
        if questions
            .get(&key)
            .is_some_and(|other| other.same_channel(waiting))
        {
            questions.remove(&key);
        }
    }

    /// What comes of it when whoever asked is gone, for this one caller.
    pub(crate) fn without_an_answer(&self, key: KeyRef<'_>, now: UnixTime) -> Entry {
        let known = self.known(key);
        Entry::after(
            known.as_deref(),
            Err(Failure::Abandoned),
            &self.lifetimes,
            0,
            now,
        )
    }

    /// How many certificates something is known of.
    pub(crate) fn remembered(&self) -> usize {
        self.answers.len()
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

    /// The way to this host and port, which all of its URLs share.
    pub(crate) fn gate(&self, place: &str, questions: usize) -> Arc<Gate> {
        shared(&self.gates, place, || Gate::new(questions))
    }

    /// What keeps from asking at this URL.
    pub(crate) fn breaker(&self, url: &str) -> Arc<Breaker> {
        shared(&self.breakers, url, Breaker::default)
    }

    /// What is known of a delegate.
    pub(crate) fn delegate(&self, delegate: &[u8]) -> Option<Delegate> {
        self.delegates.get(delegate)
    }

    pub(crate) fn remember_delegate(&self, delegate: &[u8], known: Delegate) {
        self.delegates.insert(delegate.into(), known);
    }

    fn questions(&self) -> MutexGuard<'_, HashMap<Key, Waiting>> {
        // The map is whole after every statement, also after one that panicked.
        self.questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of a key, made where there is none; the same for all who ask at the same time.
fn shared<V>(cache: &Sharded<String, Arc<V>>, key: &str, make: impl FnOnce() -> V) -> Arc<V> {
    let made = cache.get_or_insert_with(key, || Ok::<_, Infallible>(Arc::new(make())));
    match made {
        Ok(value) => value,
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

    /// As [`recall`](Self::recall), of what holds no longer, whatever it says itself.
    pub(crate) fn recall_as_run_out(&self, mut status: Status, responder: Arc<str>, now: UnixTime) {
        let ended =
            UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().saturating_sub(1)));
        status.valid_until = status.valid_until.min(ended);
        self.recall(status, responder, now);
    }

    /// Whether anything is known of the certificate, be it that it has run out.
    pub(crate) fn knows(&self) -> bool {
        self.memory.known(self.key.by_reference()).is_some()
    }

    /// Settles the question. Yields the end of the answer, if it was one and was taken.
    pub(crate) fn settle(
        mut self,
        outcome: Outcome,
        source: Source,
        now: UnixTime,
    ) -> Option<UnixTime> {
        let memory = &self.memory;
        let known = memory.answers.peek(&self.key.by_reference());
        let [jitter, ..] = memory.jitter.hash_one(&self.key).to_be_bytes();
        let entry = Entry::after(known.as_deref(), outcome, &memory.lifetimes, jitter, now);
        let entry = Arc::new(entry);
        // One question at a time is under way for a key, so nothing came in between.
        memory.answers.insert(self.key.clone(), Arc::clone(&entry));
        let ends = entry.ends().filter(|_| entry.took_the_answer());
        self.settled = Some(Settled {
            entry,
            source,
            asked_at: now,
        });
        ends
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        // Unless somebody else has taken the turn.
        self.memory
            .give_up(self.key.by_reference(), &self.sender.subscribe());
        // Without an outcome those who wait find the sender gone.
        if let Some(settled) = self.settled.take() {
            self.sender.send_replace(Some(settled));
        }
    }
}

#[cfg(test)]
mod tests;
