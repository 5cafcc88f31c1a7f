//! Revoking certificates.

use rustls_pki_types::UnixTime;

use super::Authority;
use crate::label::Label;
use crate::{AuthorityError, Entry, Index, Reason, Serial, Status};

/// What became of a revocation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revocation {
    /// It is recorded now.
    Recorded(Entry),
    /// It was before, and its first date and reason stand.
    AlreadyRecorded(Entry),
}

impl Revocation {
    /// The revoked certificate.
    #[must_use]
    pub fn entry(&self) -> &Entry {
        match self {
            Self::Recorded(entry) | Self::AlreadyRecorded(entry) => entry,
        }
    }
}

impl Authority {
    /// Revokes what was issued last under a name, or the certificate of a serial number in hexadecimal.
    ///
    /// # Errors
    /// [`AuthorityError::NotIssued`] when there is neither; else the folder cannot be read or written.
    pub fn revoke(
        &self,
        wanted: &str,
        reason: Reason,
        now: UnixTime,
    ) -> Result<Revocation, AuthorityError> {
        let lock = self.folder.lock()?;
        let mut index = self.index()?;
        let not_issued = || AuthorityError::NotIssued {
            wanted: wanted.to_owned(),
        };
        let serial = find(&index, wanted).ok_or_else(not_issued)?;
        let entry = index.find_mut(&serial).ok_or_else(not_issued)?;
        if let Status::Revoked { .. } = entry.status {
            return Ok(Revocation::AlreadyRecorded(entry.clone()));
        }
        entry.status = Status::Revoked {
            at: now,
            reason: Some(reason),
        };
        let entry = entry.clone();
        self.write_index(&index, &lock)?;
        self.folder.sync()?;
        Ok(Revocation::Recorded(entry))
    }
}

/// A name first, then a serial number. No name reads as one of this authority's serial numbers.
fn find(index: &Index, wanted: &str) -> Option<Serial> {
    let label = Label::parse(wanted)
        .or_else(|_| Label::of_server(wanted))
        .ok();
    let named = |entry: &&Entry| {
        label
            .as_ref()
            .is_some_and(|label| label.collides_with(&entry.name))
    };
    let by_name = index
        .entries()
        .iter()
        .rev()
        .find(named)
        .map(|entry| entry.serial.clone());
    by_name.or_else(|| Serial::from_hex(wanted))
}
