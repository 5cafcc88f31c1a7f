//! Profiles at work in rustls, both ends in memory.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::sync::{Arc, Mutex};

use portcullis_chain::{Anchors, Policy, Purpose};
use portcullis_test_pki::{Algorithm, Ca, Certified, Criticality, Name};
use portcullis_tls::{
    Client, ClientAuth, OcspStapling, OnFailure, PredefinedPolicy, Profile, Refusal, Revocation,
    SESSION_BYTES, ServerCertificate, TlsPolicy, Trust, authenticate,
};
use rustls::client::ResolvesClientCert;
use rustls::crypto::aws_lc_rs;
use rustls::sign::CertifiedKey;
use rustls::version::{TLS12, TLS13};
use rustls::{
    ClientConfig, ClientConnection, Connection, Error, HandshakeKind, RootCertStore,
    ServerConnection, SignatureScheme, SupportedProtocolVersion,
};
use rustls_pki_types::UnixTime;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

struct Pki {
    root: Ca,
    issuing: Ca,
    server: Certified,
}

impl Pki {
    /// Around the wall clock, which rustls reads.
    fn new(name: &str) -> Self {
        let now = UnixTime::now().as_secs();
        let root = Ca::root(name).valid_around(now).issue();
        let issuing = root.intermediate("Issuing").issue();
        let server = root.server(&["www.contoso.com"]).issue();
        Self {
            root,
            issuing,
            server,
        }
    }

    fn trust(&self, on_failure: OnFailure) -> Arc<Trust> {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        let (roots, others) = (vec![self.root.der.clone()], vec![self.issuing.der.clone()]);
        Arc::new(Trust::new(
            Anchors::new(roots, others).unwrap(),
            Policy::new(Purpose::ClientAuth, algorithms.all),
            Revocation::Off,
            on_failure,
        ))
    }

    fn profile(&self, client_auth: ClientAuth) -> Profile {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let (chain, key) = (self.server.pem(), self.server.key_pem());
        let certificate =
            ServerCertificate::from_pem(chain.as_bytes(), key.as_bytes(), &provider).unwrap();
        let policy = TlsPolicy::predefined(PredefinedPolicy::V20220101S);
        let policy = policy.resolve(&provider).unwrap();
        Profile::new(certificate, OcspStapling::Off, client_auth, &policy).unwrap()
    }

    fn required(&self) -> Profile {
        self.profile(ClientAuth::Required(self.trust(OnFailure::Respond)))
    }

    /// A client that shows this certificate, and remembers what it was asked.
    fn client(
        &self,
        version: &'static SupportedProtocolVersion,
        leaf: Option<&Certified>,
    ) -> (Arc<ClientConfig>, Arc<Answering>) {
        let mut roots = RootCertStore::empty();
        roots.add(self.root.der.clone()).unwrap();
        let answering = Arc::new(Answering {
            key: leaf.map(certified_key),
            hints: Mutex::default(),
        });
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_client_cert_resolver(answering.clone());
        (Arc::new(config), answering)
    }
}

fn certified_key(leaf: &Certified) -> Arc<CertifiedKey> {
    let key = aws_lc_rs::sign::any_supported_type(&leaf.private_key_der()).unwrap();
    Arc::new(CertifiedKey::new(vec![leaf.der.clone()], key))
}

/// Answers a certificate request, whatever is asked for.
#[derive(Debug)]
struct Answering {
    key: Option<Arc<CertifiedKey>>,
    hints: Mutex<Option<Vec<Vec<u8>>>>,
}

impl ResolvesClientCert for Answering {
    fn resolve(&self, hints: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let hints = hints.iter().map(|hint| hint.to_vec()).collect();
        *self.hints.lock().unwrap() = Some(hints);
        self.key.clone()
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Runs a handshake to its end, and on until nobody has anything to say. A failure is the server's
/// error, then the client's.
fn handshake(
    profile: &Profile,
    client: &Arc<ClientConfig>,
) -> Result<(ClientConnection, ServerConnection), Box<(Error, Error)>> {
    let name = "www.contoso.com".try_into().unwrap();
    let client = ClientConnection::new(Arc::clone(client), name).unwrap();
    let server = ServerConnection::new(profile.server_config()).unwrap();
    let (mut client, mut server) = (Connection::from(client), Connection::from(server));
    loop {
        let there = pass(&mut client, &mut server);
        let back = pass(&mut server, &mut client);
        match (there, back) {
            (Ok(0), Ok(0)) => break,
            (Ok(_), Ok(_)) => {}
            (Err(of_server), Err(of_client)) => {
                return Err(Box::new((of_server, of_client)));
            }
            (Err(of_server), Ok(_)) | (Ok(_), Err(of_server)) => {
                panic!("only one end failed: {of_server}")
            }
        }
    }
    match (client, server) {
        (Connection::Client(client), Connection::Server(server)) => Ok((client, server)),
        _ => unreachable!("each end is what it was"),
    }
}

/// Hands over what one end has to say.
fn pass(from: &mut Connection, to: &mut Connection) -> Result<usize, Error> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes).unwrap();
    }
    let mut rest = bytes.as_slice();
    while !rest.is_empty() {
        to.read_tls(&mut rest).unwrap();
        to.process_new_packets()?;
    }
    Ok(bytes.len())
}

async fn judge(profile: &Profile, server: &ServerConnection) -> Result<Client, Refusal> {
    authenticate(profile, server.peer_certificates(), UnixTime::now()).await
}

#[tokio::test]
async fn a_handshake_proves_possession_and_authenticate_judges() {
    let (pki, other) = (Pki::new("Ours"), Pki::new("Theirs"));
    let profile = pki.required();
    for version in VERSIONS {
        let alice = pki.issuing.client("alice").issue();
        let (client, _) = pki.client(version, Some(&alice));
        let (_, server) = handshake(&profile, &client).unwrap();
        assert!(matches!(
            judge(&profile, &server).await,
            Ok(Client::Verified(_))
        ));

        let mallory = other.issuing.client("mallory").issue();
        let (client, _) = pki.client(version, Some(&mallory));
        let (_, server) = handshake(&profile, &client).unwrap();
        let refusal = judge(&profile, &server).await.unwrap_err();
        assert_eq!(refusal.code(), "issuer_not_found");

        let (client, _) = pki.client(version, None);
        let (_, server) = handshake(&profile, &client).unwrap();
        let refusal = judge(&profile, &server).await.unwrap_err();
        assert!(matches!(refusal, Refusal::CertificateMissing));
    }
}

#[test]
fn a_stolen_certificate_does_not_pass_the_handshake() {
    let pki = Pki::new("Ours");
    for client_auth in [
        ClientAuth::Passthrough,
        ClientAuth::Optional(pki.trust(OnFailure::Respond)),
        ClientAuth::Required(pki.trust(OnFailure::Respond)),
        ClientAuth::Required(pki.trust(OnFailure::Alert)),
    ] {
        let profile = pki.profile(client_auth);
        for (of, with) in [
            (Algorithm::P256, Algorithm::P256),
            (Algorithm::P384, Algorithm::P256),
            (Algorithm::P256, Algorithm::P384),
            (Algorithm::Ed25519, Algorithm::P256),
            (Algorithm::Rsa2048, Algorithm::Rsa2048),
            (Algorithm::Rsa2048, Algorithm::Ed25519),
        ] {
            let mut stolen = pki.issuing.client("alice").algorithm(of).issue();
            let thief = pki.issuing.client("mallory").algorithm(with).issue();
            stolen.key = thief.key;
            for version in VERSIONS {
                let (client, _) = pki.client(version, Some(&stolen));
                let result = handshake(&profile, &client);
                assert!(result.is_err(), "{version:?} {of:?} {with:?} {profile:?}");
            }
        }
    }
}

#[test]
fn the_request_names_the_trusted_authorities() {
    let pki = Pki::new("Ours");
    for version in VERSIONS {
        for (profile, expected) in [
            (pki.required(), vec![pki.root.subject().der().to_vec()]),
            (pki.profile(ClientAuth::Passthrough), Vec::new()),
        ] {
            let (client, answering) = pki.client(version, None);
            handshake(&profile, &client).unwrap();
            let hints = answering.hints.lock().unwrap().take();
            assert_eq!(hints, Some(expected), "{version:?}");
        }
        let (client, answering) = pki.client(version, None);
        handshake(&pki.profile(ClientAuth::Off), &client).unwrap();
        assert_eq!(*answering.hints.lock().unwrap(), None);
    }
}

/// More names than the request can hold would break every handshake.
#[test]
fn a_request_that_could_not_hold_all_names_names_none() {
    let pki = Pki::new("Ours");
    let name = |number: u32| {
        let part = "o".repeat(12_000);
        Name::common_name(&format!("{number}")).organization(&part)
    };
    let named = |count: u32| {
        let algorithms = aws_lc_rs::default_provider().signature_verification_algorithms;
        let mut roots = vec![pki.root.der.clone()];
        roots.extend((0..count).map(|number| Ca::root(name(number)).issue().der.clone()));
        Arc::new(Trust::new(
            Anchors::new(roots, vec![pki.issuing.der.clone()]).unwrap(),
            Policy::new(Purpose::ClientAuth, algorithms.all),
            Revocation::Off,
            OnFailure::Respond,
        ))
    };
    let (few, many) = (named(2), named(6));
    for (trust, expected) in [(few, 3), (many, 0)] {
        let profile = pki.profile(ClientAuth::Required(trust));
        for version in VERSIONS {
            let (client, answering) = pki.client(version, None);
            handshake(&profile, &client).unwrap();
            let hints = answering.hints.lock().unwrap().take().unwrap();
            assert_eq!(hints.len(), expected, "{version:?}");
        }
    }
}

#[tokio::test]
async fn a_resumed_session_is_judged_by_what_it_was_made_with() {
    let pki = Pki::new("Ours");
    let profile = pki.required();
    for version in VERSIONS {
        let alice = pki.issuing.client("alice").issue();
        let (client, _) = pki.client(version, Some(&alice));
        for kind in [HandshakeKind::Full, HandshakeKind::Resumed] {
            let (_, server) = handshake(&profile, &client).unwrap();
            assert_eq!(server.handshake_kind(), Some(kind));
            let Client::Verified(found) = judge(&profile, &server).await.unwrap() else {
                panic!("the profile requires a certificate")
            };
            assert_eq!(found.certificate(), &alice.der);
        }
        // By the trust of another profile the very same session is refused.
        let (_, server) = handshake(&profile, &client).unwrap();
        assert_eq!(server.handshake_kind(), Some(HandshakeKind::Resumed));
        let stricter = Pki::new("Theirs").required();
        assert!(judge(&stricter, &server).await.is_err());
    }
}

#[test]
fn a_session_of_one_profile_is_not_resumed_by_another() {
    let pki = Pki::new("Ours");
    let trust = pki.trust(OnFailure::Respond);
    for version in VERSIONS {
        let alice = pki.issuing.client("alice").issue();
        let (client, _) = pki.client(version, Some(&alice));
        handshake(&pki.profile(ClientAuth::Passthrough), &client).unwrap();
        // Even of the same trust, even of the same kind.
        for _ in 0..2 {
            let other = pki.profile(ClientAuth::Required(Arc::clone(&trust)));
            let (_, server) = handshake(&other, &client).unwrap();
            assert_eq!(server.handshake_kind(), Some(HandshakeKind::Full));
        }
    }
}

#[tokio::test]
async fn a_long_chain_is_judged_and_not_remembered() {
    let pki = Pki::new("Ours");
    let profile = pki.required();
    let names: Vec<_> = (0..600)
        .map(|number| format!("{number}.contoso.com"))
        .collect();
    let alice = pki.issuing.client("alice");
    let long = names
        .iter()
        .fold(alice, |leaf, name| leaf.dns(name))
        .issue();
    assert!(long.der.len() > SESSION_BYTES);
    for version in VERSIONS {
        let (client, _) = pki.client(version, Some(&long));
        for _ in 0..2 {
            let (_, server) = handshake(&profile, &client).unwrap();
            assert_eq!(server.handshake_kind(), Some(HandshakeKind::Full));
            assert!(matches!(
                judge(&profile, &server).await,
                Ok(Client::Verified(_))
            ));
        }
    }
}

#[test]
fn clones_of_a_profile_are_one_profile() {
    let pki = Pki::new("Ours");
    let profile = pki.required();
    let alice = pki.issuing.client("alice").issue();
    let (client, _) = pki.client(&TLS13, Some(&alice));
    handshake(&profile, &client).unwrap();
    let (_, server) = handshake(&profile.clone(), &client).unwrap();
    assert_eq!(server.handshake_kind(), Some(HandshakeKind::Resumed));
}

#[test]
fn alerts_come_where_they_are_asked_for_and_only_there() {
    let pki = Pki::new("Ours");
    let expired = pki.issuing.client("alice").expired().issue();
    for version in VERSIONS {
        let (client, _) = pki.client(version, Some(&expired));
        handshake(&pki.required(), &client).unwrap();
        let alerting = pki.profile(ClientAuth::Required(pki.trust(OnFailure::Alert)));
        let (of_server, of_client) = *handshake(&alerting, &client).unwrap_err();
        assert!(
            matches!(of_server, Error::InvalidCertificate(_)),
            "{of_server:?}"
        );
        let expected = Error::AlertReceived(rustls::AlertDescription::CertificateExpired);
        assert_eq!(of_client, expected);

        let (client, _) = pki.client(version, None);
        let (of_server, _) = *handshake(&alerting, &client).unwrap_err();
        assert_eq!(of_server, Error::NoCertificatesPresented);
        let optional = pki.profile(ClientAuth::Optional(pki.trust(OnFailure::Alert)));
        handshake(&optional, &client).unwrap();
    }
}

#[test]
fn what_cannot_be_read_proves_nothing_even_where_nothing_is_judged() {
    let pki = Pki::new("Ours");
    let twice = pki
        .issuing
        .client("alice")
        .extension("2.5.29.15", Criticality::Critical, &[3, 2, 7, 0x80])
        .issue();
    let profile = pki.profile(ClientAuth::Passthrough);
    for version in VERSIONS {
        let (client, _) = pki.client(version, Some(&twice));
        let (_, of_client) = *handshake(&profile, &client).unwrap_err();
        let expected = Error::AlertReceived(rustls::AlertDescription::BadCertificate);
        assert_eq!(of_client, expected);
    }
}

#[test]
fn early_data_is_never_accepted() {
    let pki = Pki::new("Ours");
    let profile = pki.required();
    assert_eq!(profile.server_config().max_early_data_size, 0);
    let (client, _) = pki.client(&TLS13, None);
    let mut config = (*client).clone();
    config.enable_early_data = true;
    let client = Arc::new(config);
    for _ in 0..2 {
        handshake(&profile, &client).unwrap();
    }
    let name = "www.contoso.com".try_into().unwrap();
    let mut client = ClientConnection::new(client, name).unwrap();
    assert!(client.early_data().is_none());
}
