//! Answers against what is expected.

use std::collections::BTreeSet;

use super::case::{Answer, Case, Verdict};
use super::exceptions::Exception;

/// How the answers to one suite did.
#[derive(Debug, Default)]
pub(super) struct Score {
    pub(super) passed: usize,
    /// Wrong in the way that the list of exceptions says.
    pub(super) excepted: usize,
    pub(super) unscored: usize,
    /// One line for each answer that is wrong.
    pub(super) problems: Vec<String>,
}

impl Score {
    /// How many cases counted.
    pub(super) fn scored(&self) -> usize {
        let wrong = self.problems.len().saturating_add(self.excepted);
        self.passed.saturating_add(wrong)
    }
}

/// Scores `answers`, which come in the order of `cases`.
pub(super) fn score(cases: &[Case], answers: &[Answer], exceptions: &[Exception]) -> Score {
    let mut score = Score::default();
    for (position, case) in cases.iter().enumerate() {
        let answer = answers.get(position).filter(|answer| answer.id == case.id);
        let exception = exceptions.iter().find(|exception| exception.is_about(case));
        let count = match mark(case, answer, exception) {
            Mark::Unscored => &mut score.unscored,
            Mark::Passed => &mut score.passed,
            Mark::Excepted => &mut score.excepted,
            Mark::Wrong(problem) => {
                score.problems.push(problem);
                continue;
            }
        };
        *count = count.saturating_add(1);
    }
    score
}

enum Mark {
    Unscored,
    Passed,
    Excepted,
    Wrong(String),
}

fn mark(case: &Case, answer: Option<&Answer>, exception: Option<&Exception>) -> Mark {
    if !case.scored {
        return Mark::Unscored;
    }
    let (wanted, got) = compared(case, answer);
    let (suite, id) = (&case.suite, &case.id);
    match (wanted == got, exception) {
        (true, None) => Mark::Passed,
        (true, Some(_)) => Mark::Wrong(format!("{suite} {id}: passes, yet is an exception")),
        (false, Some(known)) if known.expected == wanted && known.actual == got => Mark::Excepted,
        (false, _) => {
            let detail = answer.map_or("no answer", |answer| &answer.detail);
            Mark::Wrong(format!("{suite} {id}: want {wanted}, got {got}: {detail}"))
        }
    }
}

/// What was wanted and what came, in the words of exceptions: with the policies where both sides name them.
fn compared(case: &Case, answer: Option<&Answer>) -> (String, String) {
    let wanted = case.expect.to_string();
    let Some((answer, verdict)) = answer.and_then(|answer| Some((answer, answer.verdict?))) else {
        return (wanted, "nothing".to_owned());
    };
    let accepted = verdict == Verdict::Accept && verdict == case.expect;
    match (&case.policies, &answer.policies) {
        (Some(wanted), Some(got)) if accepted => (valid_for(wanted), valid_for(got)),
        _ => (wanted, verdict.to_string()),
    }
}

fn valid_for(policies: &BTreeSet<String>) -> String {
    let policies: Vec<&str> = policies.iter().map(String::as_str).collect();
    format!("accept for [{}]", policies.join(" "))
}

#[cfg(test)]
mod tests {
    use super::super::exceptions::tests::listed;
    use super::*;

    fn case(id: &str, rest: &str) -> Case {
        let line = format!(r#"{{"suite":"s","id":"{id}","target":"",{rest}}}"#);
        Case::parse(&line).unwrap().unwrap()
    }

    fn answer(id: &str, rest: &str) -> Answer {
        Answer::parse(&format!(r#"{{"id":"{id}",{rest}}}"#))
    }

    const ACCEPT: &str = r#""expect":"accept","score":true"#;
    const REJECT: &str = r#""expect":"reject","score":true"#;
    const TRUSTED: &str = r#""verdict":"trusted""#;
    const REFUSED: &str = r#""verdict":"refused","reason":"expired","detail":"long ago""#;

    /// One case, one answer.
    fn problems(case: Case, answer: Answer, exceptions: &[Exception]) -> Vec<String> {
        score(&[case], &[answer], exceptions).problems
    }

    #[test]
    fn the_expected_verdict_passes() {
        let cases = [case("1", ACCEPT), case("2", REJECT)];
        let answers = [answer("1", TRUSTED), answer("2", REFUSED)];
        let score = score(&cases, &answers, &[]);
        assert_eq!((score.passed, score.scored()), (2, 2));
    }

    #[test]
    fn the_other_verdict_is_told_with_its_reason() {
        assert_eq!(
            problems(case("1", ACCEPT), answer("1", REFUSED), &[]),
            ["s 1: want accept, got reject: expired: long ago"]
        );
    }

    #[test]
    fn an_unscored_case_does_not_count() {
        let cases = [case("1", r#""expect":"accept","score":false"#)];
        let score = score(&cases, &[answer("1", REFUSED)], &[]);
        assert_eq!((score.unscored, score.scored()), (1, 0));
    }

    #[test]
    fn a_missing_answer_is_wrong_also_where_a_refusal_is_expected() {
        let missing = score(&[case("1", REJECT)], &[], &[]).problems;
        assert_eq!(missing, ["s 1: want reject, got nothing: no answer"]);
        let unreadable = answer("1", r#""error":"no anchors""#);
        assert_eq!(
            problems(case("1", REJECT), unreadable, &[]),
            ["s 1: want reject, got nothing: no anchors"]
        );
    }

    #[test]
    fn the_answer_to_another_case_is_none() {
        assert_eq!(
            problems(case("1", ACCEPT), answer("2", TRUSTED), &[]),
            ["s 1: want accept, got nothing: no answer"]
        );
    }

    #[test]
    fn policies_are_a_set() {
        let case = |policies| case("1", &format!(r#"{ACCEPT},"expect_policies":{policies}"#));
        let trusted = r#""verdict":"trusted","policies":["1.2","1.3"]"#;
        let trusted = || answer("1", trusted);
        assert_eq!(problems(case(r#"["1.3","1.2"]"#), trusted(), &[]), [""; 0]);
        assert_eq!(
            problems(case(r#"["1.2"]"#), trusted(), &[]),
            ["s 1: want accept for [1.2], got accept for [1.2 1.3]: "]
        );
    }

    #[test]
    fn policies_count_only_where_both_sides_name_them() {
        let known = format!(r#"{ACCEPT},"expect_policies":["1.2"]"#);
        assert_eq!(
            problems(case("1", &known), answer("1", TRUSTED), &[]),
            [""; 0]
        );
        let trusted = r#""verdict":"trusted","policies":[]"#;
        let unknown = format!(r#"{ACCEPT},"expect_policies":null"#);
        assert_eq!(
            problems(case("1", &unknown), answer("1", trusted), &[]),
            [""; 0]
        );
    }

    #[test]
    fn a_known_gap_is_excepted() {
        let exceptions = [listed("s", "1")];
        let score = score(&[case("1", ACCEPT)], &[answer("1", REFUSED)], &exceptions);
        assert_eq!((score.passed, score.excepted), (0, 1));
        assert_eq!(score.problems, [""; 0]);
    }

    #[test]
    fn an_exception_that_passes_is_wrong() {
        assert_eq!(
            problems(case("1", ACCEPT), answer("1", TRUSTED), &[listed("s", "1")]),
            ["s 1: passes, yet is an exception"]
        );
    }

    #[test]
    fn an_exception_excuses_nothing_but_what_it_says() {
        let nothing = answer("1", r#""error":"crashed""#);
        assert_eq!(
            problems(case("1", ACCEPT), nothing, &[listed("s", "1")]),
            ["s 1: want accept, got nothing: crashed"]
        );
    }
}
