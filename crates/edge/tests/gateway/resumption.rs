//! A resumed session is authenticated like a full one: resumption is no way round.

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::{Certified, after, before};
use rustls::HandshakeKind::{self, Full, Resumed};
use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::rig::{
    Answer, Backend, Client, Http, Patience, Pki, Profile, Question, Responder, Rig, Setup, now,
};

const HOST: &str = "www.contoso.com";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Connects and asks once.
async fn visit(client: &Client, gateway: &Rig, host: &str) -> (HandshakeKind, Answer) {
    let mut http = client.connect(gateway.address(), host).await;
    let kind = http.handshake();
    (kind, http.get(host).await)
}

#[tokio::test]
async fn a_resumed_session_brings_the_same_identity() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    for version in VERSIONS {
        for http2 in [false, true] {
            let client = Client::speaking(&pki, version).showing(&pki.alice(), &[&pki.issuing]);
            let client = if http2 { client.http2() } else { client };
            let mut certificates = Vec::new();
            for kind in [Full, Resumed, Resumed] {
                let (found, answer) = visit(&client, &gateway, HOST).await;
                assert_eq!((found, answer.status), (kind, 200));
                let request = backend.last();
                assert_eq!(request.verification(), "SUCCESS");
                certificates.push(request.only("x-client-certificate").to_owned());
            }
            certificates.dedup();
            assert_eq!(certificates.len(), 1);
        }
    }
}

#[tokio::test]
async fn a_refused_client_is_refused_again_by_resumption() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let foreign = Pki::named("Fabrikam").alice();
    for version in VERSIONS {
        for (client, reason) in [
            (Client::speaking(&pki, version), "certificate_missing"),
            (
                Client::speaking(&pki, version).showing(&foreign, &[]),
                "issuer_not_found",
            ),
        ] {
            for _ in 0..3 {
                let (_, answer) = visit(&client, &gateway, HOST).await;
                assert_eq!((answer.status, &*answer.reason()), (400, reason));
            }
        }
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn nobody_stays_nobody_in_an_optional_listener() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::optional(&pki))
        .start();
    for version in VERSIONS {
        let client = Client::speaking(&pki, version);
        for kind in [Full, Resumed] {
            let (found, answer) = visit(&client, &gateway, HOST).await;
            assert_eq!((found, answer.status), (kind, 200));
            assert_eq!(backend.last().verification(), "NONE");
        }
    }
}

/// The responder's answer is past its nextUpdate, and only forgiven because clocks differ: it holds
/// for the second in which it came.
#[tokio::test]
async fn a_certificate_revoked_after_the_handshake_is_refused_by_resumption() {
    for version in VERSIONS {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let responder = Responder::start().await;
        let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
        responder.knows(&alice, &pki.issuing);
        let gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki).ocsp())
            .start();
        let client = Client::speaking(&pki, version).showing(&alice, &[]);

        responder.says(|question: &Question| {
            question.reply(question.good().next_update(before(now(), 1)))
        });
        let (kind, answer) = visit(&client, &gateway, HOST).await;
        assert_eq!((kind, answer.status), (Full, 200), "{}", answer.reason());
        responder.says(|question: &Question| question.reply(question.revoked()));
        let asked = responder.asked();
        let patience = Patience::new();
        loop {
            let (kind, answer) = visit(&client, &gateway, HOST).await;
            assert_eq!(kind, Resumed);
            if responder.asked() > asked {
                assert_eq!(
                    (answer.status, &*answer.reason()),
                    (400, "certificate_revoked")
                );
                break;
            }
            assert_eq!(answer.status, 200);
            patience.next_second().await;
        }
        let (kind, answer) = visit(&client, &gateway, HOST).await;
        assert_eq!((kind, answer.status), (Resumed, 400));
    }
}

#[tokio::test]
async fn a_certificate_that_expires_after_the_handshake_is_refused_by_resumption() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let end = after(now(), 5);
    let short_lived = pki.client("alice").not_after(end).issue();
    // An intermediate that ends, too: only looking at the leaf would not do.
    let ending = pki.root.intermediate("Ending").not_after(end).issue();
    let below = ending.client("bob").issue();
    let cases: [(&Certified, &[&Certified]); 2] = [(&short_lived, &[]), (&below, &[&ending])];
    let clients = VERSIONS.map(|version| {
        cases.map(|(leaf, others)| Client::speaking(&pki, version).showing(leaf, others))
    });
    for client in clients.as_flattened() {
        let (kind, answer) = visit(client, &gateway, HOST).await;
        assert_eq!((kind, answer.status), (Full, 200));
    }
    for client in clients.as_flattened() {
        let patience = Patience::new();
        loop {
            let before = now();
            let (kind, answer) = visit(client, &gateway, HOST).await;
            assert_eq!(kind, Resumed);
            match answer.status {
                200 => {
                    assert!(before <= end);
                    patience.next_second().await;
                }
                status => {
                    assert_eq!((status, &*answer.reason()), (400, "expired"));
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_session_ends_with_the_trust_it_was_made_under() {
    for version in VERSIONS {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki))
            .start();
        let client = Client::speaking(&pki, version).showing(&pki.alice(), &[]);
        assert_eq!(visit(&client, &gateway, HOST).await.0, Full);
        assert_eq!(visit(&client, &gateway, HOST).await.0, Resumed);

        let other = Pki::named("Fabrikam");
        gateway.reload(|setup| setup.with_profile(Profile::required(&other)));
        for _ in 0..2 {
            let (kind, answer) = visit(&client, &gateway, HOST).await;
            assert_eq!(
                (answer.status, &*answer.reason()),
                (400, "issuer_not_found")
            );
            // The second time a session of the new trust may be resumed, to no avail.
            assert!(kind == Full || answer.status == 400);
        }

        gateway.reload(|setup| setup.with_profile(Profile::required(&pki)));
        let (kind, answer) = visit(&client, &gateway, HOST).await;
        assert_eq!((kind, answer.status), (Full, 200));
    }
}

#[tokio::test]
async fn a_session_outlives_a_reload_that_asks_the_same_of_clients() {
    for version in VERSIONS {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki))
            .start();
        let client = Client::speaking(&pki, version).showing(&pki.alice(), &[]);
        assert_eq!(visit(&client, &gateway, HOST).await.0, Full);
        for changed in [
            |setup: Setup| setup,
            |setup: Setup| setup.rule("name = \"more\"\nrequest_headers = { X-More = \"1\" }"),
        ] {
            gateway.reload(changed);
            let (kind, answer) = visit(&client, &gateway, HOST).await;
            assert_eq!((kind, answer.status), (Resumed, 200));
        }
        for profile in [
            Profile::optional(&pki),
            Profile::required(&pki).alert(),
            Profile::required(&pki).ocsp(),
            Profile::required(&pki),
        ] {
            gateway.reload(|setup| setup.with_profile(profile));
            let (kind, _) = visit(&client, &gateway, HOST).await;
            assert_eq!(kind, Full);
        }
    }
}

/// The bug class behind CVE-2025-23419 and CVE-2025-23048: a session of one listener in another.
#[tokio::test]
async fn a_session_of_one_profile_is_worth_nothing_to_another() {
    let (ours, theirs, backend) = (Pki::new(), Pki::named("Fabrikam"), Backend::start().await);
    let gateway = Setup::new(&ours, &backend)
        .site("ours.contoso.com", Profile::required(&ours))
        .site("theirs.contoso.com", Profile::required(&theirs))
        .site("anyone.contoso.com", Profile::passthrough())
        .site("maybe.contoso.com", Profile::optional(&theirs))
        .start();
    for version in VERSIONS {
        for from in ["ours.contoso.com", "anyone.contoso.com"] {
            for to in ["theirs.contoso.com", "maybe.contoso.com"] {
                let client = Client::speaking(&ours, version)
                    .mixing_servers_up()
                    .showing(&ours.alice(), &[]);
                let (kind, answer) = visit(&client, &gateway, from).await;
                assert_eq!((kind, answer.status), (Full, 200));
                let (kind, answer) = visit(&client, &gateway, to).await;
                assert_eq!(kind, Full, "{version:?} {from} {to}");
                assert_eq!(
                    (answer.status, &*answer.reason()),
                    (400, "issuer_not_found")
                );
            }
        }
        // To a listener that judges nothing: still not as a verified client.
        let client = Client::speaking(&ours, version)
            .mixing_servers_up()
            .showing(&ours.alice(), &[]);
        assert_eq!(
            visit(&client, &gateway, "ours.contoso.com").await.1.status,
            200
        );
        let (kind, answer) = visit(&client, &gateway, "anyone.contoso.com").await;
        assert_eq!((kind, answer.status), (Full, 200));
        assert_eq!(backend.last().verification(), "PASSTHROUGH");
    }
}

/// The same name at two addresses: here the server name does not tell the sessions apart.
#[tokio::test]
async fn a_session_of_one_address_is_worth_nothing_at_another() {
    let (ours, theirs, backend) = (Pki::new(), Pki::named("Fabrikam"), Backend::start().await);
    for (here, there) in [
        (Profile::passthrough(), Profile::required(&theirs)),
        (Profile::required(&ours), Profile::required(&theirs)),
        (Profile::required(&ours), Profile::optional(&theirs)),
        (Profile::optional(&ours), Profile::required(&theirs).alert()),
    ] {
        let gateway = Setup::new(&ours, &backend)
            .site(HOST, here)
            .site(HOST, there)
            .elsewhere()
            .start();
        let [here, there] = gateway.addresses()[..] else {
            panic!("{:?}", gateway.addresses());
        };
        for version in VERSIONS {
            let client = Client::speaking(&ours, version).showing(&ours.alice(), &[]);
            assert_eq!(client.get(here, HOST).await.status, 200);
            let forwarded = backend.requests().len();
            match client.tls(there, HOST).await {
                Err(_) => {} // an alert in TLS 1.2
                Ok(tls) => {
                    assert_eq!(tls.get_ref().1.handshake_kind(), Some(Full));
                    let mut http = Http::over(tls).await;
                    let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
                    if let Ok(response) = http.begin(HOST, request).await {
                        assert_eq!(response.status(), 400);
                    }
                }
            }
            assert_eq!(backend.requests().len(), forwarded);
        }
    }
}

#[tokio::test]
async fn two_hosts_of_one_profile_share_no_session_either() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("a.contoso.com", Profile::required(&pki))
        .also("b.contoso.com")
        .start();
    for version in VERSIONS {
        let client = Client::speaking(&pki, version)
            .mixing_servers_up()
            .showing(&pki.alice(), &[]);
        for host in ["a.contoso.com", "b.contoso.com"] {
            let (kind, answer) = visit(&client, &gateway, host).await;
            assert_eq!((kind, answer.status), (Full, 200), "{version:?} {host}");
            assert_eq!(backend.last().verification(), "SUCCESS");
        }
    }
}

#[tokio::test]
async fn without_a_server_name_sessions_are_kept_apart_as_well() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("*", Profile::off())
        .site(HOST, Profile::required(&pki))
        .start();
    // The first listener answers for every host, so its priority wins: nothing is guarded here.
    let nameless = Client::new(&pki).without_server_name();
    for kind in [Full, Resumed] {
        let (found, answer) = visit(&nameless, &gateway, HOST).await;
        assert_eq!((found, answer.status), (kind, 200));
        assert_eq!(backend.last().verification(), "NONE");
    }
}
