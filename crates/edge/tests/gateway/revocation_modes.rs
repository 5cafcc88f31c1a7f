//! What becomes of a client whose responder cannot be asked.

use portcullis_test_pki::{Certified, before};

use crate::rig::log::{Line, field, visit};
use crate::rig::{
    Answer, Backend, Client, Nobody, Patience, Pki, Profile, Question, Reply, Responder, Rig,
    Setup, now,
};

const HOST: &str = "www.contoso.com";

const SOFT: &str = "revocation_mode = \"soft-fail\"";
const GRACE: &str = "revocation_mode = \"grace\"\nrevocation_grace = 3600";

/// A client whose certificate names a responder, and a gateway that asks it in some mode.
struct Scene {
    pki: Pki,
    backend: Backend,
    responder: Responder,
    gateway: Rig,
    alice: Certified,
}

impl Scene {
    async fn new(mode: &str) -> Self {
        Self::asking(mode, "").await
    }

    /// With more lines in the `[ocsp]` table.
    async fn asking(mode: &str, ocsp: &str) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let responder = Responder::start().await;
        let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
        responder.knows(&alice, &pki.issuing);
        let gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki).ocsp().with(mode))
            .asking(ocsp)
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

    async fn visit(&self) -> Line {
        visit(&self.client(), self.gateway.address(), HOST).await
    }

    #[track_caller]
    fn assert_refused(&self, answer: &Answer, reason: &str) {
        assert_eq!((answer.status, &*answer.reason()), (400, reason));
    }
}

/// The status of a logged request, and what was found about revocation.
fn logged(line: &Line) -> (&str, &str, &str) {
    (
        field(line, "httpStatus"),
        field(line, "revocationStatus"),
        field(line, "revocationSource"),
    )
}

fn good(question: &Question) -> Reply {
    question.reply(question.good())
}

fn revoked(question: &Question) -> Reply {
    question.reply(question.revoked())
}

/// An answer that holds for the second in which it comes: its end is past, within the skew.
fn good_for_this_second(question: &Question) -> Reply {
    question.reply(question.good().next_update(before(now(), 1)))
}

#[tokio::test]
async fn a_good_client_is_logged_as_good_and_where_that_is_known_from() {
    let scene = Scene::new(SOFT).await;
    assert_eq!(logged(&scene.visit().await), ("200", "good", "fetched"));
    assert_eq!(logged(&scene.visit().await), ("200", "good", "cached"));
}

#[tokio::test]
async fn a_soft_failure_passes_and_is_logged_with_its_code() {
    let scene = Scene::asking(SOFT, "failure_lifetime = 60").await;
    scene.responder.fails();
    let code = "responder_unreachable";
    assert_eq!(logged(&scene.visit().await), ("200", code, "fetched"));
    assert_eq!(logged(&scene.visit().await), ("200", code, "cached"));
    assert_eq!(scene.responder.asked(), 1);
    assert_eq!(scene.backend.last().verification(), "SUCCESS");
}

#[tokio::test]
async fn a_hard_failure_is_refused_whether_or_not_it_is_asked_for() {
    for mode in ["", "revocation_mode = \"hard-fail\""] {
        let scene = Scene::new(mode).await;
        scene.responder.fails();
        let line = scene.visit().await;
        assert_eq!(field(&line, "httpStatus"), "400");
        assert_eq!(field(&line, "reason"), "responder_unreachable");
        assert!(scene.backend.requests().is_empty());
    }
}

#[tokio::test]
async fn nobody_at_the_address_is_a_soft_failure_too() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let nobody = Nobody::listens().await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp().with(SOFT))
        .site("hard.contoso.com", Profile::required(&pki).ocsp())
        .start();
    for (leaf, code) in [
        (
            pki.client("alice").ocsp_url(&nobody.url()).issue(),
            "responder_unreachable",
        ),
        (pki.alice(), "responder_not_named"),
        (
            pki.client("alice").ocsp_url("http://169.254.1.1/").issue(),
            "responder_refused_by_policy",
        ),
    ] {
        let client = Client::new(&pki).showing(&leaf, &[]);
        let line = visit(&client, gateway.address(), HOST).await;
        assert_eq!(logged(&line), ("200", code, "fetched"));
        // The same failure, of the one memory, under a policy that does not tolerate it.
        let answer = client.get(gateway.address(), "hard.contoso.com").await;
        assert_eq!((answer.status, &*answer.reason()), (400, code));
    }
}

#[tokio::test]
async fn no_mode_tolerates_an_answer_that_is_not_good() {
    for mode in [SOFT, GRACE] {
        for (saying, reason) in [
            (revoked as fn(&Question) -> Reply, "certificate_revoked"),
            (
                |question| {
                    let (leaf, issuer) = (&question.leaf, &question.issuer);
                    question.reply(portcullis_test_pki::ocsp::unknown(leaf, issuer))
                },
                "certificate_unknown",
            ),
            (
                |question| question.reply(question.good().wrong_signature()),
                "ocsp_bad_signature",
            ),
        ] {
            let scene = Scene::new(mode).await;
            scene.responder.says(saying);
            scene.assert_refused(&scene.get().await, reason);
            assert!(scene.backend.requests().is_empty());
        }
    }
}

/// What was tolerated holds no longer than the failure is remembered, on live connections too.
#[tokio::test]
async fn who_was_tolerated_is_asked_about_again_when_the_failure_is_forgotten() {
    let scene = Scene::asking(SOFT, "failure_lifetime = 1").await;
    scene.responder.fails();
    let mut live = scene.client().connect(scene.gateway.address(), HOST).await;
    assert_eq!(live.get(HOST).await.status, 200);
    scene.responder.says(revoked);
    let patience = Patience::new();
    let answer = loop {
        let answer = live.get(HOST).await;
        if answer.status != 200 {
            break answer;
        }
        patience.next_second().await;
    };
    scene.assert_refused(&answer, "certificate_revoked");
    live.closed().await;
}

#[tokio::test]
async fn an_answer_that_has_run_out_serves_for_its_grace_while_the_responder_is_down() {
    for (mode, status) in [("", 400), (GRACE, 200)] {
        let scene = Scene::new(mode).await;
        scene.responder.says(good_for_this_second);
        assert_eq!(logged(&scene.visit().await), ("200", "good", "fetched"));
        // One question, or two where the second ended under way.
        let asked = scene.responder.asked();
        scene.responder.fails();
        Patience::new().next_second().await;
        let line = scene.visit().await;
        if status == 200 {
            assert_eq!(logged(&line), ("200", "good", "stale"));
        } else {
            assert_eq!(field(&line, "httpStatus"), "400");
            assert_eq!(field(&line, "reason"), "responder_unreachable");
        }
        assert_eq!(scene.responder.asked(), asked + 1);
    }
}

#[tokio::test]
async fn the_grace_ends() {
    let scene = Scene::new("revocation_mode = \"grace\"\nrevocation_grace = 1").await;
    scene.responder.says(good_for_this_second);
    assert_eq!(scene.get().await.status, 200);
    scene.responder.fails();
    let patience = Patience::new();
    let answer = loop {
        patience.next_second().await;
        let answer = scene.get().await;
        if answer.status != 200 {
            break answer;
        }
    };
    scene.assert_refused(&answer, "responder_unreachable");
}

#[tokio::test]
async fn without_an_earlier_answer_there_is_no_grace() {
    let scene = Scene::new(GRACE).await;
    scene.responder.fails();
    scene.assert_refused(&scene.get().await, "responder_unreachable");
}

/// The responder is asked all the same, and its word counts.
#[tokio::test]
async fn a_revocation_ends_the_grace() {
    let scene = Scene::asking(GRACE, "failure_lifetime = 1").await;
    scene.responder.says(good_for_this_second);
    assert_eq!(scene.get().await.status, 200);
    scene.responder.says(|question| {
        let revoked = question.revoked();
        question.reply(revoked.next_update(before(now(), 1)))
    });
    Patience::new().next_second().await;
    scene.assert_refused(&scene.get().await, "certificate_revoked");
    // A revocation that has run out while the responder is down does not bring it back.
    scene.responder.fails();
    Patience::new().next_second().await;
    scene.assert_refused(&scene.get().await, "certificate_revoked");
}

#[tokio::test]
async fn a_responder_that_is_back_is_asked_again() {
    let scene = Scene::asking("", "failure_lifetime = 1").await;
    scene.responder.fails();
    scene.assert_refused(&scene.get().await, "responder_unreachable");
    scene.responder.says(good);
    let patience = Patience::new();
    while scene.get().await.status != 200 {
        patience.next_second().await;
    }
    assert_eq!(scene.responder.asked(), 2);
}
