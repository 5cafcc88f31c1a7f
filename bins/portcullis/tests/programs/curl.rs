//! curl as the client.

use crate::gateway::Gateway;
use crate::program::{Said, run};
use crate::world::{HOST, World, escaped};

/// Asks for `/` and shows the answer's head too.
pub(crate) fn curl(world: &World, gateway: &Gateway, arguments: &[&str]) -> Said {
    let port = gateway.port;
    let resolve = format!("{HOST}:{port}:127.0.0.1");
    let url = format!("https://{HOST}:{port}/");
    let fixed = [
        "--silent",
        "--show-error",
        "--include",
        "--noproxy",
        "*",
        "--max-time",
        "60",
        "--cacert",
        "server-ca.pem",
        "--resolve",
        &resolve,
        &url,
    ];
    run(world.path(), "curl", &[&fixed[..], arguments].concat(), b"")
}

/// The arguments by which curl shows a client certificate.
pub(crate) fn as_client(name: &str) -> [String; 4] {
    [
        "--cert".to_owned(),
        format!("{name}.pem"),
        "--key".to_owned(),
        format!("{name}.key"),
    ]
}

pub(crate) fn curl_as(world: &World, gateway: &Gateway, name: &str, more: &[&str]) -> Said {
    let client = as_client(name);
    let client: Vec<&str> = client.iter().map(String::as_str).collect();
    curl(world, gateway, &[&client, more].concat())
}

/// Fails unless the answer was 400 for this reason, which the log must name as well.
#[track_caller]
pub(crate) fn expect_refusal(gateway: &Gateway, said: &Said, reason: &str) {
    assert!(said.stdout.contains(" 400"), "{said:?}");
    assert!(
        said.stdout.contains(&format!("reason: {reason}")),
        "{reason}: {said:?}"
    );
    gateway.wait_for(reason);
}

#[test]
#[ignore = "needs curl"]
fn curl_with_a_trusted_certificate_gets_200_over_http_1_1() {
    let world = World::new();
    let gateway = world.gateway();
    let said = curl_as(&world, &gateway, "alice", &["--http1.1"]);
    assert!(said.stdout.starts_with("HTTP/1.1 200"), "{said:?}");
    assert!(
        said.stdout.contains("x-client-subject: CN=alice"),
        "{said:?}"
    );
}

#[test]
#[ignore = "needs curl"]
fn curl_with_a_trusted_certificate_gets_200_over_http_2() {
    let world = World::new();
    let gateway = world.gateway();
    let said = curl_as(&world, &gateway, "alice", &["--http2"]);
    assert!(said.stdout.starts_with("HTTP/2 200"), "{said:?}");
}

#[test]
#[ignore = "needs curl"]
fn curl_s_certificate_reaches_the_backend_as_percent_encoded_pem() {
    let world = World::new();
    let gateway = world.gateway();
    let said = curl_as(&world, &gateway, "alice", &[]);
    let pem = std::fs::read_to_string(world.path().join("alice.pem")).unwrap();
    let header = format!("\r\nx-client-certificate: {}\r\n", escaped(&pem));
    assert!(said.stdout.contains(&header), "{header} in {said:?}");
    assert!(
        said.stdout
            .contains("\r\nx-client-verification: SUCCESS\r\n"),
        "{said:?}"
    );
    assert!(
        said.stdout.contains("\r\nhost: backend.contoso.com\r\n"),
        "{said:?}"
    );
}

#[test]
#[ignore = "needs curl"]
fn what_curl_forges_does_not_reach_the_backend() {
    let world = World::new();
    let gateway = world.gateway();
    let forged = [
        "--header",
        "X-Client-Certificate: forged",
        "--header",
        "x_client_certificate: forged",
        "--header",
        "X-Client-Subject: forged",
    ];
    let said = curl_as(&world, &gateway, "alice", &forged);
    assert!(said.stdout.contains(" 200"), "{said:?}");
    assert!(!said.stdout.contains("forged"), "{said:?}");
}

#[test]
#[ignore = "needs curl"]
fn curl_without_a_certificate_gets_400_and_why() {
    let world = World::new();
    let gateway = world.gateway();
    let said = curl(&world, &gateway, &[]);
    assert!(
        said.stdout.contains("No required SSL certificate was sent"),
        "{said:?}"
    );
    expect_refusal(&gateway, &said, "certificate_missing");
}

#[test]
#[ignore = "needs curl"]
fn curl_that_prefers_json_gets_the_reason_as_json() {
    let world = World::new();
    let gateway = world.gateway();
    let said = curl(&world, &gateway, &["--header", "Accept: application/json"]);
    let (_, body) = said.stdout.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["status"], 400);
    assert_eq!(body["reason"], "certificate_missing");
}

#[test]
#[ignore = "needs curl"]
fn curl_with_a_certificate_of_another_ca_gets_400() {
    let world = World::new();
    let gateway = world.gateway();
    let said = curl_as(&world, &gateway, "stranger", &[]);
    expect_refusal(&gateway, &said, "issuer_not_found");
}

#[test]
#[ignore = "needs curl"]
fn curl_with_an_expired_certificate_gets_400() {
    let world = World::new();
    let gateway = world.gateway();
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "expired", &[]),
        "expired",
    );
}

#[test]
#[ignore = "needs curl"]
fn curl_with_a_certificate_that_is_not_for_clients_gets_400() {
    let world = World::new();
    let gateway = world.gateway();
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "purpose", &[]),
        "purpose_not_allowed",
    );
}

#[test]
#[ignore = "needs curl"]
fn curl_whose_intermediate_is_missing_gets_400_and_200_when_it_sends_it() {
    let world = World::new();
    let gateway = world.gateway_with("root.pem", "revocation = \"off\"");
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "alice", &[]),
        "issuer_not_found",
    );
    let pem = std::fs::read_to_string(world.path().join("alice.pem")).unwrap();
    world.write("full.pem", pem + &world.issuing.pem());
    let said = curl(
        &world,
        &gateway,
        &["--cert", "full.pem", "--key", "alice.key"],
    );
    assert!(said.stdout.contains(" 200"), "{said:?}");
}

#[test]
#[ignore = "needs curl"]
fn curl_gets_a_tls_alert_where_the_profile_says_so() {
    let world = World::new();
    let profile = "revocation = \"off\"\non_failure = \"alert\"";
    let gateway = world.gateway_with("chain.pem", profile);
    let said = curl_as(&world, &gateway, "expired", &["--http1.1"]);
    assert!(!said.success && !said.stdout.contains("400"), "{said:?}");
    assert!(
        said.stderr.contains("alert") && said.stderr.contains("expired"),
        "{said:?}"
    );
    assert!(
        curl_as(&world, &gateway, "alice", &[])
            .stdout
            .contains(" 200")
    );
}

#[test]
#[ignore = "needs curl"]
fn a_hang_up_replaces_the_trust_without_a_restart() {
    let world = World::new();
    let gateway = world.gateway();
    assert!(
        curl_as(&world, &gateway, "alice", &[])
            .stdout
            .contains(" 200")
    );
    world.write(
        "chain.pem",
        std::fs::read(world.path().join("foreign.pem")).unwrap(),
    );
    gateway.signal("HUP");
    gateway.wait_for("the configuration was replaced");
    expect_refusal(
        &gateway,
        &curl_as(&world, &gateway, "alice", &[]),
        "issuer_not_found",
    );
    assert!(
        curl_as(&world, &gateway, "stranger", &[])
            .stdout
            .contains(" 200")
    );
}
