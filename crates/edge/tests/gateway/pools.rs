//! Which endpoint of a pool a request goes to, and to another where it cannot be sent.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Request;
use http_body_util::{Empty, Full};
use tokio::net::TcpListener;

use crate::rig::{Answer, Backend, Client, Pki, Rig, Setup, patiently};

const HOST: &str = "www.contoso.com";

struct Scene {
    client: Client,
    gateway: Rig,
}

fn toml(targets: &str, pool: &str, settings: &str, more: &str) -> String {
    format!(
        r#"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"
[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "off"
[pool.p]
targets = [{targets}]
{pool}
[backend_settings.s]
{settings}
[[rule]]
name = "r"
priority = 1
listener = "l"
{more}
"#
    )
}

const BASIC: &str = "pool = \"p\"\nbackend_settings = \"s\"";

fn quoted(addresses: &[SocketAddr]) -> String {
    let quoted = addresses.iter().map(|address| format!("\"{address}\""));
    quoted.collect::<Vec<_>>().join(", ")
}

/// An address where nobody listens.
async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

impl Scene {
    async fn new(toml: &str) -> Self {
        let (pki, unused) = (Pki::new(), Backend::start().await);
        let gateway = Setup::new(&pki, &unused).written(toml).start();
        let client = Client::new(&pki);
        Self { client, gateway }
    }

    async fn get(&self, path: &str, cookie: &str) -> Answer {
        let mut http = self.client.connect(self.gateway.address(), HOST).await;
        let request = Request::get(path).header("cookie", cookie);
        http.send(HOST, request.body(Empty::new()).unwrap()).await
    }

    async fn post(&self, body: &'static str) -> Answer {
        let mut http = self.client.connect(self.gateway.address(), HOST).await;
        let request = Request::post("/")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        http.send(HOST, request).await
    }

    async fn gets(&self, requests: usize) {
        for _ in 0..requests {
            assert_eq!(self.get("/", "a=b").await.status, 200);
        }
    }
}

#[tokio::test]
async fn each_target_gets_what_its_weight_says() {
    let (light, heavy) = (Backend::start().await, Backend::start().await);
    let (one, three) = (light.address(), heavy.address());
    let targets = format!("\"{one}\", {{ target = \"{three}\", weight = 3 }}");
    let scene = Scene::new(&toml(&targets, "", "", BASIC)).await;
    scene.gets(20).await;
    assert_eq!((light.requests().len(), heavy.requests().len()), (5, 15));
}

#[tokio::test]
async fn a_slow_backend_gets_no_more_while_others_have_less_to_do() {
    let (mut slow, fast) = (Backend::by_hand().await, Backend::start().await);
    let targets = quoted(&[slow.address(), fast.address()]);
    let pool = "balance = \"least_connections\"";
    let scene = Scene::new(&toml(&targets, pool, "", BASIC)).await;
    let waiting = scene.get("/slow", "a=b");
    let others = async {
        let mut connection = slow.accept().await;
        connection.request().await.unwrap();
        scene.gets(6).await;
        connection.send("HTTP/1.1 204 No Content\r\n\r\n").await;
    };
    let (slowly, ()) = tokio::join!(waiting, others);
    assert_eq!((slowly.status, fast.requests().len()), (204, 6));
}

#[tokio::test]
async fn an_address_of_a_client_leads_to_one_backend() {
    let (one, two) = (Backend::start().await, Backend::start().await);
    let targets = quoted(&[one.address(), two.address()]);
    let scene = Scene::new(&toml(&targets, "balance = \"ip_hash\"", "", BASIC)).await;
    scene.gets(6).await;
    let counts = [one.requests().len(), two.requests().len()];
    assert!(counts.contains(&6) && counts.contains(&0), "{counts:?}");
}

/// The value of the first cookie that a response sets.
fn value(answer: &Answer) -> String {
    let cookie = answer.header("set-cookie")[0].to_owned();
    let (_, value) = cookie.split_once('=').unwrap();
    value.split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn a_session_stays_at_its_backend_and_a_forged_one_is_none() {
    let (one, two) = (Backend::start().await, Backend::start().await);
    let targets = quoted(&[one.address(), two.address()]);
    let settings = "cookie_affinity = true\naffinity_cookie = \"Sticky\"";
    let scene = Scene::new(&toml(&targets, "", settings, BASIC)).await;
    let first = scene.get("/", "a=b").await;
    let token = value(&first);
    assert_eq!(
        first.header("set-cookie"),
        [
            format!("Sticky={token}; Path=/"),
            format!("StickyCORS={token}; Path=/; SameSite=None; Secure"),
        ]
    );
    assert!(token.len() == 32 && token.bytes().all(|octet| octet.is_ascii_hexdigit()));
    for cookie in ["Sticky", "StickyCORS"] {
        for _ in 0..3 {
            let answer = scene.get("/", &format!("x=y; {cookie}={token}")).await;
            assert_eq!(answer.header("set-cookie"), Vec::<&str>::new());
        }
    }
    assert_eq!((one.requests().len(), two.requests().len()), (7, 0));

    let other = match token.strip_prefix('0') {
        Some(rest) => format!("1{rest}"),
        None => format!("0{}", &token[1..]),
    };
    let outside = nobody().await.to_string();
    for forged in [&*other, &outside, &token[..31], "", &"f".repeat(4000)] {
        let answer = scene.get("/", &format!("Sticky={forged}")).await;
        assert_eq!(answer.status, 200);
        let told = value(&answer);
        assert!(told != forged && told.len() == 32);
    }
    assert_eq!(
        (
            one.requests().len() + two.requests().len(),
            two.requests().len() > 1
        ),
        (12, true)
    );
}

#[tokio::test]
async fn what_could_not_be_sent_goes_to_another_once_whole() {
    let live = Backend::start().await;
    let targets = quoted(&[nobody().await, nobody().await, live.address()]);
    let scene = Scene::new(&toml(&targets, "", "pick_host = true", BASIC)).await;
    for _ in 0..3 {
        assert_eq!(scene.post("whole body").await.status, 200);
    }
    let requests = live.requests();
    assert_eq!(requests.len(), 3);
    for request in requests {
        assert_eq!(request.body, b"whole body");
        assert_eq!(request.header("host").len(), 1);
    }
}

#[tokio::test]
async fn more_than_three_endpoints_are_not_tried() {
    let live = Backend::start().await;
    let (a, b, c) = (nobody().await, nobody().await, nobody().await);
    let scene = Scene::new(&toml(&quoted(&[a, b, c, live.address()]), "", "", BASIC)).await;
    assert_eq!(scene.post("x").await.status, 502);
    // Those that failed come last from now on.
    for _ in 0..4 {
        assert_eq!(scene.post("x").await.status, 200);
    }
    assert_eq!(live.requests().len(), 4);
}

#[tokio::test]
async fn what_was_sent_is_never_sent_again() {
    let (closing, live) = (
        Backend::answering(|_| Vec::new()).await,
        Backend::start().await,
    );
    let targets = quoted(&[closing.address(), live.address()]);
    let scene = Scene::new(&toml(&targets, "", "", BASIC)).await;
    assert_eq!(scene.post("pay 100").await.status, 502);
    assert_eq!((closing.requests().len(), live.requests().len()), (1, 0));
}

#[tokio::test]
async fn what_is_removed_finishes_its_requests_and_is_cut_when_its_time_is_over() {
    for (draining, status) in [(600, 204), (1, 502)] {
        let (mut old, new) = (Backend::by_hand().await, Backend::start().await);
        let settings = format!("draining = {draining}");
        let before = toml(&quoted(&[old.address()]), "", &settings, BASIC);
        let after = toml(&quoted(&[new.address()]), "", &settings, BASIC);
        let mut scene = Scene::new(&before).await;
        let address = scene.gateway.address();
        let mut http = scene.client.connect(address, HOST).await;
        let waiting = tokio::spawn(async move { http.get(HOST).await });
        let mut connection = old.accept().await;
        connection.request().await.unwrap();
        scene.gateway.reload(|setup| setup.written(&after));
        assert_eq!(scene.get("/", "a=b").await.status, 200);
        if draining > 1 {
            connection.send("HTTP/1.1 204 No Content\r\n\r\n").await;
        }
        assert_eq!(patiently(waiting).await.unwrap().status, status);
        assert_eq!(new.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_body_of_what_is_removed_is_cut_when_its_time_is_over() {
    let (mut old, new) = (Backend::by_hand().await, Backend::start().await);
    let before = toml(&quoted(&[old.address()]), "", "draining = 1", BASIC);
    let after = toml(&quoted(&[new.address()]), "", "draining = 1", BASIC);
    let mut scene = Scene::new(&before).await;
    let mut http = scene.client.connect(scene.gateway.address(), HOST).await;
    let begun = tokio::spawn(async move {
        let request = Request::get("/").body(Empty::<Bytes>::new()).unwrap();
        let response = http.begin(HOST, request).await.unwrap();
        http_body_util::BodyExt::collect(response.into_body())
            .await
            .is_err()
    });
    let mut connection = old.accept().await;
    connection.request().await.unwrap();
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf")
        .await;
    scene.gateway.reload(|setup| setup.written(&after));
    assert!(patiently(begun).await.unwrap(), "the body is not whole");
}

#[tokio::test]
async fn an_emptied_session_moves_on_after_its_server_s_time() {
    let (old, new) = (Backend::start().await, Backend::start().await);
    let settings = "cookie_affinity = true\ndraining = 600";
    let before = toml(&quoted(&[old.address()]), "", settings, BASIC);
    let after = toml(&quoted(&[new.address()]), "", settings, BASIC);
    let mut scene = Scene::new(&before).await;
    let token = value(&scene.get("/", "a=b").await);
    scene.gateway.reload(|setup| setup.written(&after));
    let cookie = format!("ApplicationGatewayAffinity={token}");
    assert_eq!(scene.get("/", &cookie).await.status, 200);
    assert_eq!((old.requests().len(), new.requests().len()), (2, 0));
    assert_eq!(scene.get("/", "a=b").await.status, 200);
    assert_eq!(new.requests().len(), 1);
}

#[tokio::test]
async fn a_path_takes_the_place_of_what_the_rule_says_after_rewrites() {
    let backend = Backend::start().await;
    let map = r#"
path_map = "m"
[path_map.m]
default_pool = "p"
default_backend_settings = "s"
[[path_map.m.rule]]
name = "api"
paths = ["/pathrule*"]
pool = "p"
backend_settings = "s"
[[path_map.m.rule]]
name = "old"
paths = ["/old/*"]
pool = "p"
backend_settings = "s"
rewrite_set = "w"
[[rewrite_set.w.rule]]
name = "w"
url = { path = "/pathrule/new", query = "a=1", reroute = true }
"#;
    let map = map.replace(
        "name = \"w\"\n",
        "name = \"w\"\nconditions = [{ variable = \"var_uri_path\", pattern = \"old\" }]\n",
    );
    let toml = toml(
        &quoted(&[backend.address()]),
        "",
        "path = \"/override/\"",
        &map,
    );
    let scene = Scene::new(&toml).await;
    for (path, expected) in [
        ("/pathrule/home/?q=1", "/override/home/?q=1"),
        ("/home/", "/override/home/"),
        ("/old/x?b=2", "/override/new?a=1"),
        ("/pathrule/%2e%2e/secret", "/override/secret"),
        ("/pathrule/a%2fb", "/override/a%2fb"),
    ] {
        assert_eq!(scene.get(path, "a=b").await.status, 200, "{path}");
        assert_eq!(backend.last().line, format!("GET {expected} HTTP/1.1"));
    }
}

#[tokio::test]
async fn each_request_has_a_trace_id_that_is_not_the_client_s() {
    let backend = Backend::start().await;
    let scene = Scene::new(&toml(&quoted(&[backend.address()]), "", "", BASIC)).await;
    let mut ids = Vec::new();
    for _ in 0..2 {
        let mut http = scene.client.connect(scene.gateway.address(), HOST).await;
        let forged = "f".repeat(32);
        let request = Request::get("/").header("X-AppGW-Trace-Id", &forged);
        http.send(HOST, request.body(Empty::new()).unwrap()).await;
        let id = backend.last().only("x-appgw-trace-id").to_owned();
        assert!(id != forged && id.len() == 32 && id.bytes().all(|o| o.is_ascii_hexdigit()));
        ids.push(id);
    }
    assert_ne!(ids[0], ids[1]);
}
