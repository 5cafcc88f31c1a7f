//! The paths that were tried, as a tree in the terminal.

use std::io::{self, Write};

use portcullis_chain::{Candidate, Step};

use crate::terminal::Paint;

/// A certificate, what became of the paths that end with it, and the issuers that were tried for it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    id: usize,
    label: String,
    ends: Vec<End>,
    issuers: Vec<Tree>,
}

/// How a path ended.
#[derive(Debug)]
enum End {
    Accepted,
    Fell { code: &'static str, why: String },
}

impl Tree {
    /// Paths that have their first certificates in common share them in the tree.
    pub(super) fn of(accepted: &[Step], fallen: &[Candidate]) -> Self {
        let mut above_all = Self::default();
        for candidate in fallen {
            let why = format!(
                "certificate {} ({}): {}",
                candidate.certificate(),
                shown_name(candidate.subject()),
                crate::chain(candidate.reason())
            );
            let end = End::Fell {
                code: candidate.reason().code(),
                why,
            };
            above_all.add(candidate.steps().iter().map(Self::one), end);
        }
        if !accepted.is_empty() {
            above_all.add(accepted.iter().map(Self::one), End::Accepted);
        }
        above_all
    }

    fn one(step: &Step) -> Self {
        Self {
            id: step.id,
            label: format!("{} [{}]", shown_name(&step.subject), step.origin),
            ..Self::default()
        }
    }

    fn add(&mut self, mut path: impl Iterator<Item = Self>, end: End) {
        let Some(next) = path.next() else {
            self.ends.push(end);
            return;
        };
        let known = self.issuers.iter().position(|issuer| issuer.id == next.id);
        let at = known.unwrap_or(self.issuers.len());
        if known.is_none() {
            self.issuers.push(next);
        }
        if let Some(issuer) = self.issuers.get_mut(at) {
            issuer.add(path, end);
        }
    }

    /// Writes the leaf, and below each certificate those that might have issued it.
    pub(super) fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        for leaf in &self.issuers {
            writeln!(out, "{}", leaf.label)?;
            leaf.print_below(out, paint, "")?;
        }
        Ok(())
    }

    fn print_below(&self, out: &mut dyn Write, paint: Paint, indent: &str) -> io::Result<()> {
        let stem = if self.issuers.is_empty() { " " } else { "│" };
        for end in &self.ends {
            match end {
                End::Accepted => writeln!(out, "{indent}{stem}  {}", paint.good("✓ accepted"))?,
                End::Fell { code, why } => {
                    let code = paint.bad(&format!("✗ {code}"));
                    writeln!(out, "{indent}{stem}  {code}  {why}")?;
                }
            }
        }
        for (position, issuer) in self.issuers.iter().enumerate() {
            let is_last = position.saturating_add(1) == self.issuers.len();
            let (branch, below) = if is_last {
                ("└─ ", "   ")
            } else {
                ("├─ ", "│  ")
            };
            writeln!(out, "{indent}{branch}{}", issuer.label)?;
            issuer.print_below(out, paint, &format!("{indent}{below}"))?;
        }
        Ok(())
    }
}

/// A subject, which can be empty.
pub(super) fn shown_name(subject: &str) -> &str {
    if subject.is_empty() {
        "(no name)"
    } else {
        subject
    }
}
