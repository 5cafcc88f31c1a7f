use http::Uri;

use super::*;
use crate::exchange::tests::exchange;
use crate::facts::tests::facts;
use crate::identity::Client;

mod urls;

fn condition(variable: &str, pattern: &str) -> ConditionSpec {
    ConditionSpec {
        variable: variable.into(),
        pattern: pattern.into(),
        case: Case::Sensitive,
        expectation: Expectation::Match,
    }
}

fn unless(variable: &str, pattern: &str) -> ConditionSpec {
    ConditionSpec {
        expectation: Expectation::NoMatch,
        ..condition(variable, pattern)
    }
}

fn set(name: &str, value: &str) -> HeaderSpec {
    HeaderSpec {
        name: name.into(),
        value: value.into(),
    }
}

fn on_request(conditions: Vec<ConditionSpec>, actions: Vec<HeaderSpec>) -> RuleSpec {
    RuleSpec {
        name: "test".into(),
        conditions,
        request_headers: actions,
        ..RuleSpec::default()
    }
}

fn on_response(conditions: Vec<ConditionSpec>, actions: Vec<HeaderSpec>) -> RuleSpec {
    RuleSpec {
        response_headers: actions,
        ..on_request(conditions, Vec::new())
    }
}

fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        headers.append(*name, value.parse().unwrap());
    }
    headers
}

/// What a request for `/article/42?x=1` becomes.
#[track_caller]
fn rewrite(rules: Vec<RuleSpec>, fields: &[(&'static str, &str)]) -> HeaderMap {
    let uri = Uri::from_static("/article/42?x=1");
    let mut headers = headers(fields);
    let rules = RuleSet::compile(rules).unwrap();
    rules.rewrite_request(&mut headers, &exchange(&uri, "www.contoso.com"));
    headers
}

#[track_caller]
fn codes(rule: RuleSpec) -> Vec<(Part, &'static str)> {
    let errors = RuleSet::compile(vec![rule]).unwrap_err();
    errors
        .iter()
        .map(|error| (error.part, error.problem.code()))
        .collect()
}

#[test]
fn a_rule_without_conditions_always_runs() {
    let rule = on_request(
        vec![],
        vec![set("X-Port", "{var_server_port}"), set("X-A", "")],
    );
    let headers = rewrite(vec![rule], &[("x-a", "1"), ("x-a", "2"), ("x-b", "3")]);
    assert_eq!(headers["x-port"], "8443");
    assert!(!headers.contains_key("x-a"));
    assert_eq!(headers["x-b"], "3");
}

#[test]
fn a_set_header_replaces_all_of_its_name() {
    let rule = on_request(vec![], vec![set("X-A", "new")]);
    let headers = rewrite(vec![rule], &[("x-a", "1"), ("x-a", "2")]);
    assert_eq!(headers.get_all("x-a").iter().collect::<Vec<_>>(), ["new"]);
}

#[test]
fn all_conditions_must_hold() {
    for (second, holds) in [("^1$", true), ("^2$", false)] {
        let conditions = vec![
            condition("var_uri_path", "^/article/"),
            condition("http_req_X-A", second),
        ];
        let rule = on_request(conditions, vec![set("X-Found", "yes")]);
        let headers = rewrite(vec![rule], &[("x-a", "1")]);
        assert_eq!(headers.contains_key("x-found"), holds);
    }
}

#[test]
fn a_negated_condition_holds_where_the_pattern_is_not_found() {
    for (value, holds) in [("internal", false), ("external", true)] {
        let rule = on_request(
            vec![unless("http_req_X-A", "^internal$")],
            vec![set("X-Found", "yes")],
        );
        let headers = rewrite(vec![rule], &[("x-a", value)]);
        assert_eq!(headers.contains_key("x-found"), holds);
    }
    // An absent header has the empty value, in which the pattern is not found.
    let rule = on_request(
        vec![unless("http_req_X-A", "^internal$")],
        vec![set("X-Found", "yes")],
    );
    assert!(rewrite(vec![rule], &[]).contains_key("x-found"));
}

#[test]
fn capitals_matter_unless_ignored() {
    for (case, holds) in [(Case::Sensitive, false), (Case::Ignore, true)] {
        let condition = ConditionSpec {
            case,
            ..condition("http_req_X-A", "^success$")
        };
        let rule = on_request(vec![condition], vec![set("X-Found", "yes")]);
        let headers = rewrite(vec![rule], &[("x-a", "SUCCESS")]);
        assert_eq!(headers.contains_key("x-found"), holds);
    }
}

#[test]
fn a_pattern_is_found_anywhere_unless_anchored() {
    let rule = on_request(
        vec![condition("var_uri_path", "icle")],
        vec![set("X-Found", "yes")],
    );
    assert!(rewrite(vec![rule], &[]).contains_key("x-found"));
}

#[test]
fn an_anchor_is_the_end_of_the_value_and_not_of_a_line() {
    let rule = on_request(
        vec![condition("http_req_X-A", "^a$")],
        vec![set("X-Found", "yes")],
    );
    assert!(!rewrite(vec![rule], &[("x-a", "a"), ("x-a", "b")]).contains_key("x-found"));
}

#[test]
fn captures_are_inserted() {
    let conditions = vec![
        condition("var_uri_path", "^/([a-z]+)/([0-9]+)(/rest)?$"),
        condition("http_req_X-A", "(.)$"),
    ];
    let value = "{var_uri_path_1}={var_uri_path_2}{var_uri_path_3}; last={http_req_X-A_1} of {http_req_x-a}";
    let rule = on_request(conditions, vec![set("X-Found", value)]);
    let headers = rewrite(vec![rule], &[("x-a", "xyz")]);
    assert_eq!(headers["x-found"], "article=42; last=z of xyz");
}

#[test]
fn of_two_conditions_with_a_group_the_last_one_gives_it() {
    let conditions = vec![
        condition("var_uri_path", "^/(.)"),
        condition("var_uri_path", "(.)$"),
    ];
    let rule = on_request(conditions, vec![set("X-Found", "{var_uri_path_1}")]);
    assert_eq!(rewrite(vec![rule], &[])["x-found"], "2");
}

#[test]
fn a_cookie_whose_name_ends_like_a_group_is_a_cookie_unless_captured() {
    let plain = on_request(vec![], vec![set("X-Found", "{var_cookie_s_1}")]);
    let fields = [("cookie", "s=abc; s_1=def")];
    assert_eq!(rewrite(vec![plain], &fields)["x-found"], "def");
    let captured = on_request(
        vec![condition("var_cookie_s", "(b)")],
        vec![set("X-Found", "{var_cookie_s_1}")],
    );
    assert_eq!(rewrite(vec![captured], &fields)["x-found"], "b");
}

#[test]
fn a_value_that_comes_out_empty_deletes_the_header() {
    for value in ["{http_req_Absent}", " {http_req_Absent} "] {
        let rule = on_request(vec![], vec![set("X-A", value)]);
        assert!(!rewrite(vec![rule], &[("x-a", "client's")]).contains_key("x-a"));
    }
}

#[test]
fn braces_around_what_is_no_name_are_text() {
    let json = r#"{"group":"default","endpoints":[{"url":"https://x.example/{}"}]}"#;
    let rule = on_request(vec![], vec![set("X-Json", json)]);
    assert_eq!(rewrite(vec![rule], &[])["x-json"], json);
}

#[test]
fn rules_run_by_sequence_and_the_last_one_decides() {
    let rule = |sequence, value: &str| RuleSpec {
        sequence,
        ..on_request(vec![], vec![set("X-A", value)])
    };
    let headers = rewrite(vec![rule(300, "c"), rule(100, "a"), rule(200, "b")], &[]);
    assert_eq!(headers["x-a"], "c");
    let headers = rewrite(vec![rule(100, "first"), rule(100, "second")], &[]);
    assert_eq!(headers["x-a"], "second");
    let headers = rewrite(vec![rule(100, "a"), rule(200, "")], &[("x-a", "client's")]);
    assert!(!headers.contains_key("x-a"));
}

#[test]
fn no_rule_sees_the_work_of_another() {
    let first = on_request(vec![], vec![set("X-A", "rewritten")]);
    let second = on_request(
        vec![condition("http_req_X-A", "^original$")],
        vec![set("X-B", "{http_req_X-A}")],
    );
    let headers = rewrite(vec![first, second], &[("x-a", "original")]);
    assert_eq!(headers["x-a"], "rewritten");
    assert_eq!(headers["x-b"], "original");
}

#[test]
fn the_response_half_sees_both_messages_as_they_were_received() {
    let uri = Uri::from_static("/article/42");
    let exchange = exchange(&uri, "www.contoso.com");
    let location = r"(https?):\/\/.*azurewebsites\.net(.*)$";
    let rules = RuleSet::compile(vec![
        on_request(vec![], vec![set("X-Tenant", "rewritten")]),
        on_response(
            vec![
                condition("http_resp_Location", location),
                condition("var_http_status", "^30"),
            ],
            vec![
                set(
                    "Location",
                    "{http_resp_Location_1}://contoso.com{http_resp_Location_2}",
                ),
                set(
                    "X-Echo",
                    "{http_req_X-Tenant} {var_cookie_a} {var_add_x_forwarded_for_proxy}",
                ),
                set("Set-Cookie", ""),
            ],
        ),
    ])
    .unwrap();
    let mut request = headers(&[("x-tenant", "t1"), ("cookie", "a=b"), ("x-other", "x")]);
    let remembered = rules.rewrite_request(&mut request, &exchange);
    assert_eq!(remembered.fields.len(), 2, "only what rules ask for");

    let url = "https://app.azurewebsites.net/path?x=1";
    let mut response = headers(&[("location", url), ("set-cookie", "a"), ("set-cookie", "b")]);
    rules.rewrite_response(StatusCode::FOUND, &mut response, &exchange, &remembered);
    assert_eq!(response["location"], "https://contoso.com/path?x=1");
    assert_eq!(response["x-echo"], "t1 b 203.0.113.7");
    assert!(!response.contains_key("set-cookie"));

    let mut response = headers(&[("location", url)]);
    rules.rewrite_response(StatusCode::OK, &mut response, &exchange, &remembered);
    assert_eq!(response["location"], url);
}

#[test]
fn no_rules_change_nothing() {
    let uri = Uri::from_static("/");
    let mut request = headers(&[("x-a", "1")]);
    let rules = RuleSet::default();
    let exchange = exchange(&uri, "contoso.com");
    let remembered = rules.rewrite_request(&mut request, &exchange);
    rules.rewrite_response(StatusCode::OK, &mut request, &exchange, &remembered);
    assert_eq!(request, headers(&[("x-a", "1")]));
    assert_eq!(rules.identity_headers().count(), 0);
}

#[test]
fn identity_headers_are_those_filled_from_a_certificate_or_set_on_account_of_one() {
    let rules = RuleSet::compile(vec![
        on_request(
            vec![],
            vec![
                set("X-Subject", "<{var_client_certificate_subject}>"),
                set("X-Plain", "x"),
            ],
        ),
        on_request(
            vec![condition(
                "var_client_certificate_verification",
                "^SUCCESS$",
            )],
            vec![set("X-Trusted", "yes"), set("X-Gone", "")],
        ),
        on_request(
            vec![condition("var_client_certificate_subject", "^CN=([^,]+)")],
            vec![
                set("X-Name", "{var_client_certificate_subject_1}"),
                set("X-Trusted", "very"),
            ],
        ),
        on_response(
            vec![],
            vec![set("X-Response", "{var_client_certificate_subject}")],
        ),
    ])
    .unwrap();
    let names: Vec<_> = rules.identity_headers().map(HeaderName::as_str).collect();
    assert_eq!(names, ["x-subject", "x-trusted", "x-name"]);
}

fn identity_headers(rules: Vec<RuleSpec>) -> Vec<String> {
    let rules = RuleSet::compile(rules).unwrap();
    rules
        .identity_headers()
        .map(HeaderName::to_string)
        .collect()
}

fn verified() -> ConditionSpec {
    condition("var_client_certificate_verification", "^SUCCESS$")
}

#[test]
fn the_host_is_never_an_identity_header() {
    let fill = "{var_client_certificate_serial}.internal";
    let captured = condition("var_client_certificate_subject", "CN=([a-z]+)");
    let filled = "{var_client_certificate_subject_1}.internal";
    for rule in [
        on_request(vec![verified()], vec![set("Host", "internal")]),
        on_request(vec![], vec![set("HOST", fill)]),
        on_request(vec![captured], vec![set("host", filled)]),
    ] {
        assert!(identity_headers(vec![rule]).is_empty());
    }
}

#[test]
fn a_clients_own_fields_stay_its_own_when_only_a_condition_is_about_the_certificate() {
    let own = [
        "Accept",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Content-Type",
        "Cookie",
        "If-None-Match",
        "Origin",
        "Range",
        "Referer",
        "User-Agent",
    ];
    for name in own {
        let rule = on_request(vec![verified()], vec![set(name, "constant")]);
        assert!(identity_headers(vec![rule]).is_empty(), "{name}");
    }
    // A name, and whatever no standard says anything about.
    for name in ["from", "x-admin", "remote-user", "x-authorization"] {
        let rule = on_request(vec![verified()], vec![set(name, "constant")]);
        assert_eq!(identity_headers(vec![rule]), [name]);
    }
}

#[test]
fn whatever_is_filled_from_a_certificate_is_an_identity_header() {
    for name in ["cookie", "authorization", "content-type", "x-admin"] {
        let inserted = on_request(vec![], vec![set(name, "a={var_client_certificate_serial}")]);
        assert_eq!(identity_headers(vec![inserted]), [name]);
        let captured = on_request(
            vec![
                condition("var_uri_path", "^/(.)"),
                condition("var_client_certificate_subject", "CN=([a-z]+)"),
            ],
            vec![set(name, "a={var_client_certificate_subject_1}")],
        );
        assert_eq!(identity_headers(vec![captured]), [name]);
    }
    // A capture of something else is none.
    let other = on_request(
        vec![condition("var_uri_path", "^/(.)"), verified()],
        vec![set("Cookie", "a={var_uri_path_1}")],
    );
    assert!(identity_headers(vec![other]).is_empty());
}

#[test]
fn an_unproven_certificate_is_told_apart_by_conditions() {
    let uri = Uri::from_static("/");
    let facts = facts();
    let rules = RuleSet::compile(vec![on_request(
        vec![condition(
            "var_client_certificate_verification",
            "^SUCCESS$",
        )],
        vec![set("X-Subject", "{var_client_certificate_subject}")],
    )])
    .unwrap();
    let mut request = HeaderMap::new();
    let exchange = Exchange {
        client: Client::Unverified(&facts),
        ..exchange(&uri, "contoso.com")
    };
    rules.rewrite_request(&mut request, &exchange);
    assert!(request.is_empty());
}

#[test]
fn every_mistake_is_reported_with_its_place() {
    let rule = RuleSpec {
        conditions: vec![
            condition("var_uri_path", "("),
            condition("var_nonsense", "["),
            condition("http_resp_Server", "x"),
        ],
        request_headers: vec![
            set("X_Underscore", "a"),
            set("Connection", "close"),
            set("X-A", "{var_unknown}{var_http_status}{http_resp_Server}"),
            set("x-a", "b"),
            set("X-B", "{var_uri_path"),
            set("X-C", "a\r\nX-D: b"),
            set("Host", ""),
        ],
        response_headers: vec![set("Set-Cookie", "a=b"), set("X_Underscore", "fine")],
        ..on_request(vec![], vec![])
    };
    use Part::{Condition, RequestHeader, ResponseHeader};
    assert_eq!(
        codes(rule),
        [
            (Condition(0), "bad_pattern"),
            (Condition(1), "unknown_variable"),
            (Condition(1), "bad_pattern"),
            (Condition(2), "response_not_yet_known"),
            (RequestHeader(0), "invalid_header_name"),
            (RequestHeader(1), "forbidden_header"),
            (RequestHeader(2), "unknown_variable"),
            (RequestHeader(2), "response_not_yet_known"),
            (RequestHeader(2), "response_not_yet_known"),
            (RequestHeader(3), "duplicate_header"),
            (RequestHeader(4), "unclosed_reference"),
            (RequestHeader(5), "control_character"),
            (RequestHeader(6), "forbidden_header"),
            (ResponseHeader(0), "set_cookie"),
        ]
    );
}

#[test]
fn a_capture_that_no_condition_defines_is_an_error() {
    for (condition, value) in [
        (None, "{var_uri_path_1}"),
        (Some(condition("var_uri_path", "(a)")), "{var_uri_path_2}"),
        (Some(condition("var_uri_path", "(a)")), "{var_uri_path_0}"),
        (Some(condition("var_uri_path", "a")), "{var_uri_path_1}"),
        (
            Some(condition("var_request_uri", "(a)")),
            "{var_uri_path_1}",
        ),
        (Some(unless("var_uri_path", "(a)")), "{var_uri_path_1}"),
        (Some(condition("http_req_X-A", "(a)")), "{http_req_X-B_1}"),
    ] {
        let rule = on_request(condition.into_iter().collect(), vec![set("X-A", value)]);
        assert_eq!(
            codes(rule),
            [(Part::RequestHeader(0), "undefined_capture")],
            "{value}"
        );
    }
}

#[test]
fn a_bad_condition_does_not_make_its_captures_undefined() {
    let rule = on_request(
        vec![condition("var_uri_path", "(")],
        vec![set("X-A", "{var_uri_path_1}")],
    );
    assert_eq!(codes(rule), [(Part::Condition(0), "bad_pattern")]);
}

#[test]
fn errors_stand_in_the_order_of_the_list_and_not_of_the_sequence() {
    let bad = |sequence| RuleSpec {
        sequence,
        ..on_request(vec![], vec![set("Connection", "x")])
    };
    let errors = RuleSet::compile(vec![bad(2), bad(1)]).unwrap_err();
    let rules: Vec<_> = errors.iter().map(|error| error.rule).collect();
    assert_eq!(rules, [0, 1]);
}

#[test]
fn headers_of_the_gateway_are_out_of_reach() {
    for name in [
        "Connection",
        "Upgrade",
        "X-Original-Host",
        "Content-Length",
        "Transfer-Encoding",
        "TE",
        "Trailer",
        "Keep-Alive",
        "Proxy-Connection",
    ] {
        for value in ["x", ""] {
            let rule = on_request(vec![], vec![set(name, value)]);
            assert_eq!(codes(rule), [(Part::RequestHeader(0), "forbidden_header")]);
            let rule = on_response(vec![], vec![set(name, value)]);
            assert_eq!(codes(rule), [(Part::ResponseHeader(0), "forbidden_header")]);
        }
    }
}

#[test]
fn a_pattern_that_would_take_too_much_memory_is_refused() {
    let rule = on_request(vec![condition("var_uri_path", r"(\w{100}){100}")], vec![]);
    assert_eq!(codes(rule), [(Part::Condition(0), "bad_pattern")]);
}

#[test]
fn an_error_reads_as_one_sentence() {
    let rule = on_request(vec![], vec![set("X-A", "{var_client_rtt}")]);
    let errors = RuleSet::compile(vec![rule]).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "rule \"test\", request header 1: no variable is called \"var_client_rtt\""
    );
    let rule = on_request(vec![condition("var_uri_path", "(")], vec![]);
    let errors = RuleSet::compile(vec![rule]).unwrap_err();
    assert!(std::error::Error::source(&errors[0]).is_some());
}
