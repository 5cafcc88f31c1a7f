//! `portcullis import arm` and `portcullis run --arm`: what is printed and written, and that it serves.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/command.rs"]
mod command;

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use command::Folder;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../examples/arm/mutual-tls.json");
const ROOT: &[u8] = include_bytes!("../../../examples/arm/example-root.pem");
const CLIENT: &[u8] = include_bytes!("../../../examples/arm/example-client.pem");
const KEY: &[u8] = include_bytes!("../../../examples/arm/example-client.key");

#[test]
fn a_configuration_goes_to_stdout_and_the_report_to_stderr() {
    let folder = Folder::new();
    folder.write("gw.json", SAMPLE);
    let run = folder.portcullis(&["import", "arm", "gw.json"]).expect(0);
    assert!(run.stdout.contains("[tls_profile.mtls]"), "{}", run.stdout);
    assert!(run.stdout.contains("data:;base64,"), "{}", run.stdout);
    for line in [
        "gw.json: $.properties.sku: carried as metadata",
        "gw.json: $.properties.gatewayIPConfigurations: not carried over: it belongs to Azure's network",
        "gw.json: $.properties.frontendIPConfigurations[0]: a frontend of Azure; its listeners accept on 0.0.0.0",
    ] {
        assert!(
            run.stderr.lines().any(|one| one == line),
            "{line}: {}",
            run.stderr
        );
    }
    folder.write("gw.toml", &run.stdout);
    folder.portcullis(&["check", "-c", "gw.toml"]).expect(0);
}

#[test]
fn json_is_one_object_a_line_with_stable_names() {
    let folder = Folder::new();
    folder.write("gw.json", SAMPLE);
    let run = folder
        .portcullis(&["import", "arm", "gw.json", "--json"])
        .expect(0);
    let lines: Vec<Value> = run
        .stderr
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let location =
        json!({ "path": "$.location", "fate": "metadata", "message": "carried as metadata" });
    assert!(lines.contains(&location), "{lines:#?}");
}

#[test]
fn keys_are_written_for_their_owner_only() {
    let folder = Folder::new();
    folder.write("gw.json", SAMPLE);
    let arguments = ["import", "arm", "gw.json", "--files", "certificates"];
    let run = folder.portcullis(&arguments).expect(0);
    assert!(!run.stdout.contains("data:"), "{}", run.stdout);
    let mode = |name: &str| {
        let path = folder.path().join("certificates").join(name);
        fs::metadata(path).unwrap().permissions().mode() & 0o077
    };
    assert_eq!(mode("ssl-certificate-srv.pfx"), 0);
    assert_eq!(mode("ssl-certificate-srv.password"), 0);
    folder.portcullis(&arguments).expect(0);
    folder.write("gw.toml", &run.stdout);
    folder.portcullis(&["check", "-c", "gw.toml"]).expect(0);
}

#[test]
fn problems_exit_with_1_and_print_no_configuration() {
    let folder = Folder::new();
    folder.write(
        "gw.json",
        SAMPLE.replace("/sslProfiles/mtls", "/sslProfiles/absent"),
    );
    for arguments in [
        &["import", "arm", "gw.json"][..],
        &["run", "--arm", "gw.json"],
    ] {
        let run = folder.portcullis(arguments).expect(1);
        assert_eq!(run.stdout, "");
        let line = ".sslProfile.id: there is no \"absent\" among the sslProfiles";
        assert!(run.stderr.contains(line), "{}", run.stderr);
    }
}

#[test]
fn what_loading_refuses_is_told_without_lines_of_a_text_that_nobody_sees() {
    let folder = Folder::new();
    folder.write("gw.json", SAMPLE.replace("\"example1\"", "\"another\""));
    let run = folder.portcullis(&["run", "--arm", "gw.json"]).expect(1);
    let place = "gw.json: tls_profile.mtls.certificate.pfx: ";
    assert!(
        run.stderr.lines().any(|line| line.starts_with(place)),
        "{}",
        run.stderr
    );
}

#[test]
fn a_parameter_without_a_value_is_a_problem_until_a_file_gives_it() {
    let folder = Folder::new();
    folder.write(
        "main.json",
        include_str!("../../../examples/arm/multi-site.json"),
    );
    let parameters = include_str!("../../../examples/arm/multi-site.parameters.json");
    folder.write("main.parameters.json", parameters);
    let run = folder.portcullis(&["import", "arm", "main.json"]).expect(1);
    let words = "parameter \"pfxPassword\" (securestring) has no value";
    assert!(run.stderr.contains(words), "{}", run.stderr);
    let with = [
        "import",
        "arm",
        "main.json",
        "--parameters",
        "main.parameters.json",
    ];
    let run = folder.portcullis(&with).expect(0);
    assert!(
        run.stdout.contains("hosts = [\"shop.contoso.com\"]"),
        "{}",
        run.stdout
    );
}

#[test]
fn what_cannot_be_read_and_what_makes_no_sense_exit_with_2() {
    let folder = Folder::new();
    folder.write("text.json", "{");
    folder.write("other.json", "{}");
    folder.write("gw.toml", "");
    for arguments in [
        &["import", "arm", "absent.json"][..],
        &["import", "arm", "text.json"],
        &["import", "arm", "other.json"],
        &["run", "--arm", "text.json"],
        &["run"],
        &["run", "--arm", "other.json", "-c", "gw.toml"],
        &["run", "-c", "gw.toml", "--bind", "127.0.0.1"],
    ] {
        let run = folder.portcullis(arguments).expect(2);
        assert_eq!(run.stdout, "", "{arguments:?}");
        assert!(!run.stderr.is_empty(), "{arguments:?}");
    }
}

#[test]
fn the_sample_serves_whom_its_profile_trusts() {
    let (backend, head) = backend();
    let folder = Folder::new();
    folder.write("gw.json", served(backend).to_string());
    let gateway = Gateway::start(&folder);
    let refused = get(gateway.address, None);
    assert!(refused.starts_with("HTTP/1.1 400 "), "{refused}");
    assert!(
        refused.contains("No required SSL certificate was sent"),
        "{refused}"
    );
    let served = get(gateway.address, Some((CLIENT, KEY)));
    assert!(served.starts_with("HTTP/1.1 200 "), "{served}");
    assert!(
        served
            .to_lowercase()
            .contains("strict-transport-security: max-age=31536000")
    );
    let head = head.join().unwrap().to_lowercase();
    for line in [
        "x-client-cert-verify: success",
        "x-client-cert: -----begin%20certificate-----%0a",
        "host: app.internal",
    ] {
        assert!(head.contains(line), "{line}: {head}");
    }
}

/// The sample with ports and a backend of this machine, and without the responder that nobody runs.
fn served(backend: SocketAddr) -> Value {
    let mut sample: Value = serde_json::from_str(SAMPLE).unwrap();
    let properties = &mut sample["properties"];
    properties["frontendPorts"][0]["properties"]["port"] = json!(0);
    let profile = &mut properties["sslProfiles"][0]["properties"];
    profile["clientAuthConfiguration"]["verifyClientRevocation"] = json!("None");
    let address = json!([{ "ipAddress": backend.ip().to_string() }]);
    properties["backendAddressPools"][0]["properties"]["backendAddresses"] = address;
    let settings = &mut properties["backendHttpSettingsCollection"][0]["properties"];
    settings["port"] = json!(backend.port());
    settings["protocol"] = json!("Http");
    properties["probes"][0]["properties"]["protocol"] = json!("Http");
    sample
}

/// Answers one request, and gives its head.
fn backend() -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let answering = thread::spawn(move || {
        loop {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok";
            let _ = reader.get_mut().write_all(answer);
            // A probe may come first.
            if head.to_lowercase().contains("x-client-cert") {
                return head;
            }
        }
    });
    (address, answering)
}

/// A running gateway, ended when its test is.
struct Gateway {
    child: Child,
    address: SocketAddr,
}

impl Gateway {
    fn start(folder: &Folder) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args([
            "run",
            "--arm",
            "gw.json",
            "--bind",
            "127.0.0.1",
            "--cores",
            "1",
        ]);
        command.current_dir(folder.path()).env_remove("RUST_LOG");
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut seen = String::new();
        let address = loop {
            let line = log.next().unwrap_or_else(|| panic!("{seen}")).unwrap();
            if let Some((_, address)) = line.split_once("listening on https://") {
                break address.trim().parse().unwrap();
            }
            seen.push_str(&format!("{line}\n"));
        };
        thread::spawn(move || log.count());
        Self { child, address }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a GET is answered with, head and body.
fn get(address: SocketAddr, credentials: Option<(&[u8], &[u8])>) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(ROOT).unwrap())
        .unwrap();
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match credentials {
        None => config.with_no_client_auth(),
        Some((chain, key)) => {
            let chain = CertificateDer::pem_slice_iter(chain)
                .map(Result::unwrap)
                .collect();
            let key = PrivateKeyDer::from_pem_slice(key).unwrap();
            config.with_client_auth_cert(chain, key).unwrap()
        }
    };
    let name = "api.contoso.com".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(address).unwrap());
    let request = b"GET / HTTP/1.1\r\nhost: api.contoso.com\r\nconnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut answer = Vec::new();
    // A close without close_notify still ends the answer.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}
