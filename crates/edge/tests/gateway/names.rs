//! Names of backends: resolved once for the process, again when their records end, and never forgotten for nothing.

use std::net::{Ipv4Addr, SocketAddr};

use http::Request;
use http_body_util::Empty;

use crate::rig::{Backend, Client, Dns, Patience, Pki, Rig, Setup, patiently};

const HOST: &str = "www.contoso.com";
const ONE: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 1);
const TWO: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

struct Scene {
    client: Client,
    one: Backend,
    two: Backend,
    dns: Dns,
    gateway: Rig,
}

fn toml(port: u16, dns: SocketAddr, timeout: u32) -> String {
    format!(
        r#"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"
[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "off"
[dns]
servers = ["{dns}"]
[pool.names]
targets = ["app.test:{port}"]
[backend_settings.s]
request_timeout = {timeout}
[[rule]]
name = "r"
priority = 1
listener = "l"
pool = "names"
backend_settings = "s"
"#
    )
}

impl Scene {
    /// Two backends at one port of two addresses, and a name for both.
    async fn new(addresses: &[Ipv4Addr], timeout: u32) -> Self {
        let (pki, one) = (Pki::new(), Backend::start().await);
        let port = one.address().port();
        let two = Backend::start_at((TWO, port).into()).await;
        let dns = Dns::start(addresses).await;
        let toml = toml(port, dns.address(), timeout);
        let gateway = Setup::new(&pki, &one).written(&toml).start();
        let client = Client::new(&pki);
        Self {
            client,
            one,
            two,
            dns,
            gateway,
        }
    }

    async fn status(&self) -> u16 {
        let mut http = self.client.connect(self.gateway.address(), HOST).await;
        let request = Request::get("/").body(Empty::new()).unwrap();
        http.send(HOST, request).await.status
    }

    fn counts(&self) -> (usize, usize) {
        (self.one.requests().len(), self.two.requests().len())
    }
}

#[tokio::test]
async fn the_first_request_waits_for_its_backend_s_name_and_each_address_gets_its_turn() {
    let scene = Scene::new(&[ONE, TWO], 20).await;
    for _ in 0..4 {
        assert_eq!(scene.status().await, 200);
    }
    assert_eq!(scene.counts(), (2, 2));
}

#[tokio::test]
async fn another_address_is_followed_when_the_record_ends() {
    let scene = Scene::new(&[ONE], 20).await;
    assert_eq!(scene.status().await, 200);
    scene.dns.says(&[TWO]);
    let patience = Patience::new();
    while scene.two.requests().is_empty() {
        assert_eq!(scene.status().await, 200);
        patience.next_second().await;
    }
    let (of_one, _) = scene.counts();
    assert_eq!(scene.status().await, 200);
    assert_eq!(scene.counts().0, of_one);
}

#[tokio::test]
async fn a_failing_server_leaves_the_last_answer_in_place() {
    let mut scene = Scene::new(&[ONE], 20).await;
    assert_eq!(scene.status().await, 200);
    scene.dns.fails();
    scene.dns.asked(6).await;
    assert_eq!(scene.status().await, 200);
    // Also over a reload, which asks anew.
    scene.gateway.reload(|setup| setup);
    scene.dns.asked(2).await;
    assert_eq!(scene.status().await, 200);
    scene.dns.says(&[TWO]);
    let patience = Patience::new();
    while scene.two.requests().is_empty() {
        assert_eq!(scene.status().await, 200);
        patience.next_second().await;
    }
}

#[tokio::test]
async fn a_name_that_never_was_resolved_is_a_bad_gateway() {
    let scene = Scene::new(&[], 20).await;
    assert_eq!(patiently(Box::pin(scene.status())).await, 502);
    scene.dns.says(&[ONE]);
    let patience = Patience::new();
    while scene.status().await != 200 {
        patience.next_second().await;
    }
}

#[tokio::test]
async fn a_silent_server_is_not_waited_for_longer_than_a_backend() {
    let mut scene = Scene::new(&[ONE], 1).await;
    scene.dns.is_silent();
    let toml = toml(scene.one.address().port(), scene.dns.address(), 1);
    let toml = toml
        .replace("app.test", "other.test")
        .replace("pool.names", "pool.others");
    let toml = toml.replace("pool = \"names\"", "pool = \"others\"");
    scene.gateway.reload(|setup| setup.written(&toml));
    assert_eq!(patiently(Box::pin(scene.status())).await, 502);
}

#[tokio::test]
async fn who_waits_for_a_name_waits_for_it_through_a_reload() {
    let mut scene = Scene::new(&[ONE], 20).await;
    scene.dns.is_silent();
    let toml = toml(scene.one.address().port(), scene.dns.address(), 20);
    let toml = toml.replace("app.test", "other.test");
    scene.gateway.reload(|setup| setup.written(&toml));
    let (client, address) = (scene.client.clone(), scene.gateway.address());
    let waiting = tokio::spawn(async move {
        let mut http = client.connect(address, HOST).await;
        http.get(HOST).await.status
    });
    scene.dns.asked(1).await;
    for _ in 0..2 {
        scene.gateway.reload(|setup| setup);
    }
    scene.dns.says(&[ONE]);
    assert_eq!(patiently(waiting).await.unwrap(), 200);
}

#[tokio::test]
async fn this_machine_needs_no_server_to_be_known() {
    let mut scene = Scene::new(&[TWO], 20).await;
    scene.dns.is_silent();
    let toml = toml(scene.one.address().port(), scene.dns.address(), 20);
    let toml = toml.replace("app.test", "localhost");
    scene.gateway.reload(|setup| setup.written(&toml));
    assert_eq!(scene.status().await, 200);
    assert_eq!(scene.counts(), (1, 0));
}

#[tokio::test]
async fn a_failure_makes_no_name_one_of_ipv6_only() {
    let mut scene = Scene::new(&[ONE], 20).await;
    assert_eq!(scene.status().await, 200);
    scene.dns.fails_for_ipv4();
    scene.dns.asked(6).await;
    assert_eq!(scene.status().await, 200);
    assert_eq!(scene.counts(), (2, 0));
}
