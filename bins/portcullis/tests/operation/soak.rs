//! Reloads under load: nobody notices, and nothing is left of them.

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::backend::{self, Nginx};
use crate::client::{Client, Http};
use crate::gateway::{Gateway, Scene};

/// How often the configuration is replaced.
const EVERY: Duration = Duration::from_millis(100);

#[tokio::test]
async fn reloads_under_load_fail_no_request() {
    soak(Duration::from_secs(5)).await;
}

#[tokio::test]
#[ignore = "needs nginx"]
async fn half_a_minute_of_reloads_under_load_fails_no_request() {
    soak(Duration::from_secs(30)).await;
}

async fn soak(length: Duration) {
    reload_under_load(
        "a backend in process",
        &Scene::new(backend::start().await),
        length,
    )
    .await;
    let mut scene = Scene::new(([127, 0, 0, 1], 0).into());
    let Some(nginx) = Nginx::start(&scene.scratch) else {
        eprintln!("SKIPPED: the same with nginx, which is not installed");
        return;
    };
    scene.backend = nginx.address;
    scene.put("portcullis.toml", scene.text("127.0.0.1:0", "first"));
    reload_under_load("nginx", &scene, length).await;
}

/// What the clients did.
#[derive(Default)]
struct Count {
    over: AtomicBool,
    kept_alive: AtomicUsize,
    handshakes: AtomicUsize,
    http2: AtomicUsize,
}

async fn reload_under_load(backend: &str, scene: &Scene, length: Duration) {
    let gateway = scene.start();
    let address = gateway.address();
    let count = Arc::new(Count::default());
    let client = scene.client();
    let mut clients = Vec::new();
    for _ in 0..2 {
        let http = client.connect(address).await.unwrap();
        clients.push(tokio::spawn(keep_alive(http, Arc::clone(&count))));
    }
    clients.push(tokio::spawn(shake_hands(
        client.clone(),
        address,
        Arc::clone(&count),
    )));
    clients.push(tokio::spawn(multiplex(
        client.clone(),
        address,
        Arc::clone(&count),
    )));

    let begun = Instant::now();
    let before = resident(&gateway);
    let mark = gateway.program.mark();
    let mut interval = tokio::time::interval(EVERY);
    let mut reloads = 0;
    while begun.elapsed() < length {
        interval.tick().await;
        let text = scene.text("127.0.0.1:0", &format!("reload-{reloads}"));
        scene.put("portcullis.toml", text);
        gateway.program.signal("HUP");
        reloads += 1;
    }
    let last = format!("reload-{}", reloads - 1);
    let mut http = client.connect(address).await.unwrap();
    while http.mark().await != last {
        tokio::time::sleep(EVERY).await;
        assert!(begun.elapsed() < length * 10);
    }
    count.over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    let [replaced, refused] = gateway.attempts(mark);
    let (kept_alive, handshakes, http2) = (
        count.kept_alive.load(Ordering::Relaxed),
        count.handshakes.load(Ordering::Relaxed),
        count.http2.load(Ordering::Relaxed),
    );
    eprintln!(
        "{backend}: {reloads} reloads asked for in {:?}, {replaced} done; {kept_alive} requests kept alive, \
         {handshakes} with handshakes, {http2} over HTTP/2, none failed; \
         {before} KiB resident before, {} after",
        begun.elapsed(),
        resident(&gateway)
    );
    // Signals that come while one is being heard are one.
    assert!(replaced > reloads / 4 && refused == 0);
    assert!(kept_alive > 0 && handshakes > 0 && http2 > 0);
}

/// On one connection, which stays.
async fn keep_alive(mut http: Http, count: Arc<Count>) {
    while !count.over.load(Ordering::Relaxed) {
        http.get().await.unwrap();
        count.kept_alive.fetch_add(1, Ordering::Relaxed);
    }
}

/// On a new connection each.
async fn shake_hands(client: Client, address: SocketAddr, count: Arc<Count>) {
    while !count.over.load(Ordering::Relaxed) {
        let mut http = client.connect(address).await.unwrap();
        http.get().await.unwrap();
        count.handshakes.fetch_add(1, Ordering::Relaxed);
    }
}

/// Several at a time on one connection, which stays for as many requests as one may have (`http2_requests`).
async fn multiplex(client: Client, address: SocketAddr, count: Arc<Count>) {
    while !count.over.load(Ordering::Relaxed) {
        let http = client.connect_http2(address).await.unwrap();
        let mut streams = Vec::new();
        for _ in 0..4 {
            let mut http = http.another_stream();
            let count = Arc::clone(&count);
            streams.push(tokio::spawn(async move {
                for _ in 0..240 {
                    http.get().await.unwrap();
                    count.http2.fetch_add(1, Ordering::Relaxed);
                    if count.over.load(Ordering::Relaxed) {
                        return;
                    }
                }
            }));
        }
        for stream in streams {
            stream.await.unwrap();
        }
    }
}

/// KiB of memory.
fn resident(gateway: &Gateway) -> usize {
    let status = fs::read_to_string(format!("/proc/{}/status", gateway.program.pid())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().nth(1));
    number.unwrap().parse().unwrap()
}

#[tokio::test]
async fn memory_does_not_grow_with_reloads() {
    /// What an allocator may hold on to, in KiB; what one configuration takes, times 300, is several times as much.
    const SLACK: usize = 3 * 1_024;
    let scene = Scene::new(backend::start().await);
    let gateway = scene.start();
    let mut live = scene.client().connect(gateway.address()).await.unwrap();
    let mut reload = async |times: usize| {
        for number in 0..times {
            let mark = gateway.program.mark();
            let text = scene.text("127.0.0.1:0", &format!("reload-{number}"));
            scene.put("portcullis.toml", text);
            gateway.program.signal("HUP");
            gateway.replaced(mark);
            live.get().await.unwrap();
        }
        resident(&gateway)
    };
    let before = reload(50).await;
    let after = reload(300).await;
    eprintln!("{before} KiB resident after 50 reloads, {after} KiB after 300 more");
    assert!(after < before + SLACK, "{before} KiB, then {after} KiB");
}
