//! Paths of requests, patterns of them, and the one matcher that serves path maps.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;

/// A path, or with `*` at its end all paths that begin with it. Upper and lower case do not differ
/// (section 4.2 of the behaviour reference of Application Gateway).
///
/// ```
/// use portcullis_model::path::PathPattern;
///
/// let images: PathPattern = "/images/*".parse()?;
/// assert!(images.matches("/Images/cat.png"));
/// assert!(!images.matches("/images"));
/// assert!("/images/*.jpg".parse::<PathPattern>().is_err());
/// # Ok::<(), portcullis_model::path::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathPattern {
    /// Lower case, without the asterisk.
    stem: Box<str>,
    prefix: bool,
    written: Box<str>,
}

impl PathPattern {
    /// Whether a path is one of those meant.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        let found = match self.prefix {
            true => path.as_bytes().get(..self.stem.len()),
            false => Some(path.as_bytes()),
        };
        found.is_some_and(|found| found.eq_ignore_ascii_case(self.stem.as_bytes()))
    }

    /// The only path that matches, in lower case, where there is no asterisk.
    #[must_use]
    pub fn exact(&self) -> Option<&str> {
        (!self.prefix).then_some(&*self.stem)
    }

    /// What a path begins with, in lower case: the pattern without its asterisk.
    #[must_use]
    pub fn stem(&self) -> &str {
        &self.stem
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.written
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for PathPattern {
    type Err = PathError;

    fn from_str(pattern: &str) -> Result<Self, PathError> {
        if !pattern.starts_with('/') {
            return Err(PathError::Slash);
        }
        let (stem, prefix) = match pattern.strip_suffix('*') {
            Some(stem) => (stem, true),
            None => (pattern, false),
        };
        if stem.contains('*') {
            return Err(PathError::Asterisk);
        }
        match stem.chars().find(|letter| !is_of_path(*letter)) {
            Some(character) => Err(PathError::Character { character }),
            None => Ok(Self {
                stem: stem.to_ascii_lowercase().into(),
                prefix,
                written: pattern.into(),
            }),
        }
    }
}

/// What a request line can have before `?` (RFC 3986 section 3.3), and what clients send besides.
fn is_of_path(letter: char) -> bool {
    letter.is_ascii_graphic() && !matches!(letter, '?' | '#')
}

/// Why a text is not a path pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It does not begin with `/`.
    #[error("it does not begin with '/'")]
    Slash,
    /// An asterisk stands before its end.
    #[error("an asterisk stands before its end")]
    Asterisk,
    /// A character that paths do not have.
    #[error("it contains {character:?}")]
    Character {
        /// The first such.
        character: char,
    },
}

/// Entries by the paths they are for. On several matches the one given first wins: no
/// longest-prefix-wins, as Application Gateway documents. Exact paths cost one lookup however many
/// there are, prefixes one for each different length.
#[derive(Clone)]
pub struct PathTable<T> {
    entries: Vec<(T, PathPattern)>,
    /// The first entry with this very path.
    exact: HashMap<Box<str>, usize>,
    /// The first entry with each prefix, by the length of the prefix.
    prefixes: BTreeMap<usize, HashMap<Box<str>, usize>>,
}

/// The entries alone: what finds them is made of them, and in no order.
impl<T: fmt::Debug> fmt::Debug for PathTable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.entries).finish()
    }
}

impl<T> Default for PathTable<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            exact: HashMap::new(),
            prefixes: BTreeMap::new(),
        }
    }
}

impl<T> PathTable<T> {
    /// Adds an entry after the others.
    pub fn push(&mut self, pattern: &PathPattern, entry: T) {
        let index = self.entries.len();
        self.entries.push((entry, pattern.clone()));
        let stem = pattern.stem.clone();
        let stems = match pattern.prefix {
            true => self.prefixes.entry(stem.len()).or_default(),
            false => &mut self.exact,
        };
        stems.entry(stem).or_insert(index);
    }

    /// The first entry whose pattern has the path, and that pattern.
    #[must_use]
    pub fn select(&self, path: &str) -> Option<(&T, &PathPattern)> {
        let path = lower(path);
        let exact = self.exact.get(&*path);
        let index = self.prefixes_of(&path).chain(exact).min()?;
        let (entry, pattern) = self.entries.get(*index)?;
        Some((entry, pattern))
    }

    /// Whether one entry has every path of a pattern.
    #[must_use]
    pub fn covers(&self, pattern: &PathPattern) -> bool {
        let exact = !pattern.prefix && self.exact.contains_key(&pattern.stem);
        exact || self.prefixes_of(&pattern.stem).next().is_some()
    }

    /// The first entry of each prefix that a path in lower case has.
    fn prefixes_of(&self, path: &str) -> impl Iterator<Item = &usize> {
        let prefixes = self.prefixes.range(..=path.len());
        prefixes.filter_map(move |(length, stems)| stems.get(path.get(..*length)?))
    }
}

fn lower(path: &str) -> Cow<'_, str> {
    if path.bytes().any(|letter| letter.is_ascii_uppercase()) {
        path.to_ascii_lowercase().into()
    } else {
        path.into()
    }
}

#[cfg(test)]
mod tests {
    use super::{PathPattern, PathTable};

    /// Every text of these letters up to a length.
    fn texts(letters: &[char], length: usize) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut last = all.clone();
        for _ in 0..length {
            let longer = last.iter().flat_map(|text| {
                let letters = letters.iter();
                letters.map(move |letter| format!("{text}{letter}"))
            });
            last = longer.collect();
            all.extend(last.clone());
        }
        all
    }

    #[test]
    fn the_table_agrees_with_trying_every_pattern_in_order() {
        let written = texts(&['/', 'a', 'B', '*'], 4);
        let patterns: Vec<PathPattern> = written
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
        assert!(patterns.len() > 50);
        // Several orders, so that each pattern stands before and after each other.
        for step in [1, 7, 11, 17] {
            let ordered: Vec<_> = (0..patterns.len())
                .map(|at| &patterns[(at * step) % patterns.len()])
                .collect();
            for window in ordered.chunks(9) {
                let mut table = PathTable::default();
                for (index, pattern) in window.iter().enumerate() {
                    table.push(pattern, index);
                }
                for path in texts(&['/', 'A', 'b', 'é'], 4) {
                    let tried = window.iter().position(|pattern| pattern.matches(&path));
                    let found = table.select(&path).map(|(index, _)| *index);
                    assert_eq!(found, tried, "{window:?} {path}");
                }
            }
        }
    }

    #[test]
    fn an_empty_table_has_nothing() {
        assert!(PathTable::<()>::default().select("/").is_none());
    }
}
