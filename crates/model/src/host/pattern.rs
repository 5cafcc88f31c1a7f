//! A host name with wildcards.

use std::fmt;
use std::str::FromStr;

use super::name::{HostError, HostName, check_label, check_length};

/// A host name, or one with wildcards: `*` stands for any characters, also dots and also none, `?`
/// for exactly one.
///
/// ```
/// use portcullis_model::host::{HostName, HostPattern};
///
/// let pattern: HostPattern = "*.contoso.com".parse()?;
/// assert!(pattern.matches(&HostName::parse("customer1.b2b.contoso.com")?));
/// assert!(!pattern.matches(&HostName::parse("contoso.com")?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The limits are those that Application Gateway documents: at most 2 `*`, at most one in a label,
/// at most 4 `*` and `?` together, none next to another except `??`. They bound the cost of a match
/// to a few passes over the name, whatever a client sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPattern(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    Exact(HostName),
    /// Lower case, without a trailing dot, at least one wildcard.
    Wildcard(Box<str>),
}

impl HostPattern {
    /// `*` that a pattern may have.
    pub const ASTERISKS: usize = 2;
    /// `*` and `?` that a pattern may have together.
    pub const WILDCARDS: usize = 4;

    /// Whether a host is one of those meant.
    #[must_use]
    pub fn matches(&self, host: &HostName) -> bool {
        match &self.0 {
            Form::Exact(name) => name == host,
            Form::Wildcard(pattern) => glob(pattern.as_bytes(), host.as_str().as_bytes()),
        }
    }

    /// The only host that matches, when there are no wildcards.
    #[must_use]
    pub fn exact(&self) -> Option<&HostName> {
        match &self.0 {
            Form::Exact(name) => Some(name),
            Form::Wildcard(_) => None,
        }
    }

    /// The pattern in its one spelling.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Form::Exact(name) => name.as_str(),
            Form::Wildcard(pattern) => pattern,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for HostPattern {
    type Err = PatternError;

    fn from_str(pattern: &str) -> Result<Self, PatternError> {
        if !pattern.contains(['*', '?']) {
            return Ok(Self(Form::Exact(HostName::parse(pattern)?)));
        }
        let pattern = pattern.strip_suffix('.').unwrap_or(pattern);
        check_length(pattern)?;
        if !pattern.is_ascii() {
            return Err(HostError::NotAscii.into());
        }
        for label in pattern.split('.') {
            check_label(label, |letter| {
                letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '*' | '?')
            })?;
            check_wildcards_of_label(label)?;
        }
        check_wildcards(pattern)?;
        Ok(Self(Form::Wildcard(pattern.to_ascii_lowercase().into())))
    }
}

fn check_wildcards_of_label(label: &str) -> Result<(), PatternError> {
    if ["**", "*?", "?*"].iter().any(|pair| label.contains(pair)) {
        return Err(PatternError::Adjacent);
    }
    if label.matches('*').count() > 1 {
        return Err(PatternError::AsterisksOfLabel);
    }
    Ok(())
}

fn check_wildcards(pattern: &str) -> Result<(), PatternError> {
    let found = pattern.matches('*').count();
    if found > HostPattern::ASTERISKS {
        return Err(PatternError::Asterisks { found });
    }
    let found = pattern.matches(['*', '?']).count();
    if found > HostPattern::WILDCARDS {
        return Err(PatternError::Wildcards { found });
    }
    Ok(())
}

/// Why a text is not a host pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PatternError {
    /// What surrounds the wildcards is not a host name.
    #[error(transparent)]
    Host(#[from] HostError),
    /// More than [`HostPattern::ASTERISKS`].
    #[error("it has {found} asterisks, more than {}", HostPattern::ASTERISKS)]
    Asterisks {
        /// How many.
        found: usize,
    },
    /// A label with more than one asterisk.
    #[error("a label has more than one asterisk")]
    AsterisksOfLabel,
    /// More than [`HostPattern::WILDCARDS`].
    #[error("it has {found} wildcards, more than {}", HostPattern::WILDCARDS)]
    Wildcards {
        /// How many.
        found: usize,
    },
    /// `**`, `*?` or `?*`.
    #[error("an asterisk stands next to another wildcard")]
    Adjacent,
}

/// Matches piece by piece: the text before the first `*` must start the name, the text after the
/// last must end it, and what stands between is searched for once, leftmost. Taking the leftmost
/// place is never wrong, so nothing is tried twice: there is no backtracking.
fn glob(pattern: &[u8], name: &[u8]) -> bool {
    let mut pieces = pattern.split(|letter| *letter == b'*');
    let (Some(first), Some(last)) = (pieces.next(), pieces.next_back()) else {
        return same(pattern, name);
    };
    let Some((head, rest)) = name.split_at_checked(first.len()) else {
        return false;
    };
    let Some(at) = rest.len().checked_sub(last.len()) else {
        return false;
    };
    let (mut rest, tail) = rest.split_at(at);
    same(first, head)
        && same(last, tail)
        && pieces.all(|piece| match after(piece, rest) {
            Some(left) => {
                rest = left;
                true
            }
            None => false,
        })
}

/// What follows the leftmost occurrence of a piece.
fn after<'a>(piece: &[u8], name: &'a [u8]) -> Option<&'a [u8]> {
    if piece.is_empty() {
        return Some(name);
    }
    let at = name
        .windows(piece.len())
        .position(|window| same(piece, window))?;
    name.get(at.checked_add(piece.len())?..)
}

fn same(piece: &[u8], name: &[u8]) -> bool {
    piece.len() == name.len()
        && piece
            .iter()
            .zip(name)
            .all(|(expected, found)| *expected == b'?' || expected == found)
}

/// The hosts that a listener answers for. Empty means every host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostPatterns(Vec<HostPattern>);

impl HostPatterns {
    /// These patterns; none of them means every host.
    #[must_use]
    pub fn new(patterns: Vec<HostPattern>) -> Self {
        Self(patterns)
    }

    /// Whether this is every host.
    #[must_use]
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a host is among them.
    #[must_use]
    pub fn matches(&self, host: &HostName) -> bool {
        self.is_any() || self.0.iter().any(|pattern| pattern.matches(host))
    }

    /// The patterns; none when this is every host.
    pub fn iter(&self) -> std::slice::Iter<'_, HostPattern> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a HostPatterns {
    type Item = &'a HostPattern;
    type IntoIter = std::slice::Iter<'a, HostPattern>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
