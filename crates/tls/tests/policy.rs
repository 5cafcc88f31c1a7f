//! What an operator asks for by the name of a policy, and what becomes of it.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::io;
use std::sync::Arc;

use portcullis_test_pki::{Algorithm, Ca};
use portcullis_tls::{
    Asked, ClientAuth, OcspStapling, PolicyError, PredefinedPolicy, Profile, ProfileError,
    ResolvedPolicy, ServerCertificate, TlsPolicy, TlsVersion, Unsupported,
};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::UnixTime;
use rustls::server::Acceptor;
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, NamedGroup, ProtocolVersion, RootCertStore,
    ServerConnection,
};

fn resolved(policy: &TlsPolicy) -> ResolvedPolicy {
    policy.resolve(&aws_lc_rs::default_provider()).unwrap()
}

fn predefined(name: &str) -> ResolvedPolicy {
    resolved(&TlsPolicy::predefined(name.parse().unwrap()))
}

fn suites(policy: &ResolvedPolicy) -> Vec<&'static str> {
    let suites = policy.provider().cipher_suites.iter();
    suites
        .map(|suite| suite.suite().as_str().unwrap())
        .collect()
}

fn versions(policy: &ResolvedPolicy) -> Vec<ProtocolVersion> {
    let versions = policy.versions().iter();
    versions.map(|version| version.version).collect()
}

/// How many parts of a policy are lost for each reason.
fn lost(policy: &ResolvedPolicy, reason: &str) -> usize {
    let lost = policy.not_honoured().iter();
    lost.filter(|lost| lost.reason.code() == reason).count()
}

const RSA_GCM: [&str; 2] = [
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
];

#[test]
fn the_strict_policy_of_2022_is_had_whole() {
    let policy = predefined("AppGwSslPolicy20220101S");
    assert_eq!(policy.not_honoured(), []);
    assert_eq!(
        versions(&policy),
        [ProtocolVersion::TLSv1_3, ProtocolVersion::TLSv1_2]
    );
    assert_eq!(
        suites(&policy),
        [
            "TLS13_AES_128_GCM_SHA256",
            "TLS13_AES_256_GCM_SHA384",
            RSA_GCM[0],
            RSA_GCM[1],
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        ]
    );
}

#[test]
fn every_other_predefined_policy_says_what_it_loses() {
    for (name, versions_left, suites_left, losses) in [
        (
            "AppGwSslPolicy20220101",
            2,
            6,
            [
                ("cbc", 4),
                ("old_version", 0),
                ("dhe", 0),
                ("rsa_key_exchange", 0),
                ("triple_des", 0),
            ],
        ),
        (
            "AppGwSslPolicy20170401S",
            1,
            4,
            [
                ("cbc", 6),
                ("old_version", 0),
                ("dhe", 0),
                ("rsa_key_exchange", 6),
                ("triple_des", 0),
            ],
        ),
        (
            "AppGwSslPolicy20170401",
            1,
            4,
            [
                ("cbc", 6),
                ("old_version", 1),
                ("dhe", 0),
                ("rsa_key_exchange", 6),
                ("triple_des", 0),
            ],
        ),
        (
            "AppGwSslPolicy20150501",
            1,
            4,
            [
                ("cbc", 8),
                ("old_version", 2),
                ("dhe", 8),
                ("rsa_key_exchange", 6),
                ("triple_des", 2),
            ],
        ),
    ] {
        let policy = predefined(name);
        assert_eq!(policy.versions().len(), versions_left, "{name}");
        assert_eq!(suites(&policy).len(), suites_left, "{name}");
        for (reason, count) in losses {
            assert_eq!(lost(&policy, reason), count, "{name}: {reason}");
        }
        let all: usize = losses.iter().map(|(_, count)| count).sum();
        assert_eq!(policy.not_honoured().len(), all, "{name}");
    }
}

#[test]
fn the_first_two_policies_keep_their_order() {
    let policy = predefined("appgwsslpolicy20150501");
    assert_eq!(suites(&policy)[..2], RSA_GCM);
    let policy = predefined("AppGwSslPolicy20170401");
    assert_eq!(suites(&policy)[2..], RSA_GCM);
    assert_eq!(versions(&policy), [ProtocolVersion::TLSv1_2]);
}

#[test]
fn a_loss_is_a_sentence() {
    let policy = predefined("AppGwSslPolicy20150501");
    let told: Vec<_> = policy
        .not_honoured()
        .iter()
        .map(ToString::to_string)
        .collect();
    for sentence in [
        "TLS 1.0 is not offered: RFC 8996 forbids TLS 1.0 and 1.1, and they are not implemented",
        "TLS_RSA_WITH_AES_128_GCM_SHA256 is not offered: RSA key exchange has no forward secrecy \
         and is not implemented, only ECDHE is",
        "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256 is not offered: finite-field DHE is not implemented, \
         only ECDHE is",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA is not offered: 3DES falls to Sweet32 (CVE-2016-2183) and \
         is not implemented",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA is not offered: its CBC mode has a history of padding \
         oracles and is not implemented, only AEAD is",
    ] {
        assert!(told.iter().any(|told| told == sentence), "{told:#?}");
    }
}

#[test]
fn a_suite_is_found_by_each_of_its_names() {
    for name in [
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_AES_256_GCM_SHA384",
        "ECDHE_RSA_AES_256_GCM_SHA384",
        "ecdhe_rsa_aes_256_gcm_sha384",
        "ECDHE-RSA-AES256-GCM-SHA384",
    ] {
        let policy = TlsPolicy::custom(TlsVersion::Tls12, &[name]).unwrap();
        assert_eq!(suites(&resolved(&policy)), RSA_GCM[..1], "{name}");
    }
    // OpenSSL's name of RSA key exchange is no TLS 1.3 suite.
    let policy = TlsPolicy::custom_v2(TlsVersion::Tls12, &["AES128-GCM-SHA256"]).unwrap();
    assert_eq!(lost(&resolved(&policy), "rsa_key_exchange"), 1);
}

#[test]
fn a_name_of_nothing_is_an_error_and_never_passed_over() {
    for name in [
        "",
        "TLS_",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA385",
        "ALL",
        "DES",
    ] {
        for policy in [
            TlsPolicy::custom(TlsVersion::Tls12, &[RSA_GCM[0], name]),
            TlsPolicy::custom_v2(TlsVersion::Tls12, &[RSA_GCM[0], name]),
        ] {
            assert!(
                matches!(policy, Err(PolicyError::UnknownSuite { name: found }) if found == name)
            );
        }
    }
    assert!("AppGwSslPolicy2022".parse::<PredefinedPolicy>().is_err());
    assert!("SSLv3".parse::<TlsVersion>().is_err());
    for (name, version) in ["TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"]
        .into_iter()
        .zip(TlsVersion::ALL)
    {
        assert_eq!(name.parse::<TlsVersion>().unwrap(), version);
    }
}

#[test]
fn a_custom_policy_has_exactly_its_suites_in_their_order() {
    let asked = [RSA_GCM[1], "ECDHE-RSA-CHACHA20-POLY1305", RSA_GCM[0]];
    let policy = resolved(&TlsPolicy::custom(TlsVersion::Tls12, &asked).unwrap());
    assert_eq!(versions(&policy), [ProtocolVersion::TLSv1_2]);
    assert_eq!(
        suites(&policy),
        [
            RSA_GCM[1],
            "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
            RSA_GCM[0]
        ]
    );
    assert_eq!(policy.not_honoured(), []);
}

#[test]
fn the_second_kind_of_custom_policy_has_tls_1_3_without_naming_it() {
    let policy = resolved(&TlsPolicy::custom_v2(TlsVersion::Tls12, &[RSA_GCM[0]]).unwrap());
    let gcm = ["TLS13_AES_128_GCM_SHA256", "TLS13_AES_256_GCM_SHA384"];
    assert_eq!(suites(&policy), [gcm[0], gcm[1], RSA_GCM[0]]);
    assert_eq!(policy.not_honoured(), []);
    let named = ["TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_256_GCM_SHA384"];
    let policy = resolved(&TlsPolicy::custom_v2(TlsVersion::Tls13, &named).unwrap());
    assert_eq!(
        suites(&policy),
        [gcm[0], "TLS13_CHACHA20_POLY1305_SHA256", gcm[1]]
    );
    assert_eq!(versions(&policy), [ProtocolVersion::TLSv1_3]);
}

#[test]
fn what_does_not_fit_the_versions_is_told() {
    let policy = resolved(&TlsPolicy::custom_v2(TlsVersion::Tls13, &[RSA_GCM[0]]).unwrap());
    assert_eq!(
        policy.not_honoured()[0].reason,
        Unsupported::OtherVersion(TlsVersion::Tls12)
    );
    let none: [&str; 0] = [];
    let policy = resolved(&TlsPolicy::custom_v2(TlsVersion::Tls12, &none).unwrap());
    assert_eq!(
        (
            policy.not_honoured()[0].asked,
            policy.not_honoured()[0].reason
        ),
        (Asked::Version(TlsVersion::Tls12), Unsupported::NoSuite)
    );
    let twice = TlsPolicy::custom(TlsVersion::Tls12, &[RSA_GCM[0], RSA_GCM[0]]).unwrap();
    assert_eq!(lost(&resolved(&twice), "repeated"), 1);
    let strict = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
    let policy = resolved(&strict.without(TlsVersion::Tls13));
    assert_eq!(versions(&policy), [ProtocolVersion::TLSv1_2]);
    assert_eq!(lost(&policy, "other_version"), 2);
}

#[test]
fn a_policy_of_which_nothing_can_be_honoured_is_an_error_that_says_why() {
    let provider = aws_lc_rs::default_provider();
    let none: [&str; 0] = [];
    for (policy, told) in [
        (
            TlsPolicy::custom(TlsVersion::Tls10, &["AES128-SHA"]),
            "forward secrecy",
        ),
        (
            TlsPolicy::custom(TlsVersion::Tls12, &none),
            "no cipher suite",
        ),
        (TlsPolicy::custom(TlsVersion::Tls13, &RSA_GCM), "leaves out"),
    ] {
        let error = policy.unwrap().resolve(&provider).unwrap_err();
        assert!(matches!(error, PolicyError::Nothing { .. }));
        assert!(error.to_string().contains(told), "{error}");
    }
}

#[test]
fn what_the_provider_has_not_is_told() {
    let mut provider = aws_lc_rs::default_provider();
    let lacking = CipherSuite::TLS13_AES_128_GCM_SHA256;
    provider
        .cipher_suites
        .retain(|suite| suite.suite() != lacking);
    let policy = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
    let policy = policy.resolve(&provider).unwrap();
    assert_eq!(lost(&policy, "not_of_provider"), 1);
}

/// A server with a key of this kind, and a root for its clients.
fn server(algorithm: Algorithm) -> (ServerCertificate, RootCertStore) {
    let root = Ca::root("Root")
        .valid_around(UnixTime::now().as_secs())
        .issue();
    let server = root
        .server(&["www.contoso.com"])
        .algorithm(algorithm)
        .issue();
    let provider = aws_lc_rs::default_provider();
    let (chain, key) = (server.pem(), server.key_pem());
    let certificate = ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider);
    let mut roots = RootCertStore::empty();
    roots.add(root.der.clone()).unwrap();
    (certificate.unwrap(), roots)
}

/// Reads the client's hello, and goes on with what the profile has for it.
fn accept(profile: &Profile, client: &mut ClientConnection) -> Result<ServerConnection, String> {
    let mut acceptor = Acceptor::default();
    let mut hello = Vec::new();
    while client.wants_write() {
        client.write_tls(&mut hello).unwrap();
    }
    let mut rest = io::Cursor::new(hello);
    while acceptor.read_tls(&mut rest).unwrap() > 0 {}
    let accepted = acceptor.accept().unwrap().expect("a whole hello");
    let config = profile.server_config_for(&accepted.client_hello());
    let accepted = accepted.into_connection(config);
    accepted.map_err(|(error, _)| error.to_string())
}

/// What a client with this provider comes to with a server of this policy.
fn negotiated(
    algorithm: Algorithm,
    policy: &ResolvedPolicy,
    client: CryptoProvider,
) -> Result<(CipherSuite, NamedGroup), String> {
    let (certificate, roots) = server(algorithm);
    let profile = Profile::new(certificate, OcspStapling::Off, ClientAuth::Off, policy).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(client))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = "www.contoso.com".try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut server = accept(&profile, &mut client)?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = io::Cursor::new(bytes);
        while server.read_tls(&mut rest).unwrap() > 0 {}
        server
            .process_new_packets()
            .map_err(|error| error.to_string())?;
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = io::Cursor::new(bytes);
        while client.read_tls(&mut rest).unwrap() > 0 {}
        client
            .process_new_packets()
            .map_err(|error| error.to_string())?;
    }
    let suite = server.negotiated_cipher_suite().unwrap().suite();
    let group = server.negotiated_key_exchange_group().unwrap().name();
    Ok((suite, group))
}

/// A client with these key exchanges, in this order.
fn client(groups: &[NamedGroup]) -> CryptoProvider {
    let all = aws_lc_rs::ALL_KX_GROUPS;
    let group = |name: &NamedGroup| *all.iter().find(|group| group.name() == *name).unwrap();
    CryptoProvider {
        kx_groups: groups.iter().map(group).collect(),
        ..aws_lc_rs::default_provider()
    }
}

#[test]
fn the_post_quantum_hybrid_comes_first_and_nobody_needs_it() {
    let policy = predefined("AppGwSslPolicy20220101S");
    let groups = policy.provider().kx_groups.iter();
    let groups: Vec<_> = groups.map(|group| group.name()).collect();
    assert_eq!(groups, portcullis_tls::KEY_EXCHANGES);
    let hybrid = NamedGroup::X25519MLKEM768;
    for (offered, expected) in [
        (&[hybrid, NamedGroup::X25519][..], hybrid),
        (&[hybrid], hybrid),
        (&[NamedGroup::X25519, NamedGroup::secp256r1, hybrid], hybrid),
        (&[NamedGroup::MLKEM1024, hybrid], hybrid),
        (
            &[NamedGroup::X25519, NamedGroup::secp256r1],
            NamedGroup::X25519,
        ),
        (&[NamedGroup::secp256r1], NamedGroup::secp256r1),
        (&[NamedGroup::secp384r1], NamedGroup::secp384r1),
    ] {
        let (_, group) = negotiated(Algorithm::P256, &policy, client(offered)).unwrap();
        assert_eq!(group, expected, "{offered:?}");
    }
    assert!(negotiated(Algorithm::P256, &policy, client(&[NamedGroup::MLKEM1024])).is_err());
}

#[test]
fn the_order_of_the_policy_decides_and_not_that_of_the_client() {
    let both = [RSA_GCM[1], RSA_GCM[0]];
    // A client that has the hybrid, for a TLS 1.3 that the server has not, is no exception.
    for asked in [both, RSA_GCM] {
        let policy = resolved(&TlsPolicy::custom(TlsVersion::Tls12, &asked).unwrap());
        let client = aws_lc_rs::default_provider();
        let (suite, group) = negotiated(Algorithm::Rsa2048, &policy, client).unwrap();
        assert_eq!(suite.as_str(), Some(asked[0]));
        assert_eq!(group, NamedGroup::X25519, "TLS 1.2 has no hybrid");
    }
}

#[test]
fn what_a_policy_leaves_out_is_not_spoken() {
    let only = resolved(&TlsPolicy::custom_v2(TlsVersion::Tls13, &[""; 0]).unwrap());
    let mut old = aws_lc_rs::default_provider();
    old.cipher_suites.retain(|suite| suite.tls13().is_none());
    assert!(negotiated(Algorithm::P256, &only, old.clone()).is_err());
    let policy = predefined("AppGwSslPolicy20170401S");
    negotiated(Algorithm::P256, &policy, old).unwrap();
    let mut chacha = aws_lc_rs::default_provider();
    chacha.cipher_suites.retain(|suite| {
        let name = suite.suite().as_str().unwrap();
        name.contains("CHACHA20")
    });
    assert!(negotiated(Algorithm::P256, &policy, chacha).is_err());
}

#[test]
fn a_policy_for_another_kind_of_key_makes_no_profile() {
    let policy = resolved(&TlsPolicy::custom(TlsVersion::Tls12, &RSA_GCM).unwrap());
    let (certificate, _) = server(Algorithm::P256);
    let made = Profile::new(certificate, OcspStapling::Off, ClientAuth::Off, &policy);
    assert!(matches!(made, Err(ProfileError::NoSuiteForKey)));
}
