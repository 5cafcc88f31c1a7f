//! Clients that would like to write lines of their own, or to order a terminal about.

use std::fs;

use portcullis_test_pki::Name;

use super::HOST;
use crate::rig::log::{connect, field, line_of};
use crate::rig::{Backend, Client, Pki, Profile, Raw, Setup};

/// What ends a line, closes a quote, orders a terminal (in one octet and in two characters), turns the
/// direction of writing round.
const EVIL: &str = "x\"}\n{\"httpStatus\":200}\u{1b}[2J\u{9b}2J\u{202e}\u{2028}\0";

#[track_caller]
fn assert_harmless(text: &str) {
    let harmful = |letter: char| letter.is_control() || "\u{202e}\u{2028}".contains(letter);
    assert!(!text.contains(harmful), "{text:?}");
}

#[tokio::test]
async fn no_certificate_forges_a_line() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .site("anyone.contoso.com", Profile::passthrough())
        .start();
    for leaf in [
        pki.client("x").subject(Name::common_name(EVIL)).issue(),
        pki.client("x").issuer_name(Name::common_name(EVIL)).issue(),
    ] {
        for host in [HOST, "anyone.contoso.com"] {
            let client = Client::new(&pki).showing(&leaf, &[]);
            let line = crate::rig::log::visit(&client, gateway.address(), host).await;
            assert_harmless(&line.text);
            assert_ne!(field(&line, "sslClientCertificateFingerprint"), "");
        }
    }
}

#[tokio::test]
async fn no_header_and_no_path_forges_a_line() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let (stream, local) = connect(gateway.address()).await;
    let tls = Client::new(&pki).tls_over(stream, HOST).await.unwrap();
    let mut raw = Raw::new(tls);
    let mut request = b"GET /a%0a%22\"}{?{q HTTP/1.1\r\nhost: www.contoso.com\r\n\
                        user-agent: a\"},{\"httpStatus\":200\t\\\xc2\x9b2J\x9b\xff\xe2\x80\xae\r\n\r\n"
        .to_vec();
    raw.send(&request).await;
    assert_eq!(raw.answer().await.status, 200);
    let line = line_of(local).await;
    assert_harmless(&line.text);
    assert_eq!(field(&line, "httpStatus"), "200");
    assert_eq!(
        field(&line, "originalRequestUriWithArgs"),
        "/a%0a%22\"}{?{q"
    );
    assert_eq!(
        field(&line, "userAgent"),
        "a\"},{\"httpStatus\":200\t\\\u{9b}2J\u{fffd}\u{fffd}\u{202e}"
    );
    // A value of any length is a line of some length.
    request.clear();
    let long = "x".repeat(20_000);
    raw.send(format!(
        "GET /long HTTP/1.1\r\nhost: {HOST}\r\nuser-agent: {long}\r\n\r\n"
    ))
    .await;
    assert_eq!(raw.answer().await.status, 200);
    let lines = crate::rig::log::lines_of(local, 2).await;
    assert!(lines[1].text.len() < 12_000);
    assert!(field(&lines[1], "userAgent").ends_with("x<...>"));
}

#[tokio::test]
async fn the_text_form_is_one_line_too() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .site("anyone.contoso.com", Profile::passthrough())
        .logging("[access_log]\nformat = \"text\"\npath = \"access.log\"")
        .start();
    let evil = pki.client("x").subject(Name::common_name(EVIL)).issue();
    let client = Client::new(&pki).showing(&evil, &[]);
    client.get(gateway.address(), "anyone.contoso.com").await;
    Client::new(&pki).get(gateway.address(), HOST).await;
    let mut raw = client.raw(gateway.address(), "anyone.contoso.com").await;
    raw.send(
        "GET /\" HTTP/1.1\r\nhost: anyone.contoso.com\r\nuser-agent: \" status=200 \"\r\n\r\n",
    )
    .await;
    raw.answer().await;
    gateway.stop();
    let text = fs::read_to_string(gateway.folder().join("access.log")).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    lines.iter().for_each(|line| assert_harmless(line));
    for words in [
        " status=200 ",
        "client_verify=\"PASSTHROUGH\"",
        "reason=\"forwarded\"",
    ] {
        assert!(lines[0].contains(words), "{words} in {}", lines[0]);
    }
    for words in [
        " status=400 ",
        "client_verify=\"NONE\"",
        "reason=\"certificate_missing\"",
    ] {
        assert!(lines[1].contains(words), "{words} in {}", lines[1]);
    }
    assert!(lines[2].contains(r#"uri="/\"""#), "{}", lines[2]);
    assert!(
        lines[2].contains(r#"user_agent="\" status=200 \"""#),
        "{}",
        lines[2]
    );
}
