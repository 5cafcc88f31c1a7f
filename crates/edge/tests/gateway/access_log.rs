//! What the access log says of a request, and that nobody else writes it.

mod forged;
mod kept;

use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use serde_json::Value;

use crate::rig::log::{Line, connect, field, line_of, lines_of};
use crate::rig::{Backend, Client, Http, Pki, Profile, Raw, Rig, Setup};

const HOST: &str = "www.contoso.com";

/// Forwards `/old` as `/new?x=1`.
const URL: &str = r#"
name = "url"
sequence = 200
conditions = [{ variable = "var_uri_path", pattern = "^/old$" }]
url = { path = "/new", query = "x=1" }
"#;

struct Scene {
    pki: Pki,
    gateway: Rig,
}

impl Scene {
    fn new(backend: &Backend) -> Self {
        let pki = Pki::new();
        let gateway = Setup::new(&pki, backend)
            .site(HOST, Profile::required(&pki))
            .rule(URL)
            .start();
        Self { pki, gateway }
    }

    fn client(&self) -> Client {
        Client::new(&self.pki).showing(&self.pki.alice(), &[])
    }

    async fn raw(&self) -> (Raw, std::net::SocketAddr) {
        let (stream, local) = connect(self.gateway.address()).await;
        let tls = self.client().tls_over(stream, HOST).await.unwrap();
        (Raw::new(tls), local)
    }

    async fn http(&self, client: &Client) -> (Http, std::net::SocketAddr) {
        let (stream, local) = connect(self.gateway.address()).await;
        let tls = client.tls_over(stream, HOST).await.unwrap();
        (Http::over(tls).await, local)
    }
}

const ENVELOPE: [&str; 8] = [
    "backendPoolName",
    "backendSettingName",
    "category",
    "listenerName",
    "operationName",
    "properties",
    "ruleName",
    "timeStamp",
];

const NUMBERS: [&str; 7] = [
    "clientPort",
    "httpStatus",
    "receivedBytes",
    "sentBytes",
    "clientResponseTime",
    "timeTaken",
    "clientVerifyTime",
];

const TEXTS: [&str; 30] = [
    "clientIP",
    "httpMethod",
    "originalRequestUriWithArgs",
    "requestUri",
    "requestQuery",
    "userAgent",
    "httpVersion",
    "transactionId",
    "sslEnabled",
    "sslCipher",
    "sslProtocol",
    "sslClientVerify",
    "sslClientCertificateFingerprint",
    "sslClientCertificateIssuerName",
    "serverRouted",
    "serverStatus",
    "serverResponseLatency",
    "upstreamSourcePort",
    "originalHost",
    "host",
    "error_info",
    "contentType",
    "reason",
    "reasonClass",
    "detail",
    "sslClientCertificateSubjectName",
    "revocationStatus",
    "revocationSource",
    "spanId",
    "traceId",
];

/// The names and the types of everything.
#[track_caller]
fn assert_shape(line: &Line) {
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect();
    let mut envelope: Vec<String> = names(&line.json);
    envelope.sort_unstable();
    assert_eq!(envelope, ENVELOPE);
    let properties = &line.json["properties"];
    let found: Vec<String> = names(properties);
    assert_eq!(found.len(), NUMBERS.len() + TEXTS.len(), "{found:?}");
    for name in NUMBERS {
        assert!(properties[name].is_number(), "{name} in {properties}");
    }
    for name in TEXTS {
        assert!(properties[name].is_string(), "{name} in {properties}");
    }
}

#[track_caller]
fn assert_says(line: &Line, expected: &[(&str, &str)]) {
    for (name, value) in expected {
        assert_eq!(field(line, name), *value, "{name} in {}", line.text);
    }
}

/// What is said of the one exchange below, whoever has it.
const SAID: [(&str, &str); 27] = [
    ("listenerName", "l0"),
    ("ruleName", "r0"),
    ("backendPoolName", "b0"),
    ("backendSettingName", "all"),
    ("operationName", "ApplicationGatewayAccess"),
    ("category", "ApplicationGatewayAccessLog"),
    ("httpMethod", "POST"),
    ("originalRequestUriWithArgs", "/old?a=b"),
    ("requestUri", "/new"),
    ("requestQuery", "x=1"),
    ("userAgent", "test/1.0"),
    ("httpStatus", "201"),
    ("httpVersion", "HTTP/1.1"),
    ("sslEnabled", "on"),
    ("sslProtocol", "TLSv1.3"),
    ("sslClientVerify", "SUCCESS"),
    ("sslClientCertificateSubjectName", "CN=alice"),
    ("serverStatus", "201"),
    ("originalHost", HOST),
    ("host", HOST),
    ("error_info", "ERRORINFO_NO_ERROR"),
    ("contentType", "text/plain"),
    ("reason", "forwarded"),
    ("reasonClass", ""),
    ("detail", ""),
    ("revocationStatus", ""),
    ("traceId", ""),
];

#[tokio::test]
async fn every_field_is_that_of_the_exchange() {
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 201 Created\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
            .to_vec()
    })
    .await;
    let scene = Scene::new(&backend);
    let (mut raw, local) = scene.raw().await;
    let request = "POST /old?a=b HTTP/1.1\r\nhost: www.contoso.com\r\nuser-agent: test/1.0\r\n\
                   content-length: 4\r\nconnection: close\r\n\r\nbody";
    raw.send(request).await;
    let answer = raw.rest().await;
    let line = line_of(local).await;
    assert_shape(&line);
    let (port, received) = (local.port().to_string(), request.len().to_string());
    // What HTTP adds of itself: the fields Date and Connection.
    let sent = answer.len() - "date: Sun, 29 Nov 2026 00:00:00 GMT\r\nconnection: close\r\n".len();
    let (sent, routed) = (sent.to_string(), backend.address().to_string());
    let (ip, seen) = (local.ip().to_string(), backend.last());
    assert_says(&line, &SAID);
    assert_says(
        &line,
        &[
            ("clientIP", &ip),
            ("clientPort", &port),
            ("receivedBytes", &received),
            ("sentBytes", &sent),
            ("serverRouted", &routed),
            (
                "sslClientCertificateFingerprint",
                seen.only("x-client-certificate-fingerprint"),
            ),
            (
                "sslClientCertificateIssuerName",
                seen.only("x-client-certificate-issuer"),
            ),
        ],
    );
    assert!(field(&line, "sslCipher").starts_with("TLS_"), "{line:?}");
    assert_eq!(field(&line, "transactionId").len(), 32);
    assert_ne!(field(&line, "upstreamSourcePort"), "");
    let time = field(&line, "timeStamp");
    assert_eq!((time.len(), time.ends_with('Z')), (27, true), "{time}");
    let seconds = |name| field(&line, name).parse::<f64>().unwrap();
    assert!(seconds("timeTaken") >= seconds("serverResponseLatency"));
    assert!(seconds("timeTaken") >= seconds("clientResponseTime"));
    assert!(seconds("clientVerifyTime") > 0.0);
}

#[tokio::test]
async fn suites_have_the_names_of_openssl() {
    let backend = Backend::start().await;
    let scene = Scene::new(&backend);
    let client = Client::tls12(&scene.pki).showing(&scene.pki.alice(), &[]);
    let (mut http, local) = scene.http(&client).await;
    http.get(HOST).await;
    let line = line_of(local).await;
    assert_says(&line, &[("sslProtocol", "TLSv1.2")]);
    let cipher = field(&line, "sslCipher");
    assert!(
        cipher.starts_with("ECDHE-") && !cipher.contains('_'),
        "{cipher}"
    );
}

#[tokio::test]
async fn http2_is_logged_alike_and_every_request_once() {
    let backend = Backend::start().await;
    let scene = Scene::new(&backend);
    let (mut http, local) = scene.http(&scene.client().http2()).await;
    for number in 0..3 {
        let body = Full::from(Bytes::from(vec![b'x'; number]));
        let request = Request::post(format!("/{number}")).body(body).unwrap();
        assert_eq!(http.send(HOST, request).await.status, 200);
    }
    let lines = lines_of(local, 3).await;
    assert_eq!(lines.len(), 3);
    for (number, line) in lines.iter().enumerate() {
        assert_shape(line);
        assert_says(
            line,
            &[
                ("httpVersion", "HTTP/2.0"),
                ("originalRequestUriWithArgs", &format!("/{number}")),
                ("originalHost", HOST),
                ("error_info", "ERRORINFO_NO_ERROR"),
            ],
        );
        assert_ne!(
            field(line, "transactionId"),
            field(&lines[(number + 1) % 3], "transactionId")
        );
    }
    let received = |line: &Line| field(line, "receivedBytes").parse::<u64>().unwrap();
    assert!(received(&lines[1]) < received(&lines[2]));
}

#[tokio::test]
async fn a_refused_client_is_told_from_one_without_a_certificate() {
    let backend = Backend::start().await;
    let scene = Scene::new(&backend);
    let expired = scene.pki.client("alice").expired().issue();
    for (client, verify, class) in [
        (Client::new(&scene.pki), "NONE", "certificate_missing"),
        (
            Client::new(&scene.pki).showing(&expired, &[]),
            "FAILED:certificate has expired",
            "expired",
        ),
    ] {
        let (mut http, local) = scene.http(&client).await;
        let answer = http.get(HOST).await;
        let line = line_of(local).await;
        assert_shape(&line);
        assert_says(
            &line,
            &[
                ("httpStatus", "400"),
                ("sslClientVerify", verify),
                ("error_info", "ERRORINFO_HTTPS_NO_CERT"),
                ("reason", &answer.reason()),
                ("reasonClass", class),
                ("contentType", "application/json"),
                ("serverRouted", ""),
                ("serverStatus", ""),
                ("backendPoolName", ""),
                ("sslClientCertificateSubjectName", ""),
            ],
        );
        let shown = verify != "NONE";
        assert_eq!(
            !field(&line, "sslClientCertificateFingerprint").is_empty(),
            shown
        );
        assert_eq!(
            !field(&line, "sslClientCertificateIssuerName").is_empty(),
            shown
        );
    }
}

#[tokio::test]
async fn what_is_no_request_is_logged_too() {
    let backend = Backend::start().await;
    let scene = Scene::new(&backend);
    let (mut raw, local) = scene.raw().await;
    raw.send("GET / HTTP/1.1\r\nhost : x\r\n\r\n").await;
    raw.rest().await;
    assert_says(
        &line_of(local).await,
        &[
            ("httpStatus", "400"),
            ("reason", "request_malformed"),
            ("error_info", "ERRORINFO_INVALID_REQUEST"),
            ("listenerName", "l0"),
        ],
    );
}

#[tokio::test]
async fn the_words_for_hosts_and_methods_are_the_documented_ones() {
    let backend = Backend::start().await;
    let scene = Scene::new(&backend);
    for (request, status, info) in [
        (
            "GET / HTTP/1.0\r\n\r\n",
            "400",
            "ERRORINFO_HTTP_NO_HOST_HEADER",
        ),
        (
            "TRACE / HTTP/1.1\r\nhost: www.contoso.com\r\n\r\n",
            "405",
            "ERRORINFO_INVALID_METHOD_TRACE",
        ),
        (
            "GET / HTTP/1.1\r\nhost: other.contoso.com\r\n\r\n",
            "404",
            "ERRORINFO_INVALID_HOST",
        ),
    ] {
        let (mut raw, local) = scene.raw().await;
        raw.send(request).await;
        raw.answer().await;
        assert_says(
            &line_of(local).await,
            &[("httpStatus", status), ("error_info", info)],
        );
    }
}

#[tokio::test]
async fn a_client_that_leaves_before_its_answer_is_499() {
    let mut backend = Backend::by_hand().await;
    let scene = Scene::new(&backend);
    for client in [scene.client(), scene.client().http2()] {
        let (mut http, local) = scene.http(&client).await;
        let asking = tokio::spawn(async move {
            http.get(HOST).await;
        });
        let mut connection = backend.accept().await;
        connection.request().await.unwrap();
        asking.abort();
        assert!(asking.await.is_err());
        assert_says(
            &line_of(local).await,
            &[
                ("httpStatus", "499"),
                ("error_info", "ERRORINFO_CLIENT_CLOSED_REQUEST"),
                ("reason", "client_closed_request"),
                ("sentBytes", "0"),
                ("backendPoolName", "b0"),
            ],
        );
    }
}

/// The head of an answer, and a part of its body.
const BEGUN: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegun";

#[tokio::test]
async fn a_client_that_leaves_in_the_middle_is_told_from_a_backend_that_does() {
    let mut backend = Backend::by_hand().await;
    let scene = Scene::new(&backend);
    for client in [scene.client(), scene.client().http2()] {
        for (client_leaves, info) in [
            (true, "ERRORINFO_CLIENT_CLOSED_REQUEST"),
            (false, "ERRORINFO_UPSTREAM_CLOSED_CONNECTION"),
        ] {
            let (mut http, local) = scene.http(&client).await;
            let asking = tokio::spawn(async move {
                let request = Request::get("/").body(Full::<Bytes>::default()).unwrap();
                let mut response = http.begin(HOST, request).await.unwrap();
                response.body_mut().frame().await.unwrap().unwrap();
                (http, response)
            });
            let mut connection = backend.accept().await;
            connection.request().await.unwrap();
            connection.send(BEGUN).await;
            let got = asking.await.unwrap();
            if client_leaves {
                drop(got);
                let line = line_of(local).await;
                assert_says(&line, &[("httpStatus", "200"), ("error_info", info)]);
            } else {
                drop(connection);
                let line = line_of(local).await;
                assert_says(&line, &[("httpStatus", "200"), ("error_info", info)]);
                drop(got);
            }
        }
    }
}

#[tokio::test]
async fn a_backend_that_is_not_there_is_none_that_lives() {
    let backend = Backend::start().await;
    let pki = Pki::new();
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let gateway = Setup::new(&pki, &backend)
        .site(HOST, Profile::off())
        .to(gone)
        .start();
    let line = crate::rig::log::visit(&Client::new(&pki), gateway.address(), HOST).await;
    assert_says(
        &line,
        &[
            ("httpStatus", "502"),
            ("error_info", "ERRORINFO_UPSTREAM_NO_LIVE"),
            ("reason", "backend_unreachable"),
            ("reasonClass", "backend"),
            ("serverRouted", &gone.to_string()),
            ("serverStatus", ""),
        ],
    );
}

#[tokio::test]
async fn what_was_switched_to_is_told_when_it_has_ended() {
    let mut backend = Backend::by_hand().await;
    let scene = Scene::new(&backend);
    let (mut raw, local) = scene.raw().await;
    let request = "GET /chat HTTP/1.1\r\nHost: www.contoso.com\r\nConnection: upgrade\r\n\
                   Upgrade: parrot\r\n\r\n";
    raw.send(request).await;
    let mut connection = backend.accept().await;
    connection.request().await.unwrap();
    let granted =
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: parrot\r\n\r\n";
    connection.send(granted).await;
    assert_eq!(raw.answer().await.status, 101);
    raw.send("who is there?").await;
    connection.until(b"who is there?").await;
    connection.send(vec![b'x'; 100_000]).await;
    drop(connection);
    drop(raw);
    let line = line_of(local).await;
    let whole = [
        ("httpStatus", "101"),
        ("reason", "switched"),
        ("requestUri", "/chat"),
        ("serverStatus", "101"),
    ];
    assert_says(&line, &whole);
    let octets = |name| field(&line, name).parse::<u64>().unwrap();
    assert!(octets("receivedBytes") > u64::try_from(request.len()).unwrap());
    assert!(octets("upstreamSourcePort") > 0);
    assert!(!field(&line, "detail").is_empty());
}
