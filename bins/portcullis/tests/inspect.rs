//! `portcullis inspect`: what files say.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/command.rs"]
mod command;

use portcullis_test_pki::{Ca, Criticality, DAY, NOW, before, der, ocsp};
use serde_json::{Value, json};

use command::Folder;

fn inspect(bytes: impl AsRef<[u8]>) -> Vec<Value> {
    let folder = Folder::new();
    folder.write("file", bytes);
    folder
        .portcullis(&["inspect", "file", "--json"])
        .expect(0)
        .json_lines()
}

#[test]
fn a_certificate_is_shown_with_its_extensions() {
    let root = Ca::root("Root").issue();
    let client = root
        .client("alice")
        .ocsp_url("http://ocsp.example/")
        .issue();
    let said = inspect(client.pem());
    assert_eq!(said.len(), 1);
    assert_eq!(said[0]["kind"], "certificate");
    assert_eq!(said[0]["subject"], "CN=alice");
    assert_eq!(said[0]["issuer"], "CN=Root");
    assert_eq!(said[0]["public_key"], "P-256");
    assert_eq!(said[0]["fingerprint_sha256"].as_str().unwrap().len(), 64);
    let extensions = said[0]["extensions"].as_array().unwrap();
    let named = |name: &str| extensions.iter().find(|e| e["name"] == name).unwrap();
    assert_eq!(named("extKeyUsage")["value"], "clientAuth");
    assert_eq!(
        named("authorityInfoAccess")["value"],
        "OCSP URI:http://ocsp.example/"
    );
}

#[test]
fn a_chain_is_shown_in_the_order_of_the_file() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").path_length(0).issue();
    let said = inspect(issuing.pem_with(&[&root]));
    let subjects: Vec<&Value> = said.iter().map(|finding| &finding["subject"]).collect();
    assert_eq!(subjects, [&json!("CN=Issuing"), &json!("CN=Root")]);
    let text = said[0]["extensions"].to_string();
    assert!(text.contains("CA, path length 0"), "{text}");
}

#[test]
fn a_private_key_is_named_and_not_shown() {
    let client = Ca::root("Root").issue().client("alice").issue();
    let said = inspect(client.pem() + &client.key_pem());
    assert_eq!(
        said[1],
        json!({ "kind": "private_key", "format": "PKCS#8" })
    );
}

#[test]
fn an_ocsp_response_is_shown_before_anyone_believes_it() {
    let ca = Ca::root("Root").issue();
    let client = ca.client("alice").issue();
    let response = ocsp::revoked(&client, &ca, before(NOW, DAY))
        .wrong_signature()
        .issue();
    let said = inspect(response);
    assert_eq!(said[0]["kind"], "ocsp_response");
    assert_eq!(said[0]["response_status"], "successful");
    assert_eq!(said[0]["answers"][0]["status"], "revoked");
    assert_eq!(inspect(ocsp::error(3))[0]["response_status"], "tryLater");
}

#[test]
fn what_an_ocsp_response_says_beside_the_status_is_shown() {
    let ca = Ca::root("Root").issue();
    let client = ca.client("alice").issue();
    let plain = Criticality::NonCritical;
    let crl = der::sequence(&[
        der::context(0, &der::tlv(0x16, b"http://crl.example/")),
        der::context(1, &der::integer(&[10])),
    ]);
    let cutoff = der::generalized_time(before(NOW, 365 * DAY));
    let response = ocsp::good(&client, &ca)
        .extension("1.3.6.1.5.5.7.48.1.9", plain, &[5, 0])
        .each(|answer| {
            answer
                .extension("1.3.6.1.5.5.7.48.1.3", plain, &crl)
                .extension("1.3.6.1.5.5.7.48.1.6", plain, &cutoff)
                .extension("2.5.29.21", plain, &der::enumerated(4))
                .extension("2.5.29.24", plain, &[5, 0])
                .extension("1.3.6.1.4.1.11129.2.4.5", plain, &[4, 1, 7])
        })
        .issue();
    let said = &inspect(response)[0];
    assert_eq!(said["extended_revoke"], "yes");
    let answer = &said["answers"][0];
    assert_eq!(answer["status"], "good");
    assert_eq!(answer["crl"], "http://crl.example/, number 0A");
    assert_eq!(answer["archive_cutoff"], "2025-06-01T00:00:00Z");
    assert_eq!(answer["crl_reason"], "superseded");
    assert_eq!(
        answer["invalidity_date"],
        "malformed: InvalidityDate is not valid DER"
    );
    assert_eq!(answer["signed_certificate_timestamps"], "07");
    let silent = &inspect(ocsp::good(&client, &ca).issue())[0];
    assert_eq!(silent["extended_revoke"], Value::Null);
    assert_eq!(silent["answers"][0]["crl"], Value::Null);
}

#[test]
fn der_is_told_from_its_shape() {
    let root = Ca::root("Root").issue();
    assert_eq!(inspect(&root.der)[0]["kind"], "certificate");
}

#[test]
fn a_person_sees_labels() {
    let folder = Folder::new();
    folder.write("root.pem", Ca::root("Root").issue().pem());
    let told = folder.portcullis(&["inspect", "root.pem"]).expect(0);
    assert!(
        told.stdout.starts_with("certificate\n  subject "),
        "{told:?}"
    );
    assert!(
        told.stdout.contains("basicConstraints (critical): CA"),
        "{told:?}"
    );
}

#[test]
fn what_an_authority_says_of_those_below_is_spelled_out() {
    let subtree = |base: &[u8]| der::sequence(&[base.to_vec()]);
    let permitted = [
        subtree(&der::context_primitive(2, b"contoso.com")),
        subtree(&der::context_primitive(
            7,
            &[192, 0, 2, 0, 255, 255, 255, 0],
        )),
    ];
    let excluded = subtree(&der::context_primitive(1, b".example"));
    let constraints = der::sequence(&[
        der::context(0, &permitted.concat()),
        der::context(1, &excluded),
    ]);
    let mapping = der::sequence(&[der::oid("1.2.3"), der::oid("1.2.4")]);
    let required = der::sequence(&[der::context_primitive(0, &[2])]);
    let root = Ca::root("Root")
        .extension("2.5.29.30", Criticality::Critical, &constraints)
        .policies(Criticality::NonCritical, &["2.5.29.32.0", "1.2.3"])
        .extension(
            "2.5.29.33",
            Criticality::Critical,
            &der::sequence(&[mapping]),
        )
        .extension("2.5.29.36", Criticality::Critical, &required)
        .extension("2.5.29.54", Criticality::Critical, &der::tlv(2, &[0]))
        .issue();
    let said = inspect(root.pem());
    let value = |name: &str| {
        let mut extensions = said[0]["extensions"].as_array().unwrap().iter();
        let found = extensions.find(|extension| extension["name"] == name);
        found.unwrap()["value"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        value("nameConstraints"),
        "permitted DNS:contoso.com, IP Address:192.0.2.0/255.255.255.0; excluded email:.example"
    );
    assert_eq!(value("certificatePolicies"), "anyPolicy, 1.2.3");
    assert_eq!(value("policyMappings"), "1.2.3 is 1.2.4");
    assert_eq!(
        value("policyConstraints"),
        "a policy is required after 2 certificates"
    );
    assert_eq!(
        value("inhibitAnyPolicy"),
        "anyPolicy stands for no other after 0 certificates"
    );
}

#[test]
fn a_malformed_certificate_is_exit_code_1() {
    let folder = Folder::new();
    let mut der = Ca::root("Root").issue().der.to_vec();
    der.push(0);
    folder.write("file", der);
    let said = folder
        .portcullis(&["inspect", "file", "--json"])
        .expect(1)
        .json();
    assert_eq!(
        (&said["kind"], &said["expected"]),
        (&json!("malformed"), &json!("certificate"))
    );
}

#[test]
fn what_is_none_of_these_is_exit_code_2() {
    let folder = Folder::new();
    folder.write("file", b"hello");
    let said = folder.portcullis(&["inspect", "file"]).expect(2);
    assert!(
        said.stderr
            .starts_with("portcullis: file: neither PEM nor DER of "),
        "{said:?}"
    );
    let said = folder.portcullis(&["inspect", "absent"]).expect(2);
    assert!(
        said.stderr.starts_with("portcullis: cannot read absent: "),
        "{said:?}"
    );
}
