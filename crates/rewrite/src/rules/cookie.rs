//! Changes of a response's `Set-Cookie` fields, each by its own value.

use http::header::{HeaderMap, HeaderValue, SET_COOKIE};
use regex::bytes::Regex;

use super::condition::{Captured, Origin};
use super::{Change, Expectation};
use crate::template::Template;
use crate::variable::View;

/// A compiled change of those fields that its matcher means.
#[derive(Clone, Debug)]
pub(crate) struct CookieAction {
    pub(super) pattern: Regex,
    pub(super) expectation: Expectation,
    /// `None` deletes.
    pub(super) template: Option<Template>,
}

impl CookieAction {
    /// What becomes of the fields of the response, as they were received.
    pub(super) fn decide<'r, 'v>(
        &self,
        view: View<'v>,
        captured: &mut Vec<Captured<'v>>,
        changes: &mut Vec<Change<'r>>,
    ) {
        let Some((_, headers)) = view.response else {
            return;
        };
        for (index, field) in headers.get_all(SET_COOKIE).iter().enumerate() {
            let mut groups = self.pattern.capture_locations();
            let found = self.pattern.captures_read(&mut groups, field.as_bytes());
            if found.is_some() != (self.expectation == Expectation::Match) {
                continue;
            }
            captured.push(Captured::new(Origin::Matcher, field.as_bytes(), groups));
            let template = self.template.as_ref();
            let value = template.and_then(|template| template.render(view, captured));
            changes.push(Change::Cookie { index, value });
            captured.pop();
        }
    }
}

/// The `Set-Cookie` fields of a response while changes are made.
pub(super) struct Cookies {
    received: Vec<Option<HeaderValue>>,
}

impl Cookies {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let fields = headers.get_all(SET_COOKIE).iter();
        Self {
            received: fields.cloned().map(Some).collect(),
        }
    }

    pub(super) fn set(&mut self, index: usize, value: Option<HeaderValue>) {
        if let Some(field) = self.received.get_mut(index) {
            *field = value;
        }
    }

    pub(super) fn delete_all(&mut self) {
        self.received.fill(None);
    }

    /// Writes back what is left, in the order in which it was received.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        headers.remove(SET_COOKIE);
        for value in self.received.into_iter().flatten() {
            // Full is no case: these are no more than there were.
            drop(headers.try_append(SET_COOKIE, value));
        }
    }
}
