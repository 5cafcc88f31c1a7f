//! What rules make of URLs and of `Set-Cookie`, and that neither is a way round.

use http::Request;
use http_body_util::Empty;
use portcullis_test_pki::Certified;

use crate::rig::{Answer, Backend, Client, Pki, Recorded, Rig, Setup};

const HOST: &str = "www.contoso.com";

const RULES: &str = r#"
[path_map.m]
default_pool = "first"
default_rewrite_set = "shop"

[[path_map.m.rule]]
name = "admin"
paths = ["/admin*"]
pool = "second"
authorization = "proven"

[[path_map.m.rule]]
name = "list"
paths = ["/list*"]
pool = "second"
rewrite_set = "list"

[[path_map.m.rule]]
name = "old"
paths = ["/old/*"]
pool = "first"
rewrite_set = "old"

[[path_map.m.rule]]
name = "clear"
paths = ["/clear"]
pool = "first"
rewrite_set = "clear"

[[path_map.m.rule]]
name = "go"
paths = ["/go"]
pool = "first"
rewrite_set = "go"

[[path_map.m.rule]]
name = "again"
paths = ["/again"]
pool = "first"
rewrite_set = "again"

[[path_map.m.rule]]
name = "a"
paths = ["/a"]
pool = "first"
rewrite_set = "to-b"

[[path_map.m.rule]]
name = "b"
paths = ["/b"]
pool = "first"
rewrite_set = "to-a"

[[path_map.m.rule]]
name = "self"
paths = ["/self*"]
pool = "first"
rewrite_set = "to-self"

[authorization.proven]
require_certificate = true

[[rewrite_set.shop.rule]]
name = "product"
conditions = [{ variable = "var_uri_path", pattern = "/(.+)/(.+)" }]
url = { path = "buy.aspx", query = "category={var_uri_path_1}&product={var_uri_path_2}" }

[[rewrite_set.shop.rule]]
name = "location"
conditions = [{ variable = "http_resp_Location", pattern = '(https?):\/\/.*azurewebsites\.net(.*)$' }]
response_headers = { Location = "{http_resp_Location_1}://contoso.com{http_resp_Location_2}" }

[[rewrite_set.shop.rule]]
name = "cookies"
response_cookies = [
    { pattern = "cookie2=(.*)", value = "cookie2={capt_header_value_matcher_1};Max-Age=3600" },
    { pattern = "^debug=", value = "" },
    { pattern = "^LAST=", ignore_case = true, value = "{capt_header_value_matcher}; Secure" },
]

[[rewrite_set.list.rule]]
name = "header"
request_headers = { X-List = "{var_uri_path}" }
response_headers = { X-List = "yes" }

[[rewrite_set.old.rule]]
name = "old"
conditions = [{ variable = "var_uri_path", pattern = "^/old/(.*)$" }]
request_headers = { X-Old = "yes" }
response_headers = { X-Old = "yes" }
url = { path = "/list/{var_uri_path_1}", reroute = true }

[[rewrite_set.clear.rule]]
name = "clear"
url = { query = "" }

[[rewrite_set.go.rule]]
name = "go"
url = { path = "{http_req_X-To}" }

[[rewrite_set.again.rule]]
name = "again"
conditions = [{ variable = "var_uri_path", pattern = "." }]
url = { path = "{http_req_X-To}", reroute = true }

[[rewrite_set.to-b.rule]]
name = "to-b"
conditions = [{ variable = "var_uri_path", pattern = "." }]
url = { path = "/b", reroute = true }

[[rewrite_set.to-a.rule]]
name = "to-a"
conditions = [{ variable = "var_uri_path", pattern = "." }]
url = { path = "/a", reroute = true }

[[rewrite_set.to-self.rule]]
name = "to-self"
conditions = [{ variable = "var_uri_path", pattern = "." }]
url = { path = "/self/more", reroute = true }
"#;

/// Ways from `/step1` to `/step2` and so on to `/step10`, which is none.
fn steps() -> String {
    (1..10)
        .map(|step| {
            let next = step + 1;
            format!(
                r#"
[[path_map.m.rule]]
name = "step{step}"
paths = ["/step{step}"]
pool = "first"
rewrite_set = "step{step}"

[[rewrite_set.step{step}.rule]]
name = "step"
conditions = [{{ variable = "var_uri_path", pattern = "." }}]
url = {{ path = "/step{next}", reroute = true }}
"#
            )
        })
        .collect()
}

struct Scene {
    pki: Pki,
    first: Backend,
    second: Backend,
    gateway: Rig,
}

impl Scene {
    async fn new() -> Self {
        Self::answering(|_| b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".to_vec()).await
    }

    /// The first backend answers this.
    async fn answering(answer: impl Fn(&Recorded) -> Vec<u8> + Send + Sync + 'static) -> Self {
        let pki = Pki::new();
        let (first, second) = (Backend::answering(answer).await, Backend::start().await);
        let toml = format!(
            r#"
[[listener]]
name = "l"
bind = "127.0.0.1:0"
tls_profile = "p"

[tls_profile.p]
certificate = {{ pem = "server.pem", key = "server.key" }}
client_auth = "optional"
trusted_client_certificates = ["chain.pem"]
revocation = "off"

[pool.first]
targets = ["{}"]

[pool.second]
targets = ["{}"]

[[rule]]
name = "r"
priority = 1
listener = "l"
path_map = "m"
{RULES}{}"#,
            first.address(),
            second.address(),
            steps(),
        );
        let gateway = Setup::new(&pki, &first).written(&toml).start();
        Self {
            pki,
            first,
            second,
            gateway,
        }
    }

    async fn get(&self, path: &str) -> Answer {
        self.get_to(None, path, "").await
    }

    /// A request that says where rules shall send it.
    async fn get_to(&self, client: Option<&Certified>, path: &str, to: &str) -> Answer {
        let anybody = Client::new(&self.pki);
        let client = match client {
            Some(leaf) => anybody.showing(leaf, &[]),
            None => anybody,
        };
        let request = Request::get(path)
            .header("accept", "application/json")
            .header("x-to", to);
        let request = request.body(Empty::new()).unwrap();
        let mut connection = client.connect(self.gateway.address(), HOST).await;
        connection.send(HOST, request).await
    }
}

fn values<'a>(answer: &'a Answer, name: &str) -> Vec<&'a str> {
    let of_name = answer.headers.iter().filter(|(found, _)| found == name);
    of_name.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn a_path_becomes_a_query_and_the_backend_is_told_the_original() {
    let scene = Scene::new().await;
    assert_eq!(scene.get("/shoes/boots?x=1").await.status, 200);
    let request = scene.first.last();
    assert_eq!(
        request.line,
        "GET /buy.aspx?category=shoes&product=boots HTTP/1.1"
    );
    assert_eq!(request.only("x-original-url"), "/shoes/boots?x=1");
    // No condition holds, so nothing changes.
    scene.get("/shoes?x=%20").await;
    assert_eq!(scene.first.last().line, "GET /shoes?x=%20 HTTP/1.1");
}

#[tokio::test]
async fn the_host_of_a_location_is_replaced() {
    let scene = Scene::answering(|_| {
        b"HTTP/1.1 302 Found\r\nLocation: https://app.azurewebsites.net/path?x=1\r\nContent-Length: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let answer = scene.get("/").await;
    assert_eq!(
        values(&answer, "location"),
        ["https://contoso.com/path?x=1"]
    );
}

#[tokio::test]
async fn a_query_can_be_cleared() {
    let scene = Scene::new().await;
    scene.get("/clear?x=1").await;
    let request = scene.first.last();
    assert_eq!(request.line, "GET /clear HTTP/1.1");
    assert_eq!(request.only("x-original-url"), "/clear?x=1");
}

#[tokio::test]
async fn the_path_map_is_asked_again_and_the_rules_of_both_ways_count() {
    let scene = Scene::new().await;
    let answer = scene.get("/old/shoes?size=42").await;
    assert_eq!(answer.status, 200);
    assert!(scene.first.requests().is_empty());
    let request = scene.second.last();
    assert_eq!(request.line, "GET /list/shoes?size=42 HTTP/1.1");
    assert_eq!(request.only("x-original-url"), "/old/shoes?size=42");
    assert_eq!(request.only("x-old"), "yes");
    assert_eq!(request.only("x-list"), "/old/shoes", "as it was received");
    assert_eq!(values(&answer, "x-old"), ["yes"]);
    assert_eq!(values(&answer, "x-list"), ["yes"]);
}

#[tokio::test]
async fn a_request_that_is_sent_round_for_ever_is_refused() {
    let scene = Scene::new().await;
    for path in ["/a", "/b", "/self"] {
        let answer = scene.get(path).await;
        assert_eq!(
            (answer.status, &*answer.reason()),
            (500, "rewrite_loop"),
            "{path}"
        );
    }
    assert!(scene.first.requests().is_empty());
}

#[tokio::test]
async fn the_path_map_is_asked_again_eight_times_and_no_more() {
    let scene = Scene::new().await;
    assert_eq!(scene.get("/step2").await.status, 200);
    assert_eq!(scene.first.last().line, "GET /step10 HTTP/1.1");
    let answer = scene.get("/step1").await;
    assert_eq!((answer.status, &*answer.reason()), (500, "rewrite_loop"));
}

#[tokio::test]
async fn no_rewrite_reaches_a_path_whose_authorization_the_client_lacks() {
    let scene = Scene::new().await;
    for path in ["/go", "/again"] {
        for to in [
            "/admin", "admin/x", "/ADMIN", "/%61dmin", "//admin", "/admin?x", "/admin#x",
        ] {
            let answer = scene.get_to(None, path, to).await;
            let found = (answer.status, &*answer.reason());
            assert_eq!(found, (403, "client_certificate_required"), "{path} {to}");
        }
        for to in [
            "/../admin",
            "/x/../admin",
            "/x/..%2fadmin",
            "/x\\..\\admin",
            "/x/%2e%2e/y",
            "/./x",
        ] {
            let answer = scene.get_to(None, path, to).await;
            let found = (answer.status, &*answer.reason());
            assert_eq!(found, (400, "path_invalid"), "{path} {to}");
        }
    }
    assert!(scene.first.requests().is_empty() && scene.second.requests().is_empty());
    let alice = scene.pki.alice();
    assert_eq!(
        scene.get_to(Some(&alice), "/go", "/admin").await.status,
        200
    );
    assert_eq!(scene.first.last().line, "GET /admin HTTP/1.1");
    let answer = scene.get_to(Some(&alice), "/again", "/admin").await;
    assert_eq!(answer.status, 200);
    assert_eq!(scene.second.last().line, "GET /admin HTTP/1.1");
}

#[tokio::test]
async fn what_a_client_sends_stays_in_the_path() {
    let scene = Scene::new().await;
    for (to, line) in [
        ("", "GET /?q HTTP/1.1"),
        ("x y", "GET /x%20y?q HTTP/1.1"),
        ("/x HTTP/1.1", "GET /x%20HTTP/1.1?q HTTP/1.1"),
        ("/x?y#z", "GET /x%3Fy%23z?q HTTP/1.1"),
        ("/x%0d%0aHost:%zz", "GET /x%0d%0aHost:%25zz?q HTTP/1.1"),
    ] {
        assert_eq!(scene.get_to(None, "/go?q", to).await.status, 200, "{to}");
        assert_eq!(scene.first.last().line, line);
    }
}

#[tokio::test]
async fn a_set_cookie_field_is_changed_by_its_own_value() {
    let scene = Scene::answering(|_| {
        b"HTTP/1.1 200 OK\r\nSet-Cookie: cookie1=a\r\nSet-Cookie: cookie2=b\r\nSet-Cookie: debug=1\r\n\
          Set-Cookie: cookie3=c; Path=/\r\nSet-Cookie: last=d\r\nContent-Length: 0\r\n\r\n"
            .to_vec()
    })
    .await;
    let answer = scene.get("/").await;
    assert_eq!(
        values(&answer, "set-cookie"),
        [
            "cookie1=a",
            "cookie2=b;Max-Age=3600",
            "cookie3=c; Path=/",
            "last=d; Secure",
        ]
    );
}

#[tokio::test]
async fn over_http_2_a_request_is_rewritten_as_over_http_1() {
    let scene = Scene::new().await;
    let client = Client::new(&scene.pki).http2();
    let mut connection = client.connect(scene.gateway.address(), HOST).await;
    let request = Request::get("/old/shoes?size=42").body(Empty::new());
    let answer = connection.send(HOST, request.unwrap()).await;
    assert_eq!(answer.status, 200);
    assert_eq!(values(&answer, "x-list"), ["yes"]);
    let request = scene.second.last();
    assert_eq!(request.line, "GET /list/shoes?size=42 HTTP/1.1");
    assert_eq!(request.only("host"), HOST);
    assert_eq!(request.only("x-original-url"), "/old/shoes?size=42");
    let request = Request::get("/self").header("accept", "application/json");
    let answer = connection.send(HOST, request.body(Empty::new()).unwrap());
    let answer = answer.await;
    assert_eq!((answer.status, &*answer.reason()), (500, "rewrite_loop"));
}
