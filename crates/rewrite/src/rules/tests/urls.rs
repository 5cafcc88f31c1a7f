//! URLs and `Set-Cookie`.

use http::uri::PathAndQuery;

use super::*;
use crate::passage::{Passage, to_client_by};
use crate::strip::StripList;
use crate::url::UrlError;

fn url(path: Option<&str>, query: Option<&str>) -> Option<UrlSpec> {
    Some(UrlSpec {
        path: path.map(Into::into),
        query: query.map(Into::into),
        reroute: Reroute::Stay,
    })
}

fn on_url(conditions: Vec<ConditionSpec>, url: Option<UrlSpec>) -> RuleSpec {
    RuleSpec {
        url,
        ..on_request(conditions, Vec::new())
    }
}

/// What the target `received` becomes for this client, and whether the path map is asked again.
fn judged(
    rules: Vec<RuleSpec>,
    received: &str,
    client: Client<'_>,
    fields: &[(&'static str, &str)],
) -> Result<(Option<PathAndQuery>, Reroute), UrlError> {
    let uri: Uri = received.parse().unwrap();
    let rules = RuleSet::compile(rules).unwrap();
    let mut headers = headers(fields);
    let exchange = Exchange {
        client,
        ..exchange(&uri, "www.contoso.com")
    };
    let mut passage = Passage::begin(&mut headers, &StripList::new([]), &exchange);
    let reroute = passage.judge(&rules)?;
    Ok((passage.target().cloned(), reroute))
}

#[track_caller]
fn target(rules: Vec<RuleSpec>, received: &str) -> String {
    let (target, _) = judged(rules, received, Client::Absent, &[]).unwrap();
    target.map_or_else(|| received.to_owned(), |target| target.to_string())
}

#[test]
fn a_path_becomes_a_query() {
    let rule = on_url(
        vec![condition("var_uri_path", "/(.+)/(.+)")],
        url(
            Some("buy.aspx"),
            Some("category={var_uri_path_1}&product={var_uri_path_2}"),
        ),
    );
    let expected = "/buy.aspx?category=shoes&product=boots";
    assert_eq!(target(vec![rule.clone()], "/shoes/boots?x"), expected);
    assert_eq!(target(vec![rule], "/shoes?x"), "/shoes?x");
}

#[test]
fn what_is_not_named_stays_and_what_is_empty_is_cleared() {
    for (path, query, expected) in [
        (None, None, "/a%20b?x=1"),
        (Some("/c"), None, "/c?x=1"),
        (Some(""), None, "/?x=1"),
        (None, Some("y"), "/a%20b?y"),
        (None, Some(""), "/a%20b"),
        (Some(""), Some(""), "/"),
        (
            Some("{var_uri_path}/c"),
            Some("{var_query_string}&y"),
            "/a%20b/c?x=1&y",
        ),
        (Some("/c?d#e f"), Some("?#"), "/c%3Fd%23e%20f??%23"),
        (Some("{http_req_Absent}"), Some("{http_req_Absent}"), "/"),
    ] {
        let rule = on_url(vec![], url(path, query));
        assert_eq!(target(vec![rule], "/a%20b?x=1"), expected);
    }
}

#[test]
fn the_last_rule_to_name_a_part_decides_it_and_none_sees_another() {
    let rules = vec![
        on_url(vec![], url(Some("/first"), Some("first"))),
        on_url(
            vec![condition("var_uri_path", "^/a$")],
            url(Some("{var_uri_path}/last"), None),
        ),
        on_url(
            vec![condition("var_uri_path", "first")],
            url(Some("/never"), None),
        ),
    ];
    assert_eq!(target(rules, "/a"), "/a/last?first");
}

#[test]
fn the_rule_that_decides_the_path_says_whether_the_map_is_asked_again() {
    let again = |path: Option<&str>, query| {
        let url = url(path, query).map(|url| UrlSpec {
            reroute: Reroute::Again,
            ..url
        });
        on_url(vec![], url)
    };
    let stay = || on_url(vec![], url(Some("/stay"), None));
    for (rules, expected) in [
        (vec![again(Some("/again"), None)], Reroute::Again),
        (vec![stay(), again(Some("/again"), None)], Reroute::Again),
        (vec![again(Some("/again"), None), stay()], Reroute::Stay),
        (vec![again(None, Some("q"))], Reroute::Stay),
    ] {
        let (_, reroute) = judged(rules, "/a", Client::Absent, &[]).unwrap();
        assert_eq!(reroute, expected);
    }
}

#[test]
fn a_set_that_leaves_the_target_as_it_is_does_not_ask_again() {
    let uri = Uri::from_static("/a");
    let rule = on_url(
        vec![],
        url(Some("/b"), None).map(|url| UrlSpec {
            reroute: Reroute::Again,
            ..url
        }),
    );
    let rules = RuleSet::compile(vec![rule]).unwrap();
    let exchange = exchange(&uri, "www.contoso.com");
    let mut headers = HeaderMap::new();
    let mut passage = Passage::begin(&mut headers, &StripList::new([]), &exchange);
    assert_eq!(passage.judge(&rules), Ok(Reroute::Again));
    assert_eq!(passage.judge(&rules), Ok(Reroute::Stay));
    passage.finish(HeaderValue::from_static("backend"));
    assert_eq!(headers["x-original-url"], "/a");
    assert_eq!(headers["host"], "backend");
}

#[test]
fn what_a_certificate_says_stays_one_word_of_a_url() {
    let facts = crate::CertificateFacts {
        subject: "CN=a&admin=1/x/%61?#+".into(),
        ..facts()
    };
    let rule = on_url(
        vec![condition("var_client_certificate_subject", "CN=(.*)")],
        url(
            Some("/users/{var_client_certificate_subject_1}/files"),
            Some("subject={var_client_certificate_subject}&x=1"),
        ),
    );
    let (target, _) = judged(vec![rule], "/", Client::Unverified(&facts), &[]).unwrap();
    assert_eq!(
        target.unwrap().as_str(),
        "/users/a%26admin%3D1%2Fx%2F%2561%3F%23%2B/files\
         ?subject=CN%3Da%26admin%3D1%2Fx%2F%2561%3F%23%2B&x=1"
    );
}

#[test]
fn no_header_makes_an_invalid_url_and_one_too_long_is_an_error() {
    let rule = || {
        on_url(
            vec![],
            url(Some("{http_req_X-A}"), Some("{http_req_X-A}{var_uri_path}")),
        )
    };
    for octet in (0x20..=0x7e_u8).chain(0x80..=0xff) {
        let value = HeaderValue::from_bytes(&[b'a', octet, b'%', octet, b'1']).unwrap();
        let uri = Uri::from_static("/a");
        let rules = RuleSet::compile(vec![rule()]).unwrap();
        let exchange = exchange(&uri, "www.contoso.com");
        let mut headers = HeaderMap::from_iter([(HeaderName::from_static("x-a"), value)]);
        let mut passage = Passage::begin(&mut headers, &StripList::new([]), &exchange);
        passage.judge(&rules).unwrap();
        let target = passage.target().unwrap();
        assert!(
            target
                .as_str()
                .bytes()
                .all(|octet| octet.is_ascii_graphic())
        );
        assert!(target.path().starts_with("/a"));
        assert!(target.query().unwrap().ends_with("/a"));
    }
    let long = "a".repeat(crate::MAX_TARGET);
    let error = judged(vec![rule()], "/", Client::Absent, &[("x-a", &long)]).unwrap_err();
    assert!(matches!(error, UrlError::TooLong { .. }));
}

fn cookie(pattern: &str, value: &str) -> CookieSpec {
    CookieSpec {
        pattern: pattern.into(),
        case: Case::Sensitive,
        expectation: Expectation::Match,
        value: value.into(),
    }
}

fn on_cookies(cookies: Vec<CookieSpec>) -> RuleSpec {
    RuleSpec {
        response_cookies: cookies,
        ..on_request(Vec::new(), Vec::new())
    }
}

/// What `a=1`, `b=2; Path=/` and `c=3` become.
#[track_caller]
fn cookies(rules: Vec<RuleSpec>) -> Vec<String> {
    let uri = Uri::from_static("/article");
    let rules = RuleSet::compile(rules).unwrap();
    let exchange = exchange(&uri, "www.contoso.com");
    let mut request = headers(&[("x-tenant", "t1")]);
    let remembered = rules.rewrite_request(&mut request, &exchange);
    let received = [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2; Path=/"),
        ("set-cookie", "c=3"),
    ];
    let mut response = headers(&received);
    to_client_by(
        StatusCode::OK,
        &mut response,
        &[&rules],
        &exchange,
        &remembered,
    );
    let cookies = response.get_all(SET_COOKIE).iter();
    cookies
        .map(|value| value.to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_cookie_that_matches_gets_the_value_and_the_others_stay_in_their_order() {
    let value =
        "b={capt_header_value_matcher_1};Max-Age=3600;t={http_req_X-Tenant}{var_http_status}";
    let changed = cookies(vec![on_cookies(vec![cookie("b=([0-9])", value)])]);
    assert_eq!(changed, ["a=1", "b=2;Max-Age=3600;t=t1200", "c=3"]);
    let whole = cookie("^b=", "{capt_header_value_matcher}; Secure");
    assert_eq!(
        cookies(vec![on_cookies(vec![whole])]),
        ["a=1", "b=2; Path=/; Secure", "c=3"]
    );
    assert_eq!(
        cookies(vec![on_cookies(vec![cookie("^b=", "")])]),
        ["a=1", "c=3"]
    );
    let ignoring = CookieSpec {
        case: Case::Ignore,
        ..cookie("^B=", "")
    };
    assert_eq!(cookies(vec![on_cookies(vec![ignoring])]), ["a=1", "c=3"]);
}

#[test]
fn a_condition_may_ask_for_cookies_of_the_response() {
    let rule = |asked| RuleSpec {
        conditions: vec![condition("http_resp_Set-Cookie", asked)],
        ..on_cookies(vec![cookie("^a=", "a=2")])
    };
    let untouched = ["a=1", "b=2; Path=/", "c=3"];
    assert_eq!(cookies(vec![rule(".+")])[0], "a=2");
    assert_eq!(cookies(vec![rule("b=2; Path=/, c=3$")])[0], "a=2");
    assert_eq!(cookies(vec![rule("d=")]), untouched);
}

#[test]
fn a_negated_matcher_means_the_other_cookies() {
    let others = CookieSpec {
        expectation: Expectation::NoMatch,
        ..cookie("^b=", "{capt_header_value_matcher}; Secure")
    };
    let changed = cookies(vec![on_cookies(vec![others])]);
    assert_eq!(changed, ["a=1; Secure", "b=2; Path=/", "c=3; Secure"]);
}

#[test]
fn the_last_change_of_a_cookie_decides_it_and_none_sees_another() {
    let changed = cookies(vec![
        on_cookies(vec![cookie("^a=1$", "x=1"), cookie("^x=", "never")]),
        on_cookies(vec![cookie("^a=1$", "y=1"), cookie("^c", "")]),
    ]);
    assert_eq!(changed, ["y=1", "b=2; Path=/"]);
    let deleted = on_response(vec![], vec![set("Set-Cookie", "")]);
    let first = on_cookies(vec![cookie("^a", "z=1")]);
    assert!(cookies(vec![first.clone(), deleted.clone()]).is_empty());
    assert_eq!(cookies(vec![deleted, first]), ["z=1"]);
}

#[test]
fn mistakes_of_urls_and_cookies_are_reported_with_their_place() {
    let rule = RuleSpec {
        response_cookies: vec![
            cookie("(", "{capt_header_value_matcher_1}"),
            cookie("a", "{capt_header_value_matcher_1}{var_nonsense}"),
            CookieSpec {
                expectation: Expectation::NoMatch,
                ..cookie("(a)", "{capt_header_value_matcher_1}")
            },
        ],
        ..on_url(
            vec![condition("http_resp_Server", "x")],
            url(
                Some("/{var_http_status}"),
                Some("{var_uri_path_1}{capt_header_value_matcher}"),
            ),
        )
    };
    assert_eq!(
        codes(rule),
        [
            (Part::Condition(0), "response_not_yet_known"),
            (Part::UrlPath, "response_not_yet_known"),
            (Part::UrlQuery, "undefined_capture"),
            (Part::UrlQuery, "unknown_variable"),
            (Part::ResponseCookie(0), "bad_pattern"),
            (Part::ResponseCookie(1), "undefined_capture"),
            (Part::ResponseCookie(1), "unknown_variable"),
            (Part::ResponseCookie(2), "undefined_capture"),
        ]
    );
}
