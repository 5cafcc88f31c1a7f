//! `portcullis check`: what it prints and how it exits.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use portcullis_test_pki::Ca;

const TUTORIAL: &str = include_str!("../../../examples/application-gateway-tutorial.toml");

/// A folder with a configuration and the files that the tutorial names.
fn folder(test: &str, configuration: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("check-{test}"));
    fs::create_dir_all(&folder).unwrap();
    let root = Ca::root("Contoso Root").issue();
    let issuing = root.intermediate("Contoso Issuing").issue();
    let server = issuing.server(&["www.contoso.com"]).issue();
    let chain = issuing.pem_with(&[&root]);
    for (name, text) in [
        ("portcullis.toml", configuration),
        ("www.contoso.com.pem", &server.pem_with(&[&issuing])),
        ("www.contoso.com.key", &server.key_pem()),
        ("client-ca-chain.pem", &chain),
    ] {
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

/// Runs in the folder, so that messages name files as written.
fn check(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.current_dir(folder).arg("check").args(arguments);
    command.output().unwrap()
}

fn lines(bytes: &[u8]) -> Vec<String> {
    let text = str::from_utf8(bytes).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_configuration_and_files_without_problems_exit_with_0() {
    let folder = folder("fine", TUTORIAL);
    let output = check(&folder, &["-c", "portcullis.toml"]);
    assert_eq!(lines(&output.stdout), ["portcullis.toml: no problems"]);
    assert_eq!(output.status.code(), Some(0));
    let output = check(&folder, &["-c", "portcullis.toml", "--json"]);
    assert!(output.stdout.is_empty() && output.stderr.is_empty());
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn problems_of_the_text_the_files_and_the_rewrites_are_told_in_one_run() {
    let text = TUTORIAL
        .replace("bind = \"0.0.0.0:8443\"", "bind = \"8443\"")
        .replace("www.contoso.com.key\" }", "absent.key\" }")
        .replace("pattern = \"^SUCCESS$\"", "pattern = \"(SUCCESS\"")
        .replace(
            "\"{var_client_certificate_serial}\"",
            "\"{var_client_certificate_cereal}\"",
        );
    let folder = folder("several", &text);
    let output = check(&folder, &["-c", "portcullis.toml"]);
    let lines = lines(&output.stdout);
    let [bind, key, pattern, template, summary] = &lines[..] else {
        panic!("{lines:#?}");
    };
    assert!(
        bind.contains(": listener[0].bind: \"8443\" is not an address and port"),
        "{bind}"
    );
    assert!(
        key.contains(".certificate.key: absent.key cannot be used: "),
        "{key}"
    );
    assert!(
        pattern.contains(".rule[0].conditions[0]: this rewrite cannot be used: "),
        "{pattern}"
    );
    assert!(
        template.contains(".X-Client-Certificate-Serial: this rewrite cannot be used: "),
        "{template}"
    );
    assert_eq!(summary, "portcullis.toml: 4 problems");
    for line in &lines[..4] {
        let mut parts = line.split(':');
        assert_eq!(parts.next(), Some("portcullis.toml"));
        let row: usize = parts.next().unwrap().parse().unwrap();
        let column: usize = parts.next().unwrap().parse().unwrap();
        assert!(row > 20 && column > 0, "{line}");
    }
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn every_problem_about_responders_is_told_with_line_and_column() {
    let text = TUTORIAL.replace(
        "[ocsp]\n",
        "[ocsp]\nproxy = \"socks5://proxy.contoso.com\"\nhttps_roots = [\"absent-roots.pem\"]\n",
    ) + r#"
[[ocsp.responders]]
issuer = "absent-issuer.pem"
fallback = ["http://ocsp.contoso.com"]
[[ocsp.responders]]
trusted = ["client-ca-chain.pem", "garbage.pem"]
"#;
    let folder = folder("responders", &text);
    fs::write(folder.join("garbage.pem"), "garbage").unwrap();
    let output = check(&folder, &["-c", "portcullis.toml"]);
    let told = lines(&output.stdout);
    let expected = [
        ("\"socks5:", "ocsp.proxy: this cannot be set up: "),
        (
            "\"absent-roots.pem",
            "ocsp.https_roots[0]: absent-roots.pem cannot be used: ",
        ),
        (
            "\"absent-issuer.pem",
            "ocsp.responders[0].issuer: absent-issuer.pem cannot be used: ",
        ),
        (
            "\"garbage.pem",
            "ocsp.responders[1].trusted[1]: garbage.pem cannot be used: ",
        ),
    ];
    assert_eq!(told.len(), expected.len() + 1, "{told:#?}");
    for (line, (found, words)) in told.iter().zip(expected) {
        let start = format!("{} {words}", place(&text, found));
        assert!(line.starts_with(&start), "{start} is not {line}");
    }
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn an_https_responder_without_roots_is_told_with_line_and_column() {
    let tables = "[[ocsp.responders]]\ninstead = [\"https://ocsp.contoso.com\"]";
    let text = format!("{TUTORIAL}\n{tables}\n");
    let folder = folder("https-responder", &text);
    let output = check(&folder, &["-c", "portcullis.toml"]);
    let told = lines(&output.stdout);
    let place = place(&text, "\"https://ocsp");
    let start = format!("{place} ocsp.responders[0].instead[0]: ");
    assert!(told[0].starts_with(&start), "{told:#?}");
    assert!(told[0].contains("https_roots"), "{told:#?}");
    assert_eq!(told[1..], ["portcullis.toml: 1 problem"]);
    assert_eq!(output.status.code(), Some(1));
}

/// Where a text stands, as messages begin.
fn place(configuration: &str, text: &str) -> String {
    let mut lines = configuration.lines().zip(1..);
    let found = lines.find_map(|(line, row)| Some((row, line.find(text)? + 1)));
    let (row, column) = found.unwrap();
    format!("portcullis.toml:{row}:{column}:")
}

#[test]
fn json_is_one_object_a_line_with_stable_names() {
    let text = TUTORIAL.replace("port = 8080 ", "prot = 8080 ");
    let folder = folder("json", &text);
    let output = check(&folder, &["-c", "portcullis.toml", "--json"]);
    let objects: Vec<serde_json::Value> = lines(&output.stdout)
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let [target, key] = &objects[..] else {
        panic!("{objects:#?}");
    };
    assert_eq!(target["code"], "no_port");
    assert_eq!(key["file"], "portcullis.toml");
    assert_eq!(key["path"], "backend_settings.contoso-http.prot");
    assert_eq!(key["severity"], "error");
    assert_eq!(key["code"], "unknown_key");
    assert_eq!(
        key["problem"],
        "unknown key \"prot\", did you mean \"port\"?"
    );
    let accepted = key["accepted"].as_str().unwrap();
    assert!(
        accepted.starts_with("protocol, http_version, port, host, "),
        "{accepted}"
    );
    assert!(key["line"].is_u64() && key["column"] == 1);
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_warning_is_told_and_is_no_failure() {
    let text = TUTORIAL.replace("rewrite_set = \"forward-client-certificate\"", "");
    let folder = folder("warning", &text);
    let output = check(&folder, &["-c", "portcullis.toml"]);
    let lines = lines(&output.stdout);
    assert!(lines[0].contains(": warning: rewrite_set.forward-client-certificate: nothing refers"));
    assert_eq!(lines[1], "portcullis.toml: no problems, 1 warning");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn what_cannot_be_read_exits_with_2() {
    let folder = folder("unreadable", TUTORIAL);
    fs::write(folder.join("binary.toml"), b"\xff\xfe").unwrap();
    for file in ["absent.toml", "binary.toml", "."] {
        let output = check(&folder, &["-c", file]);
        assert_eq!(output.status.code(), Some(2), "{file}");
        assert!(output.stdout.is_empty());
        let message = lines(&output.stderr).join("\n");
        assert!(message.contains(file), "{message}");
    }
    assert_eq!(check(&folder, &[]).status.code(), Some(2));
}
