//! What the backend is told of a client, held against what `openssl x509` says of it.

use std::fs;
use std::process::Command;

use crate::backend::Request;
use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::program::run;
use crate::scene::Scene;

#[test]
#[ignore = "needs curl, openssl"]
fn the_backend_is_told_what_openssl_says_of_the_certificate() {
    for version in ["--http2", "--http1.1"] {
        let scene = Scene::required();
        let alice = scene.clients.client("alice").issue();
        Curl::to(&scene.site)
            .present(&alice)
            .options([version])
            .get()
            .expect_backend();
        let request = scene.backend.request();
        assert_eq!(request.line(), "GET / HTTP/1.1");
        assert_told(&request, &alice);
        assert_eq!(request.header("X-Client-Certificate-Subject"), "CN=alice");
        assert_eq!(
            request.header("X-Client-Certificate-Issuer"),
            "CN=Contoso Issuing,O=Contoso"
        );
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn the_backend_is_told_names_as_openssl_escapes_them() {
    let scene = Scene::required();
    for (name, subject) in [
        (
            "long",
            "/C=DE/ST=Bayern/L=M\u{fc}nchen/O=Contoso, Inc./OU=R\\+D/CN=alice",
        ),
        ("quoted", "/CN=\"alice\" <a;b>\\\\c=d"),
        ("hash", "/CN=# 1 "),
        ("spaces", "/CN= alice  smith"),
        ("letters", "/CN=\u{674e}\u{56db} \u{1f512}"),
        ("several", "/O=Contoso/OU=one+CN=two+UID=three"),
        (
            "mail",
            "/DC=com/DC=contoso/CN=alice/emailAddress=alice@contoso.com",
        ),
        (
            "kinds",
            "/CN=alice/serialNumber=12/GN=Alice/SN=Smith/title=Dr/street=1\\/2/dnQualifier=q",
        ),
        ("control", "/CN=alice\u{1}\u{7f}"),
        ("injected", "/CN=alice\r\nX-Forged: yes"),
    ] {
        let client = scene.clients.client(name).subject(subject).issue();
        Curl::to(&scene.site)
            .present(&client)
            .get()
            .expect_backend();
        let request = scene.backend.requests().pop().unwrap();
        assert_told(&request, &client);
        assert_eq!(request.headers("X-Forged"), [""; 0]);
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn the_backend_is_told_dates_from_1970_to_9999_as_openssl_writes_them() {
    let scene = Scene::required();
    for (name, dates) in [
        ("far", "-startdate 20040202084943Z -enddate 20740202084943Z"),
        (
            "farther",
            "-startdate 19700101000001Z -enddate 99991231235959Z",
        ),
    ] {
        let client = scene.clients.client(name).valid(dates).issue();
        Curl::to(&scene.site)
            .present(&client)
            .get()
            .expect_backend();
        assert_told(&scene.backend.requests().pop().unwrap(), &client);
    }
}

/// Every variable that a certificate gives.
#[track_caller]
fn assert_told(request: &Request, client: &Credentials) {
    let pem = fs::read_to_string(&client.certificate).unwrap();
    assert_eq!(
        request.header("X-Client-Certificate"),
        percent_encoded(&pem)
    );
    let said = Said::of(client);
    for (header, expected) in [
        (
            "X-Client-Certificate-Subject",
            said.line("subject=").to_owned(),
        ),
        ("Caller", said.line("subject=").to_owned()),
        (
            "X-Client-Certificate-Issuer",
            said.line("issuer=").to_owned(),
        ),
        (
            "X-Client-Certificate-Serial",
            said.line("serial=").to_owned(),
        ),
        ("X-Client-Certificate-Fingerprint", said.fingerprint()),
        (
            "X-Client-Certificate-Start-Date",
            said.line("notBefore=").to_owned(),
        ),
        (
            "X-Client-Certificate-End-Date",
            said.line("notAfter=").to_owned(),
        ),
        ("X-Client-Certificate-Verification", "SUCCESS".to_owned()),
    ] {
        // The value of an HTTP header does not end with a space, not even with an escaped one.
        let expected = expected.trim_end();
        assert_eq!(
            request.header(header),
            expected,
            "{}",
            client.certificate.display()
        );
    }
}

/// What `openssl x509` says of a certificate, line by line.
struct Said(String);

impl Said {
    fn of(client: &Credentials) -> Self {
        let mut command = Command::new("openssl");
        command
            .args([
                "x509", "-noout", "-subject", "-issuer", "-nameopt", "RFC2253", "-serial",
            ])
            .args(["-fingerprint", "-sha1", "-startdate", "-enddate", "-in"])
            .arg(&client.certificate);
        Self(run(&mut command).succeeded())
    }

    #[track_caller]
    fn line(&self, label: &str) -> &str {
        let mut values = self.0.lines().filter_map(|line| line.strip_prefix(label));
        values
            .next()
            .unwrap_or_else(|| panic!("{label} in {}", self.0))
    }

    /// The label is `sha1 Fingerprint=` or `SHA1 Fingerprint=`.
    fn fingerprint(&self) -> String {
        let (_, rest) = self.0.split_once("Fingerprint=").unwrap();
        rest.lines().next().unwrap().replace(':', "").to_lowercase()
    }
}

/// As `encodeURIComponent` does it: letters, digits and `-._~` stay.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(byte.into());
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
