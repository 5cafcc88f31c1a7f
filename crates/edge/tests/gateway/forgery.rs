//! What no client can tell the backend: who it is.

use http::Request;
use http_body_util::Empty;

use crate::rig::{Backend, Client, End, Frames, Pki, Profile, Recorded, Rig, Setup};

const FORGED: &str = "forged-by-the-client";

/// Every header that the rules set from the certificate.
const IDENTITY: [&str; 8] = [
    "x-client-certificate",
    "x-client-certificate-subject",
    "x-client-certificate-issuer",
    "x-client-certificate-serial",
    "x-client-certificate-fingerprint",
    "x-client-certificate-start-date",
    "x-client-certificate-end-date",
    "x-client-certificate-verification",
];

/// One listener of every kind, some with rules that set these headers and some without any.
const HOSTS: [&str; 6] = [
    "rewrites.contoso.com",
    "required.contoso.com",
    "optional.contoso.com",
    "passthrough.contoso.com",
    "off.contoso.com",
    "plain.contoso.com",
];

struct Scene {
    pki: Pki,
    backend: Backend,
    gateway: Rig,
}

impl Scene {
    async fn new() -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let gateway = Setup::new(&pki, &backend)
            .site(HOSTS[0], Profile::required(&pki))
            .site(HOSTS[1], Profile::required(&pki))
            .site(HOSTS[2], Profile::optional(&pki))
            .without_rewrites()
            .site(HOSTS[3], Profile::passthrough())
            .without_rewrites()
            .site(HOSTS[4], Profile::off())
            .also(HOSTS[5])
            .without_rewrites()
            .start();
        Self {
            pki,
            backend,
            gateway,
        }
    }

    fn client(&self) -> Client {
        Client::new(&self.pki).showing(&self.pki.alice(), &[])
    }
}

/// The forged value stands nowhere in what the backend got.
#[track_caller]
fn nothing_forged(request: &Recorded) {
    for (name, value) in request.headers.iter().chain(&request.trailers) {
        assert!(!value.contains(FORGED), "{name}: {value}");
    }
}

/// Spellings that some backend reads as the same name.
fn spellings(name: &str) -> Vec<String> {
    let capitals: String = name.split('-').fold(String::new(), |joined, part| {
        let separator = if joined.is_empty() { "" } else { "-" };
        format!(
            "{joined}{separator}{}{}",
            part[..1].to_uppercase(),
            &part[1..]
        )
    });
    vec![
        name.to_owned(),
        capitals.clone(),
        name.to_uppercase(),
        name.replace('-', "_"),
        capitals.replace('-', "_"),
        name.to_uppercase().replace('-', "_"),
        name.replace('-', "."),
        name.replacen('-', "_", 1),
        format!("{name}_"),
        format!("{name}|"),
    ]
}

#[tokio::test]
async fn no_spelling_of_an_identity_header_passes_any_listener() {
    let scene = Scene::new().await;
    for host in HOSTS {
        let mut raw = scene.client().raw(scene.gateway.address(), host).await;
        for name in IDENTITY {
            for spelling in spellings(name) {
                raw.send(format!(
                    "GET / HTTP/1.1\r\nHost: {host}\r\n{spelling}: {FORGED}\r\nX-Other: 1\r\n\
                     {spelling}: {FORGED} again\r\n{spelling}:{FORGED}\r\n\r\n"
                ))
                .await;
                assert_eq!(raw.answer().await.status, 200, "{spelling}");
                let request = scene.backend.last();
                nothing_forged(&request);
                assert_eq!(request.only("x-other"), "1");
            }
        }
    }
}

#[tokio::test]
async fn no_identity_header_passes_over_http2() {
    let scene = Scene::new().await;
    for host in HOSTS {
        let client = scene.client().http2();
        let mut http = client.connect(scene.gateway.address(), host).await;
        for name in IDENTITY {
            let mut request = Request::get("/").header("x-other", "1");
            for spelling in spellings(name) {
                for _ in 0..2 {
                    request = request.header(spelling.to_lowercase(), FORGED);
                }
            }
            let answer = http.send(host, request.body(Empty::new()).unwrap()).await;
            assert_eq!(answer.status, 200);
            let request = scene.backend.last();
            nothing_forged(&request);
            assert_eq!(request.only("x-other"), "1");
        }
    }
}

#[tokio::test]
async fn no_header_that_other_gateways_use_for_identities_passes() {
    let scene = Scene::new().await;
    for host in HOSTS {
        let mut request = Request::get("/");
        for name in [
            "Client-Cert",
            "Client-Cert-Chain",
            "X-Forwarded-Client-Cert",
            "X-Forwarded-Tls-Client-Cert",
            "X-Forwarded-Tls-Client-Cert-Info",
            "X-SSL-Client-Verify",
            "X-SSL-Client-DN",
            "SSL-Client-Cert",
            "SSL_CLIENT_VERIFY",
            "X-ARR-ClientCert",
            "X-Amzn-Mtls-Clientcert",
            "Cf-Client-Cert-Sha256",
            "L5d-Client-Id",
        ] {
            request = request.header(name, FORGED);
        }
        let client = scene.client();
        let mut http = client.connect(scene.gateway.address(), host).await;
        http.send(host, request.body(Empty::new()).unwrap()).await;
        nothing_forged(&scene.backend.last());
    }
}

#[tokio::test]
async fn connection_cannot_take_away_what_the_gateway_says() {
    let scene = Scene::new().await;
    let host = HOSTS[0];
    let mut raw = scene.client().raw(scene.gateway.address(), host).await;
    for listed in [
        "Connection: x-client-certificate",
        "Connection: keep-alive, X-Client-Certificate , x-client-certificate-verification",
        "Connection: X_CLIENT_CERTIFICATE\r\nConnection: x-client-certificate",
        "Connection: x-forwarded-for, x-forwarded-proto, x-original-host",
        "Connection: host, content-length",
    ] {
        raw.send(format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\n{listed}\r\nContent-Length: 4\r\n\r\nbody"
        ))
        .await;
        assert_eq!(raw.answer().await.status, 200, "{listed}");
        let request = scene.backend.last();
        assert_eq!(request.verification(), "SUCCESS", "{listed}");
        assert!(
            request
                .only("x-client-certificate")
                .starts_with("-----BEGIN%20")
        );
        assert_eq!(request.only("x-forwarded-proto"), "https");
        assert_eq!(request.only("host"), host);
        assert_eq!(request.body, b"body");
    }
}

#[tokio::test]
async fn what_concerns_one_connection_ends_at_the_gateway() {
    let scene = Scene::new().await;
    let host = HOSTS[5];
    let mut raw = scene.client().raw(scene.gateway.address(), host).await;
    raw.send(format!(
        "GET / HTTP/1.1\r\nHost: {host}\r\nConnection: keep-alive, x-mine\r\nX-Mine: 1\r\n\
         Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic eA==\r\n\
         TE: gzip, trailers\r\nUpgrade: websocket\r\nHTTP2-Settings: AAMAAABk\r\nX-Stays: 1\r\n\r\n"
    ))
    .await;
    assert_eq!(raw.answer().await.status, 200);
    assert_eq!(
        scene.backend.last().names(),
        [
            "connection",
            "host",
            "te",
            "x-appgw-trace-id",
            "x-forwarded-for",
            "x-forwarded-port",
            "x-forwarded-proto",
            "x-original-host",
            "x-original-url",
            "x-stays",
        ]
    );
    assert_eq!(scene.backend.last().only("connection"), "te");
    assert_eq!(scene.backend.last().only("te"), "trailers");
}

#[tokio::test]
async fn what_concerns_the_backends_connection_ends_at_the_gateway_too() {
    let pki = Pki::new();
    let backend = Backend::answering(|_| {
        b"HTTP/1.1 200 OK\r\nConnection: x-inner, keep-alive\r\nX-Inner: 1\r\nKeep-Alive: timeout=9\r\n\
          Proxy-Authenticate: Basic\r\nUpgrade: h2c\r\nX-Stays: 1\r\nContent-Length: 2\r\n\r\nok"
            .to_vec()
    })
    .await;
    let gateway = Setup::new(&pki, &backend)
        .site(HOSTS[0], Profile::off())
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let answer = client.get(gateway.address(), HOSTS[0]).await;
        assert_eq!(answer.names(), ["content-length", "date", "x-stays"]);
    }
}

#[tokio::test]
async fn trailers_of_a_chunked_body_carry_no_identity() {
    let scene = Scene::new().await;
    for host in HOSTS {
        let mut raw = scene.client().raw(scene.gateway.address(), host).await;
        raw.send(format!(
            "POST / HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\
             Trailer: x-client-certificate, x_client_certificate, x-sum, host, content-length\r\n\r\n\
             4\r\nbody\r\n0\r\nX-Client-Certificate: {FORGED}\r\nX_Client_Certificate: {FORGED}\r\n\
             X-Client-Certificate-Verification: {FORGED}\r\nHost: {FORGED}\r\nX-Forwarded-For: {FORGED}\r\n\
             X-Sum: 1\r\n\r\n"
        ))
        .await;
        assert_eq!(raw.answer().await.status, 200);
        let request = scene.backend.last();
        nothing_forged(&request);
        assert_eq!(request.body, b"body");
        assert_eq!(request.trailers, [("x-sum".to_owned(), "1".to_owned())]);
    }
}

#[tokio::test]
async fn trailers_of_an_http2_body_carry_no_identity() {
    let scene = Scene::new().await;
    for host in HOSTS {
        let client = scene.client().http2();
        let tls = client.tls(scene.gateway.address(), host).await.unwrap();
        let mut frames = Frames::over(tls).await;
        let announced = (
            "trailer",
            "x-client-certificate, x_client_certificate, x-sum",
        );
        frames.request("POST", host, &[announced], End::Open).await;
        frames.data(1, b"body", End::Open).await;
        let trailers = [
            ("x-client-certificate", FORGED),
            ("x_client_certificate", FORGED),
            ("x-client-certificate-verification", FORGED),
            ("x-sum", "1"),
        ];
        frames.headers(1, &trailers, End::Stream).await;
        assert_eq!(frames.outcome(1).await.status, Some(200));
        let request = scene.backend.last();
        nothing_forged(&request);
        assert_eq!(request.body, b"body");
        assert_eq!(request.trailers, [("x-sum".to_owned(), "1".to_owned())]);
    }
}

#[tokio::test]
async fn cookies_in_pieces_reach_the_backend_in_one() {
    let scene = Scene::new().await;
    let host = HOSTS[4];
    let client = scene.client().http2();
    let mut http = client.connect(scene.gateway.address(), host).await;
    let request = Request::get("/")
        .header("cookie", "a=1")
        .header("cookie", "b=2")
        .header("cookie", "c=3");
    http.send(host, request.body(Empty::new()).unwrap()).await;
    assert_eq!(scene.backend.last().only("cookie"), "a=1; b=2; c=3");
}

#[tokio::test]
async fn a_header_that_marks_verified_clients_cannot_be_forged_either() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOSTS[2], Profile::optional(&pki))
        .rule(
            "name = \"tier\"\n\
             conditions = [{ variable = \"var_client_certificate_verification\", pattern = \"^SUCCESS$\" }]\n\
             request_headers = { X-Tier = \"gold\" }",
        )
        .site(HOSTS[4], Profile::off())
        .without_rewrites()
        .start();
    for host in [HOSTS[2], HOSTS[4]] {
        let mut http = Client::new(&pki).connect(gateway.address(), host).await;
        let request = Request::get("/").header("x-tier", FORGED);
        http.send(host, request.body(Empty::new()).unwrap()).await;
        nothing_forged(&backend.last());
    }
}

#[tokio::test]
async fn a_condition_is_not_judged_on_a_forged_header() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site(HOSTS[4], Profile::off())
        .rule(
            "name = \"trusting\"\n\
             conditions = [{ variable = \"http_req_X-Client-Certificate-Verification\", pattern = \"SUCCESS\" }]\n\
             request_headers = { X-Admin = \"yes\" }",
        )
        .start();
    let mut http = Client::new(&pki).connect(gateway.address(), HOSTS[4]).await;
    let request = Request::get("/").header("x-client-certificate-verification", "SUCCESS");
    http.send(HOSTS[4], request.body(Empty::new()).unwrap())
        .await;
    let request = backend.last();
    assert_eq!(request.verification(), "NONE");
    assert!(request.header("x-admin").is_empty());
}
