//! The authority in the eyes of openssl and curl.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};

use portcullis_authority::{Authority, InitOptions, IssueOptions, Password, Reason, Responder};
use portcullis_ocsp::{CertificateStatus, Query, Rules, request, status};
use portcullis_x509::Certificate;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls_pki_types::UnixTime;

use crate::folder::Folder;
use crate::http::Served;

/// The wall clock, which the tools read.
fn now() -> UnixTime {
    UnixTime::since_unix_epoch(SystemTime::now().duration_since(UNIX_EPOCH).unwrap())
}

/// Runs a tool in the folder. `arguments` are separated by spaces; `~` is the folder.
fn run(folder: &Folder, tool: &str, arguments: &str) -> (bool, String) {
    let output = Command::new(tool)
        .args(arguments.split(' '))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), text)
}

fn succeeds(folder: &Folder, tool: &str, arguments: &str) -> String {
    let (success, text) = run(folder, tool, arguments);
    assert!(success, "{tool} {arguments}: {text}");
    text
}

fn issue(authority: &Authority, name: &str) {
    authority
        .issue_client(name, &IssueOptions::new(), now())
        .unwrap();
}

#[test]
#[ignore = "needs openssl"]
fn openssl_verifies_what_is_issued() {
    let folder = Folder::new();
    let authority = folder.authority_at(now());
    issue(&authority, "alice");
    authority
        .issue_server(&["www.contoso.com", "::1"], &IssueOptions::new(), now())
        .unwrap();
    Responder::open(folder.path(), now()).unwrap();
    let verify = "verify -x509_strict -CAfile root.pem -untrusted issuing.pem";
    succeeds(
        &folder,
        "openssl",
        &format!("{verify} -purpose sslclient alice.pem"),
    );
    succeeds(
        &folder,
        "openssl",
        &format!("{verify} -purpose ocsphelper ocsp.pem"),
    );
    let server = format!("{verify} -purpose sslserver");
    succeeds(
        &folder,
        "openssl",
        &format!("{server} -verify_hostname www.contoso.com www.contoso.com.pem"),
    );
    succeeds(
        &folder,
        "openssl",
        &format!("{server} -verify_ip ::1 www.contoso.com.pem"),
    );
    assert!(!run(&folder, "openssl", &format!("{server} alice.pem")).0);

    let text = succeeds(&folder, "openssl", "x509 -in ocsp.pem -noout -text");
    assert!(text.contains("OCSP No Check"), "{text}");
    let text = succeeds(&folder, "openssl", "x509 -in alice.pem -noout -ocsp_uri");
    assert_eq!(text.trim(), "http://127.0.0.1:8888/ocsp");
    succeeds(&folder, "openssl", "pkey -in alice.key -noout -check");
}

#[test]
#[ignore = "needs openssl"]
fn openssl_asks_the_responder() {
    let folder = Folder::new();
    let authority = folder.authority_at(now());
    issue(&authority, "alice");
    issue(&authority, "bob");
    let served = Served::start(Responder::open(folder.path(), now()).unwrap());
    let url = format!("http://{}", served.address);
    let ask = |name: &str, more: &str| {
        let arguments =
            format!("ocsp -issuer issuing.pem {more}-cert {name}.pem -url {url} -CAfile root.pem");
        let text = succeeds(&folder, "openssl", &arguments);
        assert!(text.contains("Response verify OK"), "{text}");
        assert!(!text.contains("WARNING"), "{text}");
        text
    };
    assert!(ask("alice", "").contains("alice.pem: good"));
    assert!(ask("bob", "-sha256 ").contains("bob.pem: good"));
    authority
        .revoke("bob", Reason::KeyCompromise, now())
        .unwrap();
    let bob = ask("bob", "");
    assert!(
        bob.contains("bob.pem: revoked") && bob.contains("Reason: keyCompromise"),
        "{bob}"
    );
    assert!(ask("alice", "-no_nonce ").contains("alice.pem: good"));
    // The root issued the issuing authority: its responder would have to say.
    let arguments = format!("ocsp -issuer issuing.pem -serial 0x0A1B -url {url} -CAfile root.pem");
    assert!(succeeds(&folder, "openssl", &arguments).contains("unknown"));
}

#[test]
#[ignore = "needs openssl"]
fn openssl_answers_over_the_same_index() {
    let folder = Folder::new();
    let authority = folder.authority_at(now());
    issue(&authority, "alice");
    issue(&authority, "bob");
    authority
        .revoke("bob", Reason::CaCompromise, now())
        .unwrap();
    authority
        .issue_client("bob", &IssueOptions::new(), now())
        .unwrap();
    authority
        .revoke("bob", Reason::CessationOfOperation, now())
        .unwrap();
    Responder::open(folder.path(), now()).unwrap();
    for (name, revoked) in [("alice", false), ("bob", true)] {
        let pem = std::fs::read(folder.file(&format!("{name}.pem"))).unwrap();
        let der = <rustls_pki_types::CertificateDer<'_> as rustls_pki_types::pem::PemObject>::from_pem_slice(&pem).unwrap();
        let (leaf, issuer) = (
            Certificate::parse(&der).unwrap(),
            Certificate::parse(authority.issuing()).unwrap(),
        );
        let query = Query::new(&leaf, &issuer);
        std::fs::write(folder.file("request.der"), request(&query)).unwrap();
        succeeds(
            &folder,
            "openssl",
            "ocsp -index index.txt -CA issuing.pem -rsigner ocsp.pem -rkey ocsp.key -nmin 5 -reqin request.der \
             -respout response.der",
        );
        let response = std::fs::read(folder.file("response.der")).unwrap();
        let rules = Rules::new(default_provider().signature_verification_algorithms.all);
        let status = status(&response, &query, &rules, now())
            .unwrap()
            .certificate;
        assert_eq!(
            matches!(status, CertificateStatus::Revoked { .. }),
            revoked,
            "{name}: {status:?}"
        );
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn curl_asks_the_responder_by_get_and_post() {
    let folder = Folder::new();
    let authority = folder.authority_at(now());
    issue(&authority, "alice");
    let served = Served::start(Responder::open(folder.path(), now()).unwrap());
    succeeds(
        &folder,
        "openssl",
        "ocsp -issuer issuing.pem -cert alice.pem -no_nonce -reqout request.der",
    );
    let read =
        "ocsp -respin response.der -issuer issuing.pem -cert alice.pem -no_nonce -CAfile root.pem";

    let post = "curl -sS -f -o response.der -H Content-Type:application/ocsp-request --data-binary @request.der";
    succeeds(
        &folder,
        "curl",
        &format!("{} http://{}/ocsp", &post[5..], served.address),
    );
    assert!(succeeds(&folder, "openssl", read).contains("alice.pem: good"));

    let base64 = succeeds(&folder, "openssl", "base64 -A -in request.der")
        .replace('+', "%2B")
        .replace('/', "%2F");
    succeeds(
        &folder,
        "curl",
        &format!(
            "-sS -f -o response.der http://{}/ocsp/{base64}",
            served.address
        ),
    );
    assert!(succeeds(&folder, "openssl", read).contains("alice.pem: good"));
}

#[test]
#[ignore = "needs openssl"]
fn openssl_reads_a_pfx() {
    let folder = Folder::new();
    let authority = folder.authority_at(now());
    let alice = authority
        .issue_client("Alice Müller", &IssueOptions::new(), now())
        .unwrap();
    let password = Password::random().unwrap();
    let path = alice.write_pfx(&password).unwrap();
    std::fs::rename(path, folder.file("a.pfx")).unwrap();
    let read = format!("pkcs12 -in a.pfx -nodes -passin pass:{}", password.as_str());
    let text = succeeds(&folder, "openssl", &read);
    assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 2, "{text}");
    assert_eq!(text.matches("BEGIN PRIVATE KEY").count(), 1, "{text}");
    assert!(
        !run(
            &folder,
            "openssl",
            "pkcs12 -in a.pfx -nodes -passin pass:wrong"
        )
        .0
    );
}

/// `openssl s_server`, which wants a client certificate of the authority.
struct SServer {
    child: Child,
    port: u16,
}

impl SServer {
    fn start(folder: &Folder) -> Self {
        let arguments = "s_server -accept 127.0.0.1:0 -cert localhost.pem -cert_chain issuing.pem -key localhost.key \
             -CAfile chain.pem -Verify 3 -verify_return_error -www";
        let mut child = Command::new("openssl")
            .args(arguments.split(' '))
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let accept = lines
            .map(Result::unwrap)
            .find(|line| line.starts_with("ACCEPT "))
            .unwrap();
        let port = accept.rsplit(':').next().unwrap().parse().unwrap();
        Self { child, port }
    }
}

impl Drop for SServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
#[ignore = "needs curl, openssl"]
fn curl_presents_a_pfx() {
    let folder = Folder::new();
    let options = InitOptions::new("Contoso");
    let authority = Authority::init(folder.path(), &options, now()).unwrap();
    authority
        .issue_server(&["localhost"], &IssueOptions::new(), now())
        .unwrap();
    let alice = authority
        .issue_client("alice", &IssueOptions::new(), now())
        .unwrap();
    alice.write_pfx(&Password::new("secret")).unwrap();
    let server = SServer::start(&folder);
    let curl = format!(
        "-sS -f --cacert root.pem https://localhost:{}/",
        server.port
    );
    let page = succeeds(
        &folder,
        "curl",
        &format!("--cert-type P12 --cert alice.pfx:secret {curl}"),
    );
    assert!(
        page.contains("subject=CN = alice") || page.contains("CN=alice"),
        "{page}"
    );
    assert!(!run(&folder, "curl", &curl).0, "and without it is refused");
}
