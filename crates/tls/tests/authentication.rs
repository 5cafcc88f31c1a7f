//! Who a client is, by what it presented: `authenticate` alone, without a connection.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use portcullis_chain::{Anchors, Policy, Purpose};
use portcullis_revocation::{Checker, Destinations, Mode, Scope, Settings};
use portcullis_test_pki::{Ca, Certified, Criticality, DAY, ExtendedKeyUsage, NOW, after, before};
use portcullis_tls::{
    CERTIFICATE_SIZE, Client, ClientAuth, OcspStapling, OnFailure, PRESENTED_CERTIFICATES,
    PredefinedPolicy, Profile, Refusal, Revocation, ServerCertificate, TlsPolicy, Trust,
    VerifiedClient, authenticate,
};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, UnixTime};

struct Pki {
    root: Ca,
    issuing: Ca,
}

impl Pki {
    fn new() -> Self {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing").issue();
        Self { root, issuing }
    }

    fn alice(&self) -> Certified {
        self.issuing.client("alice").issue()
    }

    /// Trusts the root and knows no intermediate.
    fn trust(&self) -> Arc<Trust> {
        self.trust_with(Revocation::Off, OnFailure::Respond)
    }

    fn trust_with(&self, revocation: Revocation, on_failure: OnFailure) -> Arc<Trust> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        Arc::new(Trust::new(
            Anchors::new(vec![self.root.der.clone()], vec![]).unwrap(),
            Policy::new(Purpose::ClientAuth, algorithms.all),
            revocation,
            on_failure,
        ))
    }

    fn profile(&self, client_auth: ClientAuth) -> Profile {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let server = self.root.server(&["www.contoso.com"]).issue();
        let (chain, key) = (server.pem(), server.key_pem());
        let certificate =
            ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider).unwrap();
        let policy = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
        let policy = policy.resolve(&provider).unwrap();
        Profile::new(certificate, OcspStapling::Off, client_auth, &policy).unwrap()
    }

    /// A profile of every kind.
    fn profiles(&self) -> [Profile; 4] {
        [
            ClientAuth::Off,
            ClientAuth::Passthrough,
            ClientAuth::Optional(self.trust()),
            ClientAuth::Required(self.trust()),
        ]
        .map(|client_auth| self.profile(client_auth))
    }

    async fn judge(&self, chain: &[&Certified], now: UnixTime) -> Result<VerifiedClient, Refusal> {
        let profile = self.profile(ClientAuth::Required(self.trust()));
        let presented: Vec<_> = chain.iter().map(|one| one.der.clone()).collect();
        match authenticate(&profile, Some(&presented), now).await? {
            Client::Verified(client) => Ok(client),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn only_a_required_certificate_is_missed() {
    let profiles = Pki::new().profiles();
    for presented in [None, Some(&[][..])] {
        for profile in &profiles {
            let client = authenticate(profile, presented, NOW).await;
            match profile.client_auth() {
                ClientAuth::Required(_) => {
                    assert!(matches!(client, Err(Refusal::CertificateMissing)));
                }
                _ => assert!(matches!(client, Ok(Client::Anonymous))),
            }
        }
    }
}

#[tokio::test]
async fn only_what_was_judged_is_verified() {
    let pki = Pki::new();
    let good = [pki.alice().der.clone(), pki.issuing.der.clone()];
    for profile in pki.profiles() {
        let client = authenticate(&profile, Some(&good), NOW).await.unwrap();
        match (profile.client_auth(), client) {
            (ClientAuth::Off, Client::Anonymous) => {}
            (ClientAuth::Passthrough, Client::Unverified(certificate)) => {
                assert_eq!(certificate, good[0]);
            }
            (ClientAuth::Optional(_) | ClientAuth::Required(_), Client::Verified(client)) => {
                assert_eq!(client.certificate(), &good[0]);
                assert_eq!(client.issuers(), [good[1].clone(), pki.root.der.clone()]);
            }
            (_, client) => panic!("{profile:?}: {client:?}"),
        }
    }
}

#[tokio::test]
async fn a_bad_certificate_is_refused_wherever_certificates_are_judged() {
    let pki = Pki::new();
    let expired = pki.issuing.client("alice").expired().issue();
    let presented = [expired.der.clone(), pki.issuing.der.clone()];
    for profile in pki.profiles() {
        let client = authenticate(&profile, Some(&presented), NOW).await;
        match profile.client_auth() {
            ClientAuth::Off => assert!(matches!(client, Ok(Client::Anonymous))),
            ClientAuth::Passthrough => assert!(matches!(client, Ok(Client::Unverified(_)))),
            ClientAuth::Optional(_) | ClientAuth::Required(_) => {
                assert_eq!(client.unwrap_err().code(), "expired");
            }
        }
    }
}

#[tokio::test]
async fn a_certificate_longer_than_any_is_refused_by_everybody_who_looks() {
    let pki = Pki::new();
    let long = "x".repeat(CERTIFICATE_SIZE);
    let leaf = pki.root.client("alice").uri(&format!("urn:{long}")).issue();
    let presented = [leaf.der.clone()];
    for profile in pki.profiles() {
        let client = authenticate(&profile, Some(&presented), NOW).await;
        match profile.client_auth() {
            ClientAuth::Off => assert!(matches!(client, Ok(Client::Anonymous))),
            _ => assert_eq!(client.unwrap_err().code(), "certificate_too_large"),
        }
    }
}

#[tokio::test]
async fn an_identity_ends_with_the_first_certificate_of_its_path() {
    let (leaf_end, issuer_end) = (after(NOW, DAY), after(NOW, 2 * DAY));
    let root = Ca::root("Root").issue();
    for (leaf_end, issuer_end, end) in [
        (leaf_end, issuer_end, leaf_end),
        (issuer_end, leaf_end, leaf_end),
    ] {
        let issuing = root.intermediate("Issuing").not_after(issuer_end).issue();
        let alice = issuing.client("alice").not_after(leaf_end).issue();
        let pki = Pki {
            root: root.clone(),
            issuing,
        };
        let chain = [&alice, &*pki.issuing];
        let client = pki.judge(&chain, NOW).await.unwrap();
        assert_eq!(client.valid_until(), end);
        assert!(pki.judge(&chain, end).await.is_ok());
        let refusal = pki.judge(&chain, after(end, 1)).await.unwrap_err();
        assert_eq!(refusal.code(), "expired");
    }
}

#[tokio::test]
async fn the_time_is_the_callers() {
    let pki = Pki::new();
    let alice = pki.alice();
    let chain = [&alice, &*pki.issuing];
    for (now, code) in [
        (before(NOW, 365 * DAY), "not_yet_valid"),
        (after(NOW, 365 * DAY), "expired"),
        (
            UnixTime::since_unix_epoch(std::time::Duration::ZERO),
            "not_yet_valid",
        ),
    ] {
        assert_eq!(pki.judge(&chain, now).await.unwrap_err().code(), code);
    }
}

#[tokio::test]
async fn the_first_certificate_is_the_clients_whatever_follows() {
    let pki = Pki::new();
    let (alice, mallory) = (
        pki.alice(),
        Ca::root("Elsewhere").issue().client("m").issue(),
    );
    let client = pki.judge(&[&alice, &mallory, &pki.issuing], NOW).await;
    assert_eq!(client.unwrap().certificate(), &alice.der);
    let refusal = pki.judge(&[&mallory, &alice, &pki.issuing], NOW).await;
    assert_eq!(refusal.unwrap_err().code(), "issuer_not_found");
}

#[tokio::test]
async fn a_certificate_authority_is_no_client() {
    let pki = Pki::new();
    for chain in [&[&*pki.issuing][..], &[&*pki.root]] {
        let refusal = pki.judge(chain, NOW).await.unwrap_err();
        assert_eq!(refusal.code(), "key_usage_missing");
    }
}

#[tokio::test]
async fn any_purpose_will_do_and_another_one_will_not() {
    let pki = Pki::new();
    for (usages, code) in [
        (&[ExtendedKeyUsage::ClientAuth][..], None),
        (
            &[ExtendedKeyUsage::ServerAuth, ExtendedKeyUsage::ClientAuth],
            None,
        ),
        (&[ExtendedKeyUsage::ServerAuth], Some("purpose_not_allowed")),
        (
            &[ExtendedKeyUsage::OcspSigning],
            Some("purpose_not_allowed"),
        ),
    ] {
        let alice = pki
            .issuing
            .client("alice")
            .extended_key_usage(usages)
            .issue();
        let judged = pki.judge(&[&alice, &pki.issuing], NOW).await;
        assert_eq!(
            judged.err().map(|refusal| refusal.code()),
            code,
            "{usages:?}"
        );
    }
}

#[tokio::test]
async fn so_many_certificates_are_looked_at_and_no_more() {
    let pki = Pki::new();
    let alice = pki.alice();
    let other = Ca::root("Elsewhere").issue();
    for (strangers, passes) in [
        (PRESENTED_CERTIFICATES - 1, true),
        (PRESENTED_CERTIFICATES, false),
        (1000, false),
    ] {
        let mut chain = vec![&alice];
        chain.extend(std::iter::repeat_n(&*other, strangers));
        chain.push(&pki.issuing);
        let judged = pki.judge(&chain, NOW).await;
        assert_eq!(judged.is_ok(), passes, "{strangers}");
    }
}

#[tokio::test]
async fn a_malformed_leaf_is_refused_and_a_malformed_stranger_left_out() {
    let pki = Pki::new();
    let mut garbage = pki.alice();
    garbage.der = CertificateDer::from(vec![0x30, 0x03, 0x02, 0x01, 0x00]);
    let refusal = pki.judge(&[&garbage, &pki.issuing], NOW).await.unwrap_err();
    assert!(matches!(refusal, Refusal::Malformed(_)));
    assert_eq!(refusal.code(), "malformed");
    let alice = pki.alice();
    assert!(
        pki.judge(&[&alice, &garbage, &pki.issuing], NOW)
            .await
            .is_ok()
    );
    let mut trailing = pki.alice();
    trailing.der = [&*trailing.der, &[0]].concat().into();
    let refusal = pki
        .judge(&[&trailing, &pki.issuing], NOW)
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), "malformed");
    let twice = pki
        .issuing
        .client("alice")
        .extension("2.5.29.15", Criticality::Critical, &[3, 2, 7, 0x80])
        .issue();
    let refusal = pki.judge(&[&twice, &pki.issuing], NOW).await.unwrap_err();
    assert_eq!(refusal.code(), "malformed");
}

#[tokio::test]
async fn revocation_is_asked_about_only_after_the_chain_is_proven_and_fails_closed() {
    let pki = Pki::new();
    let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
    let settings = Settings::new(algorithms.all, Destinations::NotLocal);
    let revocation = || {
        Revocation::Ocsp(Checker::new(
            settings.clone(),
            portcullis_revocation::Policy::new(Mode::HardFail, Scope::Leaf),
        ))
    };
    for on_failure in [OnFailure::Respond, OnFailure::Alert] {
        let trust = pki.trust_with(revocation(), on_failure);
        for client_auth in [
            ClientAuth::Optional(Arc::clone(&trust)),
            ClientAuth::Required(trust.clone()),
        ] {
            let profile = pki.profile(client_auth);
            for (leaf, code) in [
                (pki.issuing.client("a"), "responder_not_named"),
                (
                    pki.issuing.client("a").ocsp_url("http://127.0.0.1:1/"),
                    "responder_refused_by_policy",
                ),
                (
                    pki.issuing
                        .client("a")
                        .ocsp_url("http://127.0.0.1:1/")
                        .expired(),
                    "expired",
                ),
            ] {
                let presented = [leaf.issue().der, pki.issuing.der.clone()];
                let refusal = authenticate(&profile, Some(&presented), NOW).await;
                assert_eq!(refusal.unwrap_err().code(), code);
            }
        }
    }
}
