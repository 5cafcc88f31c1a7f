//! From a configuration to a gateway: every file that cannot be used is a diagnostic at its place, and
//! a gateway that trusts less or more than was written is never built.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use portcullis_edge::{Gateway, ReloadError, Running};
use portcullis_model::Diagnostic;
use portcullis_test_pki::Ca;
use rustls::crypto::aws_lc_rs;

const CONFIGURATION: &str = r#"
[[listener]]
name = "contoso"
bind = "127.0.0.1:0"
tls_profile = "contoso"
[tls_profile.contoso]
certificate = { pem = "server.pem", key = "server.key" }
client_auth = "required"
trusted_client_certificates = ["chain.pem"]
revocation = "off"
[pool.web]
targets = ["127.0.0.1:9"]
[[rule]]
name = "contoso"
priority = 1
listener = "contoso"
pool = "web"
rewrite_set = "identity"
[[rewrite_set.identity.rule]]
name = "identity"
request_headers = { X-Client-Certificate = "{var_client_certificate}" }
"#;

/// A folder with what the configuration names, removed at the end.
struct Files {
    folder: PathBuf,
    ca: Ca,
}

impl Files {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-loading-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        let ca = Ca::root("Contoso Root CA").issue();
        let server = ca.server(&["www.contoso.com"]).issue();
        let files = Self { folder, ca };
        files.write("server.pem", server.pem());
        files.write("server.key", server.key_pem());
        files.write("chain.pem", files.ca.pem());
        files
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join(name), content).unwrap();
    }

    fn build(&self, configuration: &str) -> Result<Gateway, Vec<Diagnostic>> {
        let model = portcullis_model::parse(configuration).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        Gateway::build(&model, &self.folder, provider)
    }

    /// The path and the message of every problem.
    #[track_caller]
    fn problems(&self, configuration: &str) -> Vec<(String, String)> {
        let problems = self.build(configuration).err().expect("problems");
        let told = |problem: &Diagnostic| {
            assert!(problem.place.location.is_some(), "{problem:?}");
            (problem.place.path.clone(), problem.message())
        };
        problems.iter().map(told).collect()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_configuration_whose_files_are_there_is_a_gateway() {
    let files = Files::new();
    let gateway = files.build(CONFIGURATION).ok().unwrap();
    let binds: Vec<_> = gateway
        .binds()
        .iter()
        .map(|bind| bind.address().to_string())
        .collect();
    assert_eq!(binds, ["127.0.0.1:0"]);
}

/// CVE-2026-27586: elsewhere an unreadable trust file meant that everybody's CA was trusted.
#[test]
fn a_trust_file_that_cannot_be_used_is_never_everybody() {
    let files = Files::new();
    let leaf = files.ca.client("alice").issue();
    let other = Ca::root("Other").issue();
    let big = vec![b'\n'; (1 << 20) + 1];
    for (content, message) in [
        (Vec::new(), "empty"),
        (b" \r\n\t\n".to_vec(), "empty"),
        (b"garbage".to_vec(), "no PEM certificate"),
        (
            leaf.pem().into_bytes(),
            "no certificate of the file is a CA",
        ),
        (files.ca.key_pem().into_bytes(), "private key"),
        (
            (files.ca.pem() + &files.ca.key_pem()).into_bytes(),
            "private key",
        ),
        (
            (files.ca.pem() + &other.pem()).into_bytes(),
            "exactly one root",
        ),
        (files.ca.pem().replace("MII", "M!!").into_bytes(), "PEM"),
        (
            portcullis_test_pki::pem("CERTIFICATE", b"garbage").into_bytes(),
            "malformed",
        ),
        (big, "more than 1048576 bytes"),
    ] {
        files.write("chain.pem", &content);
        let problems = files.problems(CONFIGURATION);
        let [(path, told)] = &problems[..] else {
            panic!("{problems:?}");
        };
        assert_eq!(path, "tls_profile.contoso.trusted_client_certificates[0]");
        assert!(
            told.contains(message) && told.contains("chain.pem"),
            "{told}"
        );
    }
    fs::remove_file(files.folder.join("chain.pem")).unwrap();
    assert!(files.problems(CONFIGURATION)[0].1.contains("No such file"));
    fs::create_dir(files.folder.join("chain.pem")).unwrap();
    assert_eq!(files.problems(CONFIGURATION).len(), 1);
}

#[test]
fn more_trust_files_than_are_documented_are_refused() {
    let files = Files::new();
    let root = files.ca.pem();
    let listed = |profile: &str, count: usize| {
        let names = (0..count).map(|number| format!("{profile}-{number}.pem"));
        let names: Vec<_> = names.collect();
        for name in &names {
            files.write(name, &root);
        }
        format!("{names:?}")
    };
    let one = |list: &str| CONFIGURATION.replace("[\"chain.pem\"]", list);
    files.build(&one(&listed("a", 100))).ok().unwrap();
    let problems = files.problems(&one(&listed("a", 101)));
    assert_eq!(
        problems[0].0,
        "tls_profile.contoso.trusted_client_certificates[100]"
    );
    assert!(problems[0].1.contains("more than 100"), "{problems:?}");
    let several = |counts: &[(&str, usize)]| {
        let mut toml = one(&listed("a", 100));
        for (name, count) in counts {
            toml += &format!(
                "[tls_profile.{name}]\ncertificate = {{ pem = \"server.pem\", key = \"server.key\" }}\n\
                 client_auth = \"required\"\ntrusted_client_certificates = {}\nrevocation = \"off\"\n",
                listed(name, *count)
            );
        }
        toml
    };
    files.build(&several(&[("b", 100)])).ok().unwrap();
    let problems = files.problems(&several(&[("b", 100), ("c", 1)]));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].1.contains("more than 200"), "{problems:?}");
}

#[test]
fn a_trust_file_of_more_than_25_kb_is_refused() {
    let files = Files::new();
    files.write("chain.pem", files.ca.pem() + &"\n".repeat(25 * 1024));
    let problems = files.problems(CONFIGURATION);
    assert!(problems[0].1.contains("more than 25600"), "{problems:?}");
}

#[test]
fn one_bad_trust_file_among_good_ones_is_enough_to_refuse() {
    let files = Files::new();
    let configuration = CONFIGURATION.replace("[\"chain.pem\"]", "[\"chain.pem\", \"other.pem\"]");
    files.write("other.pem", "");
    let problems = files.problems(&configuration);
    assert_eq!(
        problems[0].0,
        "tls_profile.contoso.trusted_client_certificates[1]"
    );
    assert_eq!(problems.len(), 1);
}

#[test]
fn a_server_certificate_that_cannot_be_used_is_told_with_its_file() {
    let files = Files::new();
    let other = files.ca.server(&["other"]).issue();
    let (chain, key) = (
        "tls_profile.contoso.certificate.pem",
        "tls_profile.contoso.certificate.key",
    );
    let good = fs::read(files.folder.join("server.key")).unwrap();
    files.write("server.key", other.key_pem());
    assert_eq!(files.problems(CONFIGURATION)[0].0, chain);
    fs::remove_file(files.folder.join("server.key")).unwrap();
    assert_eq!(files.problems(CONFIGURATION)[0].0, key);
    files.write("server.key", good);
    files.write("server.pem", "");
    let problems = files.problems(CONFIGURATION);
    assert_eq!(problems[0].0, chain);
    assert!(
        problems[0].1.contains("no certificate was found"),
        "{problems:?}"
    );
}

#[test]
fn a_password_is_never_told() {
    let files = Files::new();
    files.write("server.pfx", "garbage");
    files.write("password", "secret-in-a-file\n");
    for password in [
        "password = \"secret-in-line\"",
        "password_file = \"password\"",
    ] {
        let pfx = format!("{{ pfx = \"server.pfx\", {password} }}");
        let configuration =
            CONFIGURATION.replace("{ pem = \"server.pem\", key = \"server.key\" }", &pfx);
        let problems = files.build(&configuration).err().unwrap();
        assert_eq!(problems.len(), 1);
        let told = format!("{} {:?}", problems[0].message(), problems[0]);
        assert!(!told.contains("secret"), "{told}");
        assert!(told.contains("PFX"), "{told}");
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let files = Files::new();
    files.write("chain.pem", "");
    files.write("server.pem", "");
    let configuration =
        CONFIGURATION.replace("{var_client_certificate}", "{var_client_certificat}");
    let problems = files.problems(&configuration);
    let mut paths: Vec<_> = problems.iter().map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "rewrite_set.identity.rule[0].request_headers.X-Client-Certificate",
            "tls_profile.contoso.certificate.pem",
            "tls_profile.contoso.trusted_client_certificates[0]",
        ]
    );
}

#[test]
fn a_reload_to_other_addresses_is_refused_and_changes_nothing() {
    let files = Files::new();
    let gateway = files.build(CONFIGURATION).ok().unwrap();
    let running = Running::start(gateway, NonZeroUsize::MIN).unwrap();
    let addresses = running.addresses().to_vec();
    for bind in ["127.0.0.1:1", "[::1]:0", "0.0.0.0:0"] {
        let moved = CONFIGURATION.replace("127.0.0.1:0", bind);
        let gateway = files.build(&moved).ok().unwrap();
        assert!(matches!(
            running.reload(gateway),
            Err(ReloadError::OtherAddresses)
        ));
    }
    assert_eq!(running.addresses(), addresses);
    running.drain(Duration::ZERO);
}
