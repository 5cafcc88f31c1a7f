//! The table of the behaviour reference, and what holds for every path.

use proptest::prelude::*;

use super::*;

fn applied(path: &str, patterns: &[&str], request: &str) -> String {
    let patterns = patterns.iter().map(|pattern| pattern.parse().unwrap());
    PathOverride::new(path, patterns.collect())
        .apply(request)
        .unwrap()
}

#[test]
fn a_basic_rule_puts_the_path_before_that_of_the_request() {
    for (request, expected) in [
        ("/home/", "/override/home/"),
        ("/home/secondhome/", "/override/home/secondhome/"),
        ("/", "/override/"),
    ] {
        assert_eq!(applied("/override/", &[], request), expected);
        assert_eq!(applied("/override", &[], request), expected);
    }
}

#[test]
fn a_path_rule_has_its_part_replaced() {
    for (request, pattern, expected) in [
        ("/pathrule/home/", "/pathrule*", "/override/home/"),
        (
            "/pathrule/home/secondhome/",
            "/pathrule*",
            "/override/home/secondhome/",
        ),
        ("/home/", "/pathrule*", "/override/home/"),
        ("/pathrule/home/", "/pathrule/home*", "/override/"),
        (
            "/pathrule/home/secondhome/",
            "/pathrule/home*",
            "/override/secondhome/",
        ),
        ("/pathrule/", "/pathrule/", "/override/"),
        ("/PathRule/home", "/pathrule/*", "/override/home"),
        ("/pathrule2", "/pathrule*", "/override/2"),
    ] {
        assert_eq!(
            applied("/override/", &[pattern], request),
            expected,
            "{request}"
        );
    }
}

#[test]
fn what_follows_keeps_its_spelling_unless_that_leads_elsewhere() {
    let of = |request| applied("/override", &["/pathrule*"], request);
    assert_eq!(of("/pathrule/a%2Fb%20c"), "/override/a%2Fb%20c");
    assert_eq!(of("/%70athrule/a%20b"), "/override/a%20b");
    assert_eq!(of("/pathrule/a/../b%3Fc"), "/override/b%3Fc");
    assert_eq!(of("/pathrule/../admin"), "/override/admin");
    assert_eq!(of("/pathrule/a/%2e%2e/%2e%2e%2fx/.."), "/override/");
    assert_eq!(of("//pathrule//x"), "/override/x");
    assert_eq!(of("/pathrule-2"), "/override/-2");
    let up = PathOverride::new("/override", Vec::new());
    let within = PathOverride::new("/override", vec!["/a*".parse().unwrap()]);
    assert!(within.apply("/a../b").is_err() && within.apply("/a%2E%2e%2fb").is_err());
    assert!(up.apply("/..").is_err() && up.apply("/a/..;b/c").is_err());
}

/// The reference's words, for paths in their normal spelling and patterns as they are written in lower case.
fn oracle(path: &str, pattern: Option<&str>, request: &str) -> String {
    let rest = match pattern {
        None => request,
        Some(pattern) => match pattern.strip_suffix('*') {
            Some(stem) if request.to_ascii_lowercase().starts_with(stem) => &request[stem.len()..],
            None if request.eq_ignore_ascii_case(pattern) => "",
            _ => request,
        },
    };
    match rest {
        "" => path.to_owned(),
        rest => format!(
            "{}/{}",
            path.trim_end_matches('/'),
            rest.trim_start_matches('/')
        ),
    }
}

proptest! {
    #[test]
    fn normal_paths_become_what_the_reference_says(
        path in "(/[a-z]{1,3}){0,2}/|(/[a-z]{1,3}){1,2}",
        pattern in proptest::option::of("(/[ab]{1,2}){1,2}/?\\*?"),
        request in "(/[abAB]{1,2}){0,3}/|(/[abAB]{1,2}){1,3}",
    ) {
        let patterns: Vec<&str> = pattern.as_deref().into_iter().collect();
        let expected = oracle(&path, pattern.as_deref(), &request);
        prop_assert_eq!(applied(&path, &patterns, &request), expected);
    }

    #[test]
    fn no_path_leads_out_of_the_override(
        request in "(/|\\\\|\\.|%2e|%2F|%5c|;|a|%61|%|é){0,16}",
        pattern in proptest::option::of("/a?\\*"),
    ) {
        let request = format!("/{request}");
        let patterns = pattern.iter().map(|pattern| pattern.parse().unwrap());
        if let Ok(path) = PathOverride::new("/over", patterns.collect()).apply(&request) {
            let normal = paths::normal(&path).unwrap();
            prop_assert!(*normal == *"/over" || normal.starts_with("/over/"), "{request} {path}");
            prop_assert!(http::uri::PathAndQuery::try_from(path.as_str()).is_ok(), "{path}");
        }
    }
}
