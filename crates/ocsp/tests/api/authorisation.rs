//! Who may sign.

use portcullis_ocsp::{CertificateStatus, Class, Refusal, Sha1Signatures, Status, Unauthorised};
use portcullis_test_pki::ocsp::{self, Answer, Response};
use portcullis_test_pki::{
    BasicConstraints, Ca, Certified, Criticality, DAY, ExtendedKeyUsage, KeyUsage, NOW, after,
};
use portcullis_x509::Certificate;

use crate::{Pki, code, judge};

/// A good answer by this delegate, whose certificate goes along.
fn delegated(pki: &Pki, delegate: &Certified) -> Response {
    ocsp::good(&pki.alice, &pki.root).delegate(delegate)
}

/// Why the responder may not sign.
pub(crate) fn unauthorised(outcome: Result<Status, Refusal>) -> Unauthorised {
    match outcome.unwrap_err() {
        Refusal::UnauthorisedResponder { reason, .. } => reason,
        other => panic!("{other}"),
    }
}

#[test]
fn the_issuer_may_sign_named_by_name_or_by_key() {
    let pki = Pki::new();
    assert!(
        pki.judge(&ocsp::good(&pki.alice, &pki.root).issue())
            .is_ok()
    );
    assert!(
        pki.judge(&ocsp::good(&pki.alice, &pki.root).by_key().issue())
            .is_ok()
    );
}

#[test]
fn a_delegate_may_sign_named_by_name_or_by_key_until_its_certificate_ends() {
    let pki = Pki::new();
    let delegate = pki
        .root
        .ocsp_responder("Responder")
        .not_after(after(NOW, 60))
        .issue();
    for response in [
        delegated(&pki, &delegate),
        delegated(&pki, &delegate).by_key(),
    ] {
        let status = pki.judge(&response.issue()).unwrap();
        assert_eq!(status.certificate, CertificateStatus::Good);
        assert_eq!(status.valid_until, after(NOW, 60));
    }
}

#[test]
fn a_signature_by_another_key_is_bad() {
    let pki = Pki::new();
    let mallory = Ca::root("Mallory").issue();
    let delegate = pki.root.ocsp_responder("Responder").issue();
    for response in [
        ocsp::good(&pki.alice, &pki.root).signed_by(&mallory.key),
        ocsp::good(&pki.alice, &pki.root).wrong_signature(),
        delegated(&pki, &delegate).signed_by(&mallory.key),
        delegated(&pki, &delegate).wrong_signature(),
    ] {
        let refusal = pki.judge(&response.issue()).unwrap_err();
        assert_eq!(refusal.code(), "bad_signature");
        assert_eq!(refusal.class(), Class::Untrusted);
    }
}

#[test]
fn a_stranger_may_not_sign_whatever_it_sends_along() {
    let pki = Pki::new();
    let mallory = Ca::root("Mallory").issue();
    let response = ocsp::good(&pki.alice, &pki.root).delegate(&mallory);
    assert!(matches!(
        unauthorised(pki.judge(&response.issue())),
        Unauthorised::OtherIssuer { .. }
    ));
    let response = ocsp::good(&pki.alice, &pki.root)
        .delegate(&mallory)
        .without_certificates();
    assert_eq!(
        unauthorised(pki.judge(&response.issue())),
        Unauthorised::Unknown
    );
}

#[test]
fn a_delegate_of_a_namesake_of_the_issuer_may_not_sign() {
    let pki = Pki::new();
    let namesake = Ca::root("Root").issue();
    let delegate = namesake.ocsp_responder("Responder").issue();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate).issue()));
    assert!(
        matches!(refusal, Unauthorised::NotSignedByIssuer(_)),
        "{refusal}"
    );
}

#[test]
fn a_delegate_of_a_sibling_or_a_parent_of_the_issuer_may_not_sign() {
    let root = Ca::root("Root").issue();
    let issuing = root.intermediate("Issuing").issue();
    let sibling = root.intermediate("Sibling").issue();
    let alice = issuing.client("alice").issue();
    for authority in [&root, &sibling] {
        let delegate = authority.ocsp_responder("Responder").issue();
        let response = ocsp::good(&alice, &issuing).delegate(&delegate).issue();
        let refusal = unauthorised(judge(&response, &alice, &issuing, |rules| rules));
        assert!(
            matches!(refusal, Unauthorised::OtherIssuer { .. }),
            "{refusal}"
        );
    }
}

#[test]
fn a_delegate_below_an_intermediate_of_the_issuer_may_not_sign() {
    let pki = Pki::new();
    let between = pki.root.intermediate("Between").issue();
    let delegate = between.ocsp_responder("Responder").issue();
    let response = delegated(&pki, &delegate).certificate(&between.der).issue();
    assert!(matches!(
        unauthorised(pki.judge(&response)),
        Unauthorised::OtherIssuer { .. }
    ));
}

#[test]
fn a_delegate_of_the_issuers_key_under_another_name_may_not_sign() {
    let pki = Pki::new();
    let renamed = Ca::root("Renamed").key(&pki.root.key).issue();
    let delegate = renamed.ocsp_responder("Responder").issue();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate).issue()));
    let expected = Unauthorised::OtherIssuer {
        expected: "CN=Root".into(),
        found: "CN=Renamed".into(),
    };
    assert_eq!(refusal, expected);
}

#[test]
fn a_delegate_of_a_delegate_may_not_sign_whoever_it_says_to_be_issued_by() {
    let pki = Pki::new();
    let delegate = pki.root.ocsp_responder("Delegate").issue();
    let below = || {
        pki.root
            .ocsp_responder("Responder")
            .signed_by(&delegate.key)
    };
    let honest = below().issuer_name(delegate.subject().clone()).issue();
    let response = delegated(&pki, &honest).certificate(&delegate.der).issue();
    let refusal = unauthorised(pki.judge(&response));
    assert!(
        matches!(refusal, Unauthorised::OtherIssuer { .. }),
        "{refusal}"
    );
    let lying = below().issue();
    let response = delegated(&pki, &lying).certificate(&delegate.der).issue();
    let refusal = unauthorised(pki.judge(&response));
    assert!(
        matches!(refusal, Unauthorised::NotSignedByIssuer(_)),
        "{refusal}"
    );
}

#[test]
fn a_delegate_with_a_wrong_signature_of_the_issuer_may_not_sign() {
    let pki = Pki::new();
    let delegate = pki.root.ocsp_responder("Responder").wrong_signature();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate.issue()).issue()));
    assert!(
        matches!(refusal, Unauthorised::NotSignedByIssuer(_)),
        "{refusal}"
    );
}

#[test]
fn a_client_may_sign_neither_for_itself_nor_for_others_of_its_issuer() {
    let pki = Pki::new();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &pki.alice).issue()));
    assert_eq!(refusal, Unauthorised::Itself);
    let bob = pki.root.client("bob").issue();
    let response = ocsp::good(&bob, &pki.root).delegate(&pki.alice).issue();
    let refusal = unauthorised(judge(&response, &bob, &pki.root, |rules| rules));
    assert_eq!(refusal, Unauthorised::NotForOcspSigning);
}

#[test]
fn a_delegate_must_be_certified_for_ocsp_signing_itself() {
    let pki = Pki::new();
    for purposes in [
        &[][..],
        &[ExtendedKeyUsage::ClientAuth],
        &[ExtendedKeyUsage::Any],
        &[ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::CodeSigning],
    ] {
        let delegate = pki
            .root
            .leaf("Responder")
            .extended_key_usage(purposes)
            .issue();
        let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate).issue()));
        assert_eq!(refusal, Unauthorised::NotForOcspSigning, "{purposes:?}");
    }
    let purposes = [ExtendedKeyUsage::ClientAuth, ExtendedKeyUsage::OcspSigning];
    let delegate = pki
        .root
        .leaf("Responder")
        .extended_key_usage(&purposes)
        .extended_key_usage_criticality(Criticality::Critical)
        .issue();
    assert!(pki.judge(&delegated(&pki, &delegate).issue()).is_ok());
}

#[test]
fn a_delegate_must_be_inside_its_validity() {
    let pki = Pki::new();
    let expired = pki.root.ocsp_responder("Responder").expired().issue();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &expired).issue()));
    assert!(matches!(refusal, Unauthorised::Expired { .. }), "{refusal}");
    let future = pki.root.ocsp_responder("Responder").not_yet_valid().issue();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &future).issue()));
    assert!(
        matches!(refusal, Unauthorised::NotYetValid { .. }),
        "{refusal}"
    );
}

#[test]
fn a_delegates_key_usage_must_allow_signatures_if_it_has_one() {
    let pki = Pki::new();
    for (usages, allowed) in [
        (&[][..], true),
        (&[KeyUsage::DigitalSignature], true),
        (&[KeyUsage::ContentCommitment], true),
        (&[KeyUsage::KeyEncipherment], false),
        (&[KeyUsage::KeyCertSign, KeyUsage::CrlSign], false),
    ] {
        let delegate = pki
            .root
            .ocsp_responder("Responder")
            .key_usage(usages)
            .issue();
        let outcome = pki.judge(&delegated(&pki, &delegate).issue());
        if allowed {
            assert!(outcome.is_ok(), "{usages:?}");
        } else {
            assert!(
                matches!(unauthorised(outcome), Unauthorised::KeyUsage { .. }),
                "{usages:?}"
            );
        }
    }
}

#[test]
fn a_delegate_with_an_unknown_critical_extension_may_not_sign() {
    let pki = Pki::new();
    let delegate = pki
        .root
        .ocsp_responder("Responder")
        .extension("1.2.3.4", Criticality::Critical, &[5, 0])
        .issue();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate).issue()));
    assert_eq!(
        refusal,
        Unauthorised::UnknownCriticalExtension {
            oid: "1.2.3.4".into()
        }
    );
    let harmless = pki
        .root
        .ocsp_responder("Responder")
        .extension("1.2.3.4", Criticality::NonCritical, &[5, 0])
        .issue();
    assert!(pki.judge(&delegated(&pki, &harmless).issue()).is_ok());
}

#[test]
fn a_delegate_with_malformed_extensions_may_not_sign() {
    let pki = Pki::new();
    for oid in ["2.5.29.15", "2.5.29.19", "2.5.29.37"] {
        let delegate = pki
            .root
            .ocsp_responder("Responder")
            .without_extension(oid)
            .extension(oid, Criticality::NonCritical, &[0x04, 0x01, 0x00])
            .issue();
        let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate).issue()));
        assert!(
            matches!(refusal, Unauthorised::Malformed(_)),
            "{oid}: {refusal}"
        );
    }
}

#[test]
fn a_certificate_may_not_vouch_for_itself() {
    let pki = Pki::new();
    let alice = pki.root.ocsp_responder("alice").issue();
    let response = ocsp::good(&alice, &pki.root).delegate(&alice).issue();
    let refusal = unauthorised(judge(&response, &alice, &pki.root, |rules| rules));
    assert_eq!(refusal, Unauthorised::Itself);
}

#[test]
fn an_odd_certificate_along_does_no_harm() {
    let pki = Pki::new();
    let delegate = pki.root.ocsp_responder("Responder").issue();
    let odd = [0x30, 0x03, 0x02, 0x01, 0x05];
    for response in [
        ocsp::good(&pki.alice, &pki.root).certificate(&odd),
        ocsp::good(&pki.alice, &pki.root)
            .certificate(&odd)
            .delegate(&delegate),
        delegated(&pki, &delegate)
            .certificate(&odd)
            .certificate(&pki.root.der),
    ] {
        assert!(pki.judge(&response.issue()).is_ok());
    }
}

#[test]
fn of_several_certificates_by_the_name_the_right_one_is_found() {
    let pki = Pki::new();
    let old = pki.root.ocsp_responder("Responder").expired().issue();
    let other = pki.root.ocsp_responder("Responder").issue();
    let delegate = pki.root.ocsp_responder("Responder").issue();
    let response = ocsp::good(&pki.alice, &pki.root)
        .certificate(&old.der)
        .certificate(&other.der)
        .delegate(&delegate);
    assert!(pki.judge(&response.issue()).is_ok());
}

#[test]
fn a_flood_of_certificates_is_not_examined() {
    let pki = Pki::new();
    let delegate = pki.root.ocsp_responder("Responder").issue();
    let expired = pki.root.ocsp_responder("Responder").expired().issue();
    let response = ocsp::good(&pki.alice, &pki.root);
    let response = (0..4).fold(response, |response, _| response.certificate(&expired.der));
    assert_eq!(
        code(pki.judge(&response.delegate(&delegate).issue())),
        "unauthorised_responder"
    );
}

#[test]
fn a_trusted_responder_may_sign_for_any_issuer_while_its_certificate_lasts() {
    let pki = Pki::new();
    let trusted = Certified::self_signed("Trusted")
        .not_after(after(NOW, DAY))
        .issue();
    let expired = Certified::self_signed("Trusted").expired().issue();
    let judge_trusting = |responder: &Certified| {
        let certificate = Certificate::parse(responder.der.clone().leak_static()).unwrap();
        let certificates: &'static [_] = vec![certificate].leak();
        let response = Response::new(responder).answer(Answer::good(&pki.alice, &pki.root));
        judge(&response.issue(), &pki.alice, &pki.root, |rules| {
            rules.trusted_responders(certificates)
        })
    };
    assert!(judge_trusting(&trusted).is_ok());
    assert!(matches!(
        unauthorised(judge_trusting(&expired)),
        Unauthorised::Expired { .. }
    ));
    let response = Response::new(&trusted).answer(Answer::good(&pki.alice, &pki.root));
    assert_eq!(
        unauthorised(pki.judge(&response.issue())),
        Unauthorised::Unknown
    );
}

/// Octets that live as long as the test's process.
trait LeakStatic {
    fn leak_static(self) -> &'static [u8];
}

impl LeakStatic for rustls_pki_types::CertificateDer<'_> {
    fn leak_static(self) -> &'static [u8] {
        self.to_vec().leak()
    }
}

#[test]
fn sha1_signatures_are_refused_as_such_even_before_the_provider_is_asked() {
    let pki = Pki::new();
    // ecdsa-with-SHA1
    let algorithm = [
        0x30, 0x09, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x01,
    ];
    let response = ocsp::good(&pki.alice, &pki.root)
        .signature_algorithm(&algorithm)
        .issue();
    assert_eq!(code(pki.judge(&response)), "sha1_signature");
    let allowed = judge(&response, &pki.alice, &pki.root, |rules| {
        rules.sha1_signatures(Sha1Signatures::Allow)
    });
    // The provider of these tests has none.
    assert_eq!(code(allowed), "unsupported_algorithm");
    let delegate = pki
        .root
        .ocsp_responder("Responder")
        .signature_algorithm(&algorithm)
        .issue();
    let refusal = unauthorised(pki.judge(&delegated(&pki, &delegate).issue()));
    assert!(
        matches!(refusal, Unauthorised::Sha1Signature { .. }),
        "{refusal}"
    );
}

#[test]
fn an_unknown_algorithm_is_refused_as_such() {
    let pki = Pki::new();
    let algorithm = [0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04];
    let response = ocsp::good(&pki.alice, &pki.root)
        .signature_algorithm(&algorithm)
        .issue();
    assert_eq!(code(pki.judge(&response)), "unsupported_algorithm");
}

#[test]
fn a_delegate_that_is_an_authority_may_sign_when_its_key_usage_says_so() {
    let pki = Pki::new();
    let delegate = pki
        .root
        .ocsp_responder("Responder")
        .basic_constraints(BasicConstraints::Ca { path_length: None })
        .key_usage(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign])
        .issue();
    assert!(pki.judge(&delegated(&pki, &delegate).issue()).is_ok());
}
