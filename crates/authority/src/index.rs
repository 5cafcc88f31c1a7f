//! What was issued and what was revoked, in the text format of OpenSSL's CA database.
//!
//! A line has six fields between tabs: `V` (valid), `R` (revoked) or `E` (expired, as `openssl ca
//! -updatedb` marks it); the end of validity; the date of revocation, a comma and the reason, where
//! revoked; the serial number in hexadecimal; the certificate's file; its subject. `openssl ocsp -index`
//! and `openssl ca -gencrl` read the same file.

use std::collections::HashMap;
use std::path::Path;

use rustls_pki_types::UnixTime;

use crate::error::{AuthorityError, LineProblem};
use crate::label::Label;
use crate::{Reason, Serial, date};

/// One issued certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its serial number.
    pub serial: Serial,
    /// What it was issued as, and its files are called.
    pub name: String,
    /// The last moment of its validity.
    pub not_after: UnixTime,
    /// Whether it stands.
    pub status: Status,
    /// Its file, which is its name with `.pem` unless another tool wrote the line.
    pub(crate) file: String,
    /// Its subject, in the form of `openssl x509 -subject -nameopt compat`.
    pub(crate) subject: String,
}

impl Entry {
    /// A certificate that was just issued.
    pub(crate) fn issued(name: &Label, serial: Serial, not_after: UnixTime) -> Self {
        let (file, subject) = (name.file("pem"), format!("/CN={name}"));
        Self {
            serial,
            name: name.to_string(),
            not_after,
            status: Status::Valid,
            file,
            subject,
        }
    }
}

/// Whether an issued certificate stands. Time is another matter: see [`Entry::not_after`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Never revoked.
    Valid,
    /// Revoked.
    Revoked {
        /// Since when.
        at: UnixTime,
        /// Why, where the index says so.
        reason: Option<Reason>,
    },
}

/// Every certificate issued, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Index {
    entries: Vec<Entry>,
    /// Invariant: every entry's serial number, with its place in `entries`.
    by_serial: HashMap<Serial, usize>,
}

impl Index {
    /// The entries in the order of issuance.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry of a serial number.
    #[must_use]
    pub fn find(&self, serial: &Serial) -> Option<&Entry> {
        self.by_serial
            .get(serial)
            .and_then(|place| self.entries.get(*place))
    }

    pub(crate) fn find_mut(&mut self, serial: &Serial) -> Option<&mut Entry> {
        self.by_serial
            .get(serial)
            .and_then(|place| self.entries.get_mut(*place))
    }

    /// Adds an entry, unless its serial number is taken.
    pub(crate) fn push(&mut self, entry: Entry) -> Result<(), LineProblem> {
        let place = self.entries.len();
        if self.by_serial.insert(entry.serial.clone(), place).is_some() {
            return Err(LineProblem::Duplicate);
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Reads the whole text; one line that cannot be relied on makes all of it unreliable.
    pub(crate) fn parse(text: &[u8], path: &Path) -> Result<Self, AuthorityError> {
        let mut index = Self::default();
        for (number, line) in text.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let read =
                parse_line(line).and_then(|entry| entry.map_or(Ok(()), |entry| index.push(entry)));
            read.map_err(|problem| AuthorityError::Index {
                path: path.to_owned(),
                line: number.saturating_add(1),
                problem,
            })?;
        }
        Ok(index)
    }

    pub(crate) fn to_text(&self) -> Result<String, AuthorityError> {
        self.entries.iter().map(line).collect()
    }
}

/// The fields of a line.
const FIELDS: usize = 6;

/// The entry of a line; none for a comment.
fn parse_line(line: &[u8]) -> Result<Option<Entry>, LineProblem> {
    let line = line.strip_suffix(b"\n").ok_or(LineProblem::Unterminated)?;
    let line = str::from_utf8(line).map_err(|_| LineProblem::Encoding)?;
    if line.starts_with('#') {
        return Ok(None);
    }
    let fields: Vec<_> = line.split('\t').collect();
    let [status, not_after, revoked, serial, file, subject] = fields.as_slice() else {
        return Err(LineProblem::Fields {
            found: fields.len(),
            expected: FIELDS,
        });
    };
    Ok(Some(Entry {
        serial: Serial::from_hex(serial).ok_or(LineProblem::Serial)?,
        name: file.strip_suffix(".pem").unwrap_or(file).to_owned(),
        not_after: date::from_text(not_after).ok_or(LineProblem::NotAfter)?,
        status: parse_status(status, revoked)?,
        file: (*file).to_owned(),
        subject: (*subject).to_owned(),
    }))
}

fn parse_status(status: &str, revoked: &str) -> Result<Status, LineProblem> {
    match (status, revoked) {
        ("V" | "E", "") => Ok(Status::Valid),
        ("V" | "E", _) | ("R", "") => Err(LineProblem::RevokedAt),
        ("R", revoked) => {
            let (at, reason) = match revoked.split_once(',') {
                Some((at, reason)) => (at, Some(reason.parse().map_err(|_| LineProblem::Reason)?)),
                None => (revoked, None),
            };
            let at = date::from_text(at).ok_or(LineProblem::RevokedAt)?;
            Ok(Status::Revoked { at, reason })
        }
        _ => Err(LineProblem::Status),
    }
}

fn line(entry: &Entry) -> Result<String, AuthorityError> {
    let not_after = date::to_text(entry.not_after)?;
    let (status, revoked) = match entry.status {
        Status::Valid => ("V", String::new()),
        Status::Revoked { at, reason: None } => ("R", date::to_text(at)?),
        Status::Revoked {
            at,
            reason: Some(reason),
        } => ("R", format!("{},{reason}", date::to_text(at)?)),
    };
    let Entry {
        serial,
        file,
        subject,
        ..
    } = entry;
    Ok(format!(
        "{status}\t{not_after}\t{revoked}\t{serial}\t{file}\t{subject}\n"
    ))
}

#[cfg(test)]
mod tests;
