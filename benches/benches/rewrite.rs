//! What rewrite rules add to a request: ten rules with two conditions each, that hold and that do not.
//!
//! The goal is 2 microseconds a request beyond `none`, the same request without rules.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a bench without its input has nothing to measure"
)]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use http::{HeaderMap, HeaderValue, Method, Uri, Version};
use portcullis_rewrite::{
    Case, Client, ConditionSpec, Exchange, Expectation, HeaderSpec, Passage, RuleSet, RuleSpec,
    StripList, TlsFacts,
};

fn condition(variable: &str, pattern: &str) -> ConditionSpec {
    ConditionSpec {
        variable: variable.to_owned(),
        pattern: pattern.to_owned(),
        case: Case::Sensitive,
        expectation: Expectation::Match,
    }
}

/// Ten rules that look at the path and a field, and set a header each.
fn rules(path: &str, value: &str) -> RuleSet {
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

/// The request of a common browser.
fn headers() -> HeaderMap {
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

fn rewrite(criterion: &mut Criterion) {
    let uri = Uri::from_static("/shop/shoes/42?size=10");
    let exchange = Exchange {
        client: Client::Absent,
        client_address: ([203, 0, 113, 7], 50_123).into(),
        server_port: 443,
        method: &Method::GET,
        version: Version::HTTP_11,
        uri: &uri,
        authority: "www.contoso.com",
        tls: Some(TlsFacts {
            protocol: "TLSv1.3",
            cipher: "TLS_AES_128_GCM_SHA256",
            ciphers_offered: "",
        }),
        round_trip_time: None,
        received_bytes: 0,
    };
    let strip = StripList::new([]);
    let mut group = criterion.benchmark_group("rewrite");
    let captures = "{var_client_ip}/{var_uri_path_1}/{http_req_User-Agent_1}";
    for (name, rules) in [
        ("none", RuleSet::default()),
        ("ten that do not hold", rules("^/admin/", "{var_host}")),
        (
            "ten whose second does not hold",
            rules("^/shop/", "{var_host}"),
        ),
        ("ten that hold", rules("^/shop/", "{var_host}")),
        (
            "ten that hold and capture",
            rules("^/shop/([a-z]+)/", captures),
        ),
    ] {
        let mut fields = headers();
        if name.contains("second") {
            fields.insert("user-agent", HeaderValue::from_static("Mozilla/5.0"));
        }
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                let mut headers = fields.clone();
                let mut passage = Passage::begin(&mut headers, &strip, &exchange);
                let _ = black_box(passage.judge(&rules));
                black_box(passage.finish(HeaderValue::from_static("backend")));
                headers
            });
        });
    }
}

criterion_group!(benches, rewrite);
criterion_main!(benches);
