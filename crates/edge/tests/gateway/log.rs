//! What the operator reads: one line a request, with the reason of every refusal.

use portcullis_test_pki::Name;

use crate::rig::log::{connect, field, line_of, visit};
use crate::rig::{Backend, Client, Pki, Profile, Setup};

const HOST: &str = "www.contoso.com";

#[tokio::test]
async fn a_refusal_is_logged_with_its_reason() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let expired = pki.client("alice").expired().issue();
    let foreign = Pki::named("Fabrikam").alice();
    let client = || Client::new(&pki);
    for (client, reason, verification) in [
        (client(), "certificate_missing", "NONE"),
        (
            client().showing(&expired, &[]),
            "expired",
            "FAILED:certificate has expired",
        ),
        (
            client().showing(&foreign, &[]),
            "issuer_not_found",
            "FAILED:unable to verify the first certificate",
        ),
    ] {
        let line = visit(&client, gateway.address(), HOST).await;
        assert_eq!(field(&line, "httpStatus"), "400");
        assert_eq!(field(&line, "reason"), reason);
        assert_eq!(field(&line, "sslClientVerify"), verification);
        assert_eq!(field(&line, "listenerName"), "l0");
        assert_eq!(field(&line, "host"), HOST);
        assert!(!field(&line, "detail").is_empty());
        assert!(field(&line, "sslClientCertificateSubjectName").is_empty());
    }
}

#[tokio::test]
async fn what_is_forwarded_is_logged_with_who_asked() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .site("anyone.contoso.com", Profile::passthrough())
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    for (host, verification) in [(HOST, "SUCCESS"), ("anyone.contoso.com", "PASSTHROUGH")] {
        for client in [client.clone(), client.clone().http2()] {
            let line = visit(&client, gateway.address(), host).await;
            assert_eq!(field(&line, "httpStatus"), "200");
            assert_eq!(field(&line, "reason"), "forwarded");
            assert_eq!(field(&line, "sslClientVerify"), verification);
            assert_eq!(field(&line, "sslClientCertificateSubjectName"), "CN=alice");
            assert_eq!(field(&line, "serverRouted"), backend.address().to_string());
            let seen = backend.last();
            let fingerprint = seen.only("x-client-certificate-fingerprint");
            assert_eq!(field(&line, "sslClientCertificateFingerprint"), fingerprint);
        }
    }
}

#[tokio::test]
async fn a_failed_handshake_is_logged() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).alert())
        .start();
    let (stream, local) = connect(gateway.address()).await;
    let expired = pki.client("alice").expired().issue();
    let client = Client::tls12(&pki).showing(&expired, &[]);
    assert!(client.tls_over(stream, HOST).await.is_err());
    let line = line_of(local).await;
    assert_eq!(field(&line, "reason"), "handshake_failed");
    assert_eq!(field(&line, "error_info"), "ERRORINFO_HTTPS_NO_CERT");
    assert_eq!(field(&line, "httpStatus"), "0");
    assert!(field(&line, "detail").contains("Expired"), "{line:?}");
}

#[tokio::test]
async fn no_client_writes_a_line_of_its_own() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .site("anyone.contoso.com", Profile::passthrough())
        .start();
    let evil = Name::common_name("x\n2026-06-01T00:00:00Z INFO request status=200\u{1b}[2J\0");
    for leaf in [
        pki.client("x").subject(evil.clone()).issue(),
        pki.client("x").issuer_name(evil.clone()).issue(),
    ] {
        let client = Client::new(&pki).showing(&leaf, &[]);
        for host in [HOST, "anyone.contoso.com"] {
            let line = visit(&client, gateway.address(), host).await;
            assert!(!line.text.contains(char::is_control), "{line:?}");
            assert!(!field(&line, "sslClientCertificateFingerprint").is_empty());
        }
    }
}
