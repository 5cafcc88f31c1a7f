//! How often reading and verifying allocate: a count that no other load of the machine changes.
//!
//! In a program of its own, because the allocator that counts is slower than the one that does not.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench without its input has nothing to measure, and a report is printed"
)]

mod contender;
mod input;

use contender::Contender;
use input::chain::{ALGORITHMS, Chain};
use input::hostile::Hostile;
use input::policy;

fn main() {
    println!(
        "{:<60}{:>12}{:>12}{:>12}",
        "", "allocations", "bytes", "peak bytes"
    );
    for (name, algorithm) in ALGORITHMS {
        let chain = Chain::of(name, algorithm, 3);
        let [ours, webpki, _] = contender::parsing(&chain);
        row(&format!("parse/portcullis/{name}"), &ours);
        row(&format!("parse/webpki/{name}"), &webpki);
    }
    for chain in Chain::all() {
        let [signatures, ours, webpki, _] = contender::verifying(&chain);
        row(&format!("verify/signatures/{}", chain.name), &signatures);
        row(&format!("verify/portcullis/{}", chain.name), &ours);
        row(&format!("verify/webpki/{}", chain.name), &webpki);
    }
    let policy = policy();
    for input in Hostile::all() {
        let refusing = Contender::new("portcullis", || drop(input.refuse(&policy)));
        row(&format!("refuse/{}", input.name), &refusing);
    }
}

/// The second run counts: the first also fills what is kept for the life of the process.
fn row(name: &str, contender: &Contender<'_>) {
    contender.run();
    let counted = allocation_counter::measure(|| contender.run());
    println!(
        "{name:<60}{:>12}{:>12}{:>12}",
        counted.count_total, counted.bytes_total, counted.bytes_max
    );
}
