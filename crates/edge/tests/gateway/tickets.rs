//! Gateways with the same ticket keys resume each other's sessions, and nobody else does.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_edge::Gateway;
use portcullis_test_pki::{Certified, before};
use rustls::HandshakeKind::{self, Full, Resumed};
use rustls::SupportedProtocolVersion;
use rustls::crypto::aws_lc_rs;
use rustls::version::{TLS12, TLS13};

use crate::rig::{
    Answer, Backend, Client, Patience, Pki, Profile, Question, Responder, Rig, Setup, now,
};

const HOST: &str = "www.contoso.com";
const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// A file of ticket keys, which several gateways read.
struct Keys(PathBuf);

impl Keys {
    fn of(octets: &[u8]) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-tickets-{}-{number}", std::process::id());
        let keys = Self(std::env::temp_dir().join(name));
        fs::write(&keys.0, "").unwrap();
        keys.may(0o600);
        keys.become_these(octets);
        keys
    }

    /// A key for each octet, the newest first.
    fn become_these(&self, octets: &[u8]) {
        let line = |octet: &u8| format!("{}\n", STANDARD.encode([*octet; 48]));
        self.say(&octets.iter().map(line).collect::<String>());
    }

    fn say(&self, text: &str) {
        fs::write(&self.0, text).unwrap();
    }

    fn may(&self, mode: u32) {
        fs::set_permissions(&self.0, Permissions::from_mode(mode)).unwrap();
    }

    /// The lines of a configuration that name it.
    fn toml(&self) -> String {
        format!("[tls]\nticket_keys = {:?}", self.0)
    }
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

struct Scene {
    pki: Pki,
    backend: Backend,
}

impl Scene {
    async fn new() -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        Self { pki, backend }
    }

    fn gateway(&self, profile: Profile, keys: &Keys) -> Rig {
        Setup::new(&self.pki, &self.backend)
            .site(HOST, profile)
            .asking(&keys.toml())
            .start()
    }

    fn required(&self, keys: &Keys) -> Rig {
        self.gateway(Profile::required(&self.pki), keys)
    }

    fn client(&self, version: &'static SupportedProtocolVersion) -> Client {
        Client::speaking(&self.pki, version).showing(&self.pki.alice(), &[&self.pki.issuing])
    }
}

/// Connects and asks once.
async fn visit(client: &Client, gateway: &Rig) -> (HandshakeKind, Answer) {
    let mut http = client.connect(gateway.address(), HOST).await;
    let kind = http.handshake();
    (kind, http.get(HOST).await)
}

async fn assert_visit(client: &Client, gateway: &Rig, kind: HandshakeKind) {
    let (found, answer) = visit(client, gateway).await;
    assert_eq!((found, answer.status), (kind, 200), "{}", answer.reason());
}

#[tokio::test]
async fn a_session_of_one_gateway_is_resumed_by_another_with_the_same_keys() {
    let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
    let [one, other] = [scene.required(&keys), scene.required(&keys)];
    for version in VERSIONS {
        let client = scene.client(version);
        assert_visit(&client, &one, Full).await;
        assert_visit(&client, &other, Resumed).await;
        let request = scene.backend.last();
        assert_eq!(request.verification(), "SUCCESS");
        assert!(!request.only("x-client-certificate").is_empty());
        assert_visit(&client, &one, Resumed).await;
        assert_visit(&client.clone().http2(), &other, Resumed).await;
    }
}

#[tokio::test]
async fn a_session_is_not_resumed_with_other_keys() {
    let (scene, ours) = (Scene::new().await, Keys::of(&[1]));
    let one = scene.required(&ours);
    let other = scene.required(&Keys::of(&[2]));
    let alone = Setup::new(&scene.pki, &scene.backend)
        .site(HOST, Profile::required(&scene.pki))
        .start();
    for version in VERSIONS {
        for stranger in [&other, &alone] {
            let client = scene.client(version);
            assert_visit(&client, &one, Full).await;
            assert_visit(&client, stranger, Full).await;
        }
    }
}

/// The newest makes tickets, the older ones read them until they are gone.
#[tokio::test]
async fn keys_rotate_by_reloading() {
    let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
    let [mut one, mut other] = [scene.required(&keys), scene.required(&keys)];
    for version in VERSIONS {
        keys.become_these(&[1]);
        one.reload(|setup| setup);
        other.reload(|setup| setup);
        let (early, late) = (scene.client(version), scene.client(version));
        assert_visit(&early, &one, Full).await;
        keys.become_these(&[2, 1]);
        one.reload(|setup| setup);
        // The old key reads; a ticket of the new one is of no use to who has not got it yet.
        assert_visit(&late, &one, Full).await;
        assert_visit(&late, &other, Full).await;
        assert_visit(&early, &other, Resumed).await;
        other.reload(|setup| setup);
        assert_visit(&early, &other, Resumed).await;
        // TLS 1.2 hands out no new ticket when it resumes with an old one; TLS 1.3 does.
        keys.become_these(&[3, 4]);
        one.reload(|setup| setup);
        assert_visit(&early, &one, Full).await;
    }
}

/// The bug class behind CVE-2025-23419 and CVE-2025-23048, between gateways.
#[tokio::test]
async fn a_ticket_is_worth_nothing_under_another_trust_or_profile() {
    let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
    let (pki, theirs) = (&scene.pki, Pki::named("Fabrikam"));
    let required = scene.required(&keys);
    let passthrough = scene.gateway(Profile::passthrough(), &keys);
    let both = vec![pki.chain_pem(), theirs.chain_pem()];
    for version in VERSIONS {
        for other in [
            Profile::required(&theirs),
            Profile::optional(pki),
            Profile::passthrough(),
            Profile::off(),
            Profile::required(pki).ocsp(),
            Profile::required(pki).alert(),
            Profile::required(pki).with("verify_issuer_dn = true"),
            Profile::required(pki).trusting(&both),
        ] {
            let there = scene.gateway(other, &keys);
            let client = scene.client(version);
            assert_visit(&client, &required, Full).await;
            let (kind, _) = visit(&client, &there).await;
            assert_eq!(kind, Full);
        }
        let client = scene.client(version);
        assert_visit(&client, &passthrough, Full).await;
        assert_visit(&client, &required, Full).await;

        // The same trust by another name, on the same gateway and with the very same server name.
        let two = Setup::new(pki, &scene.backend)
            .site(HOST, Profile::required(pki))
            .site(HOST, Profile::required(pki))
            .elsewhere()
            .asking(&keys.toml())
            .start();
        let client = scene.client(version);
        for address in two.addresses() {
            let http = client.connect(*address, HOST).await;
            assert_eq!(http.handshake(), Full);
        }
    }
}

#[tokio::test]
async fn a_ticket_of_one_listener_is_worth_nothing_in_another() {
    let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
    let (pki, theirs) = (&scene.pki, Pki::named("Fabrikam"));
    let setup = || {
        Setup::new(pki, &scene.backend)
            .site("ours.contoso.com", Profile::required(pki))
            .site("theirs.contoso.com", Profile::required(&theirs))
            .asking(&keys.toml())
            .start()
    };
    let [one, other] = [setup(), setup()];
    for version in VERSIONS {
        let client = scene.client(version).mixing_servers_up();
        let mut http = client.connect(one.address(), "ours.contoso.com").await;
        assert_eq!(http.get("ours.contoso.com").await.status, 200);
        let mut http = client.connect(other.address(), "theirs.contoso.com").await;
        assert_eq!(http.handshake(), Full);
        let answer = http.get("theirs.contoso.com").await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "issuer_not_found")
        );
    }
}

#[tokio::test]
async fn a_ticket_ends_when_the_trust_changes() {
    for version in VERSIONS {
        let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
        let other = Pki::named("Fabrikam");
        let both = vec![scene.pki.chain_pem(), other.chain_pem()];
        let mut gateway = scene.required(&keys);
        let client = scene.client(version);
        assert_visit(&client, &gateway, Full).await;
        // Nothing has changed.
        gateway.reload(|setup| setup);
        assert_visit(&client, &gateway, Resumed).await;
        gateway.reload(|setup| setup.with_profile(Profile::required(&scene.pki).trusting(&both)));
        assert_visit(&client, &gateway, Full).await;
        gateway.reload(|setup| setup.with_profile(Profile::required(&other)));
        let (kind, answer) = visit(&client, &gateway).await;
        assert_eq!(kind, Full);
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "issuer_not_found")
        );
    }
}

/// The responder's answer is past its nextUpdate, and only forgiven because clocks differ: it holds
/// for the second in which it came.
#[tokio::test]
async fn a_certificate_revoked_meanwhile_is_refused_by_the_gateway_that_resumes() {
    for version in VERSIONS {
        let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
        let responder = Responder::start().await;
        let pki = &scene.pki;
        let alice: Certified = pki.client("alice").ocsp_url(&responder.url()).issue();
        responder.knows(&alice, &pki.issuing);
        let setup = || {
            Setup::new(pki, &scene.backend)
                .site(HOST, Profile::required(pki).ocsp())
                .asking(&keys.toml())
                .start()
        };
        let [one, other] = [setup(), setup()];
        let client = Client::speaking(pki, version).showing(&alice, &[]);
        responder.says(|question: &Question| {
            question.reply(question.good().next_update(before(now(), 1)))
        });
        assert_visit(&client, &one, Full).await;
        responder.says(|question: &Question| question.reply(question.revoked()));
        // The other one knows nothing, and asks.
        let (kind, answer) = visit(&client, &other).await;
        assert_eq!(kind, Resumed);
        assert_eq!(
            (answer.status, &*answer.reason()),
            (400, "certificate_revoked")
        );
        // The first one asks when what it knows has run out.
        let asked = responder.asked();
        let patience = Patience::new();
        while responder.asked() == asked {
            let (kind, answer) = visit(&client, &one).await;
            assert_eq!(kind, Resumed);
            if responder.asked() > asked {
                assert_eq!(answer.status, 400);
            } else {
                patience.next_second().await;
            }
        }
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_told_and_nothing_runs() {
    let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
    let gateway = scene.required(&keys);
    let toml = gateway.toml();
    let problem = || {
        let model = portcullis_model::parse(&toml).unwrap();
        let provider = Arc::new(aws_lc_rs::default_provider());
        match Gateway::build(&model, gateway.folder(), provider) {
            Ok(_) => panic!("{toml}"),
            Err(problems) => {
                let [problem] = &problems[..] else {
                    panic!("{problems:?}")
                };
                problem.display("p.toml".as_ref()).to_string()
            }
        }
    };
    for (mode, shown) in [(0o644, "0644"), (0o640, "0640"), (0o602, "0602")] {
        keys.may(mode);
        let told = problem();
        assert!(told.contains("tls.ticket_keys"), "{told}");
        assert!(told.contains(&format!("mode {shown}")), "{told}");
    }
    keys.may(0o600);
    let short = STANDARD.encode([7; 31]);
    keys.say(&short);
    let told = problem();
    assert!(told.contains("line 1 has 31 bytes"), "{told}");
    assert!(!told.contains(&short), "{told}");
    keys.become_these(&[1, 2, 1]);
    assert!(problem().contains("line 3 has a ticket key that an earlier"));
    keys.become_these(&(0..17).collect::<Vec<_>>());
    assert!(problem().contains("more than 16"));
    keys.say("");
    assert!(problem().contains("no ticket key"));
    keys.say(&"#".repeat(17_000));
    assert!(problem().contains("16384 bytes"));
    fs::remove_file(&keys.0).unwrap();
    assert!(problem().contains("No such file"));
}

/// What `openssl s_client` says of a handshake, and what it gets.
async fn openssl(scene: &Scene, gateway: &Rig, version: &str, session: [&str; 2]) -> String {
    let folder = gateway.folder();
    let alice = scene.pki.alice();
    fs::write(folder.join("alice.pem"), alice.pem()).unwrap();
    fs::write(folder.join("alice.key"), alice.key_pem()).unwrap();
    fs::write(folder.join("root.pem"), scene.pki.root.pem()).unwrap();
    let mut command = Command::new("openssl");
    command
        .current_dir(folder)
        .args(["s_client", version, "-connect"])
        .arg(gateway.address().to_string())
        .args(["-servername", HOST, "-CAfile", "root.pem"])
        .args(["-cert", "alice.pem", "-key", "alice.key", "-ign_eof"])
        .args(session)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let talking = move || {
        let mut client = command.spawn().unwrap();
        let request = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\n\r\n");
        let mut input = client.stdin.take().unwrap();
        input.write_all(request.as_bytes()).unwrap();
        drop(input);
        client.wait_with_output().unwrap()
    };
    let output = tokio::task::spawn_blocking(talking).await.unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test]
#[ignore = "needs openssl"]
async fn openssl_resumes_at_the_other_gateway_too() {
    let (scene, keys) = (Scene::new().await, Keys::of(&[1]));
    let [one, other] = [scene.required(&keys), scene.required(&keys)];
    let session = one.folder().join("session.pem");
    let session = session.to_str().unwrap();
    let stranger = scene.required(&Keys::of(&[2]));
    for version in ["-tls1_2", "-tls1_3"] {
        let first = openssl(&scene, &one, version, ["-sess_out", session]).await;
        assert!(first.contains("HTTP/1.1 200"), "{first}");
        assert!(first.contains("\nNew, "), "{first}");
        let second = openssl(&scene, &other, version, ["-sess_in", session]).await;
        assert!(second.contains("HTTP/1.1 200"), "{second}");
        assert!(second.contains("\nReused, "), "{second}");
        let third = openssl(&scene, &stranger, version, ["-sess_in", session]).await;
        assert!(third.contains("HTTP/1.1 200"), "{third}");
        assert!(third.contains("\nNew, "), "{third}");
    }
}
