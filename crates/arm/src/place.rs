//! Where a value stands in a JSON document.

use std::fmt;
use std::rc::Rc;

/// A JSON path, shared with the places inside of it: `$.resources[0].properties.sku`.
#[derive(Clone, Debug)]
pub(crate) struct Place(Option<Rc<Inner>>);

#[derive(Debug)]
struct Inner {
    outer: Place,
    step: Step,
}

#[derive(Debug)]
enum Step {
    Member(String),
    Element(usize),
}

impl Place {
    /// The whole document.
    pub(crate) fn root() -> Self {
        Self(None)
    }

    pub(crate) fn member(&self, name: &str) -> Self {
        let step = Step::Member(name.chars().take(NAME).collect());
        self.inside(step)
    }

    pub(crate) fn element(&self, position: usize) -> Self {
        self.inside(Step::Element(position))
    }

    fn inside(&self, step: Step) -> Self {
        Self(Some(Rc::new(Inner {
            outer: self.clone(),
            step,
        })))
    }
}

/// Letters of a member's name that are shown: longer than any of Azure's.
const NAME: usize = 80;

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(inner) = &self.0 else {
            return f.write_str("$");
        };
        inner.outer.fmt(f)?;
        match &inner.step {
            Step::Element(position) => write!(f, "[{position}]"),
            Step::Member(name) if is_plain(name) => write!(f, ".{name}"),
            Step::Member(name) => write!(f, "[\"{}\"]", name.escape_debug()),
        }
    }
}

fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '$' || first == '_')
        && letters.all(|letter| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::Place;

    #[test]
    fn a_place_is_shown_as_a_json_path() {
        let place = Place::root().member("resources").element(2).member("x-ray");
        assert_eq!(place.to_string(), "$.resources[2].x-ray");
        let odd = place.member("a \"b\"\n");
        assert_eq!(odd.to_string(), "$.resources[2].x-ray[\"a \\\"b\\\"\\n\"]");
    }
}
