use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portcullis_chain::VerifiedChain;
use portcullis_x509::Certificate;
use rustls_pki_types::UnixTime;
use tokio::time::timeout;

use crate::allowance::Allowance;
use crate::asking::{Asking, FromStore, Proof};
use crate::entry::{Entry, tolerate};
use crate::failure::{Class, Failure};
use crate::key::KeyRef;
use crate::memory::{Memory, Settled, Turn, Waiting};
use crate::moment::later;
use crate::observer::Event;
use crate::policy::{Policy, Scope};
use crate::settings::{Nonces, Settings};
use crate::store::Store;
use crate::verdict::{Refused, Source, Verdict};

/// Asks OCSP responders and remembers what they say.
///
/// One is made for all runtimes of a process and shared; [`with_policy`](Self::with_policy) makes others that
/// demand something else and share its memory. Making one starts nothing.
#[derive(Clone, Debug)]
pub struct Checker {
    shared: Arc<Shared>,
    policy: Policy,
}

#[derive(Debug)]
struct Shared {
    settings: Arc<Settings>,
    /// Made for the first check, unless another checker's is taken over before.
    memory: OnceLock<Arc<Memory>>,
    /// That of a checker which this one replaces, where both name the same file: two must not write to it.
    store: OnceLock<Arc<Store>>,
}

/// How often a caller takes its turn anew because whoever asked for it came to an end, which takes
/// a runtime that is shut down or a task that panics.
const MAX_TURNS: usize = 3;

/// How much longer than the question itself a caller waits for whoever asks: long enough for a
/// runtime that is busy, short enough not to hang with one that is stuck.
const PATIENCE: Duration = Duration::from_secs(1);

impl Checker {
    /// A checker that remembers nothing yet.
    #[must_use]
    pub fn new(settings: Settings, policy: Policy) -> Self {
        Self {
            shared: Arc::new(Shared {
                settings: Arc::new(settings),
                memory: OnceLock::new(),
                store: OnceLock::new(),
            }),
            policy,
        }
    }

    /// A checker that demands this instead, with the same settings and the same memory: a question that one of them asks
    /// is answered for both.
    #[must_use]
    pub fn with_policy(&self, policy: Policy) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            policy,
        }
    }

    /// Whether both ask the same responders in the same way, and believe the same of them.
    #[must_use]
    pub fn asks_like(&self, other: &Self) -> bool {
        self.shared.settings == other.shared.settings
    }

    /// Shares the memory of `other` from now on, and the questions that are under way there, where
    /// both have equal settings and this one has not checked anything yet. Where the settings differ, only an open
    /// [store](Settings::store) is shared, if it is the same file.
    ///
    /// So a checker that replaces another does not ask everything anew. An answer tells of one
    /// certificate by its issuer's name and key, and holds under whatever trust the certificate is
    /// proven; settings that differ would have judged it differently.
    pub fn take_over(&self, other: &Self) {
        let (mine, theirs) = (&self.shared, &other.shared);
        // An error says that there is one already.
        if mine.settings == theirs.settings {
            drop(mine.memory.set(Arc::clone(theirs.memory())));
        } else if mine.settings.store == theirs.settings.store
            && let Some(store) = theirs.memory.get().and_then(|memory| memory.store.clone())
        {
            drop(mine.store.set(store));
        }
    }

    /// Opens the [store](Settings::store), if there is to be one, and finds the answers in it. Else that happens with
    /// the first check, which goes on without a store where it fails.
    ///
    /// # Errors
    /// When the file cannot be read or written, or is one of another kind.
    pub fn open(&self) -> io::Result<()> {
        let Some(memory) = self.shared.memory.get() else {
            let memory = Memory::new(&self.shared.settings, self.shared.store()?);
            // An error says that there is a memory already.
            drop(self.shared.memory.set(Arc::new(memory)));
            return Ok(());
        };
        match (&self.shared.settings.store, &memory.store) {
            (Some(_), None) => Err(io::Error::other("checks have begun without the store")),
            _ => Ok(()),
        }
    }

    /// How many answers and failures are remembered, of how many at most; for those who watch.
    #[must_use]
    pub fn remembered(&self) -> (usize, usize) {
        let memory = self.shared.memory.get();
        let found = memory.map_or(0, |memory| memory.remembered());
        (found, self.shared.settings.capacity)
    }

    /// Asks one question, whatever is remembered, and remembers nothing of the answer: what [`check`](Self::check) does
    /// inside, for whom the answer itself is of interest. The policy plays no part in it.
    ///
    /// The caller vouches for it that `issuer` issued `certificate`; an answer is believed on the word of its key. Must be
    /// called on a tokio runtime with I/O and time.
    ///
    /// # Errors
    /// [`Failure`] when nobody proves anything. Revoked and unknown are proven.
    pub async fn ask(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        now: UnixTime,
    ) -> Result<Proof, Failure> {
        let nonces = self.shared.settings.nonces;
        self.ask_with(certificate, issuer, nonces, now).await
    }

    pub(crate) async fn ask_with(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        nonces: Nonces,
        now: UnixTime,
    ) -> Result<Proof, Failure> {
        let shared = &self.shared;
        let asking = Asking::new(certificate, issuer, Arc::clone(&shared.settings));
        asking.ask(shared.memory(), nonces, now).await
    }

    /// Establishes that the certificates of a proven chain which the policy names are not revoked.
    ///
    /// A remembered answer is used as long as it holds; otherwise responders are asked, once for all callers that want to
    /// know at the same time. A caller that goes away does not end the question for the others. Must be called
    /// on a tokio runtime with I/O and time; the callers may be on different ones.
    ///
    /// # Errors
    /// [`Refused`] in every other case than a proven, current "good", but for what the policy's
    /// [`Mode`](crate::Mode) tolerates.
    pub async fn check(
        &self,
        chain: &VerifiedChain<'_>,
        now: UnixTime,
    ) -> Result<Verdict, Refused> {
        let last = match self.policy.scope {
            Scope::Leaf => 0,
            // All but the anchor; a leaf that is its own anchor is asked about, in vain.
            Scope::Chain => chain.certificates().len().saturating_sub(2),
        };
        if last == 0 {
            return Check::of(self, chain, 0, now).end().await;
        }
        // All questions are under way before the first answer is waited for.
        let checks: Vec<_> = (0..=last)
            .map(|index| Check::of(self, chain, index, now))
            .collect();
        let mut whole: Option<Result<Verdict, Refused>> = None;
        for check in checks {
            let one = check.end().await;
            whole = Some(match whole {
                None => one,
                Some(before) => both(before, one),
            });
        }
        whole.unwrap_or_else(|| self.without_issuer(now))
    }

    fn without_issuer(&self, now: UnixTime) -> Result<Verdict, Refused> {
        let until = later(now, self.shared.settings.lifetimes.longest_failure);
        tolerate(
            Failure::IssuerNotKnown,
            self.policy.mode,
            Source::Fetched,
            until,
        )
    }
}

/// What two certificates of a chain come to: both have to pass, and that one of them is revoked is the
/// first thing to tell.
fn both(
    before: Result<Verdict, Refused>,
    one: Result<Verdict, Refused>,
) -> Result<Verdict, Refused> {
    match (before, one) {
        (Ok(before), Ok(one)) => Ok(before.and(one)),
        (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => Err(refused),
        (Err(before), Err(one)) => {
            let tells_more = one.class() == Class::Revoked && before.class() != Class::Revoked;
            Err(if tells_more { one } else { before })
        }
    }
}

impl Shared {
    fn memory(&self) -> &Arc<Memory> {
        self.memory.get_or_init(|| {
            let store = self.store().unwrap_or_else(|error| {
                self.settings.observe(&Event::StoreFailed { error: &error });
                None
            });
            Arc::new(Memory::new(&self.settings, store))
        })
    }

    fn store(&self) -> io::Result<Option<Arc<Store>>> {
        if let Some(inherited) = self.store.get() {
            return Ok(Some(Arc::clone(inherited)));
        }
        let Some(path) = self.settings.store.as_deref() else {
            return Ok(None);
        };
        // The system does not say which file it speaks of.
        Store::open(path, self.settings.capacity)
            .map(|store| Some(Arc::new(store)))
            .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
    }

    /// What is known, or what to wait for; asks if nobody does.
    fn begin(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        now: UnixTime,
    ) -> Begun {
        let key = KeyRef::new(certificate, issuer);
        let asking = || Asking::new(certificate, issuer, Arc::clone(&self.settings));
        match self.memory().turn(key, now) {
            Turn::Settled(entry) => {
                if entry.renew(now)
                    && let Some(question) = self.memory().ahead(key)
                {
                    self.settings.observe(&Event::Refreshing);
                    tokio::spawn(asking().settle(question, FromStore::No, now));
                }
                Begun::Known(entry)
            }
            Turn::Wait(waiting) => {
                self.settings.observe(&Event::Joined);
                Begun::Waiting(waiting)
            }
            Turn::Ask(question, waiting) => {
                tokio::spawn(asking().settle(question, FromStore::Yes, now));
                Begun::Waiting(waiting)
            }
        }
    }

    async fn wait(waiting: &mut Waiting, left: Duration) -> Wait {
        match timeout(left, waiting.wait_for(Option::is_some)).await {
            Ok(Ok(settled)) => settled.clone().map_or(Wait::Gone, Wait::Settled),
            Ok(Err(_)) => Wait::Gone,
            Err(_) => Wait::Stuck,
        }
    }

    /// How long a check takes at most.
    fn patience(&self) -> Duration {
        self.settings.timeout.saturating_add(PATIENCE)
    }
}

/// The check of one certificate.
struct Check<'c> {
    checker: &'c Checker,
    index: usize,
    /// The certificate and its issuer, and what is known; nothing where it is its own anchor.
    subject: Option<(&'c Certificate<'c>, &'c Certificate<'c>, Begun)>,
    now: UnixTime,
}

enum Begun {
    Known(Arc<Entry>),
    Waiting(Waiting),
}

/// What came of waiting for whoever asks.
enum Wait {
    Settled(Settled),
    Gone,
    Stuck,
}

impl<'c> Check<'c> {
    fn of(checker: &'c Checker, chain: &'c VerifiedChain<'c>, index: usize, now: UnixTime) -> Self {
        let certificate = chain.certificates().get(index);
        let subject = certificate
            .zip(chain.issuer_of(index))
            .map(|(certificate, issuer)| {
                let begun = checker.shared.begin(certificate, issuer, now);
                (certificate, issuer, begun)
            });
        Self {
            checker,
            index,
            subject,
            now,
        }
    }

    async fn end(self) -> Result<Verdict, Refused> {
        let Self {
            checker,
            index,
            subject,
            now,
        } = self;
        let judged = match subject {
            None => checker.without_issuer(now),
            Some((certificate, issuer, begun)) => {
                checker.answer(certificate, issuer, begun, now).await
            }
        };
        let verdict = judged.map_err(|refused| Refused {
            certificate: index,
            ..refused
        });
        let (code, source) = match &verdict {
            Ok(verdict) => (verdict.code(), verdict.source()),
            Err(refused) => (refused.code(), refused.origin()),
        };
        checker.shared.settings.observe(&Event::Checked {
            code,
            passed: verdict.is_ok(),
            source,
        });
        verdict
    }
}

impl Checker {
    async fn answer(
        &self,
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        mut begun: Begun,
        now: UnixTime,
    ) -> Result<Verdict, Refused> {
        let mode = self.policy.mode;
        let allowance = Allowance::new(self.shared.patience());
        let key = KeyRef::new(certificate, issuer);
        for _ in 0..MAX_TURNS {
            let mut waiting = match begun {
                Begun::Known(entry) => return entry.judge(mode, Source::Cached, now),
                Begun::Waiting(waiting) => waiting,
            };
            match Shared::wait(&mut waiting, allowance.left()).await {
                Wait::Settled(settled) => {
                    if let Some(at) = self.moment(&settled, now) {
                        let judged = settled.entry.judge(mode, settled.source, at);
                        return judged.map(|verdict| verdict.not_before(now));
                    }
                }
                // Whoever asked is gone: it is this caller's turn.
                Wait::Gone => (),
                Wait::Stuck => {
                    self.shared.memory().give_up(key, &waiting);
                    break;
                }
            }
            begun = self.shared.begin(certificate, issuer, now);
        }
        let entry = self.shared.memory().without_an_answer(key, now);
        entry.judge(mode, Source::Fetched, now)
    }

    /// The moment to judge at what came of a question that was waited for. Answers may hold for the moment that they are
    /// asked for and no longer, and callers who wait for the same one have asked a few seconds apart. Nothing, when
    /// it was asked for too long before.
    fn moment(&self, settled: &Settled, now: UnixTime) -> Option<UnixTime> {
        if settled.entry.is_settled(now) {
            return Some(now);
        }
        let apart = now.as_secs().checked_sub(settled.asked_at.as_secs())?;
        (apart <= self.shared.patience().as_secs()).then_some(settled.asked_at)
    }
}
