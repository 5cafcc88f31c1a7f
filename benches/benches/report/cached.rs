//! What a check costs that finds its answer in the memory, alone and with every core at it.

use std::future::Future;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use portcullis_chain::{Anchors, VerifiedChain, verify};
use portcullis_revocation::{Checker, Destinations, Mode, Policy, Scope, Settings};
use portcullis_test_pki::{Ca, Certified, NOW, ocsp};
use portcullis_x509::Certificate;

use crate::contender::Contender;
use crate::input::{algorithms, policy};
use crate::measure::{Effort, Rounds};

/// The most that it may take, in microseconds.
const MOST: f64 = 1.0;

/// One certificate, and 64 in turn.
pub(crate) fn cached(effort: Effort) {
    let root = Ca::root("Root").issue();
    let url = responder(&root);
    let leaves: Vec<Certified> = (0..64)
        .map(|number| {
            root.client(format!("client {number}").as_str())
                .ocsp_url(&url)
                .issue()
        })
        .collect();
    let anchors = Anchors::new(vec![root.der.clone()], vec![]).expect("anchors");
    let chains: Vec<VerifiedChain<'_>> = leaves.iter().map(|leaf| proven(leaf, &anchors)).collect();
    let settings = Settings::new(algorithms(), Destinations::Any);
    let checker = Checker::new(settings, Policy::new(Mode::HardFail, Scope::Leaf));
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
        .block_on(async {
            for chain in &chains {
                checker.check(chain, NOW).await.expect("good");
            }
        });
    let [first, ..] = chains.as_slice() else {
        return;
    };
    let turn = std::cell::Cell::new(0);
    let contenders = [
        Contender::new("one certificate", || check(&checker, first)),
        Contender::new("64 certificates in turn", || {
            let chain = crate::contender::in_turn(&chains, &turn);
            check(&checker, chain);
        }),
    ];
    println!("\ncached verdict, µs");
    for (contender, median) in contenders
        .iter()
        .zip(Rounds::of(&contenders, effort).medians())
    {
        let verdict = if median > MOST { "  OVER" } else { "" };
        println!("{:<32}{median:>9.2}{verdict}", contender.name);
    }
    let alone = checks_a_second(&checker, &chains, 1);
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let together = checks_a_second(&checker, &chains, cores);
    println!(
        "{:<32}{:>9.2}",
        format!("{cores} threads to one, work done"),
        together / alone
    );
}

fn proven<'a>(leaf: &'a Certified, anchors: &'a Anchors) -> VerifiedChain<'a> {
    let leaf = Certificate::parse(&leaf.der).expect("a certificate");
    verify(&leaf, &[], anchors, &policy(), NOW).expect("a chain")
}

/// What is remembered is there when it is asked for.
fn check(checker: &Checker, chain: &VerifiedChain<'_>) {
    let check = pin!(checker.check(chain, NOW));
    let polled = check.poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(std::hint::black_box(polled), Poll::Ready(Ok(_))));
}

/// Every thread checks the same certificates in the same order, so that they meet as often as they can.
fn checks_a_second(checker: &Checker, chains: &[VerifiedChain<'_>], threads: usize) -> f64 {
    const ROUNDS: u32 = 5_000;
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..ROUNDS {
                    chains.iter().for_each(|chain| check(checker, chain));
                }
            });
        }
    });
    let checks = f64::from(ROUNDS) * f64::from(u32::try_from(chains.len() * threads).expect("few"));
    checks / began.elapsed().as_secs_f64()
}

/// Says good of whatever certificate of the authority it is asked about.
fn responder(root: &Ca) -> String {
    use base64::Engine as _;
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let root = root.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let mut line = String::new();
            let mut reader = BufReader::new(stream.try_clone().expect("a connection"));
            reader.read_line(&mut line).expect("a request");
            let target = line
                .split(' ')
                .nth(1)
                .expect("a target")
                .trim_start_matches('/');
            let base64: Vec<u8> = percent_encoding::percent_decode_str(target).collect();
            let request = base64::engine::general_purpose::STANDARD
                .decode(base64)
                .expect("a request");
            let request = portcullis_ocsp::parse_request(&request).expect("a request");
            let [cert_id, ..] = request.cert_ids() else {
                return;
            };
            let answer = ocsp::Answer::good(&root, &root).serial(cert_id.serial().as_bytes());
            let response = ocsp::Response::new(&root).answer(answer).issue();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\nContent-Length: {}\r\n\r\n",
                response.len()
            );
            stream
                .write_all(&[head.as_bytes(), &response].concat())
                .expect("an answer");
        }
    });
    url
}
