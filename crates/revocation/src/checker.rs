use std::sync::{Arc, OnceLock};
use std::time::Duration;

use portcullis_chain::VerifiedChain;
use portcullis_ocsp::{CertId, HashAlgorithm};
use rustls_pki_types::UnixTime;
use tokio::time::timeout;

use crate::asking::Asking;
use crate::failure::Failure;
use crate::memory::{Memory, Turn, Waiting};
use crate::settings::Settings;
use crate::verdict::Verdict;

/// Asks OCSP responders and remembers what they say.
///
/// One is made for all runtimes of a process and shared behind an `Arc`. Making one starts nothing.
#[derive(Debug)]
pub struct Checker {
    settings: Arc<Settings>,
    /// Made for the first check, unless another checker's is taken over before.
    memory: OnceLock<Arc<Memory>>,
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
    pub fn new(settings: Settings) -> Self {
        Self {
            settings: Arc::new(settings),
            memory: OnceLock::new(),
        }
    }

    /// Shares the memory of `other` from now on, and the questions that are under way there, where
    /// both have equal settings and this one has not checked anything yet; else nothing changes.
    ///
    /// So a checker that replaces another does not ask everything anew. An answer tells of one
    /// certificate by its issuer's name and key, and holds under whatever trust the certificate is
    /// proven; settings that differ would have judged it differently.
    pub fn take_over(&self, other: &Self) {
        if self.settings == other.settings {
            // An error says that there is a memory already.
            drop(self.memory.set(Arc::clone(other.memory())));
        }
    }

    fn memory(&self) -> &Arc<Memory> {
        let Settings {
            capacity,
            questions,
            ..
        } = *self.settings;
        self.memory
            .get_or_init(|| Arc::new(Memory::new(capacity, questions)))
    }

    /// Establishes that the leaf of a proven chain is not revoked.
    ///
    /// A remembered answer is used as long as it holds; otherwise the responders that the
    /// certificate names are asked in their order, once for all callers that want to know at the
    /// same time. A caller that goes away does not end the question for the others. Must be called
    /// on a tokio runtime with I/O and time; the callers may be on different ones.
    ///
    /// # Errors
    /// [`Failure`] in every other case than a proven, current "good": there is no soft failure.
    pub async fn check(
        &self,
        chain: &VerifiedChain<'_>,
        now: UnixTime,
    ) -> Result<Verdict, Failure> {
        let certificate = chain.leaf();
        let issuer = chain.issuer_of(0).ok_or(Failure::IssuerNotKnown)?;
        let cert_id = CertId::new(certificate, issuer, HashAlgorithm::Sha256);
        for _ in 0..MAX_TURNS {
            let waiting = match self.memory().turn(&cert_id, now) {
                Turn::Known(outcome) => return outcome.map(Verdict::cached),
                Turn::Wait(waiting) => waiting,
                Turn::Ask(question, waiting) => {
                    let asking = Asking::new(certificate, issuer)?;
                    tokio::spawn(asking.settle(question, Arc::clone(&self.settings), now));
                    waiting
                }
            };
            match self.wait(waiting).await {
                Wait::Answered(outcome) => return outcome,
                // Whoever asked is gone: it is this caller's turn.
                Wait::Gone => (),
                Wait::Stuck => break,
            }
        }
        Err(Failure::Abandoned)
    }

    async fn wait(&self, mut waiting: Waiting) -> Wait {
        let patience = self.settings.timeout.saturating_add(PATIENCE);
        match timeout(patience, waiting.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => outcome.clone().map_or(Wait::Gone, Wait::Answered),
            Ok(Err(_)) => Wait::Gone,
            Err(_) => Wait::Stuck,
        }
    }
}

/// What came of waiting for whoever asks.
enum Wait {
    Answered(Result<Verdict, Failure>),
    Gone,
    Stuck,
}
