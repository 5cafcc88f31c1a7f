//! `portcullis import arm` and `portcullis run --arm`: what is printed and written. What they serve is in `import_runs`.
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
use std::os::unix::fs::PermissionsExt as _;

use command::Folder;
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../examples/arm/mutual-tls.json");

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
