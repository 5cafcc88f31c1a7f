//! The profile is chosen by the whole ClientHello, however it is cut (CVE-2026-32305 and its kin).

use rustls::HandshakeKind::{Full, FullWithHelloRetryRequest, Resumed};
use rustls::NamedGroup;
use rustls::crypto::SupportedKxGroup;
use rustls::crypto::aws_lc_rs::kx_group::{X25519, X25519MLKEM768};
use rustls::version::{TLS12, TLS13};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::rig::{Backend, ByteByByte, Client, Fragmented, Http, Pki, Profile, Rig, Setup};

const GUARDED: &str = "guarded.contoso.com";

/// The open listener is what a ClientHello without a readable name would fall back to.
async fn scene() -> (Pki, Backend, Rig) {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("open.contoso.com", Profile::off())
        .site(GUARDED, Profile::required(&pki))
        .start();
    (pki, backend, gateway)
}

async fn tcp(gateway: &Rig) -> TcpStream {
    TcpStream::connect(gateway.address()).await.unwrap()
}

#[tokio::test]
async fn one_byte_a_segment_still_asks_for_a_certificate() {
    let (pki, backend, gateway) = scene().await;
    for version in [&TLS12, &TLS13] {
        let nobody = Client::speaking(&pki, version);
        let alice = nobody.clone().showing(&pki.alice(), &[]);
        for (client, status) in [(nobody, 400), (alice, 200)] {
            let stream = ByteByByte::over(tcp(&gateway).await);
            let mut http = Http::over(client.tls_over(stream, GUARDED).await.unwrap()).await;
            assert_eq!(http.get(GUARDED).await.status, status);
        }
    }
    assert_eq!(backend.requests().len(), 2);
    assert_eq!(backend.last().verification(), "SUCCESS");
}

#[tokio::test]
async fn records_of_any_size_still_ask_for_a_certificate() {
    let (pki, backend, gateway) = scene().await;
    let nobody = Client::new(&pki);
    let alice = nobody.clone().showing(&pki.alice(), &[]);
    for size in (1..80).chain([100, 150, 200, 250, 300]) {
        for (client, status) in [(&nobody, 400), (&alice, 200)] {
            let stream = Fragmented::over(tcp(&gateway).await, size);
            let mut http = Http::over(client.tls_over(stream, GUARDED).await.unwrap()).await;
            let answer = http.get(GUARDED).await;
            assert_eq!(answer.status, status, "records of {size}");
            assert!(["", "certificate_missing"].contains(&&*answer.reason()));
        }
    }
    assert!(
        backend
            .requests()
            .iter()
            .all(|request| request.verification() == "SUCCESS")
    );
}

#[tokio::test]
async fn a_hello_longer_than_a_record_is_read_whole_or_not_at_all() {
    let (pki, backend, gateway) = scene().await;
    let padding: Vec<Vec<u8>> = (0..100_u8)
        .map(|number| [&[number][..], &[b'x'; 200]].concat())
        .collect();
    let mut protocols: Vec<&[u8]> = padding.iter().map(Vec::as_slice).collect();
    protocols.push(b"http/1.1");
    let client = Client::new(&pki).offering(&protocols);
    match client.tls(gateway.address(), GUARDED).await {
        Ok(tls) => assert_eq!(Http::over(tls).await.get(GUARDED).await.status, 400),
        Err(error) => assert!(error.to_string().contains("alert"), "{error}"),
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn case_and_a_trailing_dot_choose_the_same_profile() {
    let (pki, backend, gateway) = scene().await;
    for name in [
        "GUARDED.Contoso.COM",
        "guarded.contoso.com.",
        "Guarded.contoso.com.",
    ] {
        let nobody = Client::new(&pki);
        let alice = nobody.clone().showing(&pki.alice(), &[]);
        for (client, status) in [(nobody, 400), (alice, 200)] {
            let mut http = client.connect(gateway.address(), name).await;
            assert_eq!(http.get(GUARDED).await.status, status, "{name}");
        }
    }
    assert_eq!(backend.requests().len(), 3);
}

#[tokio::test]
async fn who_speaks_no_offered_protocol_is_told_so() {
    let (pki, backend, gateway) = scene().await;
    let client = Client::new(&pki).offering(&[b"spdy/3"]);
    let alert = client.alert(gateway.address(), GUARDED).await;
    assert_eq!(alert, rustls::AlertDescription::NoApplicationProtocol);
    // Who offers none speaks HTTP/1.1, who offers both gets HTTP/2.
    let alice = Client::new(&pki).showing(&pki.alice(), &[]);
    for (protocols, line) in [
        (&[][..], "HTTP/1.1"),
        (&[&b"http/1.1"[..], b"h2"][..], "HTTP/2.0"),
    ] {
        let client = alice.clone().offering(protocols);
        let tls = client.tls(gateway.address(), GUARDED).await.unwrap();
        let is_http2 = tls.get_ref().1.alpn_protocol() == Some(b"h2");
        assert_eq!(is_http2, line == "HTTP/2.0");
        assert_eq!(Http::over(tls).await.get(GUARDED).await.status, 200);
    }
    assert_eq!(backend.requests().len(), 2);
}

/// The hybrid is for whoever can do it, also where another was expected, and nobody needs it.
#[tokio::test]
async fn the_post_quantum_hybrid_is_agreed_on_wherever_the_client_ranks_it() {
    let (pki, backend, gateway) = scene().await;
    let (hybrid, old, first) = (NamedGroup::X25519MLKEM768, NamedGroup::X25519, Full);
    let (last, none): ([&dyn SupportedKxGroup; 2], [&dyn SupportedKxGroup; 1]) =
        ([X25519, X25519MLKEM768], [X25519]);
    for (client, version, group, kind) in [
        (Client::new(&pki), &TLS13, hybrid, first),
        (
            Client::exchanging(&pki, &TLS13, &last),
            &TLS13,
            hybrid,
            FullWithHelloRetryRequest,
        ),
        (Client::exchanging(&pki, &TLS13, &none), &TLS13, old, first),
        (Client::tls12(&pki), &TLS12, old, first),
        (Client::exchanging(&pki, &TLS12, &last), &TLS12, old, first),
    ] {
        let client = client.showing(&pki.alice(), &[]);
        for expected in [kind, Resumed] {
            let tls = client.tls(gateway.address(), GUARDED).await.unwrap();
            let session = tls.get_ref().1;
            assert_eq!(session.protocol_version(), Some(version.version));
            assert_eq!(session.handshake_kind(), Some(expected), "{group:?}");
            let agreed = session.negotiated_key_exchange_group();
            if let Some(agreed) = agreed {
                assert_eq!(agreed.name(), group);
            }
            assert!(agreed.is_some() || expected == Resumed);
            assert_eq!(Http::over(tls).await.get(GUARDED).await.status, 200);
        }
    }
    assert_eq!(backend.last().verification(), "SUCCESS");
}

#[tokio::test]
async fn plain_http_on_the_port_is_no_way_in() {
    let (_, backend, gateway) = scene().await;
    let mut stream = tcp(&gateway).await;
    let request = b"GET / HTTP/1.1\r\nHost: open.contoso.com\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut received = Vec::new();
    let _ = tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut received).await;
    // `plain_http` has the rest of what is said, to a listener that asks nothing as to any other.
    assert!(
        received.starts_with(b"HTTP/1.1 400 "),
        "{}",
        received.escape_ascii()
    );
    assert!(backend.requests().is_empty());
}
