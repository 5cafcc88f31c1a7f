//! Clients that are refused by a TLS alert, where a profile says so.

use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::s_client::SClient;
use crate::scene::Scene;

#[test]
#[ignore = "needs curl, openssl"]
fn no_certificate_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    assert_alerted(&scene, None, "", "alert certificate required");
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_certificate_of_another_ca_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    let mallory = scene.foreign_ca().client("mallory").issue();
    let alert = "alert unknown ca";
    assert_alerted(&scene, Some(&mallory), "issuer_not_found", alert);
}

#[test]
#[ignore = "needs curl, openssl"]
fn an_expired_certificate_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    let expired = scene.clients.client("expired").expired().issue();
    let alert = "alert certificate expired";
    assert_alerted(&scene, Some(&expired), "expired", alert);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_certificate_for_servers_alone_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    let server = scene.clients.server("server.contoso.com").issue();
    let alert = "alert unsupported certificate";
    assert_alerted(&scene, Some(&server), "purpose_not_allowed", alert);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_missing_intermediate_ends_the_handshake_and_a_good_client_passes() {
    let scene = Scene::required_by_alert();
    let alice = scene.clients.client("alice").issue();
    let alone = Credentials {
        chain: alice.certificate.clone(),
        ..alice.clone()
    };
    let alert = "alert unknown ca";
    assert_alerted(&scene, Some(&alone), "issuer_not_found", alert);
    for version in ["1.2", "1.3"] {
        Curl::to(&scene.site)
            .present(&alice)
            .options(["--tls-max", version])
            .get()
            .expect_backend();
    }
    SClient::to(&scene.site)
        .present(&alice)
        .get()
        .expect_backend();
}

/// curl and OpenSSL fail with the alert, and the log has the reason.
#[track_caller]
fn assert_alerted(scene: &Scene, client: Option<&Credentials>, reason: &str, alert: &str) {
    for (version, option) in [("1.2", "-tls1_2"), ("1.3", "-tls1_3")] {
        let mark = scene.gateway.mark();
        let ended = curl(scene, client).options(["--tls-max", version]).end();
        match ended.code {
            // In the handshake; or on reading, because a client of TLS 1.3 is done with the
            // handshake before its certificate is judged; or this alert, which has its own code.
            Some(35 | 56 | 98) => assert!(ended.stderr.contains(alert), "{alert}: {ended:?}"),
            // What curl makes of certificate_expired over TLS 1.2, as if it were the gateway's.
            other => assert_eq!((other, reason), (Some(60), "expired"), "{ended:?}"),
        }
        assert_eq!(ended.stdout, "");
        scene.gateway.log(mark, &["\"handshake_failed\""]);
        scene.gateway.log(mark, &[reason]);

        let ended = s_client(scene, client).option(option).talk().0;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.stderr.contains(alert), "{alert}: {ended:?}");
    }
    assert_eq!(scene.backend.requests().len(), 0);
}

fn curl(scene: &Scene, client: Option<&Credentials>) -> Curl {
    let curl = Curl::to(&scene.site).options(["--http1.1"]);
    match client {
        Some(credentials) => curl.present(credentials),
        None => curl,
    }
}

fn s_client(scene: &Scene, client: Option<&Credentials>) -> SClient {
    let s_client = SClient::to(&scene.site);
    match client {
        Some(credentials) => s_client.present(credentials),
        None => s_client,
    }
}
