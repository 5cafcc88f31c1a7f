//! One table for people: everything of `chain` and `ocsp`, each row measured in interleaved rounds of one process.
//!
//! What is compared is run back to back, round after round, so that whatever else the machine does falls on all
//! alike; a value is the median over the rounds, and a ratio the median of the rounds' ratios. Time is the thread's
//! own.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench without its input has nothing to measure, and a report is printed"
)]

#[path = "report/cached.rs"]
mod cached;
mod contender;
mod input;
#[path = "report/measure.rs"]
mod measure;

use std::cell::Cell;

use contender::Contender;
use input::chain::{ALGORITHMS, Chain};
use input::crowd::Crowd;
use input::hostile::Hostile;
use input::ocsp::Answer;
use input::policy;
use measure::{Effort, Rounds};
use portcullis_test_pki::Algorithm;

/// Measures and prints one table.
type Print = fn(Effort);

/// Every table, by the word that chooses it.
const TABLES: [(&str, Print); 8] = [
    ("verify", verify),
    ("memory", memory),
    ("one", one_chain),
    ("parse", parse),
    ("anchors", anchors),
    ("refuse", refuse),
    ("ocsp", ocsp),
    ("cached", cached::cached),
];

/// Prints the tables that are named, or all.
fn main() {
    let effort = Effort::from_arguments();
    println!("{}, {effort}", openssl::version::version());
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let chosen: Vec<_> = arguments.iter().filter(|a| !a.starts_with('-')).collect();
    for (name, print) in TABLES {
        if chosen.is_empty() || chosen.iter().any(|word| *word == name) {
            print(effort);
        }
    }
}

/// The most that a verification may take beyond 1.05 times its signatures, in microseconds.
const MOST_OVERHEAD: f64 = 5.0;

/// Overhead is what a verification takes beyond 1.05 times its signatures.
fn verify(effort: Effort) {
    println!("\nverify, µs (certificates of a chain with leaf and root)");
    println!(
        "{:<12}{:>11}{:>11}{:>10}{:>9}{:>9}{:>13}{:>14}",
        "chain",
        "signatures",
        "portcullis",
        "overhead",
        "webpki",
        "openssl",
        "webpki/ours",
        "openssl/ours"
    );
    for chain in Chain::all() {
        let rounds = Rounds::of(&contender::verifying(&chain), effort);
        let [signatures, ours, webpki, openssl] = rounds.medians();
        let overhead = rounds.median(|[signatures, ours, ..]| ours - 1.05 * signatures);
        let to_webpki = rounds.median(|[_, ours, webpki, _]| webpki / ours);
        let to_openssl = rounds.median(|[_, ours, _, openssl]| openssl / ours);
        let verdict = if overhead > MOST_OVERHEAD {
            "  OVER"
        } else {
            ""
        };
        println!(
            "{:<12}{signatures:>11.1}{ours:>11.1}{overhead:>10.1}{webpki:>9.1}{openssl:>9.1}{to_webpki:>13.2}{to_openssl:>14.2}{verdict}",
            chain.name
        );
    }
}

/// The most that a chain which was accepted before may take, in microseconds.
const MOST_REMEMBERED: f64 = 5.0;

/// The most that a new leaf of an issuer which is known may take beyond one signature, in microseconds.
const MOST_NEW_LEAF: f64 = 8.0;

/// What is remembered: chains that come back, and new leaves of issuers that were seen before.
fn memory(effort: Effort) {
    println!("\nmemory, µs (overhead is beyond the one signature of the new leaf)");
    println!(
        "{:<12}{:>14}{:>12}{:>10}{:>10}",
        "chain", "one signature", "remembered", "new leaf", "overhead"
    );
    for chain in Chain::all() {
        let leaves = chain.more_leaves(64);
        let rounds = Rounds::of(&contender::remembering(&chain, &leaves), effort);
        let [signature, remembered, new_leaf] = rounds.medians();
        let overhead = rounds.median(|[signature, _, new_leaf]| new_leaf - signature);
        let verdict = if remembered > MOST_REMEMBERED || overhead > MOST_NEW_LEAF {
            "  OVER"
        } else {
            ""
        };
        println!(
            "{:<12}{signature:>14.1}{remembered:>12.2}{new_leaf:>10.1}{overhead:>10.1}{verdict}",
            chain.name
        );
    }
}

/// What a verification of one chain is made of, and what it costs in other circumstances: a row each.
fn one_chain(effort: Effort) {
    let chain = Chain::of("p256", Algorithm::P256, 3);
    let leaves = chain.more_leaves(64);
    let (anchors, policy) = (chain.anchors(), policy());
    let turn = Cell::new(0);
    let [signatures, verified, ..] = contender::verifying(&chain);
    let rows = [
        signatures,
        verified,
        Contender::new("portcullis, parsing alone", || {
            assert_eq!(chain.certificates().len(), 3, "leaf, intermediate and root");
        }),
        Contender::new("portcullis, 64 leaves in turn", || {
            let leaf = contender::in_turn(&leaves, &turn);
            contender::accept(leaf, &chain.intermediates, &anchors, &policy);
        }),
    ];
    println!("\none chain, {}, µs", chain.name);
    let medians = Rounds::of(&rows, effort).medians();
    for (row, median) in rows.iter().zip(medians) {
        println!("{:<32}{median:>9.2}", row.name);
    }
}

fn parse(effort: Effort) {
    println!("\nparse a leaf, ns");
    println!(
        "{:<12}{:>11}{:>9}{:>9}",
        "leaf", "portcullis", "webpki", "openssl"
    );
    for (name, algorithm) in ALGORITHMS {
        let chain = Chain::of(name, algorithm, 3);
        let nanoseconds = Rounds::of(&contender::parsing(&chain), effort)
            .medians()
            .map(|microseconds| microseconds * 1_000.0);
        let [ours, webpki, openssl] = nanoseconds;
        println!("{name:<12}{ours:>11.0}{webpki:>9.0}{openssl:>9.0}");
    }
}

/// Clients of many authorities in turn, all below anchors with Ed25519 keys.
fn anchors(effort: Effort) {
    println!("\nanchors, µs for a leaf below one of so many");
    let crowds = Crowd::all();
    let contenders = crowds.each_ref().map(|crowd| {
        let (policy, turn) = (policy(), Cell::new(0));
        Contender::new("portcullis", move || {
            let leaf = contender::in_turn(&crowd.leaves, &turn);
            contender::accept(leaf, &[], &crowd.anchors, &policy);
        })
    });
    let rounds = Rounds::of(&contenders, effort);
    let ratios = rounds.each_to_the_first();
    println!(
        "{:<12}{:>11}{:>16}",
        "anchors", "portcullis", "to the fewest"
    );
    for ((crowd, median), ratio) in crowds.iter().zip(rounds.medians()).zip(ratios) {
        println!("{:<12}{median:>11.1}{ratio:>16.3}", crowd.size);
    }
}

fn refuse(effort: Effort) {
    println!("\nrefuse a hostile list, ms");
    let policy = policy();
    for input in Hostile::all() {
        let refusing = Contender::new("portcullis", || {
            std::hint::black_box(input.refuse(&policy));
        });
        let [microseconds] = Rounds::of(&[refusing], effort.with_fewer_rounds()).medians();
        let reason = input.refuse(&policy);
        let (milliseconds, code) = (microseconds / 1_000.0, reason.reason().code());
        println!("{:<52}{milliseconds:>9.2}  {code}", input.name);
    }
}

/// The most that reading and judging a response may take beyond 1.05 times its signatures, in microseconds.
const MOST_OCSP_OVERHEAD: f64 = 3.0;

/// Overhead is what a judgement takes beyond 1.05 times its signatures, a delegate's certificate among them.
fn ocsp(effort: Effort) {
    println!("\nocsp, µs (signed by)");
    println!(
        "{:<18}{:>11}{:>11}{:>10}{:>9}{:>14}",
        "response", "signatures", "portcullis", "overhead", "openssl", "openssl/ours"
    );
    for answer in Answer::all() {
        let rounds = Rounds::of(&contender::ocsp::judging(&answer), effort);
        let [signatures, ours, openssl] = rounds.medians();
        let overhead = rounds.median(|[signatures, ours, _]| ours - 1.05 * signatures);
        let to_openssl = rounds.median(|[_, ours, openssl]| openssl / ours);
        let verdict = if overhead > MOST_OCSP_OVERHEAD {
            "  OVER"
        } else {
            ""
        };
        println!(
            "{:<18}{signatures:>11.1}{ours:>11.1}{overhead:>10.1}{openssl:>9.1}{to_openssl:>14.2}{verdict}",
            answer.name
        );
    }
}
