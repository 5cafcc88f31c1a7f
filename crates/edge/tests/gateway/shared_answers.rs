//! Gateways that share OCSP answers through a Redis, whatever others put there.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_edge::Gateway;
use portcullis_test_pki::ocsp::{self, Answer as OcspAnswer};
use portcullis_test_pki::{Certified, after, before};
use rustls::crypto::aws_lc_rs;

use crate::rig::{
    Answer, Backend, Client, Patience, Pki, Profile, Question, Responder, Rig, Setup, now,
    patiently,
};

const HOST: &str = "www.contoso.com";

/// A Redis with a password, on a port of its own until the test ends.
struct Redis {
    address: SocketAddr,
    child: Child,
    /// Its certificate, key and root, where it speaks TLS alone.
    files: Vec<PathBuf>,
}

impl Redis {
    fn start() -> Self {
        Self::start_with(Vec::new())
    }

    /// One that speaks TLS alone, with a certificate of this PKI.
    fn start_secure(pki: &Pki) -> Self {
        let server = pki.root.server(&[]).ip("127.0.0.1".parse().unwrap());
        let server = server.issue();
        let contents = [server.pem(), server.key_pem(), pki.root.pem()];
        let names = ["certificate", "key", "root"];
        let files = names.iter().zip(contents).map(|(name, content)| {
            let name = format!("portcullis-redis-{}-{name}.pem", std::process::id());
            let file = std::env::temp_dir().join(name);
            fs::write(&file, content).unwrap();
            file
        });
        Self::start_with(files.collect())
    }

    fn start_with(files: Vec<PathBuf>) -> Self {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(60) {
            // Somebody else may take the port in between.
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            let address = listener.local_addr().unwrap();
            drop(listener);
            if let Some(redis) = Self::listening(address, &files) {
                return redis;
            }
        }
        panic!("redis-server does not start");
    }

    fn listening(address: SocketAddr, files: &[PathBuf]) -> Option<Self> {
        let port = address.port().to_string();
        let mut command = Command::new("redis-server");
        match files {
            [certificate, key, root] => command
                .args([
                    "--port",
                    "0",
                    "--tls-port",
                    &port,
                    "--tls-auth-clients",
                    "no",
                ])
                .args([OsStr::new("--tls-cert-file"), certificate.as_os_str()])
                .args([OsStr::new("--tls-key-file"), key.as_os_str()])
                .args([OsStr::new("--tls-ca-cert-file"), root.as_os_str()]),
            _ => command.args(["--port", &port]),
        };
        let child = command
            .args(["--bind", "127.0.0.1"])
            .args([
                "--save",
                "",
                "--appendonly",
                "no",
                "--requirepass",
                "s@cret",
            ])
            .args(["--dir", std::env::temp_dir().to_str().unwrap()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let files = files.to_vec();
        let mut redis = Self {
            address,
            child,
            files,
        };
        while redis.child.try_wait().unwrap().is_none() {
            if TcpStream::connect(address).is_ok() {
                return Some(redis);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }

    /// The line of a configuration that names it.
    fn toml(&self) -> String {
        let (address, root) = (self.address, self.files.last());
        let (scheme, roots) = match root {
            Some(root) => ("rediss", format!("redis_roots = [{root:?}]")),
            None => ("redis", String::new()),
        };
        format!("redis = \"{scheme}://:s%40cret@{address}/2\"\n{roots}")
    }

    /// Says a command in its database, and yields the values of the reply.
    fn say(&self, words: &[&[u8]]) -> Vec<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let mut request = b"AUTH s@cret\r\nSELECT 2\r\n".to_vec();
        write!(request, "*{}\r\n", words.len()).unwrap();
        for word in words {
            write!(request, "${}\r\n", word.len()).unwrap();
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        stream.write_all(&request).unwrap();
        let mut replies = BufReader::new(stream);
        let mut line = || {
            let mut line = String::new();
            replies.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        assert_eq!([line(), line()], ["+OK", "+OK"]);
        let first = line();
        let count = match first.split_at(1) {
            ("*", count) => count.parse().unwrap(),
            ("$", length) => return vec![value(&mut replies, length)],
            _ => 0,
        };
        let mut values = Vec::new();
        for _ in 0..count {
            let mut length = String::new();
            replies.read_line(&mut length).unwrap();
            values.push(value(&mut replies, length[1..].trim_end()));
        }
        values
    }

    fn keys(&self) -> Vec<Vec<u8>> {
        self.say(&[b"KEYS", b"*"])
    }

    fn get(&self, key: &[u8]) -> Vec<u8> {
        self.say(&[b"GET", key]).remove(0)
    }

    fn set(&self, key: &[u8], value: &[u8]) {
        self.say(&[b"SET", key, value]);
        assert_eq!(self.get(key), value);
    }

    fn signal(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &pid])
                .status()
                .unwrap()
                .success()
        );
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn value(replies: &mut BufReader<TcpStream>, length: &str) -> Vec<u8> {
    let mut value = vec![0; length.parse::<usize>().unwrap() + 2];
    replies.read_exact(&mut value).unwrap();
    value.truncate(value.len() - 2);
    value
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for file in &self.files {
            let _ = fs::remove_file(file);
        }
    }
}

struct Scene {
    pki: Pki,
    backend: Backend,
    responder: Responder,
    toml: String,
}

impl Scene {
    async fn new(toml: &str) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        Self {
            pki,
            backend,
            responder: Responder::start().await,
            toml: toml.to_owned(),
        }
    }

    fn client(&self, name: &str) -> Certified {
        let leaf = self.pki.client(name).ocsp_url(&self.responder.url());
        let leaf = leaf.issue();
        self.responder.knows(&leaf, &self.pki.issuing);
        leaf
    }

    /// A gateway that knows nothing yet.
    fn gateway(&self) -> Rig {
        Setup::new(&self.pki, &self.backend)
            .site(HOST, Profile::required(&self.pki).ocsp())
            .asking(&self.toml)
            .start()
    }

    async fn get(&self, gateway: &Rig, leaf: &Certified) -> Answer {
        let client = Client::new(&self.pki).showing(leaf, &[]);
        client.get(gateway.address(), HOST).await
    }

    /// A visit to a gateway that puts what it is told where others find it. Yields the key.
    async fn shared(&self, redis: &Redis, gateway: &Rig, leaf: &Certified) -> (Answer, Vec<u8>) {
        let before = redis.keys();
        let answer = self.get(gateway, leaf).await;
        let key = patiently(async {
            loop {
                let mut keys = redis.keys();
                keys.retain(|key| !before.contains(key));
                match keys.pop() {
                    Some(key) => break key,
                    None => tokio::time::sleep(Duration::from_millis(10)).await,
                }
            }
        });
        (answer, key.await)
    }
}

#[track_caller]
fn assert_refused(answer: &Answer, reason: &str) {
    assert_eq!((answer.status, &*answer.reason()), (400, reason));
}

/// How often a machine may be too busy for a Redis to answer in time, which only means that the responder is asked.
const TRIES: usize = 8;

#[tokio::test]
#[ignore = "needs redis-server"]
async fn one_question_serves_two_gateways() {
    let redis = Redis::start();
    let scene = Scene::new(&redis.toml()).await;
    for (revoked, status) in [(false, 200), (true, 400)] {
        scene.responder.says(move |question: &Question| {
            question.reply(match revoked {
                false => question.good(),
                true => question.revoked(),
            })
        });
        let mut served = false;
        for _ in 0..TRIES {
            let [one, other] = [scene.gateway(), scene.gateway()];
            let alice = scene.client("alice");
            let (answer, key) = scene.shared(&redis, &one, &alice).await;
            assert_eq!(answer.status, status);
            assert!(key.starts_with(b"portcullis:ocsp:1:"));
            let asked = scene.responder.asked();
            let answer = scene.get(&other, &alice).await;
            assert_eq!(answer.status, status);
            if status == 400 {
                assert_eq!(answer.reason(), "certificate_revoked");
            }
            if scene.responder.asked() == asked {
                // It is remembered there too, without the Redis.
                redis.say(&[b"DEL", &key]);
                assert_eq!(scene.get(&other, &alice).await.status, status);
                assert_eq!(scene.responder.asked(), asked);
                served = true;
                break;
            }
        }
        assert!(served);
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_redis_may_speak_tls_with_a_certificate_of_its_roots() {
    let scene = Scene::new("").await;
    let redis = Redis::start_secure(&scene.pki);
    let secure = |toml: &str| {
        Setup::new(&scene.pki, &scene.backend)
            .site(HOST, Profile::required(&scene.pki).ocsp())
            .asking(toml)
            .start()
    };
    // What others certify is not asked; the verdicts are right all the same.
    let others = std::env::temp_dir().join(format!("other-{}.pem", redis.address.port()));
    fs::write(&others, Pki::named("Fabrikam").root.pem()).unwrap();
    let root = format!("{:?}", redis.files[2]);
    let stranger = redis.toml().replace(&root, &format!("{others:?}"));
    let mut served = [0, 0];
    for (count, toml) in served.iter_mut().zip([redis.toml(), stranger]) {
        for _ in 0..TRIES {
            let alice = scene.client("alice");
            let [one, other] = [secure(&toml), secure(&toml)];
            assert_eq!(scene.get(&one, &alice).await.status, 200);
            let asked = scene.responder.asked();
            // It is put there a moment after the client has its answer.
            for gateway in [&other, &secure(&toml)] {
                assert_eq!(scene.get(gateway, &alice).await.status, 200);
            }
            if scene.responder.asked() < asked + 2 {
                *count += 1;
                break;
            }
        }
    }
    fs::remove_file(others).unwrap();
    assert_eq!(served, [1, 0]);
}

/// It ends there when it ends here.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn an_answer_is_shared_for_as_long_as_it_is_remembered() {
    let redis = Redis::start();
    let scene = Scene::new(&format!("{}\ngood_lifetime = 100", redis.toml())).await;
    let alice = scene.client("alice");
    let (answer, key) = scene.shared(&redis, &scene.gateway(), &alice).await;
    assert_eq!(answer.status, 200);
    let mut stream = TcpStream::connect(redis.address).unwrap();
    let key = String::from_utf8(key).unwrap();
    write!(stream, "AUTH s@cret\r\nSELECT 2\r\nTTL {key}\r\nQUIT\r\n").unwrap();
    let mut replies = String::new();
    stream.read_to_string(&mut replies).unwrap();
    let life: u64 = replies
        .lines()
        .find_map(|line| line.strip_prefix(':'))
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=100).contains(&life), "{life}");
}

/// Whoever can write there could put an old answer back for as long as it is signed to hold.
#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_lifetime_begins_with_the_answer_whatever_is_said_there() {
    let redis = Redis::start();
    let scene = Scene::new(&format!("{}\ngood_lifetime = 100", redis.toml())).await;
    let alice = scene.client("alice");
    let (answer, key) = scene.shared(&redis, &scene.gateway(), &alice).await;
    assert_eq!(answer.status, 200);
    let old = ocsp::good(&alice, &scene.pki.issuing)
        .this_update(before(now(), 200))
        .next_update(after(now(), 9000));
    redis.set(&key, &said(&scene.responder.url(), old.issue()));
    scene
        .responder
        .says(|question: &Question| question.reply(question.revoked()));
    let answer = scene.get(&scene.gateway(), &alice).await;
    assert_refused(&answer, "certificate_revoked");
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn what_has_run_out_here_is_known_from_another_gateway() {
    let redis = Redis::start();
    let scene = Scene::new(&format!("skew = 0\n{}", redis.toml())).await;
    let mut served = false;
    for _ in 0..TRIES {
        let [one, other] = [scene.gateway(), scene.gateway()];
        let alice = scene.client("alice");
        let end = after(now(), 1);
        scene.responder.says(move |question: &Question| {
            question.reply(match now() <= end {
                true => question
                    .good()
                    .this_update(before(end, 60))
                    .next_update(end),
                false => question.good().this_update(end),
            })
        });
        scene.get(&one, &alice).await;
        let patience = Patience::new();
        while now() <= end {
            patience.next_second().await;
        }
        assert_eq!(scene.get(&other, &alice).await.status, 200);
        let asked = scene.responder.asked();
        patience.next_second().await;
        assert_eq!(scene.get(&one, &alice).await.status, 200);
        served = scene.responder.asked() == asked;
        if served {
            break;
        }
    }
    assert!(served);
}

/// A value as gateways put it there, with an end that is far away.
fn said(url: &str, der: Vec<u8>) -> Vec<u8> {
    let far = after(now(), 100_000).as_secs();
    let heading = format!("portcullis-ocsp 1 {far} {url}\n");
    [heading.into_bytes(), der].concat()
}

/// What others may put there about a certificate, though nobody said so.
fn poisons(scene: &Scene, leaf: &Certified) -> Vec<(&'static str, Vec<u8>)> {
    let (pki, url) = (&scene.pki, &scene.responder.url());
    let good = || ocsp::good(leaf, &pki.issuing);
    let random = || (0..=255).cycle().take(3000).collect::<Vec<u8>>();
    let stale = good().this_update(before(now(), 9000));
    let stale = stale.next_update(before(now(), 1));
    let forged = ocsp::Response::new(&Pki::named("Fabrikam").issuing);
    let forged = forged.answer(OcspAnswer::good(leaf, &pki.issuing));
    let about_bob = ocsp::good(&scene.client("bob"), &pki.issuing);
    let mut huge = said(url, good().issue());
    huge.resize(10 << 20, 0);
    let ended = format!("portcullis-ocsp 1 1 {url}\n").into_bytes();
    vec![
        ("nothing", Vec::new()),
        ("random", random()),
        ("random behind a heading", said(url, random())),
        ("about another", said(url, about_bob.issue())),
        ("stale", said(url, stale.issue())),
        ("by a foreign key", said(url, forged.issue())),
        (
            "with a wrong signature",
            said(url, good().wrong_signature().issue()),
        ),
        (
            "of whom nobody would ask",
            said("http://169.254.169.254/", good().issue()),
        ),
        ("ended long ago", [ended, good().issue()].concat()),
        ("huge", huge),
    ]
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn whatever_others_put_there_nobody_passes_by_it() {
    let redis = Redis::start();
    let scene = Scene::new(&redis.toml()).await;
    let good = |question: &Question| question.reply(question.good());
    let count = poisons(&scene, &scene.client("alice")).len();
    for number in 0..count {
        scene.responder.says(good);
        let alice = scene.client("alice");
        let (answer, key) = scene.shared(&redis, &scene.gateway(), &alice).await;
        assert_eq!(answer.status, 200);
        let (name, poison) = poisons(&scene, &alice).swap_remove(number);
        redis.set(&key, &poison);
        scene
            .responder
            .says(|question: &Question| question.reply(question.revoked()));
        let asked = scene.responder.asked();
        let answer = scene.get(&scene.gateway(), &alice).await;
        assert_refused(&answer, "certificate_revoked");
        assert_eq!(scene.responder.asked(), asked + 1, "{name}");
    }
    // The same with what was said is believed, or nothing above would tell.
    scene.responder.says(good);
    let mut believed = false;
    for _ in 0..TRIES {
        let alice = scene.client("alice");
        let (_, key) = scene.shared(&redis, &scene.gateway(), &alice).await;
        let der = ocsp::good(&alice, &scene.pki.issuing).issue();
        redis.set(&key, &said(&scene.responder.url(), der));
        let asked = scene.responder.asked();
        assert_eq!(scene.get(&scene.gateway(), &alice).await.status, 200);
        believed |= scene.responder.asked() == asked;
    }
    assert!(believed);
    // A value of another type, which is no value at all.
    scene.responder.says(good);
    let alice = scene.client("alice");
    let (_, key) = scene.shared(&redis, &scene.gateway(), &alice).await;
    redis.say(&[b"DEL", &key]);
    redis.say(&[b"LPUSH", &key, b"a"]);
    let asked = scene.responder.asked();
    assert_eq!(scene.get(&scene.gateway(), &alice).await.status, 200);
    assert_eq!(scene.responder.asked(), asked + 1);
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn answers_to_nonces_are_not_shared() {
    let redis = Redis::start();
    let scene = Scene::new(&format!("nonce = \"require\"\n{}", redis.toml())).await;
    let alice = scene.client("alice");
    for asked in 1..=2 {
        assert_eq!(scene.get(&scene.gateway(), &alice).await.status, 200);
        assert_eq!(scene.responder.asked(), asked);
    }
    assert!(redis.keys().is_empty());
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_redis_that_hangs_costs_little_and_is_used_when_it_is_back() {
    let redis = Redis::start();
    let scene = Scene::new(&redis.toml()).await;
    let gateway = scene.gateway();
    scene.shared(&redis, &gateway, &scene.client("alice")).await;
    redis.signal("-STOP");
    for (revoked, status) in [(false, 200), (true, 400), (true, 400)] {
        scene.responder.says(move |question: &Question| {
            question.reply(match revoked {
                false => question.good(),
                true => question.revoked(),
            })
        });
        let begun = Instant::now();
        let answer = scene.get(&gateway, &scene.client("bob")).await;
        assert_eq!(answer.status, status);
        assert!(begun.elapsed() < Duration::from_secs(5));
    }
    redis.signal("-CONT");
    let before = redis.keys().len();
    let patience = Patience::new();
    while redis.keys().len() == before {
        scene.get(&gateway, &scene.client("carol")).await;
        patience.next_second().await;
    }
}

#[tokio::test]
#[ignore = "needs redis-server"]
async fn a_redis_that_ends_changes_no_verdict() {
    let mut redis = Redis::start();
    let scene = Scene::new(&redis.toml()).await;
    let (one, alice) = (scene.gateway(), scene.client("alice"));
    scene.shared(&redis, &one, &alice).await;
    redis.kill();
    for gateway in [&one, &scene.gateway()] {
        assert_eq!(scene.get(gateway, &alice).await.status, 200);
        assert_eq!(scene.get(gateway, &scene.client("bob")).await.status, 200);
    }
    scene
        .responder
        .says(|question: &Question| question.reply(question.revoked()));
    assert_refused(
        &scene.get(&one, &scene.client("carol")).await,
        "certificate_revoked",
    );
}

/// What takes connections and says nothing is tried once, and then once a second and less.
#[tokio::test]
async fn a_redis_that_does_not_answer_is_left_alone() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let toml = format!("redis = \"redis://{}\"", silent.local_addr().unwrap());
    let connections = Arc::new(std::sync::Mutex::new(Vec::new()));
    let accepted = Arc::clone(&connections);
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = silent.accept().await {
            accepted.lock().unwrap().push(stream);
        }
    });
    let scene = Scene::new(&toml).await;
    let (gateway, begun) = (scene.gateway(), Instant::now());
    for number in 0..12 {
        let leaf = scene.client(&format!("client {number}"));
        assert_eq!(scene.get(&gateway, &leaf).await.status, 200);
    }
    let most = 2 + usize::try_from(begun.elapsed().as_secs()).unwrap();
    let found = connections.lock().unwrap().len();
    assert!((1..=most).contains(&found), "{found} of {most}");
    accepting.abort();
}

#[tokio::test]
async fn a_redis_that_cannot_be_meant_is_told_without_its_password() {
    let scene = Scene::new("").await;
    let gateway = scene.gateway();
    for (line, expected) in [
        ("redis = \"http://:s3cret@a\"", "not the URL of a Redis"),
        (
            "redis = \"redis://:s3cret@a/b\"",
            "not the number of a database",
        ),
        ("redis = \"rediss://:s3cret@a\"", "without redis_roots"),
        (
            "redis = \"redis://:s3cret@a\"\nredis_roots = [\"chain.pem\"]",
            "without TLS",
        ),
    ] {
        let toml = gateway
            .toml()
            .replacen("[ocsp]", &format!("[ocsp]\n{line}"), 1);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let problems = match portcullis_model::parse(&toml) {
            Err(problems) => problems,
            Ok(model) => match Gateway::build(&model, gateway.folder(), provider) {
                Err(problems) => problems,
                Ok(_) => panic!("{line}"),
            },
        };
        let told: String = problems
            .iter()
            .map(|problem| problem.display("p.toml".as_ref()).to_string())
            .collect();
        assert!(told.contains(expected), "{told}");
        assert!(!told.contains("s3cret"), "{told}");
    }
}
