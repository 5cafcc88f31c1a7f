//! The request of a common browser, and rules for it.

use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use portcullis_rewrite::{
    Case, Client, ConditionSpec, Exchange, Expectation, HeaderSpec, RuleSet, RuleSpec, TlsFacts,
};

/// A value of rules that capture.
pub(crate) const CAPTURES: &str = "{var_client_ip}/{var_uri_path_1}/{http_req_User-Agent_1}";

fn condition(variable: &str, pattern: &str) -> ConditionSpec {
    ConditionSpec {
        variable: variable.to_owned(),
        pattern: pattern.to_owned(),
        case: Case::Sensitive,
        expectation: Expectation::Match,
    }
}

/// Ten rules that look at the path and a field, and set a header each.
pub(crate) fn rules(path: &str, value: &str) -> RuleSet {
    let rules = (0..10).map(|number| RuleSpec {
        name: format!("rule {number}"),
        sequence: number,
        conditions: vec![
            condition("var_uri_path", path),
            condition("http_req_User-Agent", "^curl/([0-9]+)"),
        ],
        request_headers: vec![HeaderSpec {
            name: format!("X-Made-{number}"),
            value: value.to_owned(),
        }],
        ..RuleSpec::default()
    });
    RuleSet::compile(rules.collect()).expect("rules")
}

/// Its fields.
pub(crate) fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("user-agent", "curl/8.14.1"),
        (
            "accept",
            "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
        ),
        ("accept-language", "en-US,en;q=0.5"),
        ("accept-encoding", "gzip, deflate, br, zstd"),
        (
            "cookie",
            "session=0123456789abcdef0123456789abcdef; theme=dark",
        ),
        ("cache-control", "max-age=0"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}

/// Its target.
pub(crate) fn uri() -> Uri {
    Uri::from_static("/shop/shoes/42?size=10")
}

/// All else of it.
pub(crate) fn exchange(uri: &Uri) -> Exchange<'_> {
    Exchange {
        client: Client::Absent,
        client_address: ([203, 0, 113, 7], 50_123).into(),
        server_port: 443,
        method: &Method::GET,
        version: Version::HTTP_11,
        uri,
        authority: "www.contoso.com",
        tls: Some(TlsFacts {
            protocol: "TLSv1.3",
            cipher: "TLS_AES_128_GCM_SHA256",
            ciphers_offered: "",
        }),
        round_trip_time: None,
        received_bytes: 0,
    }
}
