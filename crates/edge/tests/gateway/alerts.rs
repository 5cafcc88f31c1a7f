//! `on_failure = "alert"`: the handshake itself fails, with the alert that fits.

use portcullis_test_pki::{Certified, Criticality, ExtendedKeyUsage};
use rustls::AlertDescription::{
    BadCertificate, CertificateExpired, CertificateRequired, CertificateUnknown, HandshakeFailure,
    UnknownCA, UnsupportedCertificate,
};
use rustls::version::{TLS12, TLS13};
use rustls::{AlertDescription, HandshakeKind};

use crate::rig::{Backend, Client, Pki, Profile, Question, Responder, Setup, now};

const HOST: &str = "www.contoso.com";

#[tokio::test]
async fn each_failure_has_its_alert() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).alert())
        .start();
    let foreign = Pki::named("Fabrikam");
    let selfmade = Certified::self_signed("mallory")
        .valid_around(now().as_secs())
        .issue();
    let for_servers = pki
        .client("alice")
        .extended_key_usage(&[ExtendedKeyUsage::ServerAuth])
        .issue();
    let malformed = pki
        .client("alice")
        .without_extension("2.5.29.15")
        .extension("2.5.29.15", Criticality::Critical, b"garbage")
        .issue();
    let unknown = pki
        .client("alice")
        .extension("1.2.3.4", Criticality::Critical, &[5, 0])
        .issue();
    let cases: [(&str, Certified, AlertDescription); 7] = [
        (
            "expired",
            pki.client("alice").expired().issue(),
            CertificateExpired,
        ),
        (
            "not yet valid",
            pki.client("alice").not_yet_valid().issue(),
            CertificateExpired,
        ),
        ("foreign", foreign.alice(), UnknownCA),
        ("self-signed", selfmade, UnknownCA),
        ("for servers", for_servers, UnsupportedCertificate),
        ("malformed", malformed, BadCertificate),
        ("unknown extension", unknown, CertificateUnknown),
    ];
    for (name, leaf, alert) in cases {
        for version in [&TLS12, &TLS13] {
            let client = Client::speaking(&pki, version).showing(&leaf, &[]);
            let found = client.alert(gateway.address(), HOST).await;
            assert_eq!(found, alert, "{name} {version:?}");
        }
    }
    // TLS 1.2 has no certificate_required (RFC 8446 section 6.2).
    let without = Client::new(&pki).alert(gateway.address(), HOST).await;
    assert_eq!(without, CertificateRequired);
    let without = Client::tls12(&pki).alert(gateway.address(), HOST).await;
    assert!(
        [CertificateRequired, HandshakeFailure].contains(&without),
        "{without:?}"
    );
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn a_good_client_passes_and_resumes() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).alert())
        .start();
    for client in [Client::new(&pki), Client::tls12(&pki)] {
        let client = client.showing(&pki.alice(), &[]);
        for handshake in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let mut http = client.connect(gateway.address(), HOST).await;
            assert_eq!(http.handshake(), handshake);
            assert_eq!(http.get(HOST).await.status, 200);
            assert_eq!(backend.last().verification(), "SUCCESS");
        }
    }
}

#[tokio::test]
async fn an_optional_certificate_may_be_missing_but_not_bad() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::optional(&pki).alert())
        .start();
    assert_eq!(
        Client::new(&pki).get(gateway.address(), HOST).await.status,
        200
    );
    assert_eq!(backend.last().verification(), "NONE");
    let expired = pki.client("alice").expired().issue();
    let client = Client::new(&pki).showing(&expired, &[]);
    assert_eq!(
        client.alert(gateway.address(), HOST).await,
        CertificateExpired
    );
}

#[tokio::test]
async fn a_revocation_is_still_answered_as_it_comes_after_the_handshake() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    responder.says(|question: &Question| question.reply(question.revoked()));
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp().alert())
        .start();
    let client = Client::new(&pki).showing(&alice, &[]);
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!(
        (answer.status, &*answer.reason()),
        (400, "certificate_revoked")
    );
    assert!(backend.requests().is_empty());
}
