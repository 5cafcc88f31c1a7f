//! Whether an answer has to be of this very question.

use crate::rig::{Backend, Client, Pki, Profile, Question, Reply, Responder, Setup};

const HOST: &str = "www.contoso.com";

fn repeating(question: &Question) -> Reply {
    question.reply(question.good())
}

fn without(question: &Question) -> Reply {
    Reply::Ocsp(question.good().issue())
}

fn with_another(question: &Question) -> Reply {
    Reply::Ocsp(question.good().nonce(&[0x55; 32]).issue())
}

/// What a client is told whose responder does this, and whether it was sent a nonce.
async fn told(nonce: &str, saying: fn(&Question) -> Reply) -> (u16, String, bool) {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let responder = Responder::start().await;
    let alice = pki.client("alice").ocsp_url(&responder.url()).issue();
    responder.knows(&alice, &pki.issuing);
    let (sent, was_sent) = std::sync::mpsc::channel();
    responder.says(move |question| {
        sent.send(question.nonce.is_some()).unwrap();
        saying(question)
    });
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::required(&pki).ocsp())
        .asking(&format!("nonce = {nonce:?}"))
        .start();
    let client = Client::new(&pki).showing(&alice, &[]);
    let answer = client.get(gateway.address(), HOST).await;
    (answer.status, answer.reason(), was_sent.try_recv().unwrap())
}

#[tokio::test]
async fn a_nonce_that_is_required_has_to_come_back() {
    for (saying, status, reason) in [
        (repeating as fn(&Question) -> Reply, 200, ""),
        (without, 400, "ocsp_nonce_missing"),
        (with_another, 400, "ocsp_nonce_mismatch"),
    ] {
        assert_eq!(
            told("require", saying).await,
            (status, reason.to_owned(), true)
        );
    }
}

#[tokio::test]
async fn a_nonce_that_is_preferred_may_be_left_out_but_not_be_another() {
    for (saying, status, reason) in [
        (repeating as fn(&Question) -> Reply, 200, ""),
        (without, 200, ""),
        (with_another, 400, "ocsp_nonce_mismatch"),
    ] {
        assert_eq!(
            told("prefer", saying).await,
            (status, reason.to_owned(), true)
        );
    }
}

#[tokio::test]
async fn no_nonce_is_sent_unless_it_is_asked_for() {
    assert_eq!(told("off", without).await, (200, String::new(), false));
}
