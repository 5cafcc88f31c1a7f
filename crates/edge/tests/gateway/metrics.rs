//! What is counted, and by what.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::Certified;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::{
    Backend, Client, Http, Pki, Profile, Reply, Responder, Rig, Samples, Setup, patiently,
};

const HOST: &str = "www.contoso.com";

/// Holds the sum of samples, said as `name label=value label=value`, against what is expected.
#[track_caller]
fn is(samples: &Samples, what: &str, expected: f64) {
    let mut words = what.split(' ');
    let name = format!("portcullis_{}", words.next().unwrap());
    let labels: Vec<_> = words.map(|word| word.split_once('=').unwrap()).collect();
    let found = samples.sum(&name, &labels);
    assert!((found - expected).abs() < 1e-9, "{what}: {found}");
}

#[tokio::test]
async fn requests_are_counted_by_listener_status_and_reason() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .also("other.contoso.com")
        .cores(2)
        .admin("")
        .start();
    let operator = gateway.operator();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    for host in [HOST, HOST, "other.contoso.com"] {
        assert_eq!(client.get(gateway.address(), host).await.status, 200);
        assert_eq!(
            client
                .clone()
                .http2()
                .get(gateway.address(), host)
                .await
                .status,
            200
        );
    }
    // The listener of the request counts, not that of the handshake.
    let mut http = client.connect(gateway.address(), HOST).await;
    assert_eq!(http.get("other.contoso.com").await.status, 200);
    assert_eq!(http.get("nobody.example").await.status, 404);
    let samples = operator
        .until("portcullis_request_duration_seconds_count", &[], 8.0)
        .await;
    is(
        &samples,
        "requests_total listener=l0 status=2xx reason=forwarded",
        4.0,
    );
    is(
        &samples,
        "requests_total listener=l1 status=2xx reason=forwarded",
        3.0,
    );
    is(
        &samples,
        "requests_total listener=l0 status=4xx reason=no_listener",
        1.0,
    );
    is(&samples, "backend_first_byte_duration_seconds_count", 7.0);
    assert!(samples.sum("portcullis_backend_connect_duration_seconds_count", &[]) >= 1.0);
    is(&samples, "connections_accepted_total", 7.0);
    assert!(samples.sum("portcullis_received_bytes_total", &[("listener", "l0")]) > 100.0);
    assert!(samples.sum("portcullis_sent_bytes_total", &[("listener", "l1")]) > 100.0);
    drop(http);
    operator
        .until("portcullis_connections_open", &[], 0.0)
        .await;
    let version = env!("CARGO_PKG_VERSION");
    is(&samples, &format!("build_info version={version}"), 1.0);
}

#[tokio::test]
async fn handshakes_are_counted_by_version_and_resumption() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .admin("")
        .start();
    let operator = gateway.operator();
    for (client, protocol) in [
        (Client::new(&pki), "TLSv1.3"),
        (Client::tls12(&pki), "TLSv1.2"),
    ] {
        let client = client.showing(&pki.alice(), &[]);
        for _ in 0..2 {
            assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
        }
        let samples = operator.metrics().await;
        is(
            &samples,
            &format!("handshakes_total protocol={protocol} kind=resumed"),
            1.0,
        );
        is(
            &samples,
            &format!("handshakes_total protocol={protocol}"),
            2.0,
        );
    }
    let samples = operator.metrics().await;
    is(&samples, "client_verifications_total outcome=verified", 4.0);
    is(
        &samples,
        "verified_chain_lookups_total profile=p0 result=miss",
        2.0,
    );
    is(
        &samples,
        "verified_chain_lookups_total profile=p0 result=hit",
        2.0,
    );
    is(&samples, "verified_chains profile=p0", 2.0);
}

#[tokio::test]
async fn refusals_are_counted_by_class_and_code() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .admin("")
        .start();
    let operator = gateway.operator();
    let foreign = Pki::named("Fabrikam").alice();
    let expired = pki.client("alice").expired().issue();
    let client = || Client::new(&pki);
    for (client, class, reason) in [
        (client(), "certificate_missing", "certificate_missing"),
        (client().showing(&expired, &[]), "expired", "expired"),
        (
            client().showing(&foreign, &[]),
            "untrusted",
            "issuer_not_found",
        ),
        (
            client().showing(&pki.server, &[]),
            "not_permitted",
            "purpose_not_allowed",
        ),
    ] {
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!(answer.reason(), reason);
        let samples = operator.metrics().await;
        let judged =
            format!("client_verifications_total listener=l0 class={class} reason={reason}");
        is(&samples, &format!("{judged} outcome=refused"), 1.0);
        let answered = format!("requests_total listener=l0 status=4xx reason={reason}");
        is(&samples, &answered, 1.0);
    }
}

#[tokio::test]
async fn failed_handshakes_are_counted_by_reason() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).alert())
        .admin("")
        .start();
    let (operator, address) = (gateway.operator(), gateway.address());
    let foreign = Pki::named("Fabrikam");
    let expired = pki.client("alice").expired().issue();
    Client::new(&pki).alert(address, HOST).await;
    Client::new(&pki)
        .showing(&expired, &[])
        .alert(address, HOST)
        .await;
    Client::new(&pki)
        .showing(&foreign.alice(), &[])
        .alert(address, HOST)
        .await;
    // This one does not trust the gateway.
    assert!(Client::new(&foreign).tls(address, HOST).await.is_err());
    for bytes in [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x00\x05hello",
        "",
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(bytes.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut rest = Vec::new();
        drop(patiently(stream.read_to_end(&mut rest)).await);
    }
    let failed = "portcullis_handshakes_failed_total";
    let samples = operator.until(failed, &[], 7.0).await;
    for reason in [
        "certificate_missing",
        "expired",
        "untrusted",
        "alert_received",
        "http_to_https_port",
        "malformed_message",
        "closed",
    ] {
        is(
            &samples,
            &format!("handshakes_failed_total reason={reason} address={address}"),
            1.0,
        );
    }
}

/// A gateway that asks this responder about its clients.
async fn asking(pki: &Pki, backend: &Backend) -> (Responder, Certified, Rig) {
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    let gateway = Setup::new(pki, backend)
        .site(HOST, Profile::required(pki).ocsp())
        .ocsp_timeout(1)
        .admin("")
        .start();
    (responder, alice, gateway)
}

#[tokio::test]
async fn ocsp_is_counted_by_responder_and_outcome() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let (responder, alice, gateway) = asking(&pki, &backend).await;
    let client = Client::new(&pki).showing(&alice, &[]);
    for _ in 0..3 {
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    }
    let place = place(&responder);
    let samples = gateway.operator().metrics().await;
    for (what, expected) in [
        (&*format!("ocsp_questions_total responder={place}"), 1.0),
        (
            &*format!("ocsp_answers_total responder={place} outcome=good"),
            1.0,
        ),
        (
            &*format!("ocsp_answer_duration_seconds_count responder={place}"),
            1.0,
        ),
        (
            "ocsp_checks_total outcome=passed reason=good source=fetched",
            1.0,
        ),
        (
            "ocsp_checks_total outcome=passed reason=good source=cached",
            2.0,
        ),
        ("ocsp_cache_entries", 1.0),
    ] {
        is(&samples, what, expected);
    }
}

#[tokio::test]
async fn a_reload_forgets_nothing_that_was_counted() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let (responder, alice, mut gateway) = asking(&pki, &backend).await;
    let client = Client::new(&pki).showing(&alice, &[]);
    assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    gateway.reload(|setup| setup);
    let bob = pki.client("bob").ocsp_url(&responder.url()).issue();
    responder.knows(&bob, &pki.issuing);
    responder.says(|_| Reply::HangUp);
    let client = Client::new(&pki).showing(&bob, &[]);
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!(answer.reason(), "responder_unreachable");
    let samples = gateway.operator().metrics().await;
    let answers = format!("ocsp_answers_total responder={} outcome", place(&responder));
    for (what, expected) in [
        (&*format!("{answers}=good"), 1.0),
        (&*format!("{answers}=responder_unreachable"), 1.0),
        (
            "ocsp_checks_total outcome=refused reason=responder_unreachable",
            1.0,
        ),
        (
            "client_verifications_total class=revocation_unavailable reason=responder_unreachable",
            1.0,
        ),
        ("requests_total reason=forwarded", 1.0),
    ] {
        is(&samples, what, expected);
    }
}

/// Its host and port.
fn place(responder: &Responder) -> String {
    let url = responder.url();
    url.trim_start_matches("http://")
        .trim_end_matches('/')
        .to_owned()
}

#[tokio::test]
async fn no_client_chooses_a_label() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("*", Profile::passthrough())
        .admin("")
        .start();
    let operator = gateway.operator();
    let client = Client::new(&pki);
    let first = async |number: usize| {
        let leaf = pki.client(format!("marker{number}").as_str()).issue();
        let client = client.clone().showing(&leaf, &[]);
        let name = format!("marker{number}.contoso.com");
        let tls = client.tls(gateway.address(), &name).await.unwrap();
        let mut http = Http::over(tls).await;
        for number in 0..20 {
            let request = Request::builder()
                .method(format!("MARKER{number}").as_str())
                .uri(format!("/marker{number}?marker={number}"))
                .header(format!("marker-{number}"), "marker")
                .header("user-agent", format!("marker{number}"));
            let request = request.body(Empty::<Bytes>::new()).unwrap();
            let answer = http
                .send(&format!("marker{number}.contoso.com"), request)
                .await;
            assert_eq!(answer.status, 200);
        }
    };
    first(0).await;
    let before = operator
        .until("portcullis_request_duration_seconds_count", &[], 20.0)
        .await
        .len();
    for number in 1..10 {
        first(number).await;
    }
    operator
        .until("portcullis_request_duration_seconds_count", &[], 200.0)
        .await;
    let answer = operator.get("/metrics").await;
    let after = Samples::parse(answer.text());
    // Only whether a session was resumed can have made a difference.
    assert!(after.len() <= before + 1, "{before} {}", after.len());
    assert!(!answer.text().to_ascii_lowercase().contains("marker"));
    assert_eq!(
        after.values("portcullis_requests_total", "listener").len(),
        1
    );
}

#[tokio::test]
async fn certificates_say_how_long_they_last() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .admin("")
        .start();
    let samples = gateway.operator().metrics().await;
    let days = "portcullis_certificate_days_left";
    assert_eq!(
        Vec::from_iter(samples.values(days, "use")),
        ["server", "trusted_root"]
    );
    let root = [("profile", "p0"), ("subject", "CN=Contoso Root CA")];
    assert!(samples.sum(days, &root) > 0.0);
    assert!(samples.sum("portcullis_certificate_not_after_seconds", &root) > 1.7e9);
    is(&samples, "backend_servers pool=b0 health=Unknown", 1.0);
}
