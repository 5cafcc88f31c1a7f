//! Clients that are refused by a TLS alert, where a profile says so.

use crate::credentials::Credentials;
use crate::curl::Curl;
use crate::s_client::SClient;
use crate::scene::Scene;

/// What the two versions of TLS say, in OpenSSL's words.
struct Alerts {
    tls_1_2: &'static str,
    tls_1_3: &'static str,
}

#[test]
#[ignore = "needs curl, openssl"]
fn no_certificate_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    assert_alerted(&scene, None, "", &Alerts {
        tls_1_2: "alert handshake failure",
        tls_1_3: "alert certificate required",
    });
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_certificate_of_another_ca_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    let mallory = scene.foreign_ca().client("mallory").issue();
    let alert = "alert unknown ca";
    let alerts = Alerts { tls_1_2: alert, tls_1_3: alert };
    assert_alerted(&scene, Some(&mallory), "issuer_not_found", &alerts);
}

#[test]
#[ignore = "needs curl, openssl"]
fn an_expired_certificate_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    let expired = scene.clients.client("expired").expired().issue();
    let alert = "alert certificate expired";
    let alerts = Alerts { tls_1_2: alert, tls_1_3: alert };
    assert_alerted(&scene, Some(&expired), "expired", &alerts);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_certificate_for_servers_alone_ends_the_handshake() {
    let scene = Scene::required_by_alert();
    let server = scene.clients.server("server.contoso.com").issue();
    let alert = "alert certificate unknown";
    let alerts = Alerts { tls_1_2: alert, tls_1_3: alert };
    assert_alerted(&scene, Some(&server), "purpose_not_allowed", &alerts);
}

#[test]
#[ignore = "needs curl, openssl"]
fn a_missing_intermediate_ends_the_handshake_and_a_good_client_passes() {
    let scene = Scene::required_by_alert();
    let alice = scene.clients.client("alice").issue();
    let alone = Credentials { chain: alice.certificate.clone(), ..alice.clone() };
    let alert = "alert unknown ca";
    let alerts = Alerts { tls_1_2: alert, tls_1_3: alert };
    assert_alerted(&scene, Some(&alone), "issuer_not_found", &alerts);
    for version in ["1.2", "1.3"] {
        Curl::to(&scene.site).present(&alice).options(["--tls-max", version]).get().expect_backend();
    }
    SClient::to(&scene.site).present(&alice).get().expect_backend();
}

/// curl fails with the alert, and the log has the reason.
#[track_caller]
fn assert_alerted(scene: &Scene, client: Option<&Credentials>, reason: &str, alerts: &Alerts) {
    for (version, alert) in [("1.2", alerts.tls_1_2), ("1.3", alerts.tls_1_3)] {
        let mark = scene.gateway.mark();
        let mut curl = Curl::to(&scene.site).options(["--http1.1", "--tls-max", version]);
        if let Some(credentials) = client {
            curl = curl.present(credentials);
        }
        let ended = curl.end();
        // 35: in the handshake. 56: on reading, because a client of TLS 1.3 is done with the
        // handshake before its certificate is judged.
        assert!(matches!(ended.code, Some(35 | 56)), "{ended:?}");
        assert!(ended.stderr.contains(alert), "{alert} over TLS {version}: {ended:?}");
        assert_eq!(ended.stdout, "");
        scene.gateway.log(mark, &["handshake failed"]);
        scene.gateway.log(mark, &[reason]);
    }
    assert_eq!(scene.backend.requests().len(), 0);
}
