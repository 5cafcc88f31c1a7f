//! Ways to responders: https, a proxy, networks and ports that are allowed, and how much one is asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_ocsp::HashAlgorithm;
use portcullis_revocation::{Destinations, Event, Method, Observer, Ports, Proxy, Settings, fetch};
use portcullis_test_pki::{Ca, NOW, after, ocsp};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::responder::{Reply, Responder, http, ok};
use crate::{Pki, algorithms, hard_fail, settings};

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// Trusts servers of this authority.
fn trusting(authority: &Ca) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(authority.der.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

/// TLS in front of a responder, on a port of its own. Certificates of these tests are of their own time, and TLS is of
/// now, so that the authority has to be of now too.
async fn with_tls(authority: &Ca, responder: &Responder) -> u16 {
    let server = authority.server(&["localhost"]).issue();
    let config = ServerConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![server.der.clone()], server.private_key_der())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (port, behind) = (listener.local_addr().unwrap().port(), responder.port());
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut secured) = acceptor.accept(stream).await else {
                    return;
                };
                let mut plain = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                drop(copy_bidirectional(&mut secured, &mut plain).await);
            });
        }
    });
    port
}

fn authority_of_now() -> Ca {
    let now = std::time::SystemTime::now();
    let seconds = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    Ca::root("Web").valid_around(seconds).issue()
}

#[tokio::test]
async fn https_is_asked_where_there_are_roots_for_it_and_its_certificate_has_to_hold() {
    let responder = Responder::listen();
    responder.serve_response(b"answer".to_vec());
    let web = authority_of_now();
    let port = with_tls(&web, &responder).await;
    let url = format!("https://localhost:{port}/ocsp");
    let refused = fetch(&url, b"question", &settings()).await.unwrap_err();
    assert_eq!(refused.code(), "responder_refused_by_policy");

    let trusted = settings().https(trusting(&web));
    assert_eq!(fetch(&url, b"question", &trusted).await.unwrap(), b"answer");
    assert_eq!(responder.asked()[0].request, b"question");

    // Another name than the certificate has, and another authority.
    let elsewhere = format!("https://127.0.0.1:{port}/ocsp");
    let refused = fetch(&elsewhere, b"question", &trusted).await.unwrap_err();
    assert_eq!(refused.code(), "responder_unreachable");
    let other = settings().https(trusting(&authority_of_now()));
    let refused = fetch(&url, b"question", &other).await.unwrap_err();
    assert_eq!(refused.code(), "responder_unreachable");
    assert_eq!(responder.hits(), 1);
}

/// A proxy that passes one request on as it is, or a tunnel, and knows the first line of each.
struct ForwardProxy {
    url: String,
    lines: Arc<Mutex<Vec<String>>>,
}

impl ForwardProxy {
    async fn start(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&lines);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Self::converse(stream, Arc::clone(&seen), answer));
            }
        });
        Self { url, lines }
    }

    async fn converse(mut stream: TcpStream, seen: Arc<Mutex<Vec<String>>>, answer: &str) {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap();
        let line = head.lines().next().unwrap().to_owned();
        let target = line.split(' ').nth(1).unwrap().to_owned();
        let tunnel = line.starts_with("CONNECT ");
        seen.lock().unwrap().push(line);
        let authority = target
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap();
        if tunnel {
            stream.write_all(answer.as_bytes()).await.unwrap();
            if !answer.contains(" 200 ") {
                return;
            }
        }
        let mut onward = TcpStream::connect(authority).await.unwrap();
        if !tunnel {
            onward.write_all(head.as_bytes()).await.unwrap();
        }
        drop(copy_bidirectional(&mut stream, &mut onward).await);
    }

    fn proxy(&self) -> Proxy {
        self.url.parse().unwrap()
    }

    fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }
}

const CONNECTED: &str = "HTTP/1.1 200 Connected\r\n\r\n";

#[tokio::test]
async fn an_http_responder_is_asked_through_a_proxy_by_its_whole_url() {
    let responder = Responder::listen();
    responder.serve_response(b"answer".to_vec());
    let proxy = ForwardProxy::start(CONNECTED).await;
    let settings = settings().proxy(proxy.proxy());
    assert_eq!(
        fetch(responder.url(), b"question", &settings)
            .await
            .unwrap(),
        b"answer"
    );
    let [line] = &proxy.lines()[..] else {
        panic!("one")
    };
    assert_eq!(
        *line,
        format!("GET {}/cXVlc3Rpb24%3D HTTP/1.1", responder.url())
    );
}

#[tokio::test]
async fn an_https_responder_is_asked_through_a_tunnel() {
    let responder = Responder::listen();
    responder.serve_response(b"answer".to_vec());
    let web = authority_of_now();
    let port = with_tls(&web, &responder).await;
    let url = format!("https://localhost:{port}/ocsp");
    let proxy = ForwardProxy::start(CONNECTED).await;
    let through = settings().https(trusting(&web)).proxy(proxy.proxy());
    assert_eq!(fetch(&url, b"question", &through).await.unwrap(), b"answer");
    assert_eq!(
        proxy.lines(),
        [format!("CONNECT localhost:{port} HTTP/1.1")]
    );

    let closed = ForwardProxy::start("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n").await;
    let through = settings().https(trusting(&web)).proxy(closed.proxy());
    let refused = fetch(&url, b"question", &through).await.unwrap_err();
    assert_eq!(refused.code(), "responder_unreachable");
}

#[tokio::test]
async fn a_proxy_is_not_asked_for_what_is_local() {
    let proxy = ForwardProxy::start(CONNECTED).await;
    let settings = Settings::new(algorithms(), Destinations::NotLocal).proxy(proxy.proxy());
    for host in [
        "127.0.0.1",
        "localhost",
        "LOCALHOST.",
        "a.localhost",
        "169.254.169.254",
        "[::1]",
        "0x7f.1",
        "127.1",
        "2130706433",
        "[::ffff:127.0.0.1]",
        "169.254.169.254.",
    ] {
        let refused = fetch(&format!("http://{host}/"), b"question", &settings)
            .await
            .unwrap_err();
        assert_eq!(refused.code(), "responder_refused_by_policy", "{host}");
    }
    assert!(proxy.lines().is_empty());
}

#[tokio::test]
async fn a_network_and_a_port_can_be_allowed_and_a_port_be_refused() {
    let responder = Responder::listen();
    responder.serve_response(b"answer".to_vec());
    let strict = || Settings::new(algorithms(), Destinations::NotLocal);
    let allowed = strict().allow_network("127.0.0.0/8".parse().unwrap());
    assert!(fetch(responder.url(), b"question", &allowed).await.is_ok());
    let mapped = format!("http://[::ffff:127.0.0.1]:{}/", responder.port());
    assert!(fetch(&mapped, b"question", &allowed).await.is_ok());
    let other = strict().allow_network("127.0.0.2/32".parse().unwrap());
    assert!(fetch(responder.url(), b"question", &other).await.is_err());

    let only = settings().ports(Ports::Only(vec![80, responder.port()]));
    assert!(fetch(responder.url(), b"question", &only).await.is_ok());
    let only = settings().ports(Ports::Only(vec![80]));
    let refused = fetch(responder.url(), b"question", &only)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), "responder_refused_by_policy");
    for port in [22, 25, 111, 1023] {
        let url = format!("http://127.0.0.1:{port}/");
        let refused = fetch(&url, b"question", &settings()).await.unwrap_err();
        assert_eq!(refused.code(), "responder_refused_by_policy", "{port}");
    }
}

#[tokio::test]
async fn a_question_can_always_be_posted_and_name_certificates_by_sha256() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(
        ocsp::good(&pki.alice, &pki.root)
            .each(|a| a.hash(ocsp::Hash::Sha256))
            .issue(),
    );
    let checker = hard_fail(settings().method(Method::Post).hash(HashAlgorithm::Sha256));
    assert!(pki.check(&checker, NOW).await.is_ok());
    let asked = &responder.asked()[0];
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("POST", "/ocsp")
    );
    let request = portcullis_ocsp::parse_request(&asked.request).unwrap();
    assert_eq!(
        request.cert_ids()[0].hash_algorithm(),
        Some(HashAlgorithm::Sha256)
    );
}

#[tokio::test]
async fn a_responder_that_does_not_know_get_is_asked_by_post_and_then_at_once() {
    for status in [
        "400 Bad Request",
        "404 Not Found",
        "405 Method Not Allowed",
        "501 Not Implemented",
    ] {
        let responder = Responder::listen();
        let pki = Pki::asking(&responder);
        let good = ok(&ocsp::good(&pki.alice, &pki.root).issue());
        responder.serve(move |asked| match asked.method.as_str() {
            "POST" => Reply::Octets(good.clone()),
            _ => Reply::Octets(http(status, "", b"")),
        });
        let checker = hard_fail(settings());
        pki.check(&checker, NOW).await.unwrap();
        pki.check(&checker, after(NOW, 3601)).await.unwrap();
        let methods: Vec<_> = responder
            .asked()
            .into_iter()
            .map(|asked| asked.method)
            .collect();
        assert_eq!(methods, ["GET", "POST", "POST"], "{status}");
        assert!(
            fetch(responder.url(), b"question", &settings())
                .await
                .is_ok()
        );
    }
}

#[tokio::test]
async fn a_responder_that_fails_is_not_asked_again_by_post() {
    for status in ["500 Oops", "503 Later", "302 Found", "403 Forbidden"] {
        let responder = Responder::listen();
        responder.serve(move |_| Reply::Octets(http(status, "", b"")));
        assert!(
            fetch(responder.url(), b"question", &settings())
                .await
                .is_err()
        );
        assert_eq!(responder.hits(), 1, "{status}");
    }
}

/// Every event in short.
#[derive(Default)]
struct Notes(Mutex<Vec<String>>);

impl Observer for Notes {
    fn observe(&self, event: &Event<'_>) {
        let note = match event {
            Event::Checked {
                code,
                passed,
                source,
            } => format!("{code} {passed} {}", source.name()),
            Event::Joined => "joined".to_owned(),
            Event::Asked { .. } => "asked".to_owned(),
            Event::Answered { code, .. } => format!("answered {code}"),
            Event::Refreshing => "refreshing".to_owned(),
            Event::Suspended { until, .. } => {
                format!("suspended {}", until.as_secs() - NOW.as_secs())
            }
            other => format!("{other:?}"),
        };
        self.0.lock().unwrap().push(note);
    }
}

impl Notes {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[tokio::test]
async fn an_observer_learns_what_is_asked_answered_and_remembered() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let notes = Arc::new(Notes::default());
    let checker = hard_fail(settings().observer(Arc::clone(&notes) as Arc<dyn Observer>));
    pki.check(&checker, NOW).await.unwrap();
    assert_eq!(
        notes.take(),
        ["asked", "answered good", "good true fetched"]
    );
    pki.check(&checker, NOW).await.unwrap();
    assert_eq!(notes.take(), ["good true cached"]);
    pki.check(&checker, after(NOW, 3500)).await.unwrap();
    assert_eq!(notes.take()[..2], ["refreshing", "good true cached"]);
}

#[tokio::test]
async fn a_responder_that_fails_again_and_again_is_left_alone_and_tried_again() {
    let responder = Responder::listen();
    let up = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let pki = Pki::asking(&responder);
    let clients: Vec<_> = (0..8)
        .map(|number| {
            pki.with(
                pki.root
                    .client(format!("c{number}").as_str())
                    .ocsp_url(responder.url())
                    .issue(),
            )
        })
        .collect();
    let answers: Vec<_> = clients
        .iter()
        .map(|client| ocsp::Answer::good(&client.alice, &pki.root))
        .collect();
    let good = answers
        .into_iter()
        .fold(ocsp::Response::new(&pki.root), ocsp::Response::answer)
        .issue();
    let is_up = Arc::clone(&up);
    responder.serve(move |_| {
        let up = is_up.load(std::sync::atomic::Ordering::Relaxed);
        Reply::Octets(if up {
            ok(&good)
        } else {
            http("500 Oops", "", b"")
        })
    });
    let notes = Arc::new(Notes::default());
    let checker = hard_fail(settings().observer(Arc::clone(&notes) as Arc<dyn Observer>));
    for client in &clients[..5] {
        let refused = client.check(&checker, NOW).await.unwrap_err();
        assert_eq!(refused.code(), "responder_http_status");
    }
    assert!(notes.take().contains(&"suspended 5".to_owned()));
    let refused = clients[5].check(&checker, NOW).await.unwrap_err();
    assert_eq!(
        (refused.code(), responder.hits()),
        ("responder_suspended", 5)
    );
    up.store(true, std::sync::atomic::Ordering::Relaxed);
    // Once it is tried again, everybody is answered.
    assert!(clients[6].check(&checker, after(NOW, 5)).await.is_ok());
    assert!(clients[5].check(&checker, after(NOW, 6)).await.is_ok());
    assert!(clients[7].check(&checker, NOW).await.is_ok());
}

#[tokio::test]
async fn one_responder_is_asked_so_much_at_once_and_no_more() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.close();
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = hard_fail(
        settings()
            .questions_each(2)
            .timeout(Duration::from_secs(60)),
    );
    let clients: Vec<_> = (0..6)
        .map(|number| {
            pki.with(
                pki.root
                    .client(format!("c{number}").as_str())
                    .ocsp_url(responder.url())
                    .issue(),
            )
        })
        .collect();
    let chains: Vec<_> = clients.iter().map(Pki::chain).collect();
    let all = async {
        let mut set = Vec::new();
        for chain in &chains {
            set.push(Box::pin(checker.check(chain, NOW)));
        }
        for check in &mut set {
            // Each begins its question.
            std::future::poll_fn(|context| {
                let _ = check.as_mut().poll(context);
                std::task::Poll::Ready(())
            })
            .await;
        }
        while responder.hits() < 2 {
            tokio::task::yield_now().await;
        }
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert_eq!(responder.hits(), 2);
        responder.open();
        for check in set {
            assert!(check.await.is_err(), "it is about alice");
        }
    };
    all.await;
    assert_eq!(responder.hits(), 6);
}
