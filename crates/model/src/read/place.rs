//! Where things stand, by their path through the tables.

use toml::Spanned;

use super::Report;
use crate::diagnostic::Place;

/// The place of a key: its path, and where `at` stands.
pub(super) fn child<T>(parent: &Place, name: &str, at: &Spanned<T>, report: &Report) -> Place {
    let bare = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let name = excerpt(name);
    let name = if !name.is_empty() && name.chars().all(bare) {
        name
    } else {
        format!("{name:?}")
    };
    let path = if parent.path.is_empty() {
        name
    } else {
        format!("{}.{name}", parent.path)
    };
    let location = Some(report.location(&at.span()));
    Place { path, location }
}

pub(super) fn element<T>(parent: &Place, index: usize, at: &Spanned<T>, report: &Report) -> Place {
    let path = format!("{}[{index}]", parent.path);
    let location = Some(report.location(&at.span()));
    Place { path, location }
}

/// A text as messages repeat it: at most 80 characters.
pub(crate) fn excerpt(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
