//! What rewrite rules add to a request: ten rules with two conditions each, that hold and that do not.
//!
//! The goal is 2 microseconds a request beyond `none`, the same request without rules.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a bench without its input has nothing to measure"
)]

mod request;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use http::HeaderValue;
use portcullis_rewrite::{Passage, RuleSet, StripList};

fn rewrite(criterion: &mut Criterion) {
    let uri = request::uri();
    let exchange = request::exchange(&uri);
    let strip = StripList::new([]);
    let mut group = criterion.benchmark_group("rewrite");
    for (name, rules) in [
        ("none", RuleSet::default()),
        (
            "ten that do not hold",
            request::rules("^/admin/", "{var_host}"),
        ),
        (
            "ten whose second does not hold",
            request::rules("^/shop/", "{var_host}"),
        ),
        ("ten that hold", request::rules("^/shop/", "{var_host}")),
        (
            "ten that hold and capture",
            request::rules("^/shop/([a-z]+)/", request::CAPTURES),
        ),
    ] {
        let mut fields = request::headers();
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
