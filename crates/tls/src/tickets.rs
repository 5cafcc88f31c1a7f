//! Session tickets (RFC 5077, RFC 8446 section 4.6.1): what a client keeps of a session for the server.

mod cipher;
mod keys;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::server::ProducesTickets;
use rustls_pki_types::UnixTime;

use crate::sessions::SESSION_BYTES;

pub(crate) use cipher::Cipher;
use cipher::Key;
pub use keys::{
    LEAST_TICKET_KEY_BYTES, MOST_TICKET_KEY_BYTES, TICKET_KEYS, TicketKeys, TicketKeysError,
};

/// How long a ticket can be used, and how long a profile that has keys of its own makes tickets with the same.
///
/// Every server that has the key of a ticket can be made to give away what the ticket protects, so this is far below the
/// seven days of RFC 8446 section 4.6.1; clients that come every day shake hands every day.
pub const TICKET_LIFETIME: Duration = Duration::from_secs(6 * 3600);

/// How far ahead the clock of another server may be that made a ticket.
const SKEW: Duration = Duration::from_secs(300);

/// What tickets of one profile and one generation of its trust are made and read with.
pub(crate) struct Ticketer {
    keys: Keys,
}

enum Keys {
    /// Those of a file, as this profile derives them: the first makes tickets, all read them.
    Shared(Vec<Key>),
    /// Random ones, which nobody else has.
    Own(ArcSwap<Mutex<Own>>),
}

struct Own {
    cipher: Cipher,
    current: Arc<Key>,
    former: Option<Arc<Key>>,
    since: UnixTime,
}

impl Ticketer {
    /// With random keys, which rotate by themselves and end with this value.
    pub(crate) fn own(cipher: Cipher, now: UnixTime) -> Result<Self, rustls::Error> {
        let own = Own {
            cipher,
            current: Arc::new(Key::random(cipher)?),
            former: None,
            since: now,
        };
        let keys = Keys::Own(ArcSwap::from_pointee(Mutex::new(own)));
        Ok(Self { keys })
    }

    /// With the keys that everybody derives from the same secrets in the same context.
    pub(crate) fn shared(cipher: Cipher, keys: &TicketKeys, context: &[u8]) -> Self {
        let derived = keys
            .secrets()
            .map(|secret| Key::derive(cipher, secret, context));
        let keys = Keys::Shared(derived.collect());
        Self { keys }
    }

    /// Shares the random keys of `former` from now on, where both have such.
    pub(crate) fn take_over(&self, former: &Self) {
        if let (Keys::Own(own), Keys::Own(former)) = (&self.keys, &former.keys) {
            own.store(former.load_full());
        }
    }

    fn seal(&self, plain: &[u8], now: UnixTime) -> Option<Vec<u8>> {
        // A client whose session is longer shakes hands anew.
        if plain.len() > SESSION_BYTES {
            return None;
        }
        match &self.keys {
            Keys::Shared(keys) => keys.first()?.seal(plain, now),
            Keys::Own(own) => rotated(&own.load(), now).0.seal(plain, now),
        }
    }

    fn open(&self, ticket: &[u8], now: UnixTime) -> Option<Vec<u8>> {
        if ticket.len() > SESSION_BYTES.saturating_add(cipher::OVERHEAD) {
            return None;
        }
        match &self.keys {
            Keys::Shared(keys) => keys.iter().find_map(|key| open(key, ticket, now)),
            Keys::Own(own) => {
                let (current, former) = rotated(&own.load(), now);
                open(&current, ticket, now).or_else(|| open(&*former?, ticket, now))
            }
        }
    }
}

/// What a ticket of this key holds, where it can still be used.
fn open(key: &Key, ticket: &[u8], now: UnixTime) -> Option<Vec<u8>> {
    let (plain, made) = key.open(ticket)?;
    let (now, made) = (now.as_secs(), made.as_secs());
    let usable = made <= now.saturating_add(SKEW.as_secs())
        && now <= made.saturating_add(TICKET_LIFETIME.as_secs());
    usable.then_some(plain)
}

/// The keys of this moment: new ones where the present have served for long enough. A former one is kept for as long as
/// the last of its tickets can be used.
fn rotated(own: &Mutex<Own>, now: UnixTime) -> (Arc<Key>, Option<Arc<Key>>) {
    // The state is whole after every statement, also after one that panicked.
    let mut own = own.lock().unwrap_or_else(PoisonError::into_inner);
    let age = now.as_secs().saturating_sub(own.since.as_secs());
    let period = TICKET_LIFETIME.as_secs();
    // Without randomness the present key goes on; what it made before ends all the same.
    // Nor does a clock that was ahead make a key last.
    let was_ahead = own.since.as_secs() > now.as_secs().saturating_add(SKEW.as_secs());
    if (age >= period || was_ahead)
        && let Ok(fresh) = Key::random(own.cipher)
    {
        let former = std::mem::replace(&mut own.current, Arc::new(fresh));
        own.former = (age < period.saturating_mul(2)).then_some(former);
        own.since = now;
    }
    (Arc::clone(&own.current), own.former.clone())
}

impl ProducesTickets for Ticketer {
    fn enabled(&self) -> bool {
        true
    }

    fn lifetime(&self) -> u32 {
        u32::try_from(TICKET_LIFETIME.as_secs()).unwrap_or(u32::MAX)
    }

    fn encrypt(&self, plain: &[u8]) -> Option<Vec<u8>> {
        self.seal(plain, UnixTime::now())
    }

    fn decrypt(&self, ticket: &[u8]) -> Option<Vec<u8>> {
        self.open(ticket, UnixTime::now())
    }
}

impl fmt::Debug for Ticketer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = match &self.keys {
            Keys::Shared(_) => "shared",
            Keys::Own(_) => "own",
        };
        f.debug_struct("Ticketer")
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
