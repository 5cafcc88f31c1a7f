//! How responders are asked, and what of HTTP they may answer with.

use std::net::TcpListener;
use std::time::Duration;

use portcullis_ocsp::{MAX_LENGTH, Query, request};
use portcullis_revocation::{
    Class, Destinations, Failure, HttpFault, PolicyFault, Settings, fetch,
};
use portcullis_test_pki::{NOW, ocsp};
use portcullis_x509::Certificate;

use crate::responder::{Reply, Responder, http, ok};
use crate::{Pki, algorithms, checker, hard_fail, settings};

/// What the check comes to when the responder sends these octets.
async fn failure(octets: Vec<u8>) -> Failure {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve(move |_| Reply::Octets(octets.clone()));
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    assert_eq!(responder.hits(), 1);
    assert_eq!(failure.class(), Class::Unavailable, "{failure}");
    failure.failure().clone()
}

/// What is wrong with an HTTP response of these octets.
async fn fault(octets: Vec<u8>) -> HttpFault {
    match failure(octets).await {
        Failure::HttpFault { fault, .. } => fault,
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_short_question_is_asked_by_get_and_a_long_one_by_post() {
    let responder = Responder::listen();
    responder.serve_response(ocsp::error(3));
    let long_url = format!("{}/{}", responder.url(), "long".repeat(50));
    for (url, method) in [(responder.url(), "GET"), (&long_url, "POST")] {
        let pki = Pki::naming(&[url]);
        let certificate = Certificate::parse(&pki.alice.der).unwrap();
        let issuer = Certificate::parse(&pki.root.der).unwrap();
        pki.check(&checker(), NOW).await.unwrap_err();
        let asked = responder.asked().pop().unwrap();
        assert_eq!(asked.method, method);
        assert!(asked.target.starts_with("/ocsp/"));
        assert!(
            asked
                .head
                .contains(&format!("\r\nhost: 127.0.0.1:{}\r\n", responder.port()))
        );
        assert_eq!(asked.request, request(&Query::new(&certificate, &issuer)));
    }
}

#[tokio::test]
async fn a_question_by_post_says_its_content_type_and_is_answered() {
    let responder = Responder::listen();
    let pki = Pki::naming(&[&format!("{}?by=post", responder.url())]);
    responder.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    pki.check(&checker(), NOW).await.unwrap();
    let asked = responder.asked().pop().unwrap();
    assert_eq!(
        (asked.method.as_str(), asked.target.as_str()),
        ("POST", "/ocsp?by=post")
    );
    assert!(
        asked
            .head
            .contains("\r\ncontent-type: application/ocsp-request\r\n")
    );
}

#[tokio::test]
async fn other_statuses_than_200_are_refused_and_redirections_not_followed() {
    let elsewhere = Responder::listen();
    elsewhere.serve_response(Vec::new());
    let location = format!("Location: {}\r\n", elsewhere.url());
    for (status, found) in [
        ("301 Moved", 301),
        ("302 Found", 302),
        ("307 Over there", 307),
        ("500 Oops", 500),
        ("204 Empty", 204),
    ] {
        let fields = format!("{location}Content-Type: application/ocsp-response\r\n");
        assert_eq!(
            fault(http(status, &fields, b"")).await,
            HttpFault::Status { found }
        );
    }
    assert_eq!(elsewhere.hits(), 0);
}

#[tokio::test]
async fn other_content_types_are_refused() {
    let html = fault(http("200 OK", "Content-Type: text/html\r\n", b"<html>")).await;
    assert_eq!(
        html,
        HttpFault::ContentType {
            found: Some("text/html".into())
        }
    );
    let unsaid = fault(http("200 OK", "", b"")).await;
    assert_eq!(unsaid, HttpFault::ContentType { found: None });
}

#[tokio::test]
async fn a_content_type_is_recognised_in_any_case_and_with_parameters() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let response = ocsp::good(&pki.alice, &pki.root).issue();
    let field = "content-type: Application/OCSP-Response; charset=binary\r\n";
    responder.serve(move |_| Reply::Octets(http("200 OK", field, &response)));
    assert!(pki.check(&checker(), NOW).await.is_ok());
}

#[tokio::test]
async fn content_over_the_limit_is_refused_announced_or_not() {
    let too_long = HttpFault::TooLong { limit: MAX_LENGTH };
    let content = vec![0x30; MAX_LENGTH + 1];
    assert_eq!(fault(ok(&content)).await, too_long);
    let field = "HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n";
    let until_close = [format!("{field}\r\n").as_bytes(), &content].concat();
    assert_eq!(fault(until_close).await, too_long);
    let mut chunked = format!("{field}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for chunk in content.chunks(1000) {
        chunked.extend(format!("{:x}\r\n", chunk.len()).bytes());
        chunked.extend(chunk);
        chunked.extend(b"\r\n");
    }
    assert_eq!(fault(chunked).await, too_long);
}

#[tokio::test]
async fn an_answer_in_chunks_is_read() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let response = ocsp::good(&pki.alice, &pki.root).issue();
    let mut octets = b"HTTP/1.1 200 OK\r\nContent-Type: application/ocsp-response\r\n\
        Transfer-Encoding: chunked\r\n\r\n"
        .to_vec();
    for octet in response {
        octets.extend([b'1', b'\r', b'\n', octet, b'\r', b'\n']);
    }
    octets.extend(b"0\r\n\r\n");
    responder.serve(move |_| Reply::Octets(octets.clone()));
    assert!(pki.check(&checker(), NOW).await.is_ok());
}

#[tokio::test]
async fn what_is_not_http_or_breaks_off_is_unreachable() {
    let cut = ok(&[0x30; 500]);
    let cut = cut[..cut.len() - 1].to_vec();
    let head = [
        b"HTTP/1.1 200 OK\r\nX: ".as_slice(),
        &[b'x'; 0x8000],
        b"\r\n\r\n",
    ]
    .concat();
    for octets in [b"SSH-2.0-OpenSSH\r\n".to_vec(), Vec::new(), cut, head] {
        assert_eq!(failure(octets).await.code(), "responder_unreachable");
    }
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let pki = Pki::naming(&[&format!("http://127.0.0.1:{port}/")]);
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    assert_eq!(failure.code(), "responder_unreachable");
    assert_eq!(failure.class(), Class::Unavailable);
}

// Time stands still but for the timeouts: a runtime that only waits goes on to the next one.
#[tokio::test(start_paused = true)]
async fn a_responder_that_says_nothing_times_out() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    responder.serve(|_| Reply::Silence);
    let failure = pki.check(&checker(), NOW).await.unwrap_err();
    assert_eq!(failure.code(), "responder_timed_out");
    assert_eq!(failure.class(), Class::Unavailable);
}

#[tokio::test]
async fn a_responder_that_stops_in_the_middle_times_out() {
    let responder = Responder::listen();
    let pki = Pki::asking(&responder);
    let mut octets = ok(&[0x30; 500]);
    octets.truncate(300);
    responder.serve(move |_| Reply::OctetsAndSilence(octets.clone()));
    let checker = hard_fail(settings().timeout(Duration::from_millis(300)));
    let failure = pki.check(&checker, NOW).await.unwrap_err();
    assert_eq!(failure.code(), "responder_timed_out");
}

#[tokio::test]
async fn a_silent_responder_leaves_time_for_the_next_one() {
    let (silent, second) = (Responder::listen(), Responder::listen());
    let pki = Pki::naming(&[silent.url(), second.url()]);
    silent.serve(|_| Reply::Silence);
    second.serve_response(ocsp::good(&pki.alice, &pki.root).issue());
    let checker = hard_fail(settings().timeout(Duration::from_secs(2)));
    assert_eq!(
        pki.check(&checker, NOW).await.unwrap().responder(),
        Some(second.url())
    );
}

#[tokio::test]
async fn local_addresses_are_not_asked_unless_allowed() {
    let responder = Responder::listen();
    let port = responder.port();
    let checker = hard_fail(Settings::new(algorithms(), Destinations::NotLocal));
    for host in [
        "127.0.0.1",
        "localhost",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "0x7f.1",
    ] {
        let pki = Pki::naming(&[&format!("http://{host}:{port}/")]);
        let failure = pki.check(&checker, NOW).await.unwrap_err();
        let Failure::ResponderRefusedByPolicy { reason, .. } = failure.failure() else {
            panic!("{host}: {failure}")
        };
        assert!(
            matches!(reason, PolicyFault::Address { .. }),
            "{host}: {reason}"
        );
    }
    assert_eq!(responder.hits(), 0);
}

#[tokio::test]
async fn where_loopback_is_allowed_nothing_else_that_is_local_is() {
    let settings = || Settings::new(algorithms(), Destinations::LoopbackToo);
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0/",
        "http://224.0.0.1/",
        "http://[fe80::1]/",
        "http://[64:ff9b::7f00:1]/",
    ] {
        let failure = fetch(url, b"question", &settings()).await.unwrap_err();
        assert_eq!(failure.code(), "responder_refused_by_policy", "{url}");
    }
    let responder = Responder::listen();
    responder.serve_response(b"answer".to_vec());
    for host in ["127.0.0.1", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{}/", responder.port());
        assert_eq!(
            fetch(&url, b"question", &settings()).await.unwrap(),
            b"answer"
        );
    }
}

#[tokio::test]
async fn other_schemes_and_users_are_not_asked() {
    let responder = Responder::listen();
    let port = responder.port();
    for url in [
        format!("https://127.0.0.1:{port}/"),
        format!("ldap://127.0.0.1:{port}/"),
        format!("http://user:password@127.0.0.1:{port}/"),
        format!("http://ocsp.example@127.0.0.1:{port}/"),
        "file:///etc/passwd".to_owned(),
        "ocsp.example".to_owned(),
        String::new(),
    ] {
        let pki = Pki::naming(&[&url]);
        let failure = pki.check(&checker(), NOW).await.unwrap_err();
        assert_eq!(failure.code(), "responder_refused_by_policy", "{url}");
    }
    assert_eq!(responder.hits(), 0);
}

#[tokio::test]
async fn what_is_reported_stays_on_its_line() {
    for url in ["http://a/\r\nforged: line", "x\n://a/", "\u{1b}[2J"] {
        let failure = Pki::naming(&[url])
            .check(&checker(), NOW)
            .await
            .unwrap_err();
        assert_eq!(failure.code(), "responder_refused_by_policy");
        assert!(
            !failure.to_string().contains(char::is_control),
            "{failure:?}"
        );
    }
    let noise = format!("Content-Type: text/{}\r\n", "x".repeat(1000));
    let HttpFault::ContentType { found: Some(found) } = fault(http("200 OK", &noise, b"")).await
    else {
        panic!("a content type")
    };
    assert_eq!(found.len(), 100);
}

#[tokio::test]
async fn the_transport_alone_gives_the_octets_unjudged() {
    let responder = Responder::listen();
    responder.serve_response(b"anything".to_vec());
    let octets = fetch(responder.url(), &[1, 2, 3], &settings())
        .await
        .unwrap();
    assert_eq!(octets, b"anything");
    assert_eq!(responder.asked()[0].request, [1, 2, 3]);
}
