//! What expressions can refer to by name.

use crate::evaluate::EvaluationError;
use crate::json::Json;

/// The parameters and variables of one template.
pub(crate) struct Scope<'a> {
    pub(crate) language: Language,
    parameters: Option<&'a Json>,
    variables: Option<&'a Json>,
    given: Vec<(String, Given)>,
}

/// Where texts may be expressions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    /// Everywhere, as in a template.
    Template,
    /// Where they are nothing else: a resource may have been cut out of a template, or be what
    /// Azure returned, in which `[a-z]` is a pattern.
    Resource,
}

/// The value of a parameter.
pub(crate) enum Given {
    Value(Json),
    /// It lies in a key vault.
    KeyVault,
    Failed(EvaluationError),
}

impl<'a> Scope<'a> {
    /// Of a document that is no template.
    pub(crate) fn resource() -> Self {
        Self {
            language: Language::Resource,
            parameters: None,
            variables: None,
            given: Vec::new(),
        }
    }

    pub(crate) fn template(template: &'a Json, given: Vec<(String, Given)>) -> Self {
        Self {
            language: Language::Template,
            parameters: template.member("parameters"),
            variables: template.member("variables"),
            given,
        }
    }

    pub(crate) fn declared(&self, name: &str) -> Option<&'a Json> {
        self.parameters?.member(name)
    }

    /// The last value given counts, as with several parameter files.
    pub(crate) fn given(&self, name: &str) -> Option<&Given> {
        let mut given = self.given.iter().rev();
        given
            .find(|(other, _)| other.eq_ignore_ascii_case(name))
            .map(|(_, given)| given)
    }

    pub(crate) fn all_given(&self) -> impl Iterator<Item = &str> {
        self.given.iter().map(|(name, _)| name.as_str())
    }

    /// The variable, or the `copy` that makes it.
    pub(crate) fn variable(&self, name: &str) -> Option<(&'a Json, Option<&'a Json>)> {
        let variables = self.variables?;
        if let Some(value) = variables.member(name) {
            return Some((value, None));
        }
        let copies = variables.member("copy")?.elements()?;
        let copy = copies.iter().find(|copy| {
            let named = copy.member("name").and_then(Json::text);
            named.is_some_and(|named| named.eq_ignore_ascii_case(name))
        })?;
        Some((copy, Some(copy)))
    }
}
