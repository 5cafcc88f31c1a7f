//! `openssl s_client` followed by a typed GET, and its sessions.

use crate::gateway::Gateway;
use crate::program::{Said, run};
use crate::world::{HOST, World};

fn s_client(world: &World, gateway: &Gateway, arguments: &[&str]) -> Said {
    let address = format!("127.0.0.1:{}", gateway.port);
    let request = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
    let fixed = [
        "s_client",
        "-ign_eof",
        "-connect",
        &address,
        "-servername",
        HOST,
        "-CAfile",
        "server-ca.pem",
    ];
    run(
        world.path(),
        "openssl",
        &[&fixed[..], arguments].concat(),
        request.as_bytes(),
    )
}

const ALICE: [&str; 4] = ["-cert", "alice.pem", "-key", "alice.key"];

#[test]
#[ignore = "needs openssl"]
fn s_client_and_a_typed_get_receive_200_over_tls_1_3_and_1_2() {
    let world = World::new();
    let gateway = world.gateway();
    for version in ["-tls1_3", "-tls1_2"] {
        let said = s_client(&world, &gateway, &[&ALICE[..], &[version]].concat());
        assert!(said.stdout.contains("HTTP/1.1 200 OK"), "{said:?}");
        assert!(
            said.stdout.contains("x-client-subject: CN=alice"),
            "{said:?}"
        );
        assert!(
            said.stdout.contains("Verify return code: 0 (ok)"),
            "{said:?}"
        );
    }
}

#[test]
#[ignore = "needs openssl"]
fn s_client_without_a_certificate_receives_400_after_a_completed_handshake() {
    let world = World::new();
    let gateway = world.gateway();
    for version in ["-tls1_3", "-tls1_2"] {
        let said = s_client(&world, &gateway, &[version]);
        assert!(said.stdout.contains("HTTP/1.1 400 Bad Request"), "{said:?}");
        assert!(
            said.stdout.contains("No required SSL certificate was sent"),
            "{said:?}"
        );
    }
}

#[test]
#[ignore = "needs openssl"]
fn s_client_is_told_which_authorities_are_trusted() {
    let world = World::new();
    let gateway = world.gateway();
    let said = s_client(&world, &gateway, &ALICE);
    assert!(
        said.stdout
            .contains("Acceptable client certificate CA names"),
        "{said:?}"
    );
    assert!(said.stdout.contains("CN = Client Root"), "{said:?}");
}

/// Opens a session, lets `between` happen, and comes back with it.
fn come_back(version: &str, between: impl FnOnce(&World, &Gateway)) -> Said {
    let world = World::new();
    let gateway = world.gateway();
    let first = s_client(
        &world,
        &gateway,
        &[&ALICE[..], &[version, "-sess_out", "session.pem"]].concat(),
    );
    assert!(first.stdout.contains("HTTP/1.1 200 OK"), "{first:?}");
    between(&world, &gateway);
    s_client(
        &world,
        &gateway,
        &[&ALICE[..], &[version, "-sess_in", "session.pem"]].concat(),
    )
}

#[test]
#[ignore = "needs openssl"]
fn a_resumed_session_of_s_client_is_authenticated_and_forwarded() {
    for version in ["-tls1_3", "-tls1_2"] {
        let said = come_back(version, |_, _| {});
        assert!(said.stdout.contains("Reused, TLS"), "{version}: {said:?}");
        assert!(
            said.stdout.contains("HTTP/1.1 200 OK"),
            "{version}: {said:?}"
        );
        assert!(
            said.stdout.contains("x-client-subject: CN=alice"),
            "{version}: {said:?}"
        );
    }
}

#[test]
#[ignore = "needs openssl"]
fn a_session_of_s_client_does_not_outlive_the_trust_it_was_made_under() {
    for version in ["-tls1_3", "-tls1_2"] {
        let said = come_back(version, |world, gateway| {
            world.write(
                "chain.pem",
                std::fs::read(world.path().join("foreign.pem")).unwrap(),
            );
            gateway.signal("HUP");
            gateway.wait_for("the configuration was replaced");
        });
        assert!(
            said.stdout.contains("HTTP/1.1 400 Bad Request"),
            "{version}: {said:?}"
        );
    }
}
