//! What holds for any rewrite rule, whatever anybody sends through it.

use http::header::{HeaderMap, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri, Version};
use portcullis_rewrite::{
    Case, Client, ConditionSpec, CookieSpec, Exchange, Expectation, HeaderSpec, Passage, Reroute,
    RuleSet, RuleSpec, StripList, UrlSpec, to_client,
};

/// Lines of the input, the last of which may hold any octets.
struct Input<'a> {
    /// The variable and the pattern of a condition, and what templates say.
    rule: [String; 4],
    /// The request's path and query, and a field of the request and of the response.
    path: &'a [u8],
    field: &'a [u8],
}

impl<'a> Input<'a> {
    fn of(data: &'a [u8]) -> Self {
        let mut lines = data.splitn(6, |octet| *octet == b'\n');
        let mut next = || lines.next().unwrap_or_default();
        let mut text = || String::from_utf8_lossy(next()).into_owned();
        Self {
            rule: [text(), text(), text(), text()],
            path: next(),
            field: next(),
        }
    }

    fn rules(&self) -> Vec<RuleSpec> {
        let [variable, pattern, header, url] = &self.rule;
        let condition = ConditionSpec {
            variable: variable.clone(),
            pattern: pattern.clone(),
            case: Case::Ignore,
            expectation: Expectation::Match,
        };
        let header = |name: &str| HeaderSpec {
            name: name.to_owned(),
            value: header.clone(),
        };
        let request = RuleSpec {
            name: "request".to_owned(),
            conditions: vec![condition.clone()],
            request_headers: vec![header("X-Made")],
            url: Some(UrlSpec {
                path: Some(url.clone()),
                query: Some(url.clone()),
                reroute: Reroute::Again,
            }),
            ..RuleSpec::default()
        };
        let response = RuleSpec {
            name: "response".to_owned(),
            conditions: vec![condition],
            response_headers: vec![header("X-Made")],
            response_cookies: vec![CookieSpec {
                pattern: pattern.clone(),
                case: Case::Sensitive,
                expectation: Expectation::Match,
                value: url.clone(),
            }],
            ..RuleSpec::default()
        };
        vec![request, response]
    }
}

/// A rule is refused in words that can be printed, or it changes what it names and nothing else: what it makes is a
/// header of one line and a path that leads nowhere but where it says.
pub fn property(data: &[u8]) {
    let input = Input::of(data);
    let rules = match RuleSet::compile(input.rules()) {
        Ok(rules) => rules,
        Err(errors) => {
            assert!(!errors.is_empty());
            for error in errors {
                assert!(!error.to_string().contains(['\r', '\n', '\u{1b}']));
                assert!(!error.problem.code().is_empty());
            }
            return;
        }
    };
    let Ok(uri) = Uri::try_from(input.path) else {
        return;
    };
    let Ok(field) = HeaderValue::from_bytes(input.field) else {
        return;
    };
    let exchange = Exchange {
        client: Client::Absent,
        client_address: ([192, 0, 2, 1], 50_000).into(),
        server_port: 443,
        method: &Method::GET,
        version: Version::HTTP_11,
        uri: &uri,
        authority: "www.contoso.com",
        tls: None,
        round_trip_time: None,
        received_bytes: 0,
    };
    let first = through(&rules, &exchange, &field);
    assert_eq!(
        first,
        through(&rules, &exchange, &field),
        "not the same again"
    );
}

/// The target and all fields that come of a request and its response.
type Made = (Option<String>, Vec<(HeaderName, HeaderValue)>);

fn through(rules: &RuleSet, exchange: &Exchange<'_>, field: &HeaderValue) -> Made {
    let mut headers = HeaderMap::new();
    headers.insert("x-field", field.clone());
    headers.insert("cookie", field.clone());
    let strip = StripList::new(rules.identity_headers().cloned());
    let mut passage = Passage::begin(&mut headers, &strip, exchange);
    let Ok(_) = passage.judge(rules) else {
        return (None, Vec::new());
    };
    let target = passage.target().map(ToString::to_string);
    let remembered = passage.finish(HeaderValue::from_static("backend"));
    if let Some(target) = &target {
        straight(target);
    }
    let mut answer = HeaderMap::new();
    answer.append("set-cookie", field.clone());
    answer.append("set-cookie", HeaderValue::from_static("a=b"));
    answer.insert("x-field", field.clone());
    to_client(StatusCode::OK, &mut answer, rules, exchange, &remembered);
    let known = |name: &HeaderName| {
        let name = name.as_str();
        matches!(
            name,
            "x-made" | "x-field" | "cookie" | "set-cookie" | "host"
        ) || name.starts_with("x-forwarded-")
            || name.starts_with("x-original-")
    };
    let mut made = Vec::new();
    for (name, value) in headers.iter().chain(&answer) {
        assert!(known(name), "{name} was not named");
        assert!(!value.as_bytes().contains(&b'\n') && !value.as_bytes().contains(&b'\r'));
        made.push((name.clone(), value.clone()));
    }
    (target, made)
}

/// One slash at the beginning, no segment of dots, no octet that ends a request line.
fn straight(target: &str) {
    let (path, _query) = target.split_once('?').unwrap_or((target, ""));
    assert!(path.starts_with('/'), "{target}");
    assert!(
        target.bytes().all(|octet| octet.is_ascii_graphic()),
        "{target}"
    );
    assert!(!target.contains('#'), "{target}");
}
