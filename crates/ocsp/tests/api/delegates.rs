//! Whether a delegate is itself revoked.

use portcullis_ocsp::{
    CertificateStatus, DelegatesWithoutNocheck, Refusal, RevocationReason, Rules, Status,
    Unauthorised,
};
use portcullis_test_pki::ocsp::{self, Answer, Response};
use portcullis_test_pki::{Ca, Certified, Criticality, ExtendedKeyUsage, NOW, after, before};
use portcullis_x509::Certificate;

use crate::authorisation::unauthorised;
use crate::{Pki, judge};

const EVERY_POLICY: [DelegatesWithoutNocheck; 3] = [
    DelegatesWithoutNocheck::Allow,
    DelegatesWithoutNocheck::CheckWhereNamed,
    DelegatesWithoutNocheck::Refuse,
];

/// A delegate without nocheck, whose certificate names a responder for itself.
fn named(issuer: &Ca) -> Certified {
    issuer
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning])
        .ocsp_url("http://ocsp.example/delegates")
        .issue()
}

/// A delegate of whose revocation its certificate says nothing.
fn silent(issuer: &Ca) -> Certified {
    issuer
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning])
        .issue()
}

/// Judges what `delegate` says of alice, with these answers about the delegate.
fn judge_with(pki: &Pki, delegate: &Certified, answers: &[Vec<u8>]) -> Result<Status, Refusal> {
    judge_under(pki, delegate, answers, |rules| rules)
}

fn judge_under(
    pki: &Pki,
    delegate: &Certified,
    answers: &[Vec<u8>],
    change: impl FnOnce(Rules<'static>) -> Rules<'static>,
) -> Result<Status, Refusal> {
    let response = ocsp::good(&pki.alice, &pki.root).delegate(delegate).issue();
    judge(&response, &pki.alice, &pki.root, |rules| {
        change(rules.delegate_answers(leak(answers)))
    })
}

/// Answers that live as long as the test's process.
fn leak(answers: &[Vec<u8>]) -> &'static [&'static [u8]] {
    let answers: Vec<&'static [u8]> = answers.iter().map(|one| &*one.clone().leak()).collect();
    answers.leak()
}

fn is_not_checked(outcome: Result<Status, Refusal>) -> bool {
    matches!(
        unauthorised(outcome),
        Unauthorised::RevocationNotChecked { .. }
    )
}

#[test]
fn a_delegate_with_nocheck_may_always_sign_and_is_not_looked_up() {
    let pki = Pki::new();
    let delegate = pki
        .root
        .ocsp_responder("Responder")
        .ocsp_url("http://ocsp.example/delegates")
        .issue();
    let revoked = ocsp::revoked(&delegate, &pki.root, before(NOW, 60)).issue();
    for policy in EVERY_POLICY {
        let judged = judge_under(&pki, &delegate, std::slice::from_ref(&revoked), |rules| {
            rules.delegates_without_nocheck(policy)
        });
        assert!(judged.is_ok(), "{policy:?}");
    }
}

#[test]
fn a_delegate_that_says_nothing_of_its_revocation_may_sign_unless_all_are_refused() {
    let pki = Pki::new();
    let delegate = silent(&pki.root);
    for policy in EVERY_POLICY {
        let judged = judge_under(&pki, &delegate, &[], |rules| {
            rules.delegates_without_nocheck(policy)
        });
        match policy {
            DelegatesWithoutNocheck::Refuse => assert!(is_not_checked(judged)),
            _ => assert!(judged.is_ok(), "{policy:?}"),
        }
    }
}

#[test]
fn a_delegate_that_names_a_responder_may_not_sign_unchecked_and_the_refusal_tells_whom_to_check() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let refusal = judge_with(&pki, &delegate, &[]).unwrap_err();
    assert_eq!(refusal.code(), "unauthorised_responder");
    let to_check = refusal.delegate_to_check().unwrap();
    assert_eq!(to_check, &*delegate.der);
    let certificate = Certificate::parse(to_check).unwrap();
    let urls: Vec<_> = certificate.ocsp_responders().unwrap().collect();
    assert_eq!(urls, ["http://ocsp.example/delegates"]);
    let allowed = judge_under(&pki, &delegate, &[], |rules| {
        rules.delegates_without_nocheck(DelegatesWithoutNocheck::Allow)
    });
    assert!(allowed.is_ok());
}

#[test]
fn other_refusals_name_nobody_to_check() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let stale = ocsp::good(&pki.alice, &pki.root).next_update(before(NOW, 1000));
    let forged = ocsp::good(&pki.alice, &pki.root)
        .delegate(&delegate)
        .wrong_signature();
    for response in [stale, forged] {
        let refusal = pki.judge(&response.issue()).unwrap_err();
        assert_eq!(refusal.delegate_to_check(), None, "{refusal}");
    }
}

#[test]
fn a_good_answer_admits_the_delegate_until_that_answer_ends() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let about = |until| {
        ocsp::good(&delegate, &pki.root)
            .next_update(after(NOW, until))
            .issue()
    };
    let status = judge_with(&pki, &delegate, &[about(60)]).unwrap();
    assert_eq!(status.certificate, CertificateStatus::Good);
    assert_eq!(status.valid_until, after(NOW, 60));
    let status = judge_with(&pki, &delegate, &[about(60), about(90), about(30)]).unwrap();
    assert_eq!(status.valid_until, after(NOW, 90));
    let status = judge_with(&pki, &delegate, &[about(86_400)]).unwrap();
    assert_eq!(status.valid_until, after(NOW, 3600), "of the answer itself");
}

#[test]
fn a_revoked_delegate_may_not_sign_whatever_else_is_said_of_it() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let since = before(NOW, 60);
    let good = ocsp::good(&delegate, &pki.root).issue();
    let revoked = Response::new(&pki.root)
        .answer(Answer::revoked_for(&delegate, &pki.root, since, 1))
        .issue();
    for answers in [vec![revoked.clone()], vec![good, revoked]] {
        let refusal = judge_with(&pki, &delegate, &answers).unwrap_err();
        assert_eq!(refusal.code(), "unauthorised_responder");
        assert_eq!(refusal.delegate_to_check(), None);
        assert!(
            refusal
                .to_string()
                .ends_with("its certificate is revoked since 2026-05-31T23:59:00Z: keyCompromise"),
            "{refusal}"
        );
        let expected = Unauthorised::Revoked {
            at: since,
            reason: Some(RevocationReason::KeyCompromise),
        };
        assert_eq!(unauthorised(Err(refusal)), expected);
    }
}

#[test]
fn an_answer_that_proves_nothing_about_the_delegate_is_passed_over() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let mallory = Ca::root("Mallory").issue();
    let good = || ocsp::good(&delegate, &pki.root);
    let useless = [
        Vec::new(),
        ocsp::error(3),
        ocsp::unknown(&delegate, &pki.root).issue(),
        ocsp::good(&pki.alice, &pki.root).issue(),
        good().wrong_signature().issue(),
        good().signed_by(&mallory.key).issue(),
        good().next_update(before(NOW, 1000)).issue(),
    ];
    assert!(is_not_checked(judge_with(&pki, &delegate, &useless)));
    let all: Vec<_> = useless.into_iter().chain([good().issue()]).collect();
    assert!(judge_with(&pki, &delegate, &all).is_ok());
}

#[test]
fn an_answer_about_a_delegate_needs_no_nonce_and_obeys_the_same_limits() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let good = [ocsp::good(&delegate, &pki.root)
        .this_update(before(NOW, 7200))
        .issue()];
    let no_older_than = |seconds| {
        judge_under(&pki, &delegate, &good, |rules| {
            rules.max_age(std::time::Duration::from_secs(seconds))
        })
    };
    assert!(no_older_than(7200).is_ok());
    assert!(is_not_checked(no_older_than(7199)));
}

#[test]
fn a_delegate_may_not_vouch_for_itself_nor_two_for_each_other() {
    let pki = Pki::new();
    let (one, other) = (named(&pki.root), named(&pki.root));
    let by = |subject: &Certified, signer: &Certified| {
        ocsp::good(subject, &pki.root).delegate(signer).issue()
    };
    let answers = [by(&one, &one), by(&one, &other), by(&other, &one)];
    assert!(is_not_checked(judge_with(&pki, &one, &answers)));
}

#[test]
fn the_certificate_in_question_may_not_vouch_for_the_delegate_that_vouches_for_it() {
    let root = Ca::root("Root").issue();
    let alice = root.ocsp_responder("alice").issue();
    let pki = Pki { root, alice };
    let delegate = named(&pki.root);
    let answer = ocsp::good(&delegate, &pki.root).delegate(&pki.alice);
    assert!(is_not_checked(judge_with(
        &pki,
        &delegate,
        &[answer.issue()]
    )));
}

#[test]
fn the_issuer_a_delegate_with_nocheck_and_a_trusted_responder_may_vouch_for_a_delegate() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let exempt = pki.root.ocsp_responder("Exempt").issue();
    let unsaid = silent(&pki.root);
    let trusted = Certified::self_signed("Trusted").issue();
    let good = || ocsp::good(&delegate, &pki.root);
    assert!(judge_with(&pki, &delegate, &[good().issue()]).is_ok());
    assert!(judge_with(&pki, &delegate, &[good().delegate(&exempt).issue()]).is_ok());
    assert!(is_not_checked(judge_with(
        &pki,
        &delegate,
        &[good().delegate(&unsaid).issue()]
    )));
    let by_trusted = [good().delegate(&trusted).issue()];
    assert!(is_not_checked(judge_with(&pki, &delegate, &by_trusted)));
    let certificate = Certificate::parse(trusted.der.to_vec().leak()).unwrap();
    let certificates: &'static [_] = vec![certificate].leak();
    let judged = judge_under(&pki, &delegate, &by_trusted, |rules| {
        rules.trusted_responders(certificates)
    });
    assert!(judged.is_ok());
}

#[test]
fn answers_about_delegates_are_not_looked_at_where_all_are_allowed_or_refused() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let revoked = [ocsp::revoked(&delegate, &pki.root, before(NOW, 60)).issue()];
    let good = [ocsp::good(&delegate, &pki.root).issue()];
    let under = |policy, answers: &[Vec<u8>]| {
        judge_under(&pki, &delegate, answers, |rules| {
            rules.delegates_without_nocheck(policy)
        })
    };
    assert!(under(DelegatesWithoutNocheck::Allow, &revoked).is_ok());
    for answers in [&revoked, &good] {
        assert!(is_not_checked(under(
            DelegatesWithoutNocheck::Refuse,
            answers
        )));
    }
}

#[test]
fn a_malformed_authority_information_access_is_not_taken_for_none() {
    let pki = Pki::new();
    let delegate = pki
        .root
        .leaf("Responder")
        .extended_key_usage(&[ExtendedKeyUsage::OcspSigning])
        .extension("1.3.6.1.5.5.7.1.1", Criticality::NonCritical, &[5, 0])
        .issue();
    assert!(matches!(
        unauthorised(judge_with(&pki, &delegate, &[])),
        Unauthorised::Malformed(_)
    ));
}

#[test]
fn a_certificate_that_came_with_the_signers_does_not_hide_whom_to_check() {
    let pki = Pki::new();
    let delegate = named(&pki.root);
    let namesake = pki.root.ocsp_responder("Responder").issue();
    let expired = pki.root.ocsp_responder("Responder").expired().issue();
    let response = ocsp::good(&pki.alice, &pki.root)
        .certificate(&expired.der)
        .delegate(&delegate)
        .certificate(&namesake.der)
        .issue();
    let refusal = pki.judge(&response).unwrap_err();
    assert_eq!(refusal.delegate_to_check(), Some(&*delegate.der));
}
