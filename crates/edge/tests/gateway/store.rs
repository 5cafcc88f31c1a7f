//! What is known when the gateway starts anew.

use std::error::Error as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use portcullis_edge::StartError;
use portcullis_test_pki::Certified;

use crate::rig::{
    Answer, Backend, Client, Patience, Pki, Profile, Question, Reply, Responder, Rig, Setup, now,
    patiently,
};

const HOST: &str = "www.contoso.com";

const STORE: &str = "store = \"ocsp.answers\"";

/// A gateway with a store, and two clients.
struct Scene {
    pki: Pki,
    _backend: Backend,
    responder: Responder,
    gateway: Rig,
    alice: Certified,
    bob: Certified,
}

impl Scene {
    async fn new() -> Self {
        Self::with("", "").await
    }

    /// With more lines of the profile, and of the `[ocsp]` table.
    async fn with(profile: &str, ocsp: &str) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let responder = Responder::start().await;
        let [alice, bob] = ["alice", "bob"].map(|name| {
            let leaf = pki.client(name).ocsp_url(&responder.url()).issue();
            responder.knows(&leaf, &pki.issuing);
            leaf
        });
        let gateway = Setup::new(&pki, &backend)
            .site(HOST, Profile::required(&pki).ocsp().with(profile))
            .asking(STORE)
            .asking(ocsp)
            .start();
        Self {
            pki,
            _backend: backend,
            responder,
            gateway,
            alice,
            bob,
        }
    }

    async fn get(&self, leaf: &Certified) -> Answer {
        let client = Client::new(&self.pki).showing(leaf, &[]);
        client.get(self.gateway.address(), HOST).await
    }

    /// A visit whose answer the store has when this is over.
    async fn stored(&self, leaf: &Certified) -> Answer {
        let before = self.lines().len();
        let answer = self.get(leaf).await;
        patiently(async {
            while self.lines().len() == before {
                tokio::task::yield_now().await;
            }
        })
        .await;
        answer
    }

    fn store(&self) -> PathBuf {
        self.gateway.folder().join("ocsp.answers")
    }

    /// The lines of the store that are whole: a heading, and one an answer.
    fn lines(&self) -> Vec<String> {
        let text = fs::read_to_string(self.store()).unwrap();
        let whole = text.split_inclusive('\n');
        whole
            .filter(|line| line.ends_with('\n'))
            .map(str::to_owned)
            .collect()
    }

    /// Ends the gateway, changes the store, and starts the gateway anew, when the responder is down.
    fn restart(&mut self, change: impl FnOnce(Vec<String>) -> Vec<String>) {
        self.gateway.stop();
        fs::write(self.store(), change(self.lines()).concat()).unwrap();
        self.responder.fails();
        self.gateway.start_anew().unwrap();
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, &*answer.reason()), (400, reason));
}

fn revoked(question: &Question) -> Reply {
    question.reply(question.revoked())
}

#[tokio::test]
async fn a_good_answer_survives_a_restart_while_the_responder_is_down() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.stored(&scene.alice).await.status, 200);
    scene.restart(|lines| lines);
    for _ in 0..2 {
        assert_eq!(scene.get(&scene.alice).await.status, 200);
    }
    assert_eq!(scene.responder.asked(), 1);
    // Nothing is known of another.
    assert_refused(&scene.get(&scene.bob).await, "responder_unreachable");
}

#[tokio::test]
async fn a_revocation_survives_a_restart() {
    let mut scene = Scene::with("revocation_mode = \"soft-fail\"", "").await;
    scene.responder.says(revoked);
    assert_refused(&scene.stored(&scene.alice).await, "certificate_revoked");
    scene.restart(|lines| lines);
    assert_refused(&scene.get(&scene.alice).await, "certificate_revoked");
    assert_eq!(scene.responder.asked(), 1);
}

#[tokio::test]
async fn without_a_store_nothing_survives_a_restart() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.stored(&scene.alice).await.status, 200);
    scene.restart(|lines| lines[..1].to_vec());
    assert_refused(&scene.get(&scene.alice).await, "responder_unreachable");
}

/// The answer of a line is its last field.
fn with_answer(line: &str, answer: &str) -> String {
    let (rest, _) = line.rsplit_once(' ').unwrap();
    format!("{rest} {answer}")
}

fn answer_of(line: &str) -> &str {
    line.rsplit_once(' ').unwrap().1
}

#[tokio::test]
async fn a_store_that_was_tampered_with_lets_nobody_pass() {
    type Tampering = fn(Vec<String>) -> Vec<String>;
    let tamperings: [Tampering; 4] = [
        // Another good answer, of another certificate.
        |lines| {
            let forged = with_answer(&lines[1], answer_of(&lines[2]));
            vec![lines[0].clone(), forged]
        },
        // One letter of the signature, near the end.
        |lines| {
            let answer = answer_of(&lines[1]);
            let (rest, end) = answer.split_at(answer.len() - 20);
            let other = if end.starts_with('A') { "B" } else { "A" };
            let forged = with_answer(&lines[1], &format!("{rest}{other}{}", &end[1..]));
            vec![lines[0].clone(), forged]
        },
        // Half of an answer.
        |lines| {
            let answer = answer_of(&lines[1]);
            let half = answer.len() / 8 * 4;
            let forged = with_answer(&lines[1], &format!("{}\n", &answer[..half]));
            vec![lines[0].clone(), forged]
        },
        // No answer at all.
        |lines| vec![lines[0].clone(), with_answer(&lines[1], "\n")],
    ];
    for (number, tampering) in tamperings.into_iter().enumerate() {
        let mut scene = Scene::new().await;
        assert_eq!(scene.stored(&scene.alice).await.status, 200);
        assert_eq!(scene.stored(&scene.bob).await.status, 200);
        scene.restart(tampering);
        let answer = scene.get(&scene.alice).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "responder_unreachable"),
            "{number}"
        );
    }
}

#[tokio::test]
async fn nobody_turns_a_revocation_into_good() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.stored(&scene.bob).await.status, 200);
    scene.responder.says(revoked);
    assert_refused(&scene.stored(&scene.alice).await, "certificate_revoked");
    scene.restart(|lines| {
        let forged = with_answer(&lines[2], answer_of(&lines[1]));
        vec![lines[0].clone(), forged]
    });
    assert_eq!(scene.get(&scene.alice).await.status, 400);
}

/// Nor is the answer to be had by what the file says of its end.
#[tokio::test]
async fn an_answer_that_has_run_out_meanwhile_serves_for_the_grace_alone() {
    for (mode, status) in [
        ("", 400),
        ("revocation_mode = \"grace\"\nrevocation_grace = 3600", 200),
    ] {
        let mut scene = Scene::with(mode, "skew = 0").await;
        scene
            .responder
            .says(|question: &Question| question.reply(question.good().next_update(now())));
        assert_eq!(scene.stored(&scene.alice).await.status, 200);
        // One question, or two where the second ended under way.
        let asked = scene.responder.asked();
        Patience::new().next_second().await;
        scene.restart(|lines| {
            let mut fields: Vec<_> = lines[1].split(' ').collect();
            fields[3] = "99999999999";
            vec![lines[0].clone(), fields.join(" ")]
        });
        assert_eq!(scene.get(&scene.alice).await.status, status, "{mode}");
        assert_eq!(scene.responder.asked(), asked + 1);
    }
}

#[tokio::test]
async fn answers_to_nonces_are_not_kept() {
    let mut scene = Scene::with("", "nonce = \"require\"").await;
    assert_eq!(scene.get(&scene.alice).await.status, 200);
    scene.restart(|lines| lines);
    assert_eq!(scene.lines().len(), 1);
    assert_refused(&scene.get(&scene.alice).await, "responder_unreachable");
}

#[tokio::test]
async fn the_store_is_for_its_owner_alone() {
    let scene = Scene::new().await;
    assert_eq!(scene.stored(&scene.alice).await.status, 200);
    let mode = fs::metadata(scene.store()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_reload_keeps_the_store() {
    let mut scene = Scene::new().await;
    assert_eq!(scene.stored(&scene.alice).await.status, 200);
    scene.gateway.reload(|setup| setup);
    assert_eq!(scene.stored(&scene.bob).await.status, 200);
    // What is known under other settings is not taken over, but the file has it.
    scene.responder.fails();
    scene.gateway.reload(|setup| setup.ocsp_timeout(4));
    for leaf in [&scene.alice, &scene.bob] {
        assert_eq!(scene.get(leaf).await.status, 200);
    }
    assert_eq!(scene.responder.asked(), 2);
    scene.restart(|lines| lines);
    for leaf in [&scene.alice, &scene.bob] {
        assert_eq!(scene.get(leaf).await.status, 200);
    }
    assert_eq!(scene.responder.asked(), 2);
}

/// Why a start with this store is refused.
fn refusal(scene: &mut Scene, former: &str, store: &str) -> String {
    let change = |setup: Setup| setup.replacing_in_ocsp(former, store);
    let error = scene.gateway.start_changed(change).unwrap_err();
    assert!(matches!(error, StartError::Store(_)), "{error:?}");
    format!("{error}: {}", error.source().unwrap())
}

#[tokio::test]
async fn a_store_that_cannot_be_used_is_told_at_the_start() {
    let mut scene = Scene::new().await;
    scene.gateway.stop();
    let missing = refusal(&mut scene, "ocsp.answers", "missing/ocsp.answers");
    assert!(missing.contains("cannot keep OCSP answers"), "{missing}");
    assert!(missing.contains("missing/ocsp.answers"), "{missing}");
    assert!(missing.contains("No such file"), "{missing}");

    let (file, content) = ("server.key.copy", scene.pki.server.key_pem());
    let path = scene.gateway.folder().join(file);
    fs::write(&path, &content).unwrap();
    let other = refusal(&mut scene, "missing/ocsp.answers", file);
    assert!(other.contains("not one of OCSP answers"), "{other}");
    assert_eq!(fs::read_to_string(&path).unwrap(), content);
}

/// A reload that cannot have its store is no reason to turn clients away.
#[tokio::test]
async fn a_reload_to_a_store_that_cannot_be_used_goes_on_without_one() {
    let mut scene = Scene::new().await;
    let (former, missing) = ("ocsp.answers", "missing/ocsp.answers");
    scene
        .gateway
        .reload(|setup| setup.replacing_in_ocsp(former, missing));
    assert_eq!(scene.get(&scene.alice).await.status, 200);
}
