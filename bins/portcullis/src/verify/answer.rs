//! The verdict as JSON and as text.

use std::io::{self, Write};

use portcullis_chain::{AnchorsError, Class, Explanation, Reason, Rejection, VerifiedChain};
use portcullis_x509::Malformed;
use serde::Serialize;
use serde_json::Value;

use crate::instant;
use crate::terminal::Paint;

use super::tree::{Tree, shown_name};

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
    #[serde(skip_serializing_if = "Option::is_none")]
    candidates: Option<Vec<Candidate>>,
    #[serde(skip)]
    tree: Option<Tree>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
enum Verdict {
    Trusted {
        path: Vec<String>,
        valid_until: String,
        policies: Vec<String>,
    },
    Refused(Refused),
}

#[derive(Debug, Serialize)]
struct Refused {
    class: &'static str,
    reason: &'static str,
    certificate: usize,
    detail: String,
    rule: &'static str,
}

/// One path that was tried and fell.
#[derive(Debug, Serialize)]
struct Candidate {
    path: Vec<String>,
    certificate: usize,
    reason: &'static str,
    detail: String,
    rule: &'static str,
}

impl Answer {
    pub(super) fn of(verdict: Result<VerifiedChain<'_>, Rejection>) -> Self {
        Self::new(match verdict {
            Ok(chain) => Verdict::trusted(&chain),
            Err(rejection) => Verdict::refused(&rejection),
        })
    }

    /// The verdict with every path that was tried.
    pub(super) fn explained(explanation: Explanation<'_>) -> Self {
        let Explanation {
            verdict,
            accepted,
            fallen,
            ..
        } = explanation;
        Self {
            candidates: Some(fallen.iter().map(Candidate::of).collect()),
            tree: Some(Tree::of(&accepted, &fallen)),
            ..Self::of(verdict)
        }
    }

    /// The certificate in question is none.
    pub(super) fn unparsable(malformed: &Malformed) -> Self {
        let reason = Reason::from(malformed.clone());
        let detail = crate::chain(malformed);
        Self::plainly_refused(reason.class(), reason.code(), reason.rule(), detail)
    }

    /// Nothing is trusted, so that nothing can be.
    pub(super) fn without_anchors(error: &AnchorsError) -> Self {
        let rule = "RFC 5280 section 6.1.1 (d)";
        Self::plainly_refused(Class::Untrusted, "no_anchor", rule, crate::chain(error))
    }

    /// The question demands what nobody can judge.
    pub(super) fn unsupported(demand: &str) -> Self {
        let detail = format!("the demand `{demand}` is not known");
        let rule = "policy of the verifier";
        Self::plainly_refused(Class::NotPermitted, "unsupported_demand", rule, detail)
    }

    fn plainly_refused(
        class: Class,
        reason: &'static str,
        rule: &'static str,
        detail: String,
    ) -> Self {
        Self::new(Verdict::Refused(Refused {
            class: class_name(class),
            reason,
            certificate: 0,
            detail,
            rule,
        }))
    }

    fn new(verdict: Verdict) -> Self {
        Self {
            id: None,
            verdict,
            candidates: None,
            tree: None,
        }
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
            Verdict::Trusted {
                path, valid_until, ..
            } => {
                writeln!(out, "{} until {valid_until}", paint.good("trusted"))?;
                if self.tree.is_none() {
                    print_path(out, path)?;
                }
            }
            Verdict::Refused(refused) => {
                let reason = paint.strong(refused.reason);
                writeln!(
                    out,
                    "{} ({reason}): {}",
                    paint.bad("refused"),
                    refused.detail
                )?;
                writeln!(out, "  by {}", refused.rule)?;
            }
        }
        match &self.tree {
            Some(tree) => tree.print(out, paint),
            None => Ok(()),
        }
    }
}

impl Verdict {
    fn trusted(chain: &VerifiedChain<'_>) -> Self {
        let path = chain.certificates().iter();
        Self::Trusted {
            path: path.map(|c| c.subject().to_string()).collect(),
            valid_until: instant::show(chain.valid_until()),
            policies: chain.policies().map(|policy| policy.to_string()).collect(),
        }
    }

    fn refused(rejection: &Rejection) -> Self {
        Self::Refused(Refused {
            class: class_name(rejection.class()),
            reason: rejection.reason().code(),
            certificate: rejection.certificate(),
            detail: crate::chain(rejection),
            rule: rejection.reason().rule(),
        })
    }
}

/// The leaf first, each issuer below what it issued.
fn print_path(out: &mut dyn Write, path: &[String]) -> io::Result<()> {
    for (depth, name) in path.iter().enumerate() {
        writeln!(out, "  {}{}", "  ".repeat(depth), shown_name(name))?;
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
            rule: candidate.reason().rule(),
        }
    }
}
