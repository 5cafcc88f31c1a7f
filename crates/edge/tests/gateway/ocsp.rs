//! What the responder says decides.

use http::StatusCode;
use portcullis_test_pki::{Certified, DAY, after, before, ocsp};
use rustls::HandshakeKind;
use tokio::net::TcpListener;

use crate::rig::{
    Answer, Backend, Client, Pki, Profile, Question, Reply, Responder, Rig, Setup, now,
};

const HOST: &str = "www.contoso.com";

/// A PKI whose client certificate names a responder, and a gateway that asks it.
struct Scene {
    pki: Pki,
    backend: Backend,
    responder: Responder,
    gateway: Rig,
    alice: Certified,
}

impl Scene {
    async fn new() -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let responder = Responder::start().await;
        let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
        responder.knows(&alice, &pki.issuing);
        let gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki).ocsp())
            .ocsp_timeout(1)
            .start();
        Self {
            pki,
            backend,
            responder,
            gateway,
            alice,
        }
    }

    fn client(&self) -> Client {
        Client::new(&self.pki).showing(&self.alice, &[])
    }

    async fn get(&self) -> Answer {
        self.client().get(self.gateway.address(), HOST).await
    }
}

#[tokio::test]
async fn good_passes() {
    let scene = Scene::new().await;
    let answer = scene.get().await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    assert_eq!(scene.backend.last().verification(), "SUCCESS");
    assert_eq!(scene.responder.asked(), 1);
}

type Saying = fn(&Question) -> Reply;

fn revoked(question: &Question) -> Reply {
    question.reply(question.revoked())
}

fn unknown(question: &Question) -> Reply {
    question.reply(ocsp::unknown(&question.leaf, &question.issuer))
}

fn about_another_serial(question: &Question) -> Reply {
    question.reply(question.good().each(|answer| answer.serial(&[0x55; 8])))
}

fn wrongly_signed(question: &Question) -> Reply {
    question.reply(question.good().wrong_signature())
}

fn signed_by_a_stranger(question: &Question) -> Reply {
    let key = &Pki::named("Fabrikam").issuing.key;
    question.reply(question.good().signed_by(key))
}

/// The client signs its own answer.
fn signed_by_the_client(question: &Question) -> Reply {
    question.reply(question.good().delegate(&question.leaf))
}

fn expired(question: &Question) -> Reply {
    let old = before(now(), DAY);
    let good = question.good().this_update(before(old, DAY));
    question.reply(good.next_update(old))
}

fn of_tomorrow(question: &Question) -> Reply {
    let tomorrow = after(now(), DAY);
    let good = question.good().this_update(tomorrow);
    question.reply(good.next_update(after(tomorrow, DAY)))
}

const NOT_GOOD: [(Saying, &str); 14] = [
    (revoked, "certificate_revoked"),
    (unknown, "certificate_unknown"),
    (about_another_serial, "ocsp_wrong_certificate"),
    (wrongly_signed, "ocsp_bad_signature"),
    (signed_by_a_stranger, "ocsp_bad_signature"),
    (signed_by_the_client, "ocsp_unauthorised_responder"),
    (expired, "ocsp_expired"),
    (of_tomorrow, "ocsp_not_yet_valid"),
    (|_| Reply::Ocsp(ocsp::error(3)), "ocsp_try_later"),
    (|_| Reply::Ocsp(ocsp::error(6)), "ocsp_unauthorized"),
    (|_| Reply::Ocsp(Vec::new()), "ocsp_malformed"),
    (
        |_| Reply::Page(StatusCode::OK, "<html>Please log in</html>"),
        "responder_content_type",
    ),
    (
        |_| Reply::Page(StatusCode::INTERNAL_SERVER_ERROR, "oops"),
        "responder_http_status",
    ),
    (|_| Reply::Silence, "responder_timed_out"),
];

#[tokio::test]
async fn everything_but_good_is_refused_with_its_own_reason() {
    for (saying, reason) in NOT_GOOD {
        let scene = Scene::new().await;
        scene.responder.says(saying);
        for _ in 0..2 {
            let answer = scene.get().await;
            assert_eq!((answer.status, &*answer.reason()), (400, reason));
        }
        assert!(scene.backend.requests().is_empty(), "{reason}");
    }
}

#[tokio::test]
async fn a_responder_that_is_not_there_is_a_refusal() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .site("optional.contoso.com", Profile::optional(&pki).ocsp())
        .start();
    let alice = pki.client("alice").ocsp_url(&url).issue();
    for host in [HOST, "optional.contoso.com"] {
        let client = Client::new(&pki).showing(&alice, &[]);
        let answer = client.get(gateway.address(), host).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "responder_unreachable")
        );
    }
    assert!(backend.requests().is_empty());
}

/// The gateways of these tests ask on loopback, and nowhere else around them.
#[tokio::test]
async fn allowing_loopback_allows_nothing_else_that_is_local() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .ocsp_timeout(1)
        .start();
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://0.0.0.0/",
    ] {
        let alice = pki.client("alice").ocsp_url(url).issue();
        let client = Client::new(&pki).showing(&alice, &[]);
        let answer = client.get(gateway.address(), HOST).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "responder_refused_by_policy"),
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_certificate_that_names_no_responder_is_refused() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    let answer = client.get(gateway.address(), HOST).await;
    assert_eq!(
        (answer.status, &*answer.reason()),
        (400, "responder_not_named")
    );
    assert!(backend.requests().is_empty());
}

#[tokio::test]
async fn nobody_is_asked_about_a_certificate_that_proves_nothing() {
    let scene = Scene::new().await;
    let url = scene.responder.url();
    for leaf in [
        scene.pki.client("alice").ocsp_url(&url).expired().issue(),
        scene
            .pki
            .client("alice")
            .ocsp_url(&url)
            .wrong_signature()
            .issue(),
        Pki::named("Fabrikam")
            .client("alice")
            .ocsp_url(&url)
            .issue(),
    ] {
        let client = Client::new(&scene.pki).showing(&leaf, &[]);
        assert_eq!(client.get(scene.gateway.address(), HOST).await.status, 400);
    }
    assert_eq!(scene.responder.asked(), 0);
}

#[tokio::test]
async fn an_absent_client_causes_no_question() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::optional(&pki).ocsp())
        .start();
    assert_eq!(
        Client::new(&pki).get(gateway.address(), HOST).await.status,
        200
    );
    assert_eq!(backend.last().verification(), "NONE");
}

#[tokio::test]
async fn one_certificate_is_asked_about_once() {
    let scene = Scene::new().await;
    let clients: Vec<_> = (0..20).map(|_| scene.client()).collect();
    let mut tasks = Vec::new();
    for client in clients {
        let address = scene.gateway.address();
        tasks.push(tokio::spawn(async move {
            client.get(address, HOST).await.status
        }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), 200);
    }
    assert_eq!(scene.responder.asked(), 1);
    // And it is remembered.
    assert_eq!(scene.get().await.status, 200);
    assert_eq!(scene.responder.asked(), 1);
}

#[tokio::test]
async fn two_certificates_are_two_questions() {
    let scene = Scene::new().await;
    let bob = scene
        .pki
        .client("bob")
        .ocsp_url(&scene.responder.url())
        .issue();
    scene.responder.knows(&bob, &scene.pki.issuing);
    scene.responder.says(|question: &Question| {
        let is_bob = *question.leaf.subject() == "bob".into();
        question.reply(if is_bob {
            question.revoked()
        } else {
            question.good()
        })
    });
    assert_eq!(scene.get().await.status, 200);
    let bob = Client::new(&scene.pki).showing(&bob, &[]);
    let answer = bob.get(scene.gateway.address(), HOST).await;
    assert_eq!(
        (answer.status, &*answer.reason()),
        (400, "certificate_revoked")
    );
    assert_eq!(scene.get().await.status, 200);
    assert_eq!(scene.responder.asked(), 2);
}

#[tokio::test]
async fn what_is_revoked_stays_refused_in_resumed_sessions() {
    let scene = Scene::new().await;
    scene
        .responder
        .says(|question: &Question| question.reply(question.revoked()));
    for client in [Client::new(&scene.pki), Client::tls12(&scene.pki)] {
        let client = client.showing(&scene.alice, &[]);
        let mut kinds = Vec::new();
        for _ in 0..3 {
            let mut http = client.connect(scene.gateway.address(), HOST).await;
            kinds.push(http.handshake());
            let answer = http.get(HOST).await;
            assert_eq!(
                (answer.status, &*answer.reason()),
                (400, "certificate_revoked")
            );
        }
        assert!(kinds.contains(&HandshakeKind::Full));
    }
    assert!(scene.backend.requests().is_empty());
    assert_eq!(scene.responder.asked(), 1);
}

#[tokio::test]
async fn cores_share_what_the_responder_said() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .cores(2)
        .start();
    for _ in 0..16 {
        let client = Client::new(&pki).showing(&alice, &[]);
        assert_eq!(client.get(gateway.address(), HOST).await.status, 200);
    }
    assert_eq!(responder.asked(), 1);
}

#[tokio::test]
async fn a_client_that_leaves_early_spoils_nothing_for_the_next() {
    let scene = Scene::new().await;
    scene.responder.says(|_| Reply::Silence);
    let early = scene
        .client()
        .tls(scene.gateway.address(), HOST)
        .await
        .unwrap();
    scene.responder.asked_times(1).await;
    drop(early);
    scene
        .responder
        .says(|question: &Question| question.reply(question.good()));
    // Either the first question is still open and fails by its timeout, or it is asked anew.
    let answer = scene.get().await;
    assert!(
        answer.status == 200 || answer.reason() == "responder_timed_out",
        "{answer:?}"
    );
}
