//! The value of an action: text and references to variables, compiled once.
//!
//! A reference is a name in braces, `{http_req_Host}`. Braces around anything that is not a name
//! are text, so that a JSON value needs no escaping.

use std::borrow::Cow;

use http::header::HeaderValue;

use crate::rules::RuleProblem;
use crate::rules::condition::{Captured, Condition, Origin};
use crate::url::{self, UrlPart, Written};
use crate::variable::{Phase, REQUEST_PREFIX, RESPONSE_PREFIX, SERVER_PREFIX, Variable, View};

/// What references begin with that are about the `Set-Cookie` field at hand.
const MATCHER: &str = "capt_header_value_matcher";

/// What templates of a rule can refer to, beside the variables.
pub(crate) struct Scope<'c> {
    pub(crate) phase: Phase,
    pub(crate) conditions: &'c mut [Condition],
    /// How many groups the matcher of a cookie captures, the whole match among them; `None` where there is no matcher.
    pub(crate) matcher: Option<usize>,
}

/// A compiled value.
#[derive(Clone, Debug)]
pub(crate) struct Template {
    segments: Vec<Segment>,
}

#[derive(Clone, Debug)]
enum Segment {
    Text(Box<str>),
    Variable(Variable),
    /// What a group of one of the rule's patterns matched.
    Capture {
        origin: Origin,
        group: usize,
    },
    /// The whole `Set-Cookie` field at hand.
    Matched,
}

/// Octets that most rendered values have room in, so that they are not moved while they grow.
const COMMON_VALUE: usize = 128;

impl Template {
    /// Compiles `text` for a rule of this scope, or lists all that is wrong with it.
    ///
    /// Conditions whose captures are used are marked.
    pub(crate) fn compile(text: &str, scope: &mut Scope<'_>) -> Result<Self, Vec<RuleProblem>> {
        let mut segments = Vec::new();
        let mut problems = Vec::new();
        for piece in pieces(text) {
            let segment = match piece {
                Piece::Text(text) => literal(text),
                Piece::Reference(name) => resolve(name, scope),
                Piece::Unclosed(name) => Err(RuleProblem::UnclosedReference { name: name.into() }),
            };
            match segment {
                Ok(segment) => segments.push(segment),
                Err(problem) => problems.push(problem),
            }
        }
        match problems.is_empty() {
            true => Ok(Self { segments }),
            false => Err(problems),
        }
    }

    /// The variables this template inserts.
    pub(crate) fn variables(&self) -> impl Iterator<Item = &Variable> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Variable(variable) => Some(variable),
            Segment::Text(_) | Segment::Capture { .. } | Segment::Matched => None,
        })
    }

    /// Whether something of the client's certificate is inserted, in a rule with these conditions.
    pub(crate) fn tells_identity(&self, conditions: &[Condition]) -> bool {
        (self.segments.iter()).any(|segment| segment.tells_identity(conditions))
    }

    /// The value as a part of a URL, in a rule with these conditions.
    pub(crate) fn render_url(
        &self,
        part: UrlPart,
        conditions: &[Condition],
        view: View<'_>,
        captured: &[Captured<'_>],
    ) -> String {
        let mut url = String::new();
        for segment in &self.segments {
            let written = match segment.tells_identity(conditions) {
                true => Written::AsName,
                false => Written::AsUrl,
            };
            url::encode(&segment.value(view, captured), part, written, &mut url);
        }
        url
    }

    /// The value, or `None` when nothing but white space is left: then the header is removed.
    pub(crate) fn render(&self, view: View<'_>, captured: &[Captured<'_>]) -> Option<HeaderValue> {
        let value = match self.segments.as_slice() {
            [only] => only.value(view, captured),
            segments => {
                let mut value = Vec::with_capacity(COMMON_VALUE);
                for segment in segments {
                    value.extend_from_slice(&segment.value(view, captured));
                }
                Cow::Owned(value)
            }
        };
        let value = value.trim_ascii();
        // Invariant: every segment is legal in a field value. Should one not be, the header goes.
        (!value.is_empty())
            .then(|| HeaderValue::from_bytes(value).ok())
            .flatten()
    }
}

impl Segment {
    fn value<'v>(&'v self, view: View<'v>, captured: &'v [Captured<'v>]) -> Cow<'v, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Variable(variable) => variable.value(view),
            Self::Capture { origin, group } => found(captured, *origin)
                .map(|captured| Cow::Borrowed(captured.group(*group)))
                .unwrap_or_default(),
            Self::Matched => found(captured, Origin::Matcher)
                .map(|captured| Cow::Borrowed(captured.value()))
                .unwrap_or_default(),
        }
    }

    fn tells_identity(&self, conditions: &[Condition]) -> bool {
        match self {
            Self::Variable(variable) => variable.tells_identity(),
            Self::Capture {
                origin: Origin::Condition(index),
                ..
            } => conditions
                .get(*index)
                .is_some_and(|condition| condition.variable().tells_identity()),
            Self::Text(_) | Self::Capture { .. } | Self::Matched => false,
        }
    }
}

fn found<'v>(captured: &'v [Captured<'v>], origin: Origin) -> Option<&'v Captured<'v>> {
    captured.iter().find(|captured| captured.origin == origin)
}

enum Piece<'t> {
    Text(&'t str),
    Reference(&'t str),
    Unclosed(&'t str),
}

/// Cuts a template at its references.
fn pieces(mut text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    while let Some((before, rest)) = text.split_once('{') {
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let end = rest.bytes().position(|byte| !is_token(byte));
        let (name, rest) = rest
            .split_at_checked(end.unwrap_or(rest.len()))
            .unwrap_or((rest, ""));
        text = match rest.strip_prefix('}') {
            Some(rest) if !name.is_empty() => {
                pieces.push(Piece::Reference(name));
                rest
            }
            _ => {
                match names_a_variable(name) {
                    true => pieces.push(Piece::Unclosed(name)),
                    false => pieces.extend([Piece::Text("{"), Piece::Text(name)]),
                }
                rest
            }
        };
    }
    if !text.is_empty() {
        pieces.push(Piece::Text(text));
    }
    pieces
}

/// Characters of a token (RFC 9110 section 5.6.2): header and cookie names are made of them.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn names_a_variable(name: &str) -> bool {
    [REQUEST_PREFIX, RESPONSE_PREFIX, SERVER_PREFIX, MATCHER]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

fn literal(text: &str) -> Result<Segment, RuleProblem> {
    match text.chars().find(|char| char.is_ascii_control()) {
        Some(found) => Err(RuleProblem::ControlCharacter { found }),
        None => Ok(Segment::Text(text.into())),
    }
}

/// A reference to what the matcher of a cookie found; `None` where it is another.
fn matched(name: &str, groups: Option<usize>) -> Option<Result<Segment, RuleProblem>> {
    let groups = groups?;
    if name == MATCHER {
        return Some(Ok(Segment::Matched));
    }
    let (stem, group) = split_group(name)?;
    (stem == MATCHER).then(|| match (1..groups).contains(&group) {
        true => Ok(Segment::Capture {
            origin: Origin::Matcher,
            group,
        }),
        false => Err(RuleProblem::UndefinedCapture {
            variable: stem.into(),
            group,
        }),
    })
}

fn resolve(name: &str, scope: &mut Scope<'_>) -> Result<Segment, RuleProblem> {
    if let Some(segment) = matched(name, scope.matcher) {
        return segment;
    }
    if let Some((stem, group)) = split_group(name) {
        match (Variable::parse(stem), Variable::parse(name)) {
            (Ok(variable), other) => match capture(&variable, group, scope.conditions) {
                Some(segment) => return Ok(segment),
                // `var_cookie_session_1` may be a cookie of that very name.
                None if matches!(other, Ok(Variable::Cookie(_))) => {}
                None => {
                    return Err(RuleProblem::UndefinedCapture {
                        variable: stem.into(),
                        group,
                    });
                }
            },
            (Err(problem), Err(_)) => return Err(problem),
            (Err(_), Ok(_)) => {}
        }
    }
    let variable = Variable::parse(name)?;
    match (scope.phase, variable.phase()) {
        (Phase::Request, Phase::Response) => {
            Err(RuleProblem::ResponseNotYetKnown { name: name.into() })
        }
        _ => Ok(Segment::Variable(variable)),
    }
}

/// `name_2` as `name` and 2. Three digits are more groups than anybody writes.
fn split_group(name: &str) -> Option<(&str, usize)> {
    let (stem, digits) = name.rsplit_once('_')?;
    let is_group = matches!(digits.len(), 1..=3) && digits.bytes().all(|b| b.is_ascii_digit());
    is_group
        .then(|| Some((stem, digits.parse().ok()?)))
        .flatten()
}

/// The group of the last condition on this variable that has it.
fn capture(variable: &Variable, group: usize, conditions: &mut [Condition]) -> Option<Segment> {
    let (index, condition) = conditions
        .iter_mut()
        .enumerate()
        .rev()
        .find(|(_, condition)| condition.captures(variable, group))?;
    condition.keep_captures();
    Some(Segment::Capture {
        origin: Origin::Condition(index),
        group,
    })
}
