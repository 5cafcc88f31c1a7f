//! Files of trusted client certificates: what is accepted, whose name it stands for, and what is refused.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::sync::Arc;

use portcullis_chain::{Policy, Purpose};
use portcullis_test_pki::{Ca, Certified, NOW, pem};
use portcullis_tls::{
    ClientAuth, ClientChainError, ClientChainLimits, ClientChains, ClientIssuer, OcspStapling,
    OnFailure, PredefinedPolicy, Profile, Refusal, Revocation, ServerCertificate, TlsPolicy, Trust,
    authenticate,
};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::CertificateDer;

fn chains<F: AsRef<[u8]>>(files: &[F]) -> Result<ClientChains, ClientChainError> {
    let mut chains = ClientChains::new(ClientChainLimits::default());
    for file in files {
        chains.add(file.as_ref())?;
    }
    Ok(chains)
}

#[track_caller]
fn refused(file: impl AsRef<[u8]>) -> ClientChainError {
    let mut chains = ClientChains::new(ClientChainLimits::default());
    let error = chains.add(file.as_ref()).unwrap_err();
    assert!(chains.issuers().is_empty());
    assert!(chains.into_anchors().is_err(), "nothing is never everybody");
    error
}

fn file(certificates: &[&Certified]) -> String {
    certificates.iter().map(|one| one.pem()).collect()
}

const MUST_SPECIFY: &str = "ApplicationGatewayTrustedClientCertificateMustSpecifyData";
const PRIVATE_KEY: &str = "ApplicationGatewayTrustedClientCertificateMustNotHavePrivateKey";
const INVALID: &str = "ApplicationGatewayTrustedClientCertificateInvalidData";
const NO_CA: &str = "ApplicationGatewayTrustedClientCertificateDoesNotContainAnyCACertificate";
const ONE_ROOT: &str = "ApplicationGatewayOnlyOneRootCAAllowedInTrustedClientCertificate";

#[test]
fn a_root_with_intermediates_in_any_order_is_a_chain() {
    let root = Ca::root("Root").issue();
    let one = root.intermediate("One").issue();
    let two = one.intermediate("Two").issue();
    for order in [
        [&two, &root, &one],
        [&root, &one, &two],
        [&one, &two, &root],
    ] {
        let chains = chains(&[file(&order.map(|ca| &**ca))]).unwrap();
        assert_eq!(chains.issuers()[0].to_string(), "CN=Two");
        assert_eq!(chains.into_anchors().unwrap().count(), 1);
    }
}

#[test]
fn a_cer_file_is_pem_or_der() {
    let root = Ca::root("Root").issue();
    let windows = root.pem().replace('\n', "\r\n");
    let talkative = format!("0 s:CN=Root\nsubject=CN=Root\n{}\nbye\n", root.pem());
    for file in [&root.der[..], windows.as_bytes(), talkative.as_bytes()] {
        let chains = chains(&[file]).unwrap();
        assert_eq!(chains.into_anchors().unwrap().count(), 1);
    }
    let mut two = root.der.to_vec();
    two.extend_from_slice(&root.der);
    assert_eq!(refused(two).code(), INVALID);
}

/// The five rows of Application Gateway's table of `verifyClientCertIssuerDN`, from files.
#[test]
fn a_file_stands_for_its_deepest_authority_and_the_first_of_several() {
    let root = Ca::root("Root").issue();
    let first = root.intermediate("First").issue();
    let second = first.intermediate("Second").issue();
    let sibling = root.intermediate("Sibling").issue();
    let deeper = sibling.intermediate("Deeper").issue();
    let leaf = first.client("alice").issue();
    let below = second.client("alice").issue();
    let direct = root.client("alice").issue();
    let rows: [(&[&Certified], &str); 5] = [
        (&[&root, &first, &leaf], "CN=First"),
        (&[&root, &first, &second, &below], "CN=Second"),
        (&[&root, &direct], "CN=Root"),
        (&[&root, &first, &root, &sibling], "CN=First"),
        (&[&root, &first, &root, &sibling, &deeper], "CN=Deeper"),
    ];
    for (certificates, expected) in rows {
        let chains = chains(&[file(certificates)]).unwrap();
        let issuers: Vec<_> = chains.issuers().iter().map(ToString::to_string).collect();
        assert_eq!(issuers, [expected]);
    }
}

#[test]
fn nothing_is_told_by_its_code() {
    for nothing in ["", " \r\n\t\n"] {
        assert_eq!(refused(nothing).code(), MUST_SPECIFY);
    }
}

#[test]
fn a_private_key_is_told_by_its_code_wherever_it_stands() {
    let root = Ca::root("Root").issue();
    let damaged = root.pem().replace("MII", "M!!");
    for file in [
        root.key_pem(),
        root.pem() + &root.key_pem(),
        root.key_pem() + &root.pem(),
        damaged + &root.key_pem(),
        root.pem() + &pem("ENCRYPTED PRIVATE KEY", b"secret"),
        root.pem() + &pem("RSA PRIVATE KEY", b"secret"),
        root.pem() + &pem("DSA PRIVATE KEY", b"secret"),
        root.pem() + &pem("OPENSSH PRIVATE KEY", b"secret"),
    ] {
        assert_eq!(refused(file).code(), PRIVATE_KEY);
    }
    assert_eq!(refused(root.key.pkcs8()).code(), PRIVATE_KEY);
}

#[test]
fn what_is_no_certificate_is_told_by_its_code() {
    let root = Ca::root("Root").issue();
    let undelimited: String = root
        .pem()
        .lines()
        .filter(|line| !line.contains('-'))
        .collect();
    let (begin, end) = (
        "-----BEGIN CERTIFICATE-----\n",
        "-----END CERTIFICATE-----\n",
    );
    for file in [
        "ca.example.com".to_owned(),
        undelimited,
        begin.to_owned(),
        format!("{begin}{end}"),
        format!("{begin}AAAA\n"),
        root.pem().replace("MII", "M!!"),
        root.pem().replace(end, ""),
        pem("CERTIFICATE", b"garbage"),
        pem("X509 CRL", &root.der),
        root.pem() + begin + end,
    ] {
        assert_eq!(refused(&file).code(), INVALID, "{file}");
    }
    assert_eq!(refused(&root.der[..root.der.len() - 1]).code(), INVALID);
}

#[test]
fn a_leaf_is_passed_over_and_alone_is_told_by_its_code() {
    let root = Ca::root("Root").issue();
    let leaf = root.client("alice").issue();
    let accepted = chains(&[file(&[&leaf, &root])]).unwrap();
    assert_eq!(accepted.into_anchors().unwrap().count(), 1);
    assert_eq!(refused(leaf.pem()).code(), NO_CA);
    assert_eq!(refused(&leaf.der).code(), NO_CA);
}

#[test]
fn a_self_signed_certificate_is_a_root_only_where_it_says_so() {
    let alone = Certified::self_signed("alice").issue();
    assert_eq!(refused(alone.pem()).code(), NO_CA);
    let intermediate = Ca::root("Root").issue().intermediate("Issuing").issue();
    let both = file(&[&alone, &intermediate]);
    assert!(matches!(
        refused(&both),
        ClientChainError::NotOneRoot { found: 0 }
    ));
}

#[test]
fn none_or_two_roots_are_told_by_their_code() {
    let (one, two) = (Ca::root("One").issue(), Ca::root("Two").issue());
    let intermediate = one.intermediate("Issuing").issue();
    for (certificates, roots) in [
        (&[&*one, &*two][..], 2),
        (&[&*intermediate], 0),
        (&[&*one, &*intermediate, &*two], 2),
    ] {
        let error = refused(file(certificates));
        assert!(matches!(error, ClientChainError::NotOneRoot { found } if found == roots));
        assert_eq!(error.code(), ONE_ROOT);
    }
}

#[test]
fn the_limits_are_those_that_are_documented_and_can_be_others() {
    let limits = ClientChainLimits::default();
    assert_eq!(
        (limits.file_bytes, limits.profile, limits.gateway),
        (25_600, 100, 200)
    );
    let root = Ca::root("Root").issue().pem();
    let padded = |size: usize| format!("{root}{}", "\n".repeat(size - root.len()));
    chains(&[padded(25_600)]).unwrap();
    assert!(matches!(
        refused(padded(25_601)),
        ClientChainError::FileTooLarge {
            found: 25_601,
            limit: 25_600
        }
    ));
    chains(&vec![&root; 100]).unwrap();
    assert!(matches!(
        chains(&vec![&root; 101]).unwrap_err(),
        ClientChainError::TooMany {
            found: 101,
            limit: 100
        }
    ));
    limits.check_gateway(200).unwrap();
    let error = limits.check_gateway(201).unwrap_err();
    assert_eq!(error.code(), "too_many_chain_files");
    let mut one = ClientChains::new(ClientChainLimits {
        profile: 1,
        ..limits
    });
    one.add(root.as_bytes()).unwrap();
    assert!(one.add(root.as_bytes()).is_err());
}

/// Whether a client with these certificates passes a profile of these files.
async fn judged(
    files: &[String],
    issuer: ClientIssuer,
    presented: &[&Certified],
) -> Result<(), Refusal> {
    let provider = aws_lc_rs::default_provider();
    let chains = chains(files).unwrap();
    let algorithms = provider.signature_verification_algorithms.all;
    let policy = chains.demand(issuer, Policy::new(Purpose::ClientAuth, algorithms));
    let anchors = chains.into_anchors().unwrap();
    let trust = Trust::new(anchors, policy, Revocation::Off, OnFailure::Respond);
    let server = Ca::root("Server")
        .issue()
        .server(&["www.contoso.com"])
        .issue();
    let (chain, key) = (server.pem(), server.key_pem());
    let server = ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider).unwrap();
    let client_auth = ClientAuth::Required(Arc::new(trust));
    let tls = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
    let tls = tls.resolve(&provider).unwrap();
    let profile = Profile::new(server, OcspStapling::Off, client_auth, &tls).unwrap();
    let presented: Vec<CertificateDer<'static>> =
        presented.iter().map(|one| one.der.clone()).collect();
    authenticate(&profile, Some(&presented), NOW)
        .await
        .map(drop)
}

#[tokio::test]
async fn a_client_of_another_issuer_below_the_root_passes_only_where_any_will_do() {
    let root = Ca::root("Root").issue();
    let uploaded = root.intermediate("Uploaded").issue();
    let other = root.intermediate("Other").issue();
    let (alice, mallory) = (
        uploaded.client("alice").issue(),
        other.client("mallory").issue(),
    );
    let files = [file(&[&root, &uploaded])];
    for issuer in [ClientIssuer::AnyBelowRoot, ClientIssuer::OfChainFile] {
        judged(&files, issuer, &[&alice]).await.unwrap();
    }
    let mallory: [&Certified; 2] = [&mallory, &other];
    judged(&files, ClientIssuer::AnyBelowRoot, &mallory)
        .await
        .unwrap();
    let refusal = judged(&files, ClientIssuer::OfChainFile, &mallory)
        .await
        .unwrap_err();
    assert_eq!(refusal.code(), "issuer_not_allowed");
    let Refusal::Chain(rejection) = refusal else {
        panic!("{refusal}")
    };
    assert_eq!(
        rejection.reason().openssl(),
        Some("unable to verify the client certificate issuer")
    );
    let direct = root.client("bob").issue();
    assert!(
        judged(&files, ClientIssuer::OfChainFile, &[&direct])
            .await
            .is_err()
    );
}

#[tokio::test]
async fn with_several_files_the_issuer_of_any_is_accepted() {
    let (one, two) = (Ca::root("One").issue(), Ca::root("Two").issue());
    let (first, second) = (
        one.intermediate("First").issue(),
        two.intermediate("Second").issue(),
    );
    let files = [file(&[&one, &first]), file(&[&two, &second])];
    let demanded = ClientIssuer::OfChainFile;
    for issuing in [&first, &second] {
        let client = issuing.client("alice").issue();
        judged(&files, demanded, &[&client]).await.unwrap();
    }
    for root in [&one, &two] {
        let client = root.client("alice").issue();
        assert!(judged(&files, demanded, &[&client]).await.is_err());
    }
}
