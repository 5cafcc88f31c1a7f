//! What a response proves, as JSON and as text.

use std::io::{self, Write};

use portcullis_ocsp::{CertificateStatus, Refusal, Status};
use serde::Serialize;
use serde_json::Value;

use crate::instant;
use crate::terminal::Paint;

/// A judgement. The field names are a promise to scripts; what does not apply is absent.
#[derive(Debug, Default, Serialize)]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    status: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    this_update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_update: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoked_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revocation_reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    responder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
}

/// The first three are proven statements of an authorised responder; `refused` proves nothing.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Good,
    Revoked,
    Unknown,
    #[default]
    Refused,
}

impl From<Result<Status, Refusal>> for Answer {
    fn from(judged: Result<Status, Refusal>) -> Self {
        match judged {
            Ok(status) => Self::proven(status),
            Err(refusal) => Self::refused(refusal.code(), &refusal),
        }
    }
}

impl Answer {
    fn proven(status: Status) -> Self {
        let (verdict, revoked_at, reason) = match status.certificate {
            CertificateStatus::Good => (Verdict::Good, None, None),
            CertificateStatus::Unknown => (Verdict::Unknown, None, None),
            CertificateStatus::Revoked { at, reason } => (Verdict::Revoked, Some(at), reason),
        };
        Self {
            status: verdict,
            this_update: Some(instant::show(status.this_update)),
            next_update: status.next_update.map(instant::show),
            revoked_at: revoked_at.map(instant::show),
            revocation_reason: reason.map(|reason| reason.to_string()),
            responder: Some(status.responder),
            ..Self::default()
        }
    }

    /// Nothing is proven: the name of the reason, and the error with its causes.
    pub(super) fn refused(reason: &str, error: &dyn std::error::Error) -> Self {
        Self {
            reason: Some(reason.to_owned()),
            detail: Some(crate::chain(error)),
            ..Self::default()
        }
    }

    pub(super) fn with_id(self, id: Value) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    /// Whom was asked.
    pub(super) fn asked_at(self, url: &str) -> Self {
        Self {
            url: Some(url.to_owned()),
            ..self
        }
    }

    pub(super) fn is_good(&self) -> bool {
        self.status == Verdict::Good
    }

    /// Says it to a person.
    pub(super) fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let word = match self.status {
            Verdict::Good => paint.good("good"),
            Verdict::Revoked => paint.bad("revoked"),
            Verdict::Unknown => paint.bad("unknown"),
            Verdict::Refused => paint.bad("refused"),
        };
        match (&self.reason, &self.detail) {
            (Some(reason), Some(detail)) => {
                writeln!(out, "{word} ({}): {detail}", paint.strong(reason))?;
            }
            _ => writeln!(out, "{word}")?,
        }
        let fields = [
            ("revoked at", &self.revoked_at),
            ("reason", &self.revocation_reason),
            ("this update", &self.this_update),
            ("next update", &self.next_update),
            ("responder", &self.responder),
            ("asked", &self.url),
        ];
        for (label, value) in fields {
            if let Some(value) = value {
                writeln!(out, "  {label:<11}  {value}")?;
            }
        }
        Ok(())
    }
}
