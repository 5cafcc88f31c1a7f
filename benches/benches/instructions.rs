//! How many instructions the hot paths take, held against what they took when they were last looked at.
//!
//! Times on a shared machine differ by a third from one run to the next; these counts, of Callgrind, by less than one
//! in a hundred. One of [`BASELINE`] that is exceeded by more than [`MARGIN`] fails. Who makes a path quicker on purpose
//! writes down the new count, so that it stays so.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::exit,
    clippy::expect_used,
    clippy::unwrap_used,
    missing_docs,
    unused_qualifications,
    reason = "a bench without its input has nothing to measure"
)]

mod request;

use std::hint::black_box;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::num::NonZeroUsize;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread;

use gungraun::{
    Callgrind, EntryPoint, EventKind, LibraryBenchmarkConfig, library_benchmark,
    library_benchmark_group, main,
};
use portcullis_chain::{Anchors, Policy, Purpose};
use portcullis_edge::{Gateway, Running};
use portcullis_rewrite::{Passage, RuleSet, StripList};
use portcullis_test_pki::{Ca, NOW};
use portcullis_tls::{
    Client, ClientAuth, OcspStapling, OnFailure, PredefinedPolicy, Profile, Revocation,
    ServerCertificate, TlsPolicy, Trust, authenticate,
};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;

/// Percent.
const MARGIN: u64 = 5;

/// Instructions that each took.
struct Baseline {
    authenticate_new: u64,
    authenticate_known: u64,
    rewrite: u64,
    requests: u64,
}

const BASELINE: Baseline = Baseline {
    authenticate_new: 839_700,
    authenticate_known: 72_600,
    rewrite: 79_900,
    requests: 143_600_000,
};

/// Fails above the margin. The cryptography library chooses its code by the processor: it is told to see one without
/// the instructions that not every machine has, so that all count the same.
fn within(baseline: u64, entry_point: EntryPoint) -> LibraryBenchmarkConfig {
    let most = baseline + baseline * MARGIN / 100;
    let callgrind = Callgrind::default()
        .entry_point(entry_point)
        .hard_limits([(EventKind::Ir, most)])
        .clone();
    LibraryBenchmarkConfig::default()
        .env("OPENSSL_ia32cap", "~0x0:~0x20080128")
        .tool(callgrind)
        .clone()
}

/// What a handshake leaves to be judged: a profile and a chain of leaf and issuer.
struct Handshake {
    profile: Profile,
    presented: Vec<CertificateDer<'static>>,
}

/// The profile remembers as many chains, and has met this one or not.
fn handshake(met: bool) -> Handshake {
    let root = Ca::root("Contoso Root").issue();
    let issuing = root.intermediate("Contoso Issuing").issue();
    let client = issuing.client("alice").issue();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let trust = Trust::new(
        Anchors::new(vec![root.der.clone()], vec![]).unwrap(),
        Policy::new(
            Purpose::ClientAuth,
            provider.signature_verification_algorithms.all,
        ),
        Revocation::Off,
        OnFailure::Respond,
    );
    let server = root.server(&["www.contoso.com"]).issue();
    let (chain, key) = (server.pem(), server.key_pem());
    let certificate =
        ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider).unwrap();
    let policy = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
    let policy = policy.resolve(&provider).unwrap();
    let auth = ClientAuth::Required(Arc::new(trust));
    let profile = Profile::new(certificate, OcspStapling::Off, auth, &policy).unwrap();
    let handshake = Handshake {
        profile,
        presented: vec![client.der.clone(), issuing.der.clone()],
    };
    // Another certificate of the same issuer: what is made at the first use of all is made.
    let other = issuing.client("bob").issue();
    judge(
        &handshake.profile,
        &[other.der.clone(), issuing.der.clone()],
    );
    if met {
        judge(&handshake.profile, &handshake.presented);
    }
    handshake
}

fn judge(profile: &Profile, presented: &[CertificateDer<'static>]) {
    let judged = pin!(authenticate(profile, Some(presented), NOW));
    let Poll::Ready(judged) = judged.poll(&mut Context::from_waker(Waker::noop())) else {
        unreachable!("nobody is asked");
    };
    assert!(matches!(black_box(judged), Ok(Client::Verified(_))));
}

#[library_benchmark(config = within(BASELINE.authenticate_new, EntryPoint::Default))]
#[bench::of_a_known_issuer(handshake(false))]
fn authenticate_new(handshake: Handshake) -> Handshake {
    judge(&handshake.profile, &handshake.presented);
    handshake
}

#[library_benchmark(config = within(BASELINE.authenticate_known, EntryPoint::Default))]
#[bench::of_a_client_that_comes_back(handshake(true))]
fn authenticate_known(handshake: Handshake) -> Handshake {
    judge(&handshake.profile, &handshake.presented);
    handshake
}

/// Rules whose patterns have been used: what they make at their first use is made.
fn rules() -> RuleSet {
    rewritten(request::rules("^/shop/([a-z]+)/", request::CAPTURES))
}

#[library_benchmark(config = within(BASELINE.rewrite, EntryPoint::Default))]
#[bench::ten_rules_that_hold_and_capture(rules())]
fn rewrite(rules: RuleSet) -> RuleSet {
    rewritten(rules)
}

fn rewritten(rules: RuleSet) -> RuleSet {
    let strip = StripList::new([]);
    let uri = request::uri();
    let exchange = request::exchange(&uri);
    let mut headers = request::headers();
    let mut passage = Passage::begin(&mut headers, &strip, &exchange);
    let _ = black_box(passage.judge(&rules));
    drop(passage.finish(http::HeaderValue::from_static("backend")));
    black_box(headers);
    rules
}

/// Requests that are counted together, with the start of the gateway, its client and its backend.
const REQUESTS: usize = 2_000;

/// Answers every request of every connection with a body of 1 KiB.
fn backend() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 1024\r\n\r\n{}",
        "x".repeat(1024)
    );
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let answer = answer.clone();
            thread::spawn(move || {
                let mut head = [0; 4096];
                while let Ok(1..) = stream.read(&mut head) {
                    stream.write_all(answer.as_bytes()).unwrap();
                }
            });
        }
    });
    address
}

#[library_benchmark(config = within(BASELINE.requests, EntryPoint::None))]
#[bench::proxied_over_one_connection(backend())]
fn requests(backend: SocketAddr) {
    let text = format!(
        "[[listener]]\nname = \"l\"\nbind = \"127.0.0.1:0\"\nprotocol = \"http\"\n\
         [pool.p]\ntargets = [\"{backend}\"]\n\
         [access_log]\noutput = \"off\"\n\
         [[rule]]\nname = \"r\"\npriority = 1\nlistener = \"l\"\npool = \"p\"\nrewrite_set = \"s\"\n\
         [[rewrite_set.s.rule]]\nname = \"r\"\nrequest_headers = {{ X-Client = \"{{var_client_ip}}\" }}\n"
    );
    let model = portcullis_model::parse(&text).expect("a configuration");
    let provider = Arc::new(aws_lc_rs::default_provider());
    let gateway = Gateway::build(&model, Path::new("."), provider).expect("a gateway");
    let running = Running::start(gateway, NonZeroUsize::MIN).expect("a free port");
    let address = running.addresses().first().copied().unwrap();
    let mut client = TcpStream::connect(address).unwrap();
    client.set_nodelay(true).unwrap();
    let mut octets = [0; 8192];
    for _ in 0..REQUESTS {
        client
            .write_all(b"GET /1k HTTP/1.1\r\nHost: www.contoso.com\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n")
            .unwrap();
        let mut read = 0;
        while !octets.get(..read).unwrap_or_default().ends_with(b"xxxx") {
            let more = client.read(octets.get_mut(read..).unwrap()).unwrap();
            assert_ne!(more, 0);
            read += more;
        }
    }
    drop(client);
    running.drain(std::time::Duration::from_secs(1));
}

library_benchmark_group!(
    name = hot_paths,
    benchmarks = [authenticate_new, authenticate_known, rewrite, requests]
);

main!(library_benchmark_groups = hot_paths);
