//! `passthrough.json`: whoever comes is let through, and the backend is told what was shown.

use portcullis_test_pki::Ca;
use serde_json::json;

use crate::backends::{Backends, address};
use crate::client::{Client, To};
use crate::document::{at, document, replace, set_backend_port};
use crate::gateway::Gateway;

const GATEWAY: &str = "/resources/0/properties";

/// Every header that the rules fill from a certificate.
const TOLD: [&str; 7] = [
    "x-client-cert",
    "x-client-cert-fingerprint",
    "x-client-cert-subject",
    "x-client-cert-issuer",
    "x-client-cert-serial",
    "x-client-cert-start",
    "x-client-cert-end",
];

/// A client that says all of it by itself.
const FORGED: &str = "X-Client-Cert: forged\r\nX-Client-Cert-Verify: SUCCESS\r\n\
                      X-Client-Cert-Subject: CN=root\r\nX-Anonymous: no\r\n";

/// The ports of the listener with the profile and of the one without.
fn scene() -> (Gateway, [u16; 2]) {
    let backends = Backends::start(1, "");
    let mut sample = document(include_str!("../../../../examples/arm/passthrough.json"));
    let gateway = at(&mut sample, GATEWAY);
    let target = json!(address(0));
    let pointer = "/BackendAddressPools/0/Properties/BackendAddresses/0/IpAddress";
    replace(gateway, pointer, target);
    set_backend_port(gateway, "/BackendHttpSettingsCollection", backends.port);
    Gateway::start(&sample, None, |sample, ports: [u16; 2]| {
        for (index, port) in ports.iter().enumerate() {
            let pointer = format!("{GATEWAY}/FrontendPorts/{index}/Properties/Port");
            replace(sample, &pointer, json!(port));
        }
    })
}

#[test]
fn who_shows_no_certificate_is_let_through_and_told_apart() {
    let (_gateway, [port, _]) = scene();
    let to = To::site(port, "api.contoso.com");
    let answer = Client::anonymous().get(to, "/a?b=c", FORGED);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.target(), "/a?b=c");
    assert_eq!(answer.got("x-client-cert-verify"), ["NONE"]);
    assert_eq!(answer.got("x-anonymous"), ["yes"]);
    assert_eq!(answer.headers("cache-control"), ["no-store"]);
    for name in TOLD {
        assert_eq!(answer.got(name), [""; 0], "{name}");
    }
}

#[test]
fn a_certificate_that_nobody_trusts_is_handed_to_the_backend() {
    let (_gateway, [port, _]) = scene();
    let to = To::site(port, "api.contoso.com");
    let certificate = Ca::root("A root that nobody knows")
        .issue()
        .client("stranger")
        .issue();
    let chain = vec![certificate.der.clone()];
    let client = Client::with(chain, certificate.private_key_der());
    let answer = client.get(to, "/", FORGED);
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.got("x-client-cert-verify"), ["PASSTHROUGH"]);
    assert_eq!(answer.got("x-anonymous"), [""; 0]);
    assert_eq!(answer.headers("cache-control"), [""; 0]);
    assert_eq!(answer.got("x-client-cert-subject"), ["CN=stranger"]);
    let issuer = ["CN=A root that nobody knows"];
    assert_eq!(answer.got("x-client-cert-issuer"), issuer);
    let escaped = answer.got("x-client-cert")[0].to_owned();
    let pem = certificate.pem();
    assert_eq!(unescaped(&escaped), pem);
    assert!(!escaped.contains(['+', '/', '=', ' ']), "{escaped}");
    for name in TOLD {
        assert_eq!(answer.got(name).len(), 1, "{name}");
    }
    let serial: String = (certificate.serial().iter())
        .map(|octet| format!("{octet:02X}"))
        .collect();
    assert_eq!(answer.got("x-client-cert-serial"), [serial]);
    let fingerprint = answer.got("x-client-cert-fingerprint")[0];
    assert_eq!(fingerprint.len(), 40, "{fingerprint}");
    for name in ["x-client-cert-start", "x-client-cert-end"] {
        assert!(answer.got(name)[0].ends_with(" GMT"), "{name}");
    }
}

#[test]
fn a_certificate_of_a_known_authority_is_not_judged_either() {
    let (_gateway, [port, _]) = scene();
    let to = To::site(port, "api.contoso.com");
    let answer = Client::known().get(to, "/", FORGED);
    assert_eq!(answer.got("x-client-cert-verify"), ["PASSTHROUGH"]);
    let subject = ["CN=example-client,O=Portcullis example"];
    assert_eq!(answer.got("x-client-cert-subject"), subject);
}

#[test]
fn a_listener_without_a_profile_asks_for_nothing_and_lets_no_forgery_through() {
    let (_gateway, [_, port]) = scene();
    let to = To::site(port, "api.contoso.com");
    for client in [Client::anonymous(), Client::known()] {
        let answer = client.get(to, "/", FORGED);
        assert_eq!(answer.status(), 200);
        for name in TOLD.iter().chain(&["x-client-cert-verify", "x-anonymous"]) {
            assert_eq!(answer.got(name), [""; 0], "{name}");
        }
    }
}

/// A text without its percent-encoding, as `decodeURIComponent` reads it.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap().to_owned();
    for part in parts {
        let (code, rest) = part.split_at(2);
        plain.push(u8::from_str_radix(code, 16).unwrap().into());
        plain.push_str(rest);
    }
    plain
}
