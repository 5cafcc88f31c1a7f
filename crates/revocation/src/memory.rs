//! What was answered, and what is being asked: one lock a shard, held for a look-up and no longer.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_ocsp::CertId;
use rustls_pki_types::UnixTime;
use tokio::sync::{Semaphore, watch};

use crate::failure::Failure;
use crate::verdict::Verdict;

/// How an answer reaches those who wait for it: nothing until there is one.
pub(crate) type Waiting = watch::Receiver<Option<Result<Verdict, Failure>>>;

/// A bounded map from certificates to answers and to questions under way.
#[derive(Debug)]
pub(crate) struct Memory {
    first: Mutex<Shard>,
    others: Box<[Mutex<Shard>]>,
    shard_capacity: usize,
    hasher: RandomState,
    /// One permit for each question that may be asked at once.
    turns: Semaphore,
}

#[derive(Debug, Default)]
struct Shard {
    answers: HashMap<CertId, Remembered>,
    questions: HashMap<CertId, Waiting>,
    /// Numbers the answers in the order of their coming.
    next: u64,
}

#[derive(Debug)]
struct Remembered {
    outcome: Result<Verdict, Failure>,
    until: UnixTime,
    number: u64,
}

/// What to do about a certificate.
pub(crate) enum Turn {
    /// The answer is known.
    Known(Result<Verdict, Failure>),
    /// Somebody is asking: wait.
    Wait(Waiting),
    /// Nobody is asking: ask, and wait.
    Ask(Question, Waiting),
}

/// The right and the duty to ask about a certificate, which one at a time has.
///
/// When it goes out of scope the next one may ask; those who wait learn the answer, or, if there is
/// none, that there will be none.
pub(crate) struct Question {
    memory: Arc<Memory>,
    cert_id: CertId,
    sender: watch::Sender<Option<Result<Verdict, Failure>>>,
    answer: Option<Answer>,
}

/// What came of a question, for how long it is remembered, and as of when.
pub(crate) struct Answer {
    pub(crate) outcome: Result<Verdict, Failure>,
    pub(crate) until: UnixTime,
    pub(crate) now: UnixTime,
}

impl Memory {
    /// Shards of a large memory: enough that the cores of one machine seldom meet at a lock. A power
    /// of two.
    const SHARDS: usize = 64;

    /// Answers below which one shard is enough and the capacity is exact.
    const SMALL: usize = 1024;

    pub(crate) fn new(capacity: usize, questions: usize) -> Self {
        let shards = if capacity < Self::SMALL {
            1
        } else {
            Self::SHARDS
        };
        Self {
            first: Mutex::default(),
            others: (1..shards).map(|_| Mutex::default()).collect(),
            shard_capacity: capacity.checked_div(shards).unwrap_or(capacity),
            hasher: RandomState::new(),
            turns: Semaphore::new(questions.min(Semaphore::MAX_PERMITS)),
        }
    }

    /// The answer, or one's place in the queue for it.
    pub(crate) fn turn(self: &Arc<Self>, cert_id: &CertId, now: UnixTime) -> Turn {
        let mut shard = self.shard(cert_id);
        if let Some(remembered) = shard.answers.get(cert_id)
            && now <= remembered.until
        {
            return Turn::Known(remembered.outcome.clone());
        }
        if let Some(waiting) = shard.questions.get(cert_id) {
            return Turn::Wait(waiting.clone());
        }
        let (sender, waiting) = watch::channel(None);
        shard.questions.insert(cert_id.clone(), waiting.clone());
        let memory = Arc::clone(self);
        let question = Question {
            memory,
            cert_id: cert_id.clone(),
            sender,
            answer: None,
        };
        Turn::Ask(question, waiting)
    }

    fn shard(&self, cert_id: &CertId) -> MutexGuard<'_, Shard> {
        let [.., low] = self.hasher.hash_one(cert_id).to_be_bytes();
        let index = usize::from(low) & (Self::SHARDS.saturating_sub(1));
        let shard = self.others.get(index).unwrap_or(&self.first);
        // A shard is whole after every statement, also after one that panicked.
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    /// Remembers an answer. In a full shard first what has run out makes room, then the oldest.
    fn remember(&mut self, cert_id: &CertId, answer: Answer, capacity: usize) {
        let Answer {
            outcome,
            until,
            now,
        } = answer;
        if capacity == 0 {
            return;
        }
        if self.answers.len() >= capacity && !self.answers.contains_key(cert_id) {
            self.answers.retain(|_, remembered| now <= remembered.until);
            if self.answers.len() >= capacity {
                self.forget_oldest();
            }
        }
        let number = self.next;
        self.next = number.saturating_add(1);
        self.answers.insert(
            cert_id.clone(),
            Remembered {
                outcome,
                until,
                number,
            },
        );
    }

    fn forget_oldest(&mut self) {
        let oldest = self
            .answers
            .iter()
            .min_by_key(|(_, remembered)| remembered.number);
        if let Some(cert_id) = oldest.map(|(cert_id, _)| cert_id.clone()) {
            self.answers.remove(&cert_id);
        }
    }
}

impl Question {
    /// What to acquire a permit of before asking.
    pub(crate) fn turns(&self) -> &Semaphore {
        &self.memory.turns
    }

    /// Settles the question.
    pub(crate) fn answer(mut self, answer: Answer) {
        self.answer = Some(answer);
    }
}

impl Drop for Question {
    fn drop(&mut self) {
        let answer = self.answer.take();
        let outcome = answer.as_ref().map(|answer| answer.outcome.clone());
        let mut shard = self.memory.shard(&self.cert_id);
        shard.questions.remove(&self.cert_id);
        if let Some(answer) = answer {
            shard.remember(&self.cert_id, answer, self.memory.shard_capacity);
        }
        drop(shard);
        // Without an outcome those who wait find the sender gone.
        if outcome.is_some() {
            self.sender.send_replace(outcome);
        }
    }
}
