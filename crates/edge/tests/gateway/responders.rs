//! Whom the operator says to ask and to believe.

use portcullis_test_pki::{Ca, Certified};

use crate::rig::{
    Answer, Backend, Client, Nobody, Pki, Profile, Question, Reply, Responder, Rig, Setup, now,
};

const HOST: &str = "www.contoso.com";

/// The responder of the operator, which knows a client of some certificate.
struct Scene {
    pki: Pki,
    backend: Backend,
    responder: Responder,
    alice: Certified,
}

impl Scene {
    /// Where alice's certificate names this responder, or none.
    async fn naming(url: Option<&str>) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let responder = Responder::start().await;
        let alice = pki.client("alice");
        let alice = match url {
            Some(url) => alice.ocsp_url(url),
            None => alice,
        };
        let alice = alice.issue();
        responder.knows(&alice, &pki.issuing);
        Self {
            pki,
            backend,
            responder,
            alice,
        }
    }

    fn setup(&self, tables: &str) -> Setup {
        Setup::new(&self.pki, &self.backend)
            .site(HOST, Profile::required(&self.pki).ocsp())
            .file("issuing.pem", self.pki.issuing.pem())
            .file("root.pem", self.pki.root.pem())
            .asking(tables)
    }

    fn table(&self, issuer: Option<&str>, kind: &str) -> String {
        let issuer = issuer.map(|file| format!("issuer = {file:?}\n"));
        let issuer = issuer.unwrap_or_default();
        let url = self.responder.url();
        format!("[[ocsp.responders]]\n{issuer}{kind} = [{url:?}]\n")
    }

    async fn get(&self, gateway: &Rig) -> Answer {
        let client = Client::new(&self.pki).showing(&self.alice, &[]);
        client.get(gateway.address(), HOST).await
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, &*answer.reason()), (400, reason));
}

#[tokio::test]
async fn the_operators_responder_is_asked_instead_of_that_of_the_certificate() {
    let named = Responder::start().await;
    let scene = Scene::naming(Some(&named.url())).await;
    for issuer in [None, Some("issuing.pem")] {
        let gateway = scene.setup(&scene.table(issuer, "instead")).start();
        assert_eq!(scene.get(&gateway).await.status, 200);
    }
    assert_eq!((scene.responder.asked(), named.asked()), (2, 0));
}

#[tokio::test]
async fn a_fallback_is_asked_where_the_others_fail_or_none_is_named() {
    let nobody = Nobody::listens().await;
    for named in [None, Some(nobody.url())] {
        let scene = Scene::naming(named.as_deref()).await;
        for issuer in [None, Some("issuing.pem")] {
            let gateway = scene.setup(&scene.table(issuer, "fallback")).start();
            assert_eq!(scene.get(&gateway).await.status, 200);
        }
        assert_eq!(scene.responder.asked(), 2);
    }
}

#[tokio::test]
async fn a_fallback_is_left_alone_while_the_named_responder_answers() {
    let named = Responder::start().await;
    let scene = Scene::naming(Some(&named.url())).await;
    named.knows(&scene.alice, &scene.pki.issuing);
    let table = scene.table(None, "fallback");
    let gateway = scene.setup(&table).start();
    assert_eq!(scene.get(&gateway).await.status, 200);
    // Revoked is an answer.
    named.says(|question: &Question| question.reply(question.revoked()));
    let gateway = scene.setup(&table).start();
    assert_refused(&scene.get(&gateway).await, "certificate_revoked");
    assert_eq!((named.asked(), scene.responder.asked()), (2, 0));
}

/// An answer that proves nothing is as good as none.
#[tokio::test]
async fn a_fallback_is_asked_where_the_named_responder_lies() {
    let named = Responder::start().await;
    let scene = Scene::naming(Some(&named.url())).await;
    named.knows(&scene.alice, &scene.pki.issuing);
    named.says(|question: &Question| question.reply(question.good().wrong_signature()));
    let gateway = scene.setup(&scene.table(None, "fallback")).start();
    assert_eq!(scene.get(&gateway).await.status, 200);
    assert_eq!((named.asked(), scene.responder.asked()), (1, 1));
}

#[tokio::test]
async fn where_all_responders_fail_the_failure_that_came_farthest_is_told() {
    let nobody = Nobody::listens().await;
    let scene = Scene::naming(Some(&nobody.url())).await;
    scene
        .responder
        .says(|_| Reply::Page(http::StatusCode::FORBIDDEN, "no"));
    let gateway = scene.setup(&scene.table(None, "fallback")).start();
    assert_refused(&scene.get(&gateway).await, "responder_http_status");
}

#[tokio::test]
async fn what_is_said_of_one_issuer_is_not_said_of_another() {
    let nobody = Nobody::listens().await;
    let scene = Scene::naming(Some(&nobody.url())).await;
    for kind in ["instead", "fallback"] {
        let gateway = scene.setup(&scene.table(Some("root.pem"), kind)).start();
        assert_refused(&scene.get(&gateway).await, "responder_unreachable");
    }
    assert_eq!(scene.responder.asked(), 0);
}

#[tokio::test]
async fn the_first_table_that_is_about_an_issuer_counts_for_it() {
    let nobody = Nobody::listens().await;
    let scene = Scene::naming(None).await;
    let ours = scene.table(Some("issuing.pem"), "instead");
    let all = format!("[[ocsp.responders]]\ninstead = [{:?}]\n", nobody.url());
    let gateway = scene.setup(&format!("{ours}{all}")).start();
    assert_eq!(scene.get(&gateway).await.status, 200);
    let gateway = scene.setup(&format!("{all}{ours}")).start();
    assert_refused(&scene.get(&gateway).await, "responder_unreachable");
}

#[tokio::test]
async fn a_responder_of_another_house_counts_only_for_the_issuer_it_is_trusted_for() {
    let other = Responder::start().await;
    let scene = Scene::naming(Some(&other.url())).await;
    other.knows(&scene.alice, &scene.pki.issuing);
    let house = Ca::root("Fabrikam").valid_around(now().as_secs()).issue();
    let delegate = house.ocsp_responder("Fabrikam OCSP").issue();
    let signing = delegate.clone();
    other.says(move |question: &Question| question.reply(question.good().delegate(&signing)));
    for (issuer, trusted) in [
        ("", true),
        ("issuer = \"issuing.pem\"", true),
        ("issuer = \"root.pem\"", false),
    ] {
        let table = format!("[[ocsp.responders]]\n{issuer}\ntrusted = [\"fabrikam.pem\"]");
        let setup = scene.setup(&table).file("fabrikam.pem", delegate.pem());
        let answer = scene.get(&setup.start()).await;
        if trusted {
            assert_eq!(answer.status, 200, "{issuer}: {answer:?}");
        } else {
            assert_refused(&answer, "ocsp_unauthorised_responder");
        }
    }
    // Trusting a responder is not trusting those that its house made.
    let table = "[[ocsp.responders]]\ntrusted = [\"fabrikam.pem\"]";
    let setup = scene.setup(table).file("fabrikam.pem", house.pem());
    assert_refused(
        &scene.get(&setup.start()).await,
        "ocsp_unauthorised_responder",
    );
}
