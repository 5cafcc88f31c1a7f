//! What a listener demands of certificates beyond RFC 5280.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

#[path = "support/question.rs"]
mod question;

use portcullis_chain::{
    CertificateId, NameRule, Policy, Purpose, Sha256Digest, client_certificate_issuer,
};
use portcullis_test_pki::{Algorithm, Builder, Ca, Certified, KeyUsage, Name, der};
use portcullis_x509::{Certificate, DistinguishedName};
use question::{client, is, policy};
use sha2::{Digest as _, Sha256};

fn digest(der: &[u8]) -> Sha256Digest {
    Sha256::digest(der).into()
}

fn dn(text: &str) -> DistinguishedName {
    text.parse().unwrap()
}

fn upn(principal: &str) -> Vec<u8> {
    let value = der::context(0, &der::tlv(0x0c, principal.as_bytes()));
    der::context(
        0,
        &der::concat(&[der::oid("1.3.6.1.4.1.311.20.2.3"), value]),
    )
}

/// A root, an issuing authority and a client.
struct Scene {
    root: Ca,
    issuing: Ca,
    alice: Certified,
}

impl Scene {
    fn new() -> Self {
        let root = Ca::root("Root").issue();
        let issuing = root.intermediate("Issuing").issue();
        let alice = issuing.client(Name::common_name("alice").organization("Contoso"));
        Self {
            alice: alice.serial(&[0x0a, 0x1b]).issue(),
            issuing,
            root,
        }
    }

    /// The code of the refusal under this policy and the certificate at fault, if alice is refused.
    fn refused(&self, policy: &Policy) -> Option<(&'static str, usize)> {
        self.refused_as(&self.alice, policy)
    }

    fn refused_as(&self, leaf: &Certified, policy: &Policy) -> Option<(&'static str, usize)> {
        let question = is(leaf).with(&[&self.issuing]).under(&[&self.root]);
        let refused = question.by(policy).answer(|_| ()).err()?;
        Some((refused.reason().code(), refused.certificate()))
    }

    /// Whether a leaf of this purpose meets the rule.
    fn meets(&self, leaf: Builder<Certified>, purpose: Purpose, rule: &str) -> bool {
        let policy = policy(purpose).name(rule.parse().unwrap());
        match self.refused_as(&leaf.issue(), &policy) {
            None => true,
            Some(refused) => {
                assert_eq!(refused, ("name_not_allowed", 0), "{rule}");
                false
            }
        }
    }
}

#[test]
fn the_immediate_issuer_is_one_of_those_named() {
    let scene = Scene::new();
    let issuer = |name: &str| client().issuer(dn(name));
    assert_eq!(scene.refused(&issuer("cn=ISSUING")), None);
    let either = issuer("CN=Other").issuer(dn("CN=Issuing"));
    assert_eq!(scene.refused(&either), None);
    let refused = Some(("issuer_not_allowed", 0));
    assert_eq!(scene.refused(&issuer("CN=Root")), refused);
    assert_eq!(scene.refused(&issuer("CN=Issuing,O=Contoso")), refused);
    let question = is(&scene.alice)
        .with(&[&scene.issuing])
        .under(&[&scene.root]);
    let refused = question.by(issuer("CN=Root")).refused();
    assert_eq!(
        refused.to_string(),
        "certificate 0 (O=Contoso,CN=alice): issuer CN=Issuing is not among CN=Root"
    );
    assert_eq!(
        refused.reason().openssl(),
        Some("unable to verify the client certificate issuer")
    );
}

/// The table that Application Gateway documents for `verifyClientCertIssuerDN`.
#[test]
fn the_issuer_of_a_file_is_its_deepest_authority_and_the_first_of_several() {
    let root = Ca::root("root").issue();
    let below = |issuer: &Ca, name: &str| issuer.intermediate(name).issue();
    let (one, other) = (below(&root, "int1"), below(&root, "other"));
    let (two, three) = (below(&one, "int2"), below(&below(&other, "x"), "int3"));
    let middle = below(&other, "x");
    let leaf = two.client("leaf").issue();
    let files: [(&[&Certified], &str); 6] = [
        (&[&root, &one, &leaf], "CN=int1"),
        (&[&root, &one, &two, &leaf], "CN=int2"),
        (&[&leaf, &two, &one, &root], "CN=int2"),
        (&[&root, &leaf], "CN=root"),
        (&[&root, &one, &root, &other], "CN=int1"),
        (&[&root, &one, &root, &other, &middle, &three], "CN=int3"),
    ];
    for (file, expected) in files {
        let file: Vec<_> = file
            .iter()
            .map(|one| Certificate::parse(&one.der).unwrap())
            .collect();
        let found = client_certificate_issuer(&file).unwrap();
        assert_eq!(found.to_string(), expected);
    }
    let leaf = [Certificate::parse(&leaf.der).unwrap()];
    assert_eq!(client_certificate_issuer(&leaf), None);
}

#[test]
fn authorities_that_certify_each_other_have_an_issuer_too() {
    let (one, other) = (Ca::root("one").issue(), Ca::root("other").issue());
    let loops = [
        one.cross_sign(&other).issue(),
        other.cross_sign(&one).issue(),
    ];
    let file = loops
        .each_ref()
        .map(|one| Certificate::parse(&one.der).unwrap());
    assert_eq!(
        client_certificate_issuer(&file).unwrap().to_string(),
        "CN=other"
    );
}

#[test]
fn a_subject_has_all_attributes_of_one_that_is_named() {
    let scene = Scene::new();
    let subject = |name: &str| client().subject(dn(name));
    for name in [
        "O=contoso",
        "CN=alice",
        "O=Contoso,CN=alice",
        "CN=alice,O=Contoso",
    ] {
        assert_eq!(scene.refused(&subject(name)), None, "{name}");
    }
    let refused = Some(("subject_not_allowed", 0));
    for name in ["O=Fabrikam", "CN=alice,O=Fabrikam", "OU=Contoso", "CN=alic"] {
        assert_eq!(scene.refused(&subject(name)), refused, "{name}");
    }
    let either = subject("O=Fabrikam").subject(dn("O=Contoso"));
    assert_eq!(scene.refused(&either), None);
}

#[test]
fn a_pinned_key_is_somewhere_in_the_path() {
    let scene = Scene::new();
    let key = |certified: &Certified| {
        let certificate = Certificate::parse(&certified.der).unwrap();
        digest(certificate.subject_public_key_info().der())
    };
    for pinned in [&scene.alice, &*scene.issuing, &*scene.root] {
        assert_eq!(scene.refused(&client().pin(key(pinned))), None);
    }
    let stranger = Ca::root("Issuing").issue();
    let refused = Some(("key_not_pinned", 0));
    assert_eq!(scene.refused(&client().pin(key(&stranger))), refused);
    assert_eq!(
        scene.refused(&client().pin(digest(&scene.alice.der))),
        refused
    );
}

#[test]
fn leaves_are_allowed_by_serial_number_or_fingerprint() {
    let scene = Scene::new();
    let serial = |issuer: &str, magnitude: &[u8]| CertificateId::serial(dn(issuer), magnitude);
    let alice = CertificateId::Fingerprint(digest(&scene.alice.der));
    for id in [
        alice.clone(),
        serial("CN=Issuing", &[0x0a, 0x1b]),
        serial("CN=issuing", &[0, 0x0a, 0x1b]),
    ] {
        assert_eq!(scene.refused(&client().allow(id)), None);
    }
    let refused = Some(("not_allowed", 0));
    for id in [
        serial("CN=Root", &[0x0a, 0x1b]),
        serial("CN=Issuing", &[0x0a, 0x1c]),
        CertificateId::Fingerprint(digest(&scene.issuing.der)),
    ] {
        assert_eq!(scene.refused(&client().allow(id)), refused);
    }
    let denied = client().allow(alice.clone()).deny(alice);
    assert_eq!(
        scene.refused(&denied),
        Some(("denied", 0)),
        "a denial is final"
    );
}

#[test]
fn no_certificate_of_a_path_is_denied() {
    let scene = Scene::new();
    for (position, denied) in [&scene.alice, &*scene.issuing, &*scene.root]
        .iter()
        .enumerate()
    {
        let fingerprint = CertificateId::Fingerprint(digest(&denied.der));
        let refused = Some(("denied", position));
        assert_eq!(scene.refused(&client().deny(fingerprint)), refused);
    }
    let high = scene.issuing.client("bob").serial(&[0xfe, 1]).issue();
    let id = CertificateId::serial(dn("CN=Issuing"), &[0xfe, 1]);
    let refused = Some(("denied", 0));
    assert_eq!(scene.refused_as(&high, &client().deny(id)), refused);
}

/// Of an ECDSA signature (r, s) everybody can make (r, n - s).
#[test]
fn the_other_form_of_a_signature_does_not_escape_a_denial() {
    for algorithm in [Algorithm::P256, Algorithm::P384] {
        let root = Ca::root("Root").algorithm(algorithm).issue();
        let alice = root.client("alice").issue();
        let twin = twin(&alice.der, algorithm);
        let denied = client().deny(CertificateId::Fingerprint(digest(&alice.der)));
        for der in [&alice.der[..], &twin] {
            let accepted = question::is_der(der).under(&[&root]).answer(|_| ());
            assert!(accepted.is_ok(), "both forms verify");
            let refused = question::is_der(der).under(&[&root]).by(&denied).refused();
            assert_eq!(refused.reason().code(), "denied");
        }
    }
}

/// The certificate with the other form of its signature.
fn twin(der: &[u8], algorithm: Algorithm) -> Vec<u8> {
    let order = match algorithm {
        Algorithm::P256 => "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
        _ => {
            "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"
        }
    };
    let order: Vec<u8> = (0..order.len() / 2)
        .map(|at| u8::from_str_radix(&order[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    let certificate = Certificate::parse(der).unwrap();
    let mut reader = portcullis_x509::der::Reader::new(certificate.signature());
    let (r, s) = reader
        .sequence(|reader| {
            Ok::<_, portcullis_x509::der::Error>((reader.integer()?, reader.integer()?))
        })
        .unwrap();
    let s: Vec<u8> = s.iter().copied().skip_while(|octet| *octet == 0).collect();
    let padded = [vec![0; order.len() - s.len()], s].concat();
    let mut borrow = 0;
    let mut other: Vec<u8> = order
        .iter()
        .zip(&padded)
        .rev()
        .map(|(order, s)| {
            let digit = i32::from(*order) - i32::from(*s) - borrow;
            borrow = i32::from(digit < 0);
            u8::try_from(digit.rem_euclid(256)).unwrap()
        })
        .collect();
    other.reverse();
    let signature = der::sequence(&[der::tlv(2, r), der::tlv(2, &der::unsigned(&other))]);
    let algorithm = certificate.signature_algorithm().der().to_vec();
    der::sequence(&[
        certificate.tbs().to_vec(),
        algorithm,
        der::bit_string(&signature),
    ])
}

#[test]
fn an_issuer_in_another_kind_of_string_does_not_escape_a_denial() {
    let root = Ca::root("Root").issue();
    let name = Name::empty().attribute("2.5.4.3", &der::tlv(0x14, b"Issuing"));
    let issuing = root.intermediate(name).issue();
    let bob = issuing.client("bob").serial(&[0x11]).issue();
    let denied = client().deny(CertificateId::serial(dn("CN=Issuing"), &[0x11]));
    let refused = is(&bob)
        .with(&[&issuing])
        .under(&[&root])
        .by(denied)
        .refused();
    assert_eq!(refused.reason().code(), "denied");
}

#[test]
fn a_host_is_one_host() {
    let scene = Scene::new();
    let named = |name: &str| scene.issuing.client("alice").dns(name);
    let meets = |name: &str, rule: &str| scene.meets(named(name), Purpose::ClientAuth, rule);
    assert!(meets("WWW.contoso.com", "DNS:www.contoso.com"));
    assert!(meets("www.contoso.com.", "dns: www.CONTOSO.com"));
    assert!(meets("www.contoso.com", "DNS:*.contoso.com"));
    for (name, rule) in [
        ("www.contoso.com", "DNS:contoso.com"),
        ("a.b.contoso.com", "DNS:*.contoso.com"),
        ("contoso.com", "DNS:*.contoso.com"),
        ("*.contoso.com", "DNS:www.contoso.com"),
        ("*.contoso.com", "DNS:*.contoso.com"),
        ("evil\0.contoso.com", "DNS:*.contoso.com"),
        ("evil.com\0.contoso.com", "DNS:*.contoso.com"),
        ("", "DNS:contoso.com"),
    ] {
        assert!(!meets(name, rule), "{name} {rule}");
    }
}

#[test]
fn a_server_may_be_named_by_a_wildcard() {
    let scene = Scene::new();
    let meets = |name: &str, rule: &str| {
        scene.meets(scene.issuing.server(&[name]), Purpose::ServerAuth, rule)
    };
    assert!(meets("*.contoso.com", "DNS:www.contoso.com"));
    assert!(meets("*.contoso.com", "DNS:*.contoso.com"));
    assert!(!meets("*.contoso.com", "DNS:a.b.contoso.com"));
    assert!(!meets("*.contoso.com", "DNS:contoso.com"));
    assert!(!meets("w*.contoso.com", "DNS:www.contoso.com"));
}

#[test]
fn a_workload_has_one_spiffe_id_and_is_no_authority() {
    let scene = Scene::new();
    let with = |uri: &str| scene.issuing.client("alice").uri(uri);
    let meets = |leaf| scene.meets(leaf, Purpose::ClientAuth, "SPIFFE:contoso.com");
    assert!(meets(with("spiffe://contoso.com/billing/api")));
    assert!(meets(with("SPIFFE://contoso.com/a").dns("a.contoso.com")));
    for uri in [
        "spiffe://contoso.com",
        "spiffe://contoso.com/",
        "spiffe://contoso.com//a",
        "spiffe://contoso.com/../a",
        "spiffe://contoso.com.evil/a",
        "spiffe://evil@contoso.com/a",
        "spiffe://contoso.com:443/a",
        "spiffe://contoso.com/a?b",
        "spiffe://contoso.com/a#b",
        "spiffe://contoso.com/a%2fb",
        "spiffe://contoso.com/a b",
        "spiffe://contoso.com/a\0b",
        "spiffe://CONTOSO.com/a",
        "https://contoso.com/a",
    ] {
        assert!(!meets(with(uri)), "{uri}");
    }
    let two = with("spiffe://contoso.com/a").uri("spiffe://fabrikam.com/a");
    assert!(!meets(two));
    let signs = with("spiffe://contoso.com/a")
        .key_usage(&[KeyUsage::DigitalSignature, KeyUsage::KeyCertSign]);
    assert!(!meets(signs));
    let authority = with("spiffe://contoso.com/a").path_length(0);
    assert!(!meets(authority));
}

#[test]
fn mailboxes_principals_uris_and_addresses_are_what_they_are() {
    let scene = Scene::new();
    let alice = || scene.issuing.client("alice");
    let meets = |leaf, rule: &str| scene.meets(leaf, Purpose::ClientAuth, rule);
    let mail = |name: &str| alice().email(name);
    assert!(meets(mail("alice@CONTOSO.com"), "email:alice@contoso.com"));
    assert!(meets(mail("alice@contoso.com"), "EMAIL:@contoso.com"));
    for name in [
        "Alice@contoso.com",
        "@contoso.com",
        "a@b@contoso.com",
        "alice@www.contoso.com",
    ] {
        assert!(!meets(mail(name), "email:alice@contoso.com"), "{name}");
    }
    assert!(!meets(mail("@contoso.com"), "email:@contoso.com"));
    let principal = |name: &str| alice().general_name(&upn(name));
    assert!(meets(
        principal("Alice@Contoso.com"),
        "UPN:alice@contoso.com"
    ));
    assert!(meets(principal("alice@contoso.com"), "UPN:@contoso.com"));
    for name in [
        "alice@evil@contoso.com",
        "@contoso.com",
        "alice@\u{212a}ontoso.com",
    ] {
        assert!(!meets(principal(name), "UPN:@contoso.com"), "{name}");
        assert!(!meets(principal(name), "UPN:@kontoso.com"), "{name}");
    }
    assert!(!meets(mail("alice@contoso.com"), "UPN:@contoso.com"));
    assert!(meets(alice().uri("urn:a:B"), "URI:urn:a:B"));
    assert!(!meets(alice().uri("urn:a:b"), "URI:urn:a:B"));
    let at = |address: &str| alice().ip(address.parse().unwrap());
    assert!(meets(at("192.0.2.1"), "IP:192.0.2.1"));
    assert!(meets(at("192.0.2.129"), "IP:192.0.2.128/25"));
    assert!(!meets(at("192.0.2.127"), "IP:192.0.2.128/25"));
    assert!(!meets(at("::ffff:192.0.2.1"), "IP:192.0.2.1"));
    assert!(meets(at("2001:db8::1"), "IP:2001:db8::/32"));
    assert!(!meets(alice(), "IP:0.0.0.0/0"), "no name at all");
}

#[test]
fn several_of_a_kind_are_alternatives_and_several_kinds_add_up() {
    let scene = Scene::new();
    let alice = scene.issuing.client("alice").dns("a.contoso.com").issue();
    let rule = |text: &str| text.parse::<NameRule>().unwrap();
    let names = client()
        .name(rule("DNS:b.contoso.com"))
        .name(rule("DNS:a.contoso.com"));
    assert_eq!(scene.refused_as(&alice, &names), None);
    let more = names.clone().issuer(dn("CN=Issuing"));
    assert_eq!(scene.refused_as(&alice, &more), None);
    let other = names.issuer(dn("CN=Root"));
    assert_eq!(
        scene.refused_as(&alice, &other),
        Some(("issuer_not_allowed", 0))
    );
}

#[test]
fn a_rule_reads_as_it_is_shown() {
    for text in [
        "DNS:www.contoso.com",
        "DNS:*.contoso.com",
        "URI:spiffe://contoso.com/a",
        "SPIFFE:contoso.com",
        "email:alice@contoso.com",
        "email:@contoso.com",
        "IP:192.0.2.1/32",
        "IP:2001:db8::/32",
        "UPN:alice@contoso.com",
    ] {
        assert_eq!(text.parse::<NameRule>().unwrap().to_string(), text);
    }
    for text in [
        "",
        "contoso.com",
        "DNS:",
        "DNS:*",
        "DNS:a b",
        "DNS:w*.contoso.com",
        "SPIFFE:Contoso.com",
        "SPIFFE:spiffe://contoso.com",
        "email:contoso.com",
        "email:a@b@c",
        "IP:192.0.2.1/33",
        "IP:192.0.2",
        "UPN:alice",
        "CN:alice",
    ] {
        let error = text.parse::<NameRule>().unwrap_err();
        assert_eq!(error.found, text);
    }
}
