//! The path that backend settings put in the place of a request's, or of the part that a path rule has.
//!
//! Who may pass is asked about the client's path and about those that rewrites make of it, never about this one: it
//! is the backend's, and the operator has chosen it. What a client can still choose is what follows it, and that
//! cannot lead out of it: wherever the path as it was written is another than its normal spelling, the normal
//! spelling is what follows.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use portcullis_model::path::PathPattern;

use crate::paths;
use crate::refused::Refused;

/// What a path cannot have as it is (RFC 3986 section 3.3).
const NOT_IN_PATHS: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'%')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The path of some backend settings, for the requests of one rule.
pub(crate) struct PathOverride {
    path: String,
    /// Those of the path rule; none where it is not one.
    patterns: Vec<PathPattern>,
}

impl PathOverride {
    pub(crate) fn new(path: &str, patterns: Vec<PathPattern>) -> Self {
        let path = path.to_owned();
        Self { path, patterns }
    }

    /// The path for the backend. Where a pattern of the rule has the request's, the part that the pattern says is
    /// replaced; otherwise this one comes before it (section 4.5 of the behaviour reference).
    pub(crate) fn apply(&self, path: &str) -> Result<String, Refused> {
        let normal = paths::normal(path)?;
        let pattern = self.patterns.iter().find(|found| found.matches(&normal));
        let stem = pattern.map_or(0, |pattern| pattern.stem().len());
        let rest = normal.get(stem..).ok_or(Refused::PathInvalid)?;
        // A pattern may end within a segment, and leave `..` of it.
        let mut segments = rest.split('/').chain(normal.split('/'));
        if segments.any(leads_up) {
            return Err(Refused::PathInvalid);
        }
        let written = path.split_at_checked(stem).filter(|(before, _)| {
            let same = normal.get(..stem);
            same.is_some_and(|same| same == *before) && is_normal(path, &normal)
        });
        let rest = match written {
            Some((_, written)) => Cow::Borrowed(written),
            None => Cow::from(utf8_percent_encode(rest, NOT_IN_PATHS)),
        };
        Ok(self.followed_by(&rest))
    }

    fn followed_by(&self, rest: &str) -> String {
        let path = &self.path;
        match (path.strip_suffix('/'), rest.starts_with('/')) {
            (_, _) if rest.is_empty() => path.clone(),
            (Some(path), true) => format!("{path}{rest}"),
            (None, true) => format!("{path}{rest}"),
            (Some(_), false) => format!("{path}{rest}"),
            // Not a name that begins with that of the last segment: what follows is within it.
            (None, false) => format!("{path}/{rest}"),
        }
    }
}

/// A segment that is `..`, or is one of dots for servers alone that leave parameters out first, as those of Java do.
fn leads_up(segment: &str) -> bool {
    segment == ".." || segment.starts_with("..;") || segment.starts_with(".;")
}

/// Whether nothing but percent-encoding tells a path from its normal spelling.
fn is_normal(path: &str, normal: &str) -> bool {
    percent_decode_str(path).decode_utf8_lossy() == normal
}

#[cfg(test)]
mod tests;
