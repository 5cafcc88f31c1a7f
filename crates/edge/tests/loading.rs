//! From a configuration to a gateway: every file that cannot be used is a diagnostic at its place, and
//! a gateway that trusts less or more than was written is never built.
#![allow(
    clippy::arithmetic_side_effects,
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

    /// The message of the one problem, which is where this text is in the configuration.
    #[track_caller]
    fn problem_at(&self, configuration: &str, path: &str, text: &str) -> String {
        let problems = self.build(configuration).err().expect("a problem");
        let [problem] = &problems[..] else {
            panic!("{problems:?}");
        };
        assert_eq!(problem.place.path, path);
        let location = problem.place.location.unwrap();
        let line = configuration.lines().nth(location.line - 1).unwrap();
        let found = &line[location.column - 1..];
        assert!(found.starts_with(text), "{text} is not at {found}");
        problem.message()
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
fn a_mistake_in_a_url_or_a_cookie_is_told_at_its_place() {
    let files = Files::new();
    let lines = "url = { path = \"/{var_nonsense}\", query = \"{var_uri_path_1}\" }\n\
                 response_cookies = [{ pattern = \"a\", value = \"b\" }, { pattern = \"(\", value = \"\" }]";
    let problems = files.problems(&with(lines));
    let mut paths: Vec<_> = problems.iter().map(|(path, _)| path.as_str()).collect();
    paths.sort_unstable();
    assert_eq!(
        paths,
        [
            "rewrite_set.identity.rule[0].response_cookies[1]",
            "rewrite_set.identity.rule[0].url.path",
            "rewrite_set.identity.rule[0].url.query",
        ]
    );
}

/// The configuration with these lines at its end.
fn with(lines: &str) -> String {
    format!("{CONFIGURATION}{lines}\n")
}

#[test]
fn a_file_about_responders_that_cannot_be_used_is_told_at_its_place() {
    let files = Files::new();
    files.write("garbage.pem", "garbage");
    files.write("key.pem", files.ca.key_pem());
    files.write("empty.pem", "\n");
    let malformed = portcullis_test_pki::pem("CERTIFICATE", b"garbage");
    files.write("malformed.pem", malformed);
    let url = "instead = [\"http://ocsp.contoso.com\"]";
    for (file, message) in [
        ("missing.pem", "No such file"),
        ("garbage.pem", "no PEM certificate"),
        ("key.pem", "private key"),
        ("empty.pem", "empty"),
        // rustls has words of its own for roots.
        ("malformed.pem", ""),
    ] {
        let quoted = format!("{file:?}");
        for (lines, path) in [
            (
                format!("[[ocsp.responders]]\nissuer = {quoted}\n{url}"),
                "ocsp.responders[0].issuer",
            ),
            (
                format!("[[ocsp.responders]]\ntrusted = [\"chain.pem\", {quoted}]"),
                "ocsp.responders[0].trusted[1]",
            ),
            (
                format!("[ocsp]\nhttps_roots = [ \"chain.pem\", {quoted} ]"),
                "ocsp.https_roots[1]",
            ),
        ] {
            let told = files.problem_at(&with(&lines), path, &quoted);
            assert!(told.contains(message) && told.contains(file), "{told}");
        }
    }
}

#[test]
fn an_https_responder_needs_roots() {
    let files = Files::new();
    for key in ["instead", "fallback"] {
        let responders = format!(
            "[[ocsp.responders]]\n{key} = [\"http://a.contoso.com\", \"HTTPS://b.contoso.com\"]"
        );
        let path = format!("ocsp.responders[0].{key}[1]");
        let told = files.problem_at(&with(&responders), &path, "\"HTTPS://b");
        assert!(told.contains("without https_roots"), "{told}");
        let rooted = format!("[ocsp]\nhttps_roots = [\"chain.pem\"]\n{responders}");
        assert!(files.build(&with(&rooted)).is_ok());
    }
}

#[test]
fn a_responder_that_could_never_be_asked_is_a_problem() {
    let files = Files::new();
    for (url, message) in [
        ("http://user:secret@ocsp.contoso.com/", "names a user"),
        ("http://ocsp contoso.com/", "not a URL"),
        ("http://", "not a URL"),
    ] {
        let lines = format!("[[ocsp.responders]]\ninstead = [{url:?}]");
        let path = "ocsp.responders[0].instead[0]";
        let told = files.problem_at(&with(&lines), path, &format!("{url:?}"));
        assert!(told.contains(message) && !told.contains("secret"), "{told}");
    }
}

#[test]
fn a_proxy_is_an_http_url_without_path_or_user() {
    let files = Files::new();
    for (proxy, message) in [
        ("https://proxy.contoso.com", "scheme https"),
        ("socks5://proxy.contoso.com", "scheme socks5"),
        ("proxy.contoso.com:3128", "not a URL"),
        ("http://proxy.contoso.com/path", "not a URL"),
        ("http://user:secret@proxy.contoso.com", "names a user"),
    ] {
        let lines = format!("[ocsp]\nproxy = \"{proxy}\"");
        let told = files.problem_at(&with(&lines), "ocsp.proxy", &format!("{proxy:?}"));
        assert!(told.contains("the proxy is not one"), "{told}");
        assert!(told.contains(message), "{told}");
        assert!(!told.contains("secret"), "{told}");
    }
    let fine = with("[ocsp]\nproxy = \"http://proxy.contoso.com:3128\"");
    assert!(files.build(&fine).is_ok());
}

#[test]
fn stapling_needs_the_certificate_of_the_issuer() {
    let files = Files::new();
    let server = fs::read_to_string(files.folder.join("server.pem")).unwrap();
    let stapling = CONFIGURATION.replace("client_auth", "ocsp_stapling = true\nclient_auth");
    let told = files.problem_at(&stapling, "tls_profile.contoso", "contoso]");
    assert!(told.contains("certificate of the issuer"), "{told}");
    let other = Ca::root("Fabrikam Root CA").issue();
    files.write("server.pem", server.clone() + &other.pem());
    let told = files.problem_at(&stapling, "tls_profile.contoso", "contoso]");
    assert!(
        told.contains("CN=Fabrikam Root CA, not CN=Contoso Root CA"),
        "{told}"
    );
    files.write("server.pem", server + &files.ca.pem());
    assert!(files.build(&stapling).is_ok());
}

#[test]
fn the_files_that_were_tried_are_told_though_there_are_problems() {
    let files = Files::new();
    let provider = || Arc::new(aws_lc_rs::default_provider());
    let load = |configuration: &str| {
        let model = portcullis_model::parse(configuration).unwrap();
        let mut read = portcullis_edge::Files::new();
        let loaded = Gateway::load(&model, &files.folder, provider(), &mut read);
        (loaded.is_ok(), read)
    };
    let (loaded, good) = load(CONFIGURATION);
    assert!(loaded);
    let missing = CONFIGURATION.replace("server.key", "missing.key");
    let (loaded, bad) = load(&missing);
    assert!(!loaded);
    let names = |read: &portcullis_edge::Files| {
        let paths = read
            .paths()
            .map(|path| path.file_name().unwrap().to_owned());
        paths.collect::<Vec<_>>()
    };
    assert!(names(&good).contains(&"server.key".into()));
    assert!(names(&bad).contains(&"missing.key".into()));
    assert_eq!(names(&good).len(), names(&bad).len());
    files.write("missing.key", "anything");
    assert_ne!(bad.look_again(), bad);
    assert_eq!(good.look_again(), good);
}

#[test]
fn a_reload_to_an_address_that_is_taken_is_refused_and_changes_nothing() {
    let files = Files::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let gateway = files.build(CONFIGURATION).ok().unwrap();
    let mut running = Running::start(gateway, NonZeroUsize::MIN).unwrap();
    let addresses = running.addresses().to_vec();
    for bind in [&*address, "192.0.2.1:0"] {
        let moved = CONFIGURATION.replace("127.0.0.1:0", bind);
        let gateway = files.build(&moved).ok().unwrap();
        assert!(matches!(running.reload(gateway), Err(ReloadError::Bind(_))));
    }
    assert_eq!(running.addresses(), addresses);
    running.drain(Duration::ZERO);
}
