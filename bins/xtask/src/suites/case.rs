//! A case and an answer, as far as scoring goes.

use std::collections::BTreeSet;
use std::fmt;

use serde_json::Value;

/// What kind of thing a suite asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Is this certificate trusted?
    Path,
    /// What does this OCSP response prove?
    Ocsp,
}

impl Question {
    /// The words of the command that answers many of them.
    pub(super) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Path => &["verify", "--batch", "-"],
            Self::Ocsp => &["ocsp", "verify", "--batch", "-"],
        }
    }

    fn of(case: &Value) -> Option<Self> {
        let has = |field: &str| case.get(field).is_some();
        match (has("target"), has("response")) {
            (true, _) => Some(Self::Path),
            (false, true) => Some(Self::Ocsp),
            (false, false) => None,
        }
    }

    fn expects(self, verdict: &str) -> Option<Verdict> {
        Some(match (self, verdict) {
            (Self::Path, "accept") => Verdict::Accept,
            (Self::Path, "reject") => Verdict::Reject,
            (Self::Ocsp, "good") => Verdict::Good,
            (Self::Ocsp, "revoked") => Verdict::Revoked,
            (Self::Ocsp, "unknown") => Verdict::Unknown,
            (Self::Ocsp, "unusable") => Verdict::Unusable,
            _ => return None,
        })
    }
}

/// What a suite asks, without the certificates.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) question: Question,
    pub(super) suite: String,
    pub(super) id: String,
    pub(super) scored: bool,
    pub(super) expect: Verdict,
    /// The policies that the path is valid for, where the suite knows.
    pub(super) policies: Option<BTreeSet<String>>,
}

/// What the command says to one case.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) id: String,
    /// Nothing when the command could not read the case.
    pub(super) verdict: Option<Verdict>,
    pub(super) policies: Option<BTreeSet<String>>,
    pub(super) detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    Accept,
    Reject,
    Good,
    Revoked,
    Unknown,
    /// The response proves nothing.
    Unusable,
}

impl Case {
    /// Reads a line of a suite; nothing when it asks what the command does not answer.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, String> {
        let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let Some(question) = Question::of(&value) else {
            return Ok(None);
        };
        let id = text(&value, "id");
        let expect = text(&value, "expect");
        let Some(expect) = question.expects(&expect) else {
            return Err(format!("case {id} expects `{expect}`"));
        };
        Ok(Some(Self {
            question,
            suite: text(&value, "suite"),
            id,
            scored: value.get("score") != Some(&Value::Bool(false)),
            expect,
            policies: set(&value, "expect_policies"),
        }))
    }
}

impl Answer {
    /// Reads a line that the command wrote. What it should not have written answers nothing.
    pub(super) fn parse(line: &str) -> Self {
        let value: Value = serde_json::from_str(line).unwrap_or_default();
        let (of_path, of_ocsp) = (text(&value, "verdict"), text(&value, "status"));
        let verdict = match (of_path.as_str(), of_ocsp.as_str()) {
            ("trusted", "") => Some(Verdict::Accept),
            ("refused", "") => Some(Verdict::Reject),
            ("", "good") => Some(Verdict::Good),
            ("", "revoked") => Some(Verdict::Revoked),
            ("", "unknown") => Some(Verdict::Unknown),
            ("", "refused") => Some(Verdict::Unusable),
            _ => None,
        };
        Self {
            id: text(&value, "id"),
            verdict,
            policies: set(&value, "policies"),
            detail: detail(&value),
        }
    }
}

/// The reason, and all that the command adds to it.
fn detail(answer: &Value) -> String {
    let parts = ["reason", "detail", "error"].map(|name| text(answer, name));
    let said = parts.into_iter().filter(|part| !part.is_empty());
    said.collect::<Vec<_>>().join(": ")
}

fn text(value: &Value, name: &str) -> String {
    let text = value.get(name).and_then(Value::as_str);
    text.unwrap_or_default().to_owned()
}

fn set(value: &Value, name: &str) -> Option<BTreeSet<String>> {
    let items = value.get(name)?.as_array()?.iter();
    Some(items.filter_map(Value::as_str).map(str::to_owned).collect())
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Good => "good",
            Self::Revoked => "revoked",
            Self::Unknown => "unknown",
            Self::Unusable => "unusable",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_that_expects_no_verdict_of_its_kind_is_an_error() {
        let error = Case::parse(r#"{"id":"7","target":"","expect":"good"}"#).unwrap_err();
        assert_eq!(error, "case 7 expects `good`");
        let error = Case::parse(r#"{"id":"8","response":"","expect":"accept"}"#).unwrap_err();
        assert_eq!(error, "case 8 expects `accept`");
    }

    #[test]
    fn an_answer_about_a_response_has_one_of_four_verdicts() {
        for (status, verdict) in [
            ("good", Some(Verdict::Good)),
            ("revoked", Some(Verdict::Revoked)),
            ("unknown", Some(Verdict::Unknown)),
            ("refused", Some(Verdict::Unusable)),
            ("trusted", None),
        ] {
            let answer = Answer::parse(&format!(r#"{{"id":"1","status":"{status}"}}"#));
            assert_eq!(answer.verdict, verdict, "{status}");
        }
    }

    #[test]
    fn an_answer_tells_its_reason() {
        let answer = Answer::parse(r#"{"id":"1","verdict":"refused","reason":"a","detail":"b"}"#);
        assert_eq!(answer.verdict, Some(Verdict::Reject));
        assert_eq!(answer.detail, "a: b");
    }

    #[test]
    fn a_line_that_is_no_answer_answers_nothing() {
        assert_eq!(Answer::parse("out of memory").verdict, None);
        let answer = Answer::parse(r#"{"id":"1","line":1,"error":"no anchors"}"#);
        assert_eq!(
            (answer.verdict, answer.detail.as_str()),
            (None, "no anchors")
        );
    }
}
