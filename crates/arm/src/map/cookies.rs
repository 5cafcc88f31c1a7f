//! Changes of `Set-Cookie` that are written as a header: the documented way from before matchers.
//!
//! A condition asks for `http_resp_Set-Cookie` and the header's value repeats what it captured. Application
//! Gateway then writes one field and drops the others. Here each field is asked by itself.

use super::rewrites::pattern;
use crate::finding::{Adaptation, Fate};
use crate::item::Item;
use crate::toml_text::Table;

const VARIABLE: &str = "http_resp_set-cookie";
const MATCHER: &str = "capt_header_value_matcher";

/// Whether a header of a response is set to a value that is not asked for by a matcher.
pub(super) fn is_set(header: &Item<'_>) -> bool {
    let name = header.word("headerName");
    name.is_some_and(|name| name.eq_ignore_ascii_case("Set-Cookie"))
        && header.word("headerValue").is_some()
}

/// Whether a condition asks what a cookie of the response is.
pub(super) fn is_asked_by(condition: &Item<'_>) -> bool {
    let variable = condition.text("variable");
    variable.is_some_and(|variable| variable.eq_ignore_ascii_case(VARIABLE))
        && condition.switch("negate") != Some(true)
}

/// The change of the fields that the rule's condition means.
pub(super) fn change(
    header: &Item<'_>,
    conditions: &[Item<'_>],
    path: &[&str],
    tables: &mut Vec<Table>,
) {
    let mut asking = conditions.iter().filter(|condition| is_asked_by(condition));
    let (Some(condition), None) = (asking.next(), asking.next()) else {
        header.unexpected(
            "headerName",
"a header that can be set without a matcher or exactly one condition on http_resp_Set-Cookie",
        );
        return;
    };
    let fate = Fate::Adapted(Adaptation::Cookie);
    header.report.push(header.place(), fate);
    let mut table = Table::element(path, header.place());
    pattern(condition, &mut table);
    let value = header.text("headerValue").unwrap_or_default();
    table.set("value", of_the_field(value));
    tables.push(table);
}

/// A value that repeats the field at hand where it repeated the header.
fn of_the_field(value: &str) -> String {
    let mut written = String::new();
    let mut rest = value;
    while let Some((before, reference)) = rest.split_once('{') {
        written.push_str(before);
        written.push('{');
        rest = match reference.split_at_checked(VARIABLE.len()) {
            Some((name, after))
                if name.eq_ignore_ascii_case(VARIABLE) && after.starts_with(['_', '}']) =>
            {
                written.push_str(MATCHER);
                after
            }
            _ => reference,
        };
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_to_the_header_become_references_to_the_field() {
        for (value, expected) in [
            ("", ""),
            ("a=b", "a=b"),
            (
                "{http_resp_Set-Cookie_1}; Secure",
                "{capt_header_value_matcher_1}; Secure",
            ),
            (
                "{{HTTP_resp_set-cookie}{http_resp_Set-Cookie_12}",
                "{{capt_header_value_matcher}{capt_header_value_matcher_12}",
            ),
            ("{http_resp_Set-Cookie2}{", "{http_resp_Set-Cookie2}{"),
            ("{http_resp_Set-Cooki\u{e9}}", "{http_resp_Set-Cooki\u{e9}}"),
        ] {
            assert_eq!(of_the_field(value), expected);
        }
    }
}
