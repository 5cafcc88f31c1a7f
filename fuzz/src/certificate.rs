//! What holds for any octets that somebody calls a certificate.

use std::sync::LazyLock;

use portcullis_chain::{Anchors, Policy, Purpose, verify};
use portcullis_x509::{
    Certificate, DistinguishedName, Extensions, MAX_SHOWN, Name, SubjectPublicKeyInfo, der::Reader,
};
use rustls_pki_types::{CertificateDer, UnixTime};

/// Reads `data` as a certificate in every way there is, and lets it ask to be trusted.
///
/// - What is accepted is the whole input, and reads the same again; so does each part of it.
/// - Whatever a name, a serial number or an alternative name holds is shown as printable ASCII.
/// - Where rustls-webpki reads the certificate too, both find the same parts.
/// - Only the one certificate that the anchor issued verifies.
pub fn property(data: &[u8]) {
    let Ok(certificate) = Certificate::parse(data) else {
        assert!(data != GENUINE, "a good certificate is refused");
        return;
    };
    reads_the_same_again(&certificate, data);
    is_shown_in_printable_ascii(&certificate);
    extensions_are_consistent(&certificate);
    agrees_with_webpki(&certificate, data);
    verifies_only_if_genuine(&certificate);
}

/// An Ed25519 root, and the client certificate that is all it ever signed.
const ROOT: &[u8] = include_bytes!("../corpus/certificate/root.der");
const GENUINE: &[u8] = include_bytes!("../corpus/certificate/genuine.der");

fn reads_the_same_again(certificate: &Certificate<'_>, data: &[u8]) {
    assert_eq!(certificate.der(), data);
    assert_eq!(
        Certificate::parse(certificate.der()).as_ref(),
        Ok(certificate)
    );
    for name in [certificate.issuer(), certificate.subject()] {
        assert_eq!(Name::parse(name.der()), Ok(name));
        assert!(name.matches(&name));
        assert_eq!(name.is_empty(), name.attributes().next().is_none());
    }
    let key = certificate.subject_public_key_info();
    assert_eq!(
        SubjectPublicKeyInfo::read(&mut Reader::new(key.der())),
        Ok(key)
    );
    assert_eq!(
        Reader::new(certificate.tbs()).tlv().map(|tlv| tlv.der),
        Ok(certificate.tbs())
    );
    assert_eq!(
        certificate.issuer().normalised() == certificate.subject().normalised(),
        certificate.is_self_issued(),
        "names are normalised alike exactly when they match"
    );
}

fn is_shown_in_printable_ascii(certificate: &Certificate<'_>) {
    let names = certificate.subject_alternative_name().ok().flatten();
    let names = names
        .iter()
        .flat_map(|names| names.iter())
        .map(|name| name.to_string());
    let shown = [
        certificate.issuer().to_string(),
        certificate.subject().to_string(),
        certificate.serial().to_string(),
        certificate.signature_algorithm().to_string(),
    ];
    for name in [certificate.issuer(), certificate.subject()] {
        // What is shown may read as a name; a name that was read is shown as what reads as the same.
        if let Ok(read) = name.to_string().parse::<DistinguishedName>() {
            assert_eq!(read.to_string().parse(), Ok(read));
        }
    }
    for text in names.chain(shown) {
        assert!(
            text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
            "{text:?}"
        );
    }
}

fn extensions_are_consistent(certificate: &Certificate<'_>) {
    let extensions = certificate.extensions();
    assert!(extensions.iter().count() <= Extensions::MAX_COUNT);
    for extension in extensions.iter() {
        assert_eq!(
            extensions.find(extension.oid()),
            Some(extension),
            "each appears once"
        );
    }
    let _ = certificate
        .key_usage()
        .map(|usage| usage.map(|usage| usage.to_string()));
    let _ = certificate.subject_public_key_info().rsa_modulus_bits();
    one_pass_reads_what_each_getter_reads(certificate);
    if let Ok(Some(purposes)) = certificate.extended_key_usage() {
        assert!(purposes.iter().all(|purpose| purposes.contains(purpose)));
    }
    let described = certificate.authority_information_access().ok().flatten();
    let described = described.map_or(0, |access| access.iter().count());
    assert!(certificate.ocsp_responders().map_or(0, Iterator::count) <= described);
}

/// Every extension at once is every extension by itself, and malformed when one of them is.
fn one_pass_reads_what_each_getter_reads(certificate: &Certificate<'_>) {
    let Ok(known) = certificate.known_extensions() else {
        let sound = certificate.basic_constraints().is_ok()
            && certificate.key_usage().is_ok()
            && certificate.extended_key_usage().is_ok()
            && certificate.subject_alternative_name().is_ok()
            && certificate.authority_key_identifier().is_ok()
            && certificate.subject_key_identifier().is_ok()
            && certificate.name_constraints().is_ok()
            && certificate.certificate_policies().is_ok()
            && certificate.policy_mappings().is_ok()
            && certificate.policy_constraints().is_ok()
            && certificate.inhibit_any_policy().is_ok();
        assert!(!sound, "one of them is malformed");
        return;
    };
    assert_eq!(certificate.basic_constraints(), Ok(known.basic_constraints));
    assert_eq!(certificate.key_usage(), Ok(known.key_usage));
    assert_eq!(
        certificate.extended_key_usage(),
        Ok(known.extended_key_usage)
    );
    assert_eq!(certificate.name_constraints(), Ok(known.name_constraints));
    assert_eq!(certificate.policy_mappings(), Ok(known.policy_mappings));
    assert_eq!(
        certificate.policy_constraints(),
        Ok(known.policy_constraints)
    );
    assert_eq!(
        certificate.inhibit_any_policy(),
        Ok(known.inhibit_any_policy)
    );
    let (names, policies) = (known.subject_alternative_name, known.certificate_policies);
    assert_eq!(certificate.subject_alternative_name(), Ok(names));
    assert_eq!(certificate.certificate_policies(), Ok(policies));
    let (own, issuer) = (known.subject_key_identifier, known.authority_key_identifier);
    assert_eq!(certificate.subject_key_identifier(), Ok(own));
    assert_eq!(certificate.authority_key_identifier(), Ok(issuer));
}

fn agrees_with_webpki(certificate: &Certificate<'_>, data: &[u8]) {
    let der = CertificateDer::from(data);
    let Ok(other) = webpki::EndEntityCert::try_from(&der) else {
        return;
    };
    let content = |name: Name<'_>| Reader::new(name.der()).tlv().map(|tlv| tlv.value.to_vec());
    assert_eq!(content(certificate.issuer()), Ok(other.issuer().to_vec()));
    assert_eq!(content(certificate.subject()), Ok(other.subject().to_vec()));
    assert_eq!(certificate.serial().as_bytes(), other.serial());
    let key = certificate.subject_public_key_info();
    assert_eq!(key.der(), other.subject_public_key_info().as_ref());
}

fn verifies_only_if_genuine(certificate: &Certificate<'_>) {
    static ANCHORS: LazyLock<Option<Anchors>> =
        LazyLock::new(|| Anchors::new(vec![CertificateDer::from(ROOT)], vec![]).ok());
    let Some(anchors) = &*ANCHORS else {
        return;
    };
    let algorithms = rustls::crypto::aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all;
    let policy = Policy::new(Purpose::ClientAuth, algorithms);
    let offered = [certificate.clone()];
    let verified = verify(certificate, &offered, anchors, &policy, NOW);
    assert_eq!(
        verified.is_ok(),
        certificate.der() == GENUINE,
        "{verified:?}"
    );
    if let Err(rejection) = verified {
        let shown = rejection.to_string();
        assert!(shown.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        assert!(shown.len() < 4 * MAX_SHOWN, "{shown}");
    }
}

/// A moment at which the corpus is valid: 2026-06-01T00:00:00Z.
const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_780_272_000));
