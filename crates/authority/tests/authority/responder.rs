use std::fs;
use std::time::Duration;

use portcullis_authority::{Authority, IssueOptions, Reason, Responder};
use portcullis_ocsp::{
    CertificateStatus, HashAlgorithm, MissingNonce, Nonce, Query, Refusal, RevocationReason, Rules,
    Status, request, status,
};
use portcullis_test_pki::{Ca, DAY, NOW, after, mutate, ocsp};
use portcullis_x509::Certificate;
use rustls::crypto::aws_lc_rs::default_provider;
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::folder::{Folder, client};

fn rules() -> Rules<'static> {
    Rules::new(default_provider().signature_verification_algorithms.all)
}

/// What a client makes of the responder's answer.
fn ask(
    responder: &Responder,
    certificate: &CertificateDer<'_>,
    issuer: &CertificateDer<'_>,
    now: UnixTime,
) -> Result<Status, Refusal> {
    let (certificate, issuer) = (
        Certificate::parse(certificate).unwrap(),
        Certificate::parse(issuer).unwrap(),
    );
    let query = Query::new(&certificate, &issuer);
    status(
        &responder.answer(&request(&query), now),
        &query,
        &rules(),
        now,
    )
}

fn internal_error() -> Vec<u8> {
    ocsp::error(2)
}

#[test]
fn a_revocation_shows_in_the_next_answer() {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let ask = |now| ask(&responder, &alice.chain()[0], authority.issuing(), now).unwrap();

    let good = ask(NOW);
    assert_eq!(good.certificate, CertificateStatus::Good);
    assert_eq!(good.this_update, NOW);
    assert_eq!(good.next_update, Some(after(NOW, 300)));

    // By another command, in another process.
    let other = Authority::open(folder.path()).unwrap();
    other
        .revoke("alice", Reason::KeyCompromise, after(NOW, 10))
        .unwrap();
    let reason = Some(RevocationReason::KeyCompromise);
    let revoked = CertificateStatus::Revoked {
        at: after(NOW, 10),
        reason,
    };
    assert_eq!(ask(after(NOW, 20)).certificate, revoked);
}

#[test]
fn an_unspecified_reason_is_left_out() {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    authority.revoke("alice", Reason::Unspecified, NOW).unwrap();
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let answer = ask(&responder, &alice.chain()[0], authority.issuing(), NOW).unwrap();
    assert_eq!(
        answer.certificate,
        CertificateStatus::Revoked {
            at: NOW,
            reason: None
        }
    );
}

#[test]
fn what_was_not_issued_is_unknown() {
    let (folder, other) = (Folder::new(), Folder::new());
    let (authority, foreign) = (folder.authority(), other.authority());
    let stranger = client(&foreign, "alice");
    client(&authority, "alice");
    let responder = Responder::open(folder.path(), NOW).unwrap();

    let serial = ask(&responder, &stranger.chain()[0], authority.issuing(), NOW).unwrap();
    assert_eq!(serial.certificate, CertificateStatus::Unknown);

    // The responder says so, but is nobody to the other issuer's clients.
    let issuer = ask(&responder, &stranger.chain()[0], foreign.issuing(), NOW);
    assert!(
        matches!(issuer, Err(Refusal::UnauthorisedResponder { .. })),
        "{issuer:?}"
    );
}

#[test]
fn the_nonce_comes_back_and_either_hash_is_understood() {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let leaf = Certificate::parse(&alice.chain()[0]).unwrap();
    let issuer = Certificate::parse(authority.issuing()).unwrap();
    for hash in [HashAlgorithm::Sha1, HashAlgorithm::Sha256] {
        let query = Query::new(&leaf, &issuer)
            .hash(hash)
            .nonce(Nonce::new(&[7; 32]).unwrap());
        let rules = rules().missing_nonce(MissingNonce::Refuse);
        let answer = responder.answer(&request(&query), NOW);
        let status = status(&answer, &query, &rules, NOW).unwrap();
        assert_eq!(status.certificate, CertificateStatus::Good);
    }
}

#[test]
fn what_is_no_request_is_answered_as_malformed() {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let leaf = Certificate::parse(&alice.chain()[0]).unwrap();
    let issuer = Certificate::parse(authority.issuing()).unwrap();
    let request = request(&Query::new(&leaf, &issuer));
    for prefix in mutate::every_prefix(&request) {
        assert_eq!(responder.answer(prefix, NOW), ocsp::error(1));
    }
    assert_eq!(
        responder.answer(&mutate::with_trailing_byte(&request), NOW),
        ocsp::error(1)
    );
    // A flipped byte asks about another certificate, or asks nothing; it never panics.
    for flipped in mutate::every_flipped_byte(&request) {
        assert!(!responder.answer(&flipped, NOW).is_empty());
    }
}

#[test]
fn an_index_that_cannot_be_relied_on_is_never_good() {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let leaf = Certificate::parse(&alice.chain()[0]).unwrap();
    let issuer = Certificate::parse(authority.issuing()).unwrap();
    let request = request(&Query::new(&leaf, &issuer));
    let healthy = folder.text("index.txt");
    for damaged in [
        "garbage\n".to_owned(),
        healthy.trim_end().to_owned(),
        healthy.repeat(2),
    ] {
        fs::write(folder.file("index.txt"), damaged).unwrap();
        assert_eq!(responder.answer(&request, NOW), internal_error());
        assert_eq!(
            responder.answer(&request, NOW),
            internal_error(),
            "also from memory"
        );
    }
    fs::remove_file(folder.file("index.txt")).unwrap();
    assert_eq!(responder.answer(&request, NOW), internal_error());
    assert!(Responder::open(folder.path(), NOW).is_err());

    fs::write(folder.file("index.txt"), healthy).unwrap();
    let answer = ask(&responder, &alice.chain()[0], authority.issuing(), NOW).unwrap();
    assert_eq!(answer.certificate, CertificateStatus::Good);
}

#[test]
fn the_signing_certificate_is_renewed_before_it_ends() {
    let folder = Folder::new();
    let authority = folder.authority();
    let options = IssueOptions::new().validity(Duration::from_secs(1000 * DAY));
    let alice = authority.issue_client("alice", &options, NOW).unwrap();
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let first = folder.text("ocsp.pem");

    Responder::open(folder.path(), after(NOW, 59 * DAY)).unwrap();
    assert_eq!(folder.text("ocsp.pem"), first, "not due yet");

    let later = after(NOW, 400 * DAY);
    let answer = ask(&responder, &alice.chain()[0], authority.issuing(), later).unwrap();
    assert_eq!(answer.certificate, CertificateStatus::Good);
    assert_ne!(folder.text("ocsp.pem"), first, "renewed while it ran");
}

#[test]
fn without_the_issuing_key_answers_last_as_long_as_the_signing_certificate() {
    let folder = Folder::new();
    let authority = folder.authority();
    let options = IssueOptions::new().validity(Duration::from_secs(1000 * DAY));
    let alice = authority.issue_client("alice", &options, NOW).unwrap();
    let responder = Responder::open(folder.path(), NOW).unwrap();
    fs::remove_file(folder.file("issuing.key")).unwrap();
    let ask = |now| ask(&responder, &alice.chain()[0], authority.issuing(), now);
    assert_eq!(
        ask(after(NOW, 89 * DAY)).unwrap().certificate,
        CertificateStatus::Good
    );
    let expired = ask(after(NOW, 91 * DAY));
    assert!(
        matches!(expired, Err(Refusal::ResponderError { .. })),
        "{expired:?}"
    );
}

#[test]
fn a_signing_certificate_of_somebody_else_is_replaced() {
    let folder = Folder::new();
    let authority = folder.authority();
    let alice = client(&authority, "alice");
    let stranger = Ca::root("Stranger").issue().ocsp_responder("OCSP").issue();
    fs::write(folder.file("ocsp.pem"), stranger.pem()).unwrap();
    fs::write(folder.file("ocsp.key"), stranger.key_pem()).unwrap();
    let responder = Responder::open(folder.path(), NOW).unwrap();
    let answer = ask(&responder, &alice.chain()[0], authority.issuing(), NOW).unwrap();
    assert_eq!(answer.certificate, CertificateStatus::Good);
}
