//! Live connections: they outlive neither their configuration nor their proof.

use portcullis_test_pki::{after, before};
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use crate::rig::{
    Backend, Client, Held, Http, Patience, Pki, Profile, Question, Responder, Rig, Setup, now,
};

const HOST: &str = "www.contoso.com";

/// A connection of each version of HTTP, each after a first request that passed.
async fn connections(client: &Client, gateway: &Rig) -> [Http; 2] {
    let mut http1 = client.connect(gateway.address(), HOST).await;
    let mut http2 = client
        .clone()
        .http2()
        .connect(gateway.address(), HOST)
        .await;
    assert_eq!(http1.get(HOST).await.status, 200);
    assert_eq!(http2.get(HOST).await.status, 200);
    [http1, http2]
}

#[tokio::test]
async fn a_live_connection_is_judged_by_the_new_trust() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let connections = connections(&client, &gateway).await;
    let other = Pki::named("Fabrikam");
    gateway.reload(|setup| setup.with_profile(Profile::required(&other)));
    for mut http in connections {
        let answer = http.get(HOST).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "issuer_not_found")
        );
        http.closed().await;
    }
    assert_eq!(backend.requests().len(), 2);
}

#[tokio::test]
async fn a_live_connection_of_the_same_client_goes_on_after_a_reload() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let connections = connections(&client, &gateway).await;
    gateway.reload(|setup| setup);
    for mut http in connections {
        for _ in 0..2 {
            assert_eq!(http.get(HOST).await.status, 200);
            assert_eq!(backend.last().verification(), "SUCCESS");
        }
    }
}

#[tokio::test]
async fn a_live_connection_without_certificate_ends_when_one_is_required() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    for before in [
        Profile::off(),
        Profile::passthrough(),
        Profile::optional(&pki),
    ] {
        let mut gateway = Setup::new(&pki, &backend).site(HOST, before).start();
        let connections = connections(&Client::new(&pki), &gateway).await;
        gateway.reload(|setup| setup.with_profile(Profile::required(&pki)));
        for mut http in connections {
            let answer = http.get(HOST).await;
            assert_eq!(
                (answer.status, &*answer.reason()),
                (400, "certificate_missing")
            );
            http.closed().await;
        }
    }
    assert_eq!(backend.requests().len(), 6);
}

/// The profile changes between the two halves of a handshake.
#[tokio::test]
async fn a_handshake_under_way_is_judged_by_the_new_configuration() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let foreign = Pki::named("Fabrikam");
    for (before, leaf, reason) in [
        (Profile::off(), pki.alice(), "certificate_missing"),
        (Profile::passthrough(), foreign.alice(), "issuer_not_found"),
        (
            Profile::required(&foreign),
            foreign.alice(),
            "issuer_not_found",
        ),
    ] {
        for client in [Client::new(&pki), Client::tls12(&pki)] {
            let client = client.showing(&leaf, &[]);
            let mut gateway = Setup::new(&pki, &backend)
                .site(HOST, before.clone())
                .start();
            let (release, released) = oneshot::channel();
            let (answered, answers) = oneshot::channel();
            let stream = TcpStream::connect(gateway.address()).await.unwrap();
            // The second half is to be written once the server has answered the first.
            let held = Held::over(stream, async {
                answered.send(()).unwrap();
                released.await.unwrap();
            });
            let task = tokio::spawn(async move { client.tls_over(held, HOST).await.unwrap() });
            answers.await.unwrap();
            gateway.reload(|setup| setup.with_profile(Profile::required(&pki)));
            release.send(()).unwrap();
            let mut http = Http::over(task.await.unwrap()).await;
            let answer = http.get(HOST).await;
            assert_eq!((answer.status, &*answer.reason()), (400, reason));
        }
    }
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn what_was_passed_through_is_judged_when_judging_begins() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    for (leaf, status) in [(pki.alice(), 200), (Pki::named("Fabrikam").alice(), 400)] {
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::passthrough())
            .start();
        let client = Client::new(&pki).showing(&leaf, &[]);
        let connections = connections(&client, &gateway).await;
        assert_eq!(backend.last().verification(), "PASSTHROUGH");
        gateway.reload(|setup| setup.with_profile(Profile::required(&pki)));
        for mut http in connections {
            assert_eq!(http.get(HOST).await.status, status);
        }
        let last = backend.last();
        let expected = if status == 200 {
            "SUCCESS"
        } else {
            "PASSTHROUGH"
        };
        assert_eq!(last.verification(), expected);
    }
}

#[tokio::test]
async fn what_was_verified_is_so_no_longer_when_judging_ends() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    for (after, expected) in [
        (Profile::passthrough(), "PASSTHROUGH"),
        (Profile::off(), "NONE"),
    ] {
        let mut gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki))
            .start();
        let connections = connections(&client, &gateway).await;
        gateway.reload(|setup| setup.with_profile(after));
        for mut http in connections {
            assert_eq!(http.get(HOST).await.status, 200);
            assert_eq!(backend.last().verification(), expected);
        }
    }
}

#[tokio::test]
async fn a_listener_that_is_gone_answers_no_more() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let connections = connections(&Client::new(&pki), &gateway).await;
    let other = Setup::new(&pki, &backend).site("other.contoso.com", Profile::off());
    gateway.reload(|_| other);
    for mut http in connections {
        assert_eq!(http.get(HOST).await.status, 404);
        assert_eq!(http.get("other.contoso.com").await.status, 200);
    }
}

#[tokio::test]
async fn a_live_connection_ends_with_its_certificate() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let end = after(now(), 5);
    let alice = pki.client("alice").not_after(end).issue();
    let client = Client::new(&pki).showing(&alice, &[]);
    for mut http in connections(&client, &gateway).await {
        let patience = Patience::new();
        loop {
            let before = now();
            let answer = http.get(HOST).await;
            if answer.status != 200 {
                assert_eq!((answer.status, &*answer.reason()), (400, "expired"));
                break;
            }
            assert!(before <= end);
            patience.next_second().await;
        }
        http.closed().await;
    }
}

/// The responder's answer holds for the second in which it came: see `resumption`.
#[tokio::test]
async fn a_live_connection_ends_when_its_certificate_is_revoked() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .start();
    responder
        .says(|question: &Question| question.reply(question.good().next_update(before(now(), 1))));
    let client = Client::new(&pki).showing(&alice, &[]);
    let connections = connections(&client, &gateway).await;
    responder.says(|question: &Question| question.reply(question.revoked()));
    for mut http in connections {
        let patience = Patience::new();
        let answer = loop {
            let answer = http.get(HOST).await;
            if answer.status != 200 {
                break answer;
            }
            patience.next_second().await;
        };
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "certificate_revoked")
        );
        http.closed().await;
    }
}

#[tokio::test]
async fn a_refusal_stands_as_long_as_its_connection() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki))
        .start();
    let mut raw = Client::new(&pki).raw(gateway.address(), HOST).await;
    // The handshake is complete and judged before its first request is read.
    gateway.reload(|setup| setup.with_profile(Profile::required(&pki)));
    raw.send(format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n"))
        .await;
    assert_eq!(raw.answer().await.status, 400);
    assert!(raw.rest().await.is_empty());
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn headers_that_any_listener_sets_are_stripped_after_a_reload_too() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .start();
    let mut http = Client::new(&pki).connect(gateway.address(), HOST).await;
    let forged = || {
        let request = http::Request::get("/").header("x-employee", "forged");
        request.body(http_body_util::Empty::new()).unwrap()
    };
    http.send(HOST, forged()).await;
    assert_eq!(backend.last().only("x-employee"), "forged");
    gateway.reload(|setup| {
        setup.rule("name = \"employee\"\nrequest_headers = { X-Employee = \"{var_client_certificate_subject}\" }")
    });
    http.send(HOST, forged()).await;
    assert!(backend.last().header("x-employee").is_empty());
}

#[tokio::test]
async fn a_reload_may_put_the_rules_of_two_addresses_in_another_order() {
    const THERE: &str = "there.contoso.com";
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let here = |setup: Setup| setup.site(HOST, Profile::required(&pki));
    let there = |setup: Setup| setup.site(THERE, Profile::off()).elsewhere();
    let setup = || Setup::new(&pki, &backend);
    let mut gateway = there(here(setup())).start();
    let addresses = gateway.addresses().to_vec();
    let alice = Client::new(&pki).showing(&pki.alice(), &[]);
    let mut live = connections(&alice, &gateway).await;
    for setup in [here(there(setup())), there(here(setup()))] {
        gateway.reload(|_| setup);
        assert_eq!(gateway.addresses(), addresses);
        for (address, host, other) in [(addresses[0], HOST, THERE), (addresses[1], THERE, HOST)] {
            let mut http = alice.connect(address, host).await;
            assert_eq!(http.get(host).await.status, 200, "{address}");
            assert_eq!(http.get(other).await.status, 404, "{address}");
        }
        for http in &mut live {
            assert_eq!(http.get(HOST).await.status, 200);
            assert_eq!(backend.last().verification(), "SUCCESS");
        }
    }
}

/// A revocation that must count at once takes a change of how responders are asked, or a restart.
#[tokio::test]
async fn what_a_responder_said_holds_through_reloads_until_responders_are_asked_otherwise() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    let mut gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .start();
    let client = Client::new(&pki).showing(&alice, &[]);
    let mut live = connections(&client, &gateway).await;
    responder.says(|question: &Question| question.reply(question.revoked()));
    for profile in [
        Profile::required(&pki).ocsp(),
        Profile::optional(&pki).ocsp(),
        Profile::required(&pki),
        Profile::required(&pki).ocsp(),
    ] {
        gateway.reload(|setup| setup.with_profile(profile));
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!(answer.status, 200, "{}", answer.reason());
        for http in &mut live {
            assert_eq!(http.get(HOST).await.status, 200);
        }
    }
    assert_eq!(responder.asked(), 1);

    for timeout in [4, 5] {
        gateway.reload(|setup| setup.ocsp_timeout(timeout));
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "certificate_revoked")
        );
    }
    assert_eq!(responder.asked(), 3);
    for http in &mut live {
        assert_eq!(http.get(HOST).await.status, 400);
    }
}
