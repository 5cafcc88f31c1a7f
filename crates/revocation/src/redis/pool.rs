//! Looks answers up, and puts them in, without ever being waited for for long.

use std::fmt;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::{Instant, timeout};

use super::Redis;
use super::connection::{Connection, Reply};
use crate::allowance::Allowance;
use crate::lifetimes::doubled;

/// Connections with one Redis, and whether it is worth a try.
pub(crate) struct Pool {
    redis: Redis,
    /// One permit for each command that may be under way.
    turns: Semaphore,
    /// Connections on which nothing is under way. They are driven by the runtime of the thread that made them, and stay
    /// there.
    idle: Mutex<Vec<(ThreadId, Connection)>>,
    health: Mutex<Health>,
}

#[derive(Clone, Copy, Default)]
struct Health {
    /// One after the other.
    failures: u32,
    /// Nothing is asked before.
    rests_until: Option<Instant>,
}

/// Why it may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Attempt {
    Usual,
    /// To see whether it is back.
    Probe,
}

/// How long a command may take, connecting included: longer than a Redis nearby ever takes, and shorter than a responder.
pub(crate) const TIME: Duration = Duration::from_millis(250);

/// Commands that may be under way, and connections that may be idle.
const CONNECTIONS: usize = 64;

/// How long nothing is asked after a failure. Each further one doubles it.
const FIRST_REST: Duration = Duration::from_secs(1);

/// How long nothing is asked at most. Then one command tries, and is the only one to wait.
const LONGEST_REST: Duration = Duration::from_secs(30);

impl Pool {
    pub(crate) fn new(redis: Redis) -> Self {
        Self {
            redis,
            turns: Semaphore::new(CONNECTIONS),
            idle: Mutex::default(),
            health: Mutex::default(),
        }
    }

    /// The value of a key, at most `most` octets of it. Nothing where there is none, or none of the kind, and while nothing
    /// is asked.
    pub(crate) async fn find(&self, key: &str, most: usize) -> io::Result<Option<Vec<u8>>> {
        let last = most.saturating_sub(1).to_string();
        // Unlike GET it lets the size of what others have put there cost nothing.
        let words: [&[u8]; 4] = [b"GETRANGE", key.as_bytes(), b"0", last.as_bytes()];
        let Some((attempt, reply)) = self.command(&words, most).await? else {
            return Ok(None);
        };
        match reply {
            Reply::Value(value) => Ok(value.filter(|value| !value.is_empty())),
            // A value of another kind, which others put there.
            Reply::Refused(error) if error.starts_with("WRONGTYPE") => Ok(None),
            Reply::Refused(error) => Err(self.failed(attempt, io::Error::other(error))),
            Reply::Word => Ok(None),
        }
    }

    /// Sets the value of a key for so long, unless nothing is asked.
    pub(crate) async fn put(&self, key: &str, value: &[u8], life: Duration) -> io::Result<()> {
        let seconds = life.as_secs().to_string();
        let words: [&[u8]; 5] = [b"SET", key.as_bytes(), value, b"EX", seconds.as_bytes()];
        match self.command(&words, 0).await? {
            // One that takes nothing may still be asked: a replica, or one that is full.
            Some((_, Reply::Refused(error))) => Err(io::Error::other(error)),
            _ => Ok(()),
        }
    }

    /// The reply, or nothing while nothing is asked.
    async fn command(&self, words: &[&[u8]], most: usize) -> io::Result<Option<(Attempt, Reply)>> {
        let allowance = Allowance::new(TIME);
        let Some(attempt) = self.may_ask() else {
            return Ok(None);
        };
        let Ok(Ok(_turn)) = timeout(TIME, self.turns.acquire()).await else {
            // So many others wait that it is they who find out.
            return Ok(None);
        };
        let asked = timeout(allowance.left(), self.ask(words, most)).await;
        let asked = asked.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        match asked {
            Ok((reply, connection)) => {
                if !matches!(reply, Reply::Refused(_)) {
                    self.succeeded();
                }
                self.rest(connection);
                Ok(Some((attempt, reply)))
            }
            Err(error) => Err(self.failed(attempt, error)),
        }
    }

    async fn ask(&self, words: &[&[u8]], most: usize) -> io::Result<(Reply, Connection)> {
        // One that was idle may have been closed meanwhile.
        if let Some(mut connection) = self.idle_one()
            && let Ok(reply) = connection.command(words, most).await
        {
            return Ok((reply, connection));
        }
        let mut connection = Connection::open(&self.redis).await?;
        let reply = connection.command(words, most).await?;
        Ok((reply, connection))
    }

    /// The right to ask, unless it rests. When a rest is over one caller tries, and the next ones rest again meanwhile.
    fn may_ask(&self) -> Option<Attempt> {
        let mut health = self.health();
        let now = Instant::now();
        match health.rests_until {
            None => Some(Attempt::Usual),
            Some(until) if now < until => None,
            Some(_) => {
                health.rests_until = now.checked_add(rest_after(health.failures));
                Some(Attempt::Probe)
            }
        }
    }

    fn succeeded(&self) {
        let before = std::mem::take(&mut *self.health());
        if before.failures > 0 {
            tracing::info!(redis = ?self.redis, "OCSP answers are shared again");
        }
    }

    /// Of those that were under way together, and fail together, the first counts.
    fn failed(&self, attempt: Attempt, error: io::Error) -> io::Error {
        let mut health = self.health();
        if attempt == Attempt::Usual && health.rests_until.is_some() {
            return error;
        }
        health.failures = health.failures.saturating_add(1);
        health.rests_until = Instant::now().checked_add(rest_after(health.failures));
        let first = health.failures == 1;
        drop(health);
        if first {
            tracing::warn!(redis = ?self.redis, %error, "OCSP answers are not shared for now");
        }
        // What is idle is as dead.
        self.idle().clear();
        error
    }

    fn idle_one(&self) -> Option<Connection> {
        let here = thread::current().id();
        let mut idle = self.idle();
        let place = idle.iter().rposition(|(thread, _)| *thread == here)?;
        Some(idle.swap_remove(place).1)
    }

    fn rest(&self, connection: Connection) {
        let mut idle = self.idle();
        if idle.len() >= CONNECTIONS {
            // Perhaps of a thread that is no more.
            idle.swap_remove(0);
        }
        idle.push((thread::current().id(), connection));
    }

    // Both are whole after every statement, also after one that panicked.

    fn idle(&self) -> MutexGuard<'_, Vec<(ThreadId, Connection)>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn rest_after(failures: u32) -> Duration {
    doubled(FIRST_REST, LONGEST_REST, failures)
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("redis", &self.redis)
            .finish_non_exhaustive()
    }
}
