//! Reading certificates and verifying chains, beside rustls-webpki and OpenSSL in the same run.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    reason = "a bench without its input has nothing to measure"
)]

mod contender;
mod input;

use std::time::Duration;

use contender::Contender;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use input::chain::{ALGORITHMS, Chain};
use input::crowd::Crowd;
use input::hostile::Hostile;
use input::policy;

/// The leaf's form, by whoever reads it.
fn parse(criterion: &mut Criterion) {
    let mut group = quick(criterion, "parse");
    for (name, algorithm) in ALGORITHMS {
        let chain = Chain::of(name, algorithm, 3);
        bench(&mut group, name, &contender::parsing(&chain));
    }
}

/// What a handshake costs, beside the signatures that it cannot do without.
fn verify(criterion: &mut Criterion) {
    let mut group = quick(criterion, "verify");
    for chain in Chain::all() {
        bench(&mut group, &chain.name, &contender::verifying(&chain));
    }
}

/// Whether the number of anchors matters.
fn anchors(criterion: &mut Criterion) {
    let policy = policy();
    let mut group = quick(criterion, "anchors");
    for crowd in Crowd::all() {
        let mut leaves = crowd.leaves.iter().cycle();
        group.bench_function(crowd.size.to_string(), |bencher| {
            let mut next = || leaves.next().expect("a client");
            bencher.iter(|| contender::accept(next(), &[], &crowd.anchors, &policy));
        });
    }
}

/// What a hostile peer can make a verification cost, with as much as fits into a handshake.
fn refuse(criterion: &mut Criterion) {
    let policy = policy();
    let mut group = quick(criterion, "refuse");
    for input in Hostile::all() {
        group.bench_function(input.name, |bencher| {
            bencher.iter(|| input.refuse(&policy));
        });
    }
}

/// A group whose benches take a second each: there are a hundred of them.
fn quick<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(500));
    group
}

fn bench(group: &mut BenchmarkGroup<'_, WallTime>, input: &str, contenders: &[Contender<'_>]) {
    for contender in contenders {
        let name = format!("{}/{input}", contender.name);
        group.bench_function(name, |bencher| bencher.iter(|| contender.run()));
    }
}

criterion_group!(benches, parse, verify, anchors, refuse);
criterion_main!(benches);
