//! `portcullis pki revoke`

use std::error::Error;
use std::path::Path;

use clap::Args;
use portcullis_authority::{Authority, Entry, Reason, Revocation, Status};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use super::{Format, say};
use crate::instant;

/// Revokes a certificate. The OCSP responder says so from its next answer on.
#[derive(Args)]
#[command(
    after_help = "Example:\n  portcullis pki revoke alice --reason keyCompromise\n\nReasons: \
    unspecified, keyCompromise, CACompromise, affiliationChanged, superseded, cessationOfOperation, \
    certificateHold. A second revocation changes nothing."
)]
pub(crate) struct Revoke {
    /// What it was issued as, or its serial number in hexadecimal.
    #[arg(value_name = "NAME|SERIAL")]
    wanted: String,
    /// Why, in the words of RFC 5280.
    #[arg(long, default_value_t = Reason::Unspecified)]
    reason: Reason,
}

#[derive(Serialize)]
struct Answer<'a> {
    name: &'a str,
    serial: String,
    revoked_at: Option<String>,
    reason: Option<&'static str>,
    recorded: Recorded,
}

/// When the revocation was recorded.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Recorded {
    Now,
    Before,
}

pub(super) fn run(revoke: &Revoke, dir: &Path, format: Format) -> Result<(), Box<dyn Error>> {
    let revocation =
        Authority::open(dir)?.revoke(&revoke.wanted, revoke.reason, UnixTime::now())?;
    let answer = answer(&revocation);
    let since = answer.revoked_at.as_deref().unwrap_or_default();
    let reason = answer.reason.unwrap_or("no reason given");
    let (name, serial) = (answer.name, &answer.serial);
    let text = match answer.recorded {
        Recorded::Now => format!("revoked {name}, serial {serial}: {reason}"),
        Recorded::Before => format!("{name}, serial {serial}, is revoked since {since}: {reason}"),
    };
    say(format, &answer, &text)
}

fn answer(revocation: &Revocation) -> Answer<'_> {
    let entry: &Entry = revocation.entry();
    let (revoked_at, reason) = match entry.status {
        Status::Valid => (None, None),
        Status::Revoked { at, reason } => (Some(instant::show(at)), reason.map(Reason::name)),
    };
    let recorded = match revocation {
        Revocation::Recorded(_) => Recorded::Now,
        Revocation::AlreadyRecorded(_) => Recorded::Before,
    };
    Answer {
        name: &entry.name,
        serial: entry.serial.to_string(),
        revoked_at,
        reason,
        recorded,
    }
}
