//! The verdict as JSON and as text.

use std::io::{self, Write};

use portcullis_chain::{Class, Rejection, VerifiedChain};
use portcullis_x509::Malformed;
use serde::Serialize;
use serde_json::Value;

use crate::instant;
use crate::terminal::Paint;

/// How much is told about a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Explain {
    /// The path that came furthest.
    NearestMiss,
    /// Every path that was tried.
    Candidates,
}

/// A verdict. The field names are a promise to scripts.
#[derive(Debug, Serialize)]
pub(super) struct Answer {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Value>,
    #[serde(flatten)]
    verdict: Verdict,
}

#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    Trusted {
        path: Vec<String>,
        valid_until: String,
    },
    Refused(Refused),
}

#[derive(Debug, Serialize)]
struct Refused {
    class: &'static str,
    reason: &'static str,
    certificate: usize,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<Candidate>>,
}

/// One path that was tried.
#[derive(Debug, Serialize)]
struct Candidate {
    path: Vec<String>,
    certificate: usize,
    reason: &'static str,
    detail: String,
}

impl Answer {
    pub(super) fn trusted(chain: &VerifiedChain<'_>) -> Self {
        let path = chain
            .certificates()
            .iter()
            .map(|c| c.subject().to_string())
            .collect();
        Self::new(Verdict::Trusted {
            path,
            valid_until: instant::show(chain.valid_until()),
        })
    }

    pub(super) fn refused(rejection: &Rejection, explain: Explain) -> Self {
        let candidates = match explain {
            Explain::NearestMiss => None,
            Explain::Candidates => Some(candidates(rejection)),
        };
        Self::new(Verdict::Refused(Refused {
            class: class_name(rejection.class()),
            reason: rejection.reason().code(),
            certificate: rejection.certificate(),
            detail: crate::chain(rejection),
            candidates,
        }))
    }

    /// The certificate in question is none.
    pub(super) fn unparsable(malformed: &Malformed) -> Self {
        Self::plainly_refused(
            class_name(Class::Malformed),
            "malformed",
            crate::chain(malformed),
        )
    }

    /// The question demands what this version cannot judge.
    pub(super) fn unsupported(demand: &str) -> Self {
        let detail = format!("the demand `{demand}` cannot be judged yet");
        Self::plainly_refused(
            class_name(Class::NotPermitted),
            "unsupported_demand",
            detail,
        )
    }

    fn plainly_refused(class: &'static str, reason: &'static str, detail: String) -> Self {
        let refused = Refused {
            class,
            reason,
            certificate: 0,
            detail,
            candidates: None,
        };
        Self::new(Verdict::Refused(refused))
    }

    fn new(verdict: Verdict) -> Self {
        Self { id: None, verdict }
    }

    pub(super) fn with_id(self, id: Value) -> Self {
        Self {
            id: Some(id),
            ..self
        }
    }

    pub(super) fn is_trusted(&self) -> bool {
        matches!(self.verdict, Verdict::Trusted { .. })
    }

    /// Says it to a person.
    pub(super) fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        match &self.verdict {
            Verdict::Trusted { path, valid_until } => {
                writeln!(out, "{} until {valid_until}", paint.good("trusted"))?;
                print_path(out, path, None)
            }
            Verdict::Refused(refused) => refused.print(out, paint),
        }
    }
}

impl Refused {
    fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let reason = paint.strong(self.reason);
        writeln!(out, "{} ({reason}): {}", paint.bad("refused"), self.detail)?;
        for (index, candidate) in self.candidates.iter().flatten().enumerate() {
            writeln!(
                out,
                "path {}: {}",
                index.saturating_add(1),
                paint.strong(candidate.reason)
            )?;
            print_path(
                out,
                &candidate.path,
                Some((candidate.certificate, &candidate.detail)),
            )?;
        }
        Ok(())
    }
}

/// The leaf first, each issuer below what it issued; a note at the certificate where the path fell.
fn print_path(out: &mut dyn Write, path: &[String], fell: Option<(usize, &str)>) -> io::Result<()> {
    for (depth, name) in path.iter().enumerate() {
        let indent = "  ".repeat(depth);
        writeln!(
            out,
            "  {indent}{}",
            if name.is_empty() { "(no name)" } else { name }
        )?;
        if let Some((_, detail)) = fell.filter(|(position, _)| *position == depth) {
            writeln!(out, "  {indent}  ^ {detail}")?;
        }
    }
    Ok(())
}

fn class_name(class: Class) -> &'static str {
    match class {
        Class::Malformed => "malformed",
        Class::Untrusted => "untrusted",
        Class::Expired => "expired",
        Class::NotYetValid => "not_yet_valid",
        Class::NotPermitted => "not_permitted",
        Class::TooCostly => "too_costly",
    }
}

fn candidates(rejection: &Rejection) -> Vec<Candidate> {
    rejection.candidates().iter().map(Candidate::of).collect()
}

impl Candidate {
    fn of(candidate: &portcullis_chain::Candidate) -> Self {
        let path = candidate
            .steps()
            .iter()
            .map(|step| format!("{} [{}]", step.subject, step.origin));
        Self {
            path: path.collect(),
            certificate: candidate.certificate(),
            reason: candidate.reason().code(),
            detail: crate::chain(candidate.reason()),
        }
    }
}
