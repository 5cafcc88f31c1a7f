//! `portcullis verify`: verdicts, reasons, exit codes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "a test fails by panicking"
)]

#[path = "support/command.rs"]
mod command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use portcullis_test_pki::{Ca, Certified, Criticality, DAY, ExtendedKeyUsage, NOW, after};
use serde_json::{Value, json};

use command::{Finished, Folder, now, rfc3339};

/// A root, an issuing authority and a client, as files.
struct Scene {
    folder: Folder,
    root: Ca,
    issuing: Ca,
    client: Certified,
}

impl Scene {
    fn new() -> Self {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing").path_length(0).issue();
        let client = issuing.client("alice").issue();
        let folder = Folder::new();
        folder.write("client.pem", client.pem());
        folder.write("root.pem", root.pem());
        folder.write("issuing.pem", issuing.pem());
        folder.write("chain.pem", issuing.pem_with(&[&root]));
        Self {
            folder,
            root,
            issuing,
            client,
        }
    }

    fn verify(&self, arguments: &[&str]) -> Finished {
        let at = now();
        self.folder
            .portcullis(&[&["verify", "--at", &at], arguments].concat())
    }

    /// The verdict on a certificate that stands under the chain of this scene.
    fn verdict_on(&self, certificate: &Certified) -> Value {
        self.folder.write("leaf.pem", certificate.pem());
        self.verify(&["leaf.pem", "--trust", "chain.pem", "--json"])
            .expect(1)
            .json()
    }
}

#[test]
fn a_client_of_a_trusted_chain_is_trusted_and_its_path_is_shown() {
    let scene = Scene::new();
    let said = scene
        .verify(&["client.pem", "--trust", "chain.pem", "--json"])
        .expect(0)
        .json();
    assert_eq!(said["verdict"], "trusted");
    assert_eq!(said["path"], json!(["CN=alice", "CN=Issuing", "CN=Root"]));
    let until = said["valid_until"].as_str().unwrap();
    assert!(until.ends_with('Z') && *until > *now(), "{until}");
    assert!(said.get("id").is_none());
}

#[test]
fn a_person_is_told_the_path_too() {
    let scene = Scene::new();
    let said = scene
        .verify(&["client.pem", "--trust", "chain.pem"])
        .expect(0);
    assert!(said.stdout.starts_with("trusted until "), "{said:?}");
    assert!(
        said.stdout
            .contains("\n  CN=alice\n    CN=Issuing\n      CN=Root\n"),
        "{said:?}"
    );
    assert_eq!(said.stderr, "");
}

#[test]
fn an_intermediate_may_come_with_the_leaf_or_as_untrusted() {
    let scene = Scene::new();
    scene
        .folder
        .write("both.pem", scene.client.pem_with(&[&scene.issuing]));
    scene.verify(&["both.pem", "--trust", "root.pem"]).expect(0);
    scene
        .verify(&[
            "client.pem",
            "--trust",
            "root.pem",
            "--untrusted",
            "issuing.pem",
        ])
        .expect(0);
}

#[test]
fn der_is_read_as_well_as_pem() {
    let scene = Scene::new();
    scene.folder.write("client.der", &scene.client.der);
    scene.folder.write("root.der", &scene.root.der);
    scene
        .verify(&[
            "client.der",
            "--trust",
            "root.der",
            "--untrusted",
            "issuing.pem",
        ])
        .expect(0);
}

#[test]
fn an_authority_that_is_named_alone_is_trusted_itself() {
    let scene = Scene::new();
    let said = scene
        .verify(&["client.pem", "--trust", "issuing.pem", "--json"])
        .expect(0)
        .json();
    assert_eq!(said["path"], json!(["CN=alice", "CN=Issuing"]));
}

#[test]
fn an_intermediate_of_a_chain_file_is_not_an_anchor() {
    let scene = Scene::new();
    let stranger = Ca::root("Stranger").issue();
    scene
        .folder
        .write("mixed.pem", scene.issuing.pem_with(&[&stranger]));
    let said = scene
        .verify(&["client.pem", "--trust", "mixed.pem", "--json"])
        .expect(1)
        .json();
    assert_eq!(said["reason"], "issuer_not_found");
    assert_eq!(said["certificate"], 1);
}

#[test]
fn a_missing_intermediate_is_named_as_the_reason() {
    let scene = Scene::new();
    let said = scene
        .verify(&["client.pem", "--trust", "root.pem", "--json"])
        .expect(1)
        .json();
    assert_eq!(said["verdict"], "refused");
    assert_eq!(said["class"], "untrusted");
    assert_eq!(said["reason"], "issuer_not_found");
    assert_eq!(said["certificate"], 0);
    assert!(
        said["detail"].as_str().unwrap().contains("CN=Issuing"),
        "{said}"
    );
    let told = scene
        .verify(&["client.pem", "--trust", "root.pem"])
        .expect(1);
    assert!(
        told.stdout.starts_with("refused (issuer_not_found): "),
        "{told:?}"
    );
}

#[test]
fn each_defect_has_its_own_reason_and_class() {
    let scene = Scene::new();
    let issuing = &scene.issuing;
    let for_servers = [ExtendedKeyUsage::ServerAuth];
    for (certificate, class, reason) in [
        (issuing.client("a").expired().issue(), "expired", "expired"),
        (
            issuing.client("b").not_yet_valid().issue(),
            "not_yet_valid",
            "not_yet_valid",
        ),
        (
            issuing.client("c").wrong_signature().issue(),
            "untrusted",
            "bad_signature",
        ),
        (
            issuing.client("d").extended_key_usage(&for_servers).issue(),
            "not_permitted",
            "purpose_not_allowed",
        ),
    ] {
        let said = scene.verdict_on(&certificate);
        assert_eq!(
            (&said["class"], &said["reason"]),
            (&json!(class), &json!(reason)),
            "{said}"
        );
    }
}

#[test]
fn the_purpose_decides() {
    let scene = Scene::new();
    scene.folder.write(
        "server.pem",
        scene.issuing.server(&["www.contoso.com"]).issue().pem(),
    );
    scene
        .verify(&["server.pem", "--trust", "chain.pem"])
        .expect(1);
    scene
        .verify(&["server.pem", "--trust", "chain.pem", "--purpose", "server"])
        .expect(0);
    scene
        .verify(&["client.pem", "--trust", "chain.pem", "--purpose", "server"])
        .expect(1);
}

#[test]
fn the_instant_decides() {
    let scene = Scene::new();
    let later = rfc3339(after(NOW, 20_000 * DAY).as_secs());
    let arguments = [
        "verify",
        "client.pem",
        "--trust",
        "chain.pem",
        "--json",
        "--at",
        &later,
    ];
    assert_eq!(
        scene.folder.portcullis(&arguments).expect(1).json()["reason"],
        "expired"
    );
}

#[test]
fn the_depth_decides() {
    let scene = Scene::new();
    let said = scene.verify(&[
        "client.pem",
        "--trust",
        "chain.pem",
        "--max-depth",
        "0",
        "--json",
    ]);
    assert_eq!(said.expect(1).json()["reason"], "depth_exceeded");
    scene
        .verify(&["client.pem", "--trust", "chain.pem", "--max-depth", "1"])
        .expect(0);
}

#[test]
fn an_explanation_lists_every_path_and_where_it_fell() {
    let scene = Scene::new();
    let namesake = Ca::root("Issuing").issue();
    scene.folder.write("namesake.pem", namesake.pem());
    let arguments = [
        "client.pem",
        "--trust",
        "root.pem",
        "--untrusted",
        "namesake.pem",
        "--explain",
    ];
    let said = scene
        .verify(&[&arguments[..], &["--json"]].concat())
        .expect(1)
        .json();
    let candidates = said["candidates"].as_array().unwrap();
    assert!(!candidates.is_empty());
    let fell: Vec<&Value> = candidates
        .iter()
        .map(|candidate| &candidate["reason"])
        .collect();
    assert!(fell.contains(&&json!("bad_signature")), "{said}");
    let told = scene.verify(&arguments).expect(1);
    let tree = told.stdout.split_once("CN=alice [leaf]\n").unwrap().1;
    assert_eq!(
        tree,
        "│  ✗ issuer_not_found  certificate 0 (CN=alice): issuer not found: CN=Issuing\n\
         └─ CN=Issuing [offered]\n      ✗ bad_signature  certificate 0 (CN=alice): signature does \
         not verify with the key of CN=Issuing\n"
    );
}

#[test]
fn an_explanation_of_a_trusted_certificate_shows_what_fell_before() {
    let scene = Scene::new();
    let expired = scene.root.cross_sign(&scene.issuing).expired().issue();
    scene
        .folder
        .write("pool.pem", expired.pem_with(&[&scene.issuing]));
    let arguments = [
        "client.pem",
        "--trust",
        "root.pem",
        "--untrusted",
        "pool.pem",
        "--explain",
    ];
    let told = scene.verify(&arguments).expect(0);
    let lines: Vec<&str> = told.stdout.lines().collect();
    assert!(lines[0].starts_with("trusted until "), "{told:?}");
    assert_eq!(lines[1], "CN=alice [leaf]");
    assert_eq!(lines[2], "├─ CN=Issuing [offered]");
    assert_eq!(lines[3], "│  └─ CN=Root [anchor]");
    assert!(lines[4].starts_with("│        ✗ expired  certificate 1 (CN=Issuing): expired at "));
    assert_eq!(lines[5], "└─ CN=Issuing [offered]");
    assert_eq!(lines[6], "   └─ CN=Root [anchor]");
    assert_eq!(lines[7], "         ✓ accepted");
    let said = scene
        .verify(&[&arguments[..], &["--json"]].concat())
        .expect(0)
        .json();
    assert_eq!(said["candidates"][0]["reason"], "expired");
    assert_eq!(
        said["candidates"][0]["rule"],
        "RFC 5280 section 6.1.3 (a)(2)"
    );
}

#[test]
fn a_refusal_names_the_rule() {
    let scene = Scene::new();
    let said = scene.verdict_on(&scene.issuing.client("a").expired().issue());
    assert_eq!(said["rule"], "RFC 5280 section 6.1.3 (a)(2)");
    let told = scene
        .verify(&["leaf.pem", "--trust", "chain.pem"])
        .expect(1);
    assert!(
        told.stdout
            .ends_with("\n  by RFC 5280 section 6.1.3 (a)(2)\n"),
        "{told:?}"
    );
}

#[test]
fn a_name_is_demanded_in_the_kind_that_it_has() {
    let scene = Scene::new();
    let server = scene
        .issuing
        .server(&["*.contoso.com", "192.0.2.1"])
        .email("ops@contoso.com")
        .uri("spiffe://contoso.com/web")
        .issue();
    scene.folder.write("server.pem", server.pem());
    let with_name = |name: &str, code: i32| {
        let arguments = ["server.pem", "--trust", "chain.pem", "--purpose", "server"];
        scene
            .verify(&[&arguments[..], &["--name", name, "--json"]].concat())
            .expect(code)
            .json()
    };
    for name in [
        "www.contoso.com",
        "192.0.2.1",
        "ops@contoso.com",
        "spiffe://contoso.com/web",
        "SPIFFE:contoso.com",
        "IP:192.0.2.0/24",
    ] {
        assert_eq!(with_name(name, 0)["verdict"], "trusted", "{name}");
    }
    for name in [
        "a.b.contoso.com",
        "contoso.com",
        "192.0.2.2",
        "root@contoso.com",
    ] {
        assert_eq!(with_name(name, 1)["reason"], "name_not_allowed", "{name}");
    }
    // A mistake after a word that says the kind is told as it was typed, and is no URI.
    for name in ["a b", "email:a@b@c", "DNS:w*.contoso.com", "IP:192.0.2"] {
        let arguments = ["client.pem", "--trust", "chain.pem", "--name", name];
        let told = scene.verify(&arguments).expect(2).stderr;
        assert!(told.contains("name rule"), "{told}");
        assert!(told.contains(name) && !told.contains("URI:"), "{told}");
    }
}

#[test]
fn a_file_without_end_is_no_certificate() {
    let scene = Scene::new();
    let told = scene
        .verify(&["/dev/zero", "--trust", "chain.pem"])
        .expect(2);
    assert!(told.stderr.contains("has more than"), "{told:?}");
}

#[test]
fn the_immediate_issuer_is_demanded_by_its_name() {
    let scene = Scene::new();
    let with_issuer = |dn: &str, code: i32| {
        scene
            .verify(&["client.pem", "--trust", "chain.pem", "--issuer-dn", dn])
            .expect(code)
    };
    with_issuer("cn = issuing", 0);
    let told = with_issuer("CN=Root", 1);
    assert!(told.stdout.starts_with("refused (issuer_not_allowed)"));
    let told = with_issuer("Issuing", 2);
    assert!(told.stderr.contains("is not TYPE=VALUE"), "{told:?}");
}

#[test]
fn certificate_policies_are_demanded_as_the_rfc_has_it() {
    let scene = Scene::new();
    let policies = |oids: &[&str]| {
        let issuing = scene.root.intermediate("Policies");
        let issuing = issuing.policies(Criticality::Critical, oids).issue();
        let alice = issuing.client("alice");
        let alice = alice.policies(Criticality::NonCritical, oids).issue();
        scene.folder.write("leaf.pem", alice.pem_with(&[&issuing]));
    };
    let verify = |more: &[&str], code: i32| {
        let arguments = ["leaf.pem", "--trust", "root.pem", "--json"];
        scene
            .verify(&[&arguments[..], more].concat())
            .expect(code)
            .json()
    };
    policies(&["1.2.3", "1.2.4"]);
    assert_eq!(verify(&[], 0)["policies"], json!(["1.2.3", "1.2.4"]));
    let explicit = ["--require-explicit-policy", "--policy", "1.2.4", "1.2.5"];
    assert_eq!(verify(&explicit, 0)["policies"], json!(["1.2.4"]));
    let other = ["--require-explicit-policy", "--policy", "1.2.5"];
    assert_eq!(verify(&other, 1)["reason"], "no_valid_policy");
    policies(&["2.5.29.32.0"]);
    assert_eq!(verify(&other, 0)["policies"], json!(["1.2.5"]));
    let inhibited = [&other[..], &["--inhibit-any-policy"]].concat();
    assert_eq!(verify(&inhibited, 1)["reason"], "no_valid_policy");
    let garbage = ["leaf.pem", "--trust", "root.pem", "--policy", "x"];
    let told = scene.verify(&garbage).expect(2);
    assert!(told.stderr.contains("`x` is no object identifier"));
}

#[test]
fn strictness_is_asked_for() {
    let scene = Scene::new();
    let careless = scene.issuing.client("a").without_key_identifiers().issue();
    scene.folder.write("leaf.pem", careless.pem());
    scene
        .verify(&["leaf.pem", "--trust", "chain.pem"])
        .expect(0);
    let said = scene
        .verify(&["leaf.pem", "--trust", "chain.pem", "--strict", "--json"])
        .expect(1)
        .json();
    assert_eq!(said["reason"], "not_conforming");
    assert_eq!(said["rule"], "RFC 5280 section 4.2.1.1");
}

#[test]
fn a_leaf_that_is_no_certificate_is_refused_as_malformed() {
    let scene = Scene::new();
    scene.folder.write("garbage.der", b"not a certificate");
    let said = scene
        .verify(&["garbage.der", "--trust", "chain.pem", "--json"])
        .expect(1)
        .json();
    assert_eq!(
        (&said["class"], &said["reason"]),
        (&json!("malformed"), &json!("malformed"))
    );
}

#[test]
fn what_cannot_be_read_is_exit_code_2_with_a_message() {
    let scene = Scene::new();
    scene.folder.write("empty.pem", "");
    scene.folder.write("key.pem", scene.client.key_pem());
    for (arguments, message) in [
        (
            ["absent.pem", "--trust", "chain.pem"],
            "portcullis: cannot read absent.pem: ",
        ),
        (
            ["client.pem", "--trust", "absent.pem"],
            "portcullis: cannot read absent.pem: ",
        ),
        (
            ["client.pem", "--trust", "empty.pem"],
            "portcullis: empty.pem holds no certificate",
        ),
        (
            ["key.pem", "--trust", "chain.pem"],
            "portcullis: key.pem holds no certificate",
        ),
    ] {
        let said = scene.verify(&arguments).expect(2);
        assert!(said.stderr.starts_with(message), "{said:?}");
        assert_eq!(said.stdout, "");
    }
}

#[test]
fn an_anchor_that_is_no_certificate_is_unreadable_input() {
    let scene = Scene::new();
    scene.folder.write("garbage.der", b"not a certificate");
    let said = scene
        .verify(&["client.pem", "--trust", "garbage.der"])
        .expect(2);
    assert!(
        said.stderr
            .contains("certificate 0 of the anchors cannot be read"),
        "{said:?}"
    );
}

#[test]
fn nothing_is_trusted_without_being_asked() {
    let said = Scene::new().verify(&["client.pem"]).expect(2);
    assert!(said.stderr.contains("--trust"), "{said:?}");
}

#[test]
fn the_help_has_an_example() {
    let said = Folder::new().portcullis(&["verify", "--help"]).expect(0);
    assert!(
        said.stdout.contains("portcullis verify client.pem --trust"),
        "{said:?}"
    );
}

fn base64(der: &[u8]) -> String {
    BASE64_STANDARD.encode(der)
}

/// The case of the scene's client, as a line of a batch.
fn case(scene: &Scene, id: &str) -> Value {
    json!({
        "id": id,
        "target": base64(&scene.client.der),
        "intermediates": [base64(b"junk"), base64(&scene.issuing.der)],
        "anchors": [base64(&scene.root.der)],
        "time": NOW.as_secs(),
        "eku": "clientAuth",
        "a_field_of_the_future": true,
    })
}

fn batch(scene: &Scene, cases: &[Value]) -> Finished {
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    scene
        .folder
        .portcullis_with(&["verify", "--batch", "-"], lines.join("\n").as_bytes())
}

#[test]
fn a_batch_answers_in_the_order_of_its_questions() {
    let scene = Scene::new();
    let ids: Vec<String> = (0..500).map(|number| format!("case {number}")).collect();
    let cases: Vec<Value> = ids.iter().map(|id| case(&scene, id)).collect();
    let answers = batch(&scene, &cases).expect(0).json_lines();
    let answered: Vec<&str> = answers
        .iter()
        .map(|answer| answer["id"].as_str().unwrap())
        .collect();
    assert_eq!(answered, ids);
    assert!(answers.iter().all(|answer| answer["verdict"] == "trusted"));
}

#[test]
fn one_refusal_makes_a_batch_fail() {
    let scene = Scene::new();
    let mut server = case(&scene, "server");
    server["eku"] = json!("serverAuth");
    let answers = batch(&scene, &[case(&scene, "client"), server])
        .expect(1)
        .json_lines();
    assert_eq!(answers[0]["verdict"], "trusted");
    assert_eq!(answers[1]["reason"], "purpose_not_allowed");
}

#[test]
fn an_unreadable_line_is_answered_in_its_place_and_the_rest_goes_on() {
    let scene = Scene::new();
    let incomplete = json!({ "id": "incomplete", "target": "" });
    let said = batch(&scene, &[incomplete, case(&scene, "client")]).expect(2);
    let answers = said.json_lines();
    assert_eq!(
        (&answers[0]["id"], &answers[0]["line"]),
        (&json!("incomplete"), &json!(1))
    );
    assert!(
        answers[0]["error"].as_str().unwrap().contains("anchors"),
        "{answers:?}"
    );
    assert_eq!(answers[1]["verdict"], "trusted");
}

#[test]
fn a_demand_that_is_not_known_is_refused_and_not_passed_over() {
    let scene = Scene::new();
    let mut unknown = case(&scene, "unknown");
    unknown["eku"] = json!("teaMaking");
    let answers = batch(&scene, &[unknown]).expect(1).json_lines();
    assert_eq!(answers[0]["reason"], "unsupported_demand");
}

#[test]
fn a_batch_judges_modes_policies_and_floors() {
    let scene = Scene::new();
    let with = |id: &str, field: &str, value: Value| {
        let mut case = case(&scene, id);
        case[field] = value;
        case
    };
    let root_der = base64(&scene.root.der);
    let cases = [
        with("strict", "eku_mode", json!("strict")),
        with("strict leaf", "eku_mode", json!("strict_leaf")),
        with(
            "policy",
            "policy",
            json!({ "initial_policy_set": ["1.2.3"], "explicit": true }),
        ),
        with(
            "any policy",
            "policy",
            json!({ "initial_policy_set": ["2.5.29.32.0"] }),
        ),
        with("depth", "max_depth", json!(0)),
        with("no anchor", "anchors", json!([])),
        with("junk anchor", "anchors", json!([base64(b"junk")])),
        with(
            "junk among anchors",
            "anchors",
            json!([base64(b"junk"), root_der]),
        ),
        with("strict profile", "strict", json!(true)),
    ];
    let answers = batch(&scene, &cases).expect(1).json_lines();
    let said = |answer: &Value| {
        let reason = answer["reason"].as_str().unwrap_or("trusted").to_owned();
        (answer["id"].as_str().unwrap().to_owned(), reason)
    };
    let expected = [
        // The issuing authority has no extKeyUsage.
        ("strict", "purpose_not_allowed"),
        ("strict leaf", "trusted"),
        ("policy", "no_valid_policy"),
        ("any policy", "trusted"),
        ("depth", "depth_exceeded"),
        ("no anchor", "no_anchor"),
        ("junk anchor", "malformed"),
        ("junk among anchors", "trusted"),
        ("strict profile", "trusted"),
    ];
    let expected = expected.map(|(id, reason)| (id.to_owned(), reason.to_owned()));
    assert_eq!(answers.iter().map(said).collect::<Vec<_>>(), expected);
}
