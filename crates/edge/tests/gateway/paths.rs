//! What the path of a request decides, and what else a listener can be told.

use http::Request;
use http_body_util::Empty;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::rig::{Answer, Backend, Client, Pki, Rig, Setup, streaming};

const HOST: &str = "www.contoso.com";

/// Two backends, path rules, redirects and an error page; a second listener speaks plain HTTP.
struct Scene {
    pki: Pki,
    first: Backend,
    second: Backend,
    gateway: Rig,
}

impl Scene {
    async fn new(more: &str) -> Self {
        let (pki, first, second) = (Pki::new(), Backend::start().await, Backend::start().await);
        let (one, two) = (first.address(), second.address());
        let toml = format!(
            r#"
{more}
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"
error_pages = {{ 502 = "page.html" }}

[[listener]]
name = "plain"
bind = "127.0.0.2:0"
protocol = "http"

[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "off"

[pool.first]
targets = ["{one}"]

[pool.second]
targets = ["{two}"]

[pool.nobody]
targets = ["127.0.0.1:9"]

[[rule]]
name = "r"
priority = 1
listener = "l"
path_map = "m"

[[rule]]
name = "to-https"
priority = 2
listener = "plain"
redirect = "https"

[redirect.https]
type = "permanent"
target_url = "https://www.contoso.com:8443/"
include_path = true
include_query = true

[redirect.found]
type = "found"
target_url = "https://login.contoso.com/start?from=gateway"
include_query = true

[path_map.m]
default_pool = "first"

[[path_map.m.rule]]
name = "images"
paths = ["/images/*", "/pictures"]
pool = "second"

[[path_map.m.rule]]
name = "login"
paths = ["/login*"]
redirect = "found"

[[path_map.m.rule]]
name = "nobody"
paths = ["/nobody"]
pool = "nobody"
"#
        );
        let setup = Setup::new(&pki, &first).file("page.html", "<h1>sorry</h1>".to_owned());
        let gateway = setup.written(&toml).start();
        Self {
            pki,
            first,
            second,
            gateway,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        let client = Client::new(&self.pki);
        let mut connection = client.connect(self.gateway.addresses()[0], HOST).await;
        let request = Request::get(path).body(Empty::new()).unwrap();
        connection.send(HOST, request).await
    }

    /// What the listener of plain HTTP says.
    async fn plainly(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.gateway.addresses()[1])
            .await
            .unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn the_first_path_rule_that_has_a_path_decides_where_it_goes() {
    let scene = Scene::new("").await;
    for path in [
        "/images/a.png",
        "/IMAGES/b",
        "/pictures",
        "/x/../images/c",
        "/%69mages/d",
    ] {
        assert_eq!(scene.get(path).await.status, 200, "{path}");
        // As it was received.
        assert!(scene.second.last().line.contains(path), "{path}");
    }
    for path in ["/", "/images", "/pictures/a", "/other"] {
        assert_eq!(scene.get(path).await.status, 200, "{path}");
        assert!(scene.first.last().line.contains(path), "{path}");
    }
    assert_eq!(scene.second.requests().len(), 5);
}

#[tokio::test]
async fn a_redirect_is_answered_with_the_parts_it_includes_and_nobody_is_asked() {
    let scene = Scene::new("").await;
    let answer = scene.get("/login/now?user=alice").await;
    assert_eq!(answer.status, 302);
    let location = "https://login.contoso.com/start?from=gateway&user=alice";
    assert!(
        answer
            .headers
            .contains(&("location".to_owned(), location.to_owned()))
    );
    assert!(scene.first.requests().is_empty() && scene.second.requests().is_empty());
}

#[tokio::test]
async fn a_listener_of_plain_http_redirects_to_https() {
    let scene = Scene::new("").await;
    let answer = scene
        .plainly("GET /a/b?c=d HTTP/1.1\r\nHost: www.contoso.com\r\nConnection: close\r\n\r\n")
        .await;
    assert!(answer.starts_with("HTTP/1.1 301 "), "{answer}");
    let location = "\r\nlocation: https://www.contoso.com:8443/a/b?c=d\r\n";
    assert!(answer.contains(location), "{answer}");
}

#[tokio::test]
async fn a_listener_has_a_page_of_its_own_for_an_error() {
    let scene = Scene::new("").await;
    let answer = scene.get("/nobody").await;
    assert_eq!(
        (answer.status, &*answer.body),
        (502, b"<h1>sorry</h1>".as_slice())
    );
}

#[tokio::test]
async fn http2_can_be_switched_off() {
    for (more, http2) in [("", true), ("[http]\nhttp2 = false", false)] {
        let scene = Scene::new(more).await;
        let client = Client::new(&scene.pki).http2();
        let tls = client.tls(scene.gateway.addresses()[0], HOST).await;
        let spoken = tls
            .ok()
            .and_then(|tls| tls.get_ref().1.alpn_protocol().map(<[u8]>::to_vec));
        assert_eq!(spoken.as_deref() == Some(b"h2"), http2);
    }
}

#[tokio::test]
async fn what_is_longer_than_may_be_is_refused_with_its_own_status() {
    let limits = "[http]\nurl_bytes = 256\nheader_bytes = 1024\nbody_bytes = 10";
    let scene = Scene::new(limits).await;
    assert_eq!(
        scene.get(&format!("/{}", "a".repeat(255))).await.status,
        200
    );
    assert_eq!(
        scene.get(&format!("/{}", "a".repeat(256))).await.status,
        414
    );
    let client = Client::new(&scene.pki);
    let send = async |request: Request<http_body_util::Full<bytes::Bytes>>| {
        let mut connection = client.connect(scene.gateway.addresses()[0], HOST).await;
        connection.send(HOST, request).await.status
    };
    let request = || Request::post("/");
    let field = request().header("x-long", "b".repeat(1024));
    assert_eq!(send(field.body("".into()).unwrap()).await, 431);
    assert_eq!(
        send(request().body("0123456789".into()).unwrap()).await,
        200
    );
    assert_eq!(
        send(request().body("0123456789a".into()).unwrap()).await,
        413
    );
}

#[tokio::test]
async fn a_body_whose_length_is_not_said_is_counted() {
    let scene = Scene::new("[http]\nbody_bytes = 10").await;
    let client = Client::new(&scene.pki);
    for (parts, status) in [
        (vec!["01234", "56789"], 200),
        (vec!["01234", "56789", "a"], 413),
    ] {
        let (sender, body) = streaming();
        for part in parts {
            sender.send(http_body::Frame::data(part.into())).unwrap();
        }
        drop(sender);
        let mut connection = client.connect(scene.gateway.addresses()[0], HOST).await;
        let answer = connection
            .send(HOST, Request::post("/").body(body).unwrap())
            .await;
        assert_eq!(answer.status, status);
    }
}

#[tokio::test]
async fn an_http2_connection_has_so_many_requests_and_no_more() {
    let scene = Scene::new("[http]\nhttp2_requests = 2").await;
    let client = Client::new(&scene.pki).http2();
    let mut connection = client.connect(scene.gateway.addresses()[0], HOST).await;
    for _ in 0..2 {
        assert_eq!(connection.get(HOST).await.status, 200);
    }
    connection.closed().await;
}
