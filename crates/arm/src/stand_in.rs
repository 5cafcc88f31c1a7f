//! Texts that only a deployment knows, such as the name of its resource group.
//!
//! Ids of resources are made of them, and there they do no harm: a reference counts by its last two
//! segments. Everywhere else a made-up value would be a lie. So such a text is marked, the mark
//! survives what puts texts together, and whoever needs the text itself refuses what is marked.

use crate::json::Json;

/// Private-use characters; a document that has them itself is refused where they stand.
const BEGIN: char = '\u{e000}';
const END: char = '\u{e001}';

/// A text in place of what `source` would give.
pub(crate) fn stand_in(source: &str) -> Json {
    Json::Text(format!("{BEGIN}{source}{END}"))
}

/// Whether a text is, or is made of, such a text.
pub(crate) fn is_marked(text: &str) -> bool {
    text.contains([BEGIN, END])
}

/// Whether a value has such a text.
pub(crate) fn has_mark(value: &Json) -> bool {
    match value {
        Json::Text(text) => is_marked(text),
        Json::List(elements) => elements.iter().any(has_mark),
        Json::Table(members) => members
            .iter()
            .any(|(name, value)| is_marked(name) || has_mark(value)),
        _ => false,
    }
}

/// For people: `gw-[uniqueString()]`.
pub(crate) fn shown(text: &str) -> String {
    text.replace(BEGIN, "[").replace(END, "]")
}
