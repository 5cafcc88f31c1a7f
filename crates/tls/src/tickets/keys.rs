//! Secrets that several servers share, so that each resumes the sessions of the others.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// What ticket keys are derived from, the newest first. [`Profile::with_ticket_keys`](crate::Profile::with_ticket_keys)
/// derives those of a profile.
#[derive(Clone)]
pub struct TicketKeys(Vec<Vec<u8>>);

/// Keys that a file may have. Three are of use: the one that is being spread, the one in use and the one before.
pub const TICKET_KEYS: usize = 16;

/// Random octets of a key at least: as many as its strength, 256 bits.
pub const LEAST_TICKET_KEY_BYTES: usize = 32;

/// Octets of a key at most: what nginx's files have is 80.
pub const MOST_TICKET_KEY_BYTES: usize = 128;

impl TicketKeys {
    /// Reads a file: a line a key, in base64, the newest first. Empty lines and those that begin with `#` say nothing.
    ///
    /// # Errors
    /// When it has no key, too many, one twice, or a line that is none. No error shows a key.
    pub fn parse(file: &[u8]) -> Result<Self, TicketKeysError> {
        let mut secrets: Vec<Vec<u8>> = Vec::new();
        for (number, line) in (1..).zip(file.split(|octet| *octet == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line.starts_with(b"#") {
                continue;
            }
            let Ok(secret) = STANDARD.decode(line) else {
                return Err(TicketKeysError::NotBase64 { line: number });
            };
            let found = secret.len();
            if !(LEAST_TICKET_KEY_BYTES..=MOST_TICKET_KEY_BYTES).contains(&found) {
                return Err(TicketKeysError::Length {
                    line: number,
                    found,
                });
            }
            if secrets.contains(&secret) {
                return Err(TicketKeysError::Twice { line: number });
            }
            if secrets.len() == TICKET_KEYS {
                return Err(TicketKeysError::TooMany);
            }
            secrets.push(secret);
        }
        match secrets.is_empty() {
            true => Err(TicketKeysError::None),
            false => Ok(Self(secrets)),
        }
    }

    /// What new keys look like in a file: this one first, then the newest of those that it had, `keep` in all. Comments
    /// are not kept.
    ///
    /// # Errors
    /// When the result would not be a file of keys.
    pub fn rotated(
        former: Option<&Self>,
        fresh: &[u8],
        keep: usize,
    ) -> Result<String, TicketKeysError> {
        let former = former.into_iter().flat_map(|keys| keys.secrets());
        let secrets = std::iter::once(fresh).chain(former).take(keep.max(1));
        let text: String = secrets
            .map(|secret| format!("{}\n", STANDARD.encode(secret)))
            .collect();
        Self::parse(text.as_bytes()).map(|_| text)
    }

    /// How many there are; at least one.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }

    pub(super) fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(Vec::as_slice)
    }
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketKeys")
            .field("count", &self.0.len())
            .finish_non_exhaustive()
    }
}

/// Why a file is none of ticket keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TicketKeysError {
    /// There is no key in it.
    #[error("there is no ticket key in it")]
    None,
    /// A line is not base64.
    #[error("line {line} is not a ticket key in base64")]
    NotBase64 {
        /// The line, from 1.
        line: usize,
    },
    /// A key is too short to be one, or longer than any.
    #[error(
        "line {line} has {found} bytes, where ticket keys have {LEAST_TICKET_KEY_BYTES} to {MOST_TICKET_KEY_BYTES}"
    )]
    Length {
        /// The line, from 1.
        line: usize,
        /// Octets of the key.
        found: usize,
    },
    /// A key is there a second time.
    #[error("line {line} has a ticket key that an earlier line has")]
    Twice {
        /// The line, from 1.
        line: usize,
    },
    /// There are more than [`TICKET_KEYS`].
    #[error("there are more than {TICKET_KEYS} ticket keys in it")]
    TooMany,
}
