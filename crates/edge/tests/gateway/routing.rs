//! Which listener answers, and for whom.

use std::collections::HashMap;

use bytes::Bytes;
use http::Request;
use http_body_util::Empty;

use crate::rig::{Backend, Client, Http, Pki, Profile, Rig, Setup};

/// The listeners of most tests, the first being what a handshake falls back to.
fn setup(pki: &Pki, backend: &Backend) -> Setup {
    Setup::new(pki, backend)
        .site("open.contoso.com", Profile::off())
        .site("guarded.contoso.com", Profile::required(pki))
        .site(
            "partner.contoso.com",
            Profile::required(&Pki::named("Partner")),
        )
        .site("*.wild.contoso.com", Profile::passthrough())
        .site("public.contoso.com", Profile::off())
        .also("other.contoso.com")
}

const HOSTS: [&str; 7] = [
    "open.contoso.com",
    "guarded.contoso.com",
    "partner.contoso.com",
    "a.wild.contoso.com",
    "public.contoso.com",
    "other.contoso.com",
    "unknown.contoso.com",
];

/// What a handshake for a host asks of the client: the open listener answers for what is unknown.
fn policy(host: &str) -> &'static str {
    match host {
        "guarded.contoso.com" => "required",
        "partner.contoso.com" => "required by another trust",
        "a.wild.contoso.com" => "passthrough",
        _ => "off",
    }
}

/// Every spelling of a host that means the same.
fn spellings(host: &str) -> Vec<String> {
    let capitals = host.to_uppercase();
    vec![
        host.to_owned(),
        capitals.clone(),
        format!("{host}."),
        format!("{host}:443"),
        format!("{capitals}.:8443"),
        format!("{host}:00443"),
    ]
}

async fn connect(client: &Client, gateway: &Rig, server_name: Option<&str>) -> Http {
    match server_name {
        Some(name) => client.connect(gateway.address(), name).await,
        None => {
            let client = client.clone().without_server_name();
            client.connect(gateway.address(), "open.contoso.com").await
        }
    }
}

/// Host x server name x certificate x version of HTTP: whoever has not been asked for a certificate
/// under the policy of the host's listener gets 421.
#[tokio::test]
async fn a_host_is_served_only_over_a_connection_of_its_policy() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = setup(&pki, &backend).start();
    let good = Client::new(&pki).showing(&pki.alice(), &[]);
    let foreign = Client::new(&pki).showing(&Pki::named("Fabrikam").alice(), &[]);
    let mut forwarded = 0;
    for (client, passes) in [(good, true), (foreign, false), (Client::new(&pki), false)] {
        for client in [client.clone(), client.http2()] {
            for server_name in HOSTS.map(Some).into_iter().chain([None]) {
                let shown = policy(server_name.unwrap_or_default());
                let refused = match shown {
                    "required" => !passes,
                    "required by another trust" => true,
                    _ => false,
                };
                let mut http = connect(&client, &gateway, server_name).await;
                for host in HOSTS {
                    for spelling in spellings(host) {
                        let expected = match host {
                            _ if refused => 400,
                            "unknown.contoso.com" => 404,
                            host if policy(host) == shown => 200,
                            _ => 421,
                        };
                        if refused {
                            http = connect(&client, &gateway, server_name).await;
                        }
                        let answer = http.get(&spelling).await;
                        let case = format!("{server_name:?} {spelling} {passes}");
                        assert_eq!(answer.status, expected, "{case}");
                        let reason = match expected {
                            421 => "misdirected_request",
                            404 => "no_listener",
                            _ => "",
                        };
                        assert!(reason.is_empty() || answer.reason() == reason, "{case}");
                        forwarded += usize::from(expected == 200);
                    }
                }
            }
        }
    }
    let requests = backend.requests();
    assert_eq!(requests.len(), forwarded);
    for request in requests {
        let host = request.only("host").to_lowercase();
        if host.starts_with("guarded") {
            assert_eq!(request.verification(), "SUCCESS");
        } else {
            assert_ne!(request.verification(), "SUCCESS");
        }
    }
}

#[tokio::test]
async fn a_misdirected_request_does_not_end_the_connection() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = setup(&pki, &backend).start();
    let client = Client::new(&pki).showing(&pki.alice(), &[]);
    for client in [client.clone(), client.http2()] {
        let mut http = client.connect(gateway.address(), "open.contoso.com").await;
        for (host, status) in [
            ("open.contoso.com", 200),
            ("guarded.contoso.com", 421),
            ("public.contoso.com", 200),
            ("nowhere.example", 404),
            ("open.contoso.com", 200),
        ] {
            assert_eq!(http.get(host).await.status, status, "{host}");
        }
    }
}

#[tokio::test]
async fn each_host_has_its_own_backend() {
    let pki = Pki::new();
    let mut backends = HashMap::new();
    let hosts = ["a.contoso.com", "b.contoso.com", "c.wild.contoso.com"];
    for host in hosts {
        backends.insert(host, Backend::start().await);
    }
    let gateway = Setup::new(&pki, &backends[hosts[0]])
        .site(hosts[0], Profile::off())
        .also(hosts[1])
        .to(backends[hosts[1]].address())
        .also("*.wild.contoso.com")
        .to(backends[hosts[2]].address())
        .start();
    let mut http = Client::new(&pki).connect(gateway.address(), hosts[0]).await;
    for host in hosts {
        assert_eq!(http.get(host).await.status, 200);
    }
    for (host, backend) in backends {
        let requests = backend.requests();
        assert_eq!(requests.len(), 1, "{host}");
        assert_eq!(requests[0].only("host"), host);
    }
}

#[tokio::test]
async fn the_priority_of_the_rules_decides_not_the_length_of_the_pattern() {
    let pki = Pki::new();
    let (wide, narrow) = (Backend::start().await, Backend::start().await);
    let gateway = Setup::new(&pki, &wide)
        .site("*.contoso.com", Profile::off())
        .site("guarded.contoso.com", Profile::required(&pki))
        .to(narrow.address())
        .start();
    // The TLS side and the HTTP side agree: the first listener answers on both.
    let client = Client::new(&pki);
    for client in [client.clone(), client.http2()] {
        let answer = client.get(gateway.address(), "guarded.contoso.com").await;
        assert_eq!(answer.status, 200);
    }
    assert_eq!((wide.requests().len(), narrow.requests().len()), (2, 0));
}

#[tokio::test]
async fn a_listener_for_every_host_answers_for_what_is_left() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("guarded.contoso.com", Profile::required(&pki))
        .site("*", Profile::off())
        .start();
    let client = Client::new(&pki);
    for name in ["anything.contoso.com", "127.0.0.1"] {
        assert_eq!(
            client.get(gateway.address(), name).await.status,
            200,
            "{name}"
        );
    }
    // A handshake without a server name is one for the listener that answers for every host.
    let nameless = client.clone().without_server_name();
    let mut http = nameless.connect(gateway.address(), "x.contoso.com").await;
    assert_eq!(http.get("x.contoso.com").await.status, 200);
    assert_eq!(http.get("[::1]:8443").await.status, 200);
    assert_eq!(http.get("guarded.contoso.com").await.status, 421);
    let answer = client.get(gateway.address(), "guarded.contoso.com").await;
    assert_eq!(answer.reason(), "certificate_missing");
}

#[tokio::test]
async fn nothing_is_served_where_the_fallback_requires_a_certificate() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("guarded.contoso.com", Profile::required(&pki))
        .site("open.contoso.com", Profile::off())
        .start();
    let nobody = Client::new(&pki);
    let mut http = nobody
        .connect(gateway.address(), "unknown.contoso.com")
        .await;
    assert_eq!(
        http.get("open.contoso.com").await.reason(),
        "certificate_missing"
    );
    let alice = Client::new(&pki).showing(&pki.alice(), &[]);
    let mut http = alice
        .connect(gateway.address(), "unknown.contoso.com")
        .await;
    assert_eq!(http.get("unknown.contoso.com").await.status, 404);
    assert_eq!(http.get("open.contoso.com").await.status, 421);
    assert_eq!(http.get("guarded.contoso.com").await.status, 200);
}

#[tokio::test]
async fn refusals_are_pages_for_people_and_json_for_programs() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = setup(&pki, &backend).start();
    let mut raw = Client::new(&pki)
        .raw(gateway.address(), "open.contoso.com")
        .await;
    for (host, line) in [
        (
            "unknown.example",
            "<title>404 No listener serves the requested host</title>",
        ),
        (
            "guarded.contoso.com",
            "<center><h1>421 Misdirected Request</h1></center>",
        ),
    ] {
        raw.send(format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))
            .await;
        let page = raw.answer().await;
        assert_eq!(page.header("content-type"), ["text/html"]);
        assert!(page.text().contains(line), "{}", page.text());
        raw.send(format!(
            "GET / HTTP/1.1\r\nHost: {host}\r\nAccept: application/json\r\n\r\n"
        ))
        .await;
        let json = raw.answer().await;
        assert_eq!(json.header("content-type"), ["application/json"]);
        assert!(!json.reason().is_empty());
    }
}

#[tokio::test]
async fn a_refused_head_is_answered_with_everything_but_the_page() {
    let (pki, backend) = (Pki::new(), Backend::start().await);
    let gateway = Setup::new(&pki, &backend)
        .site("www.contoso.com", Profile::off())
        .start();
    for client in [Client::new(&pki), Client::new(&pki).http2()] {
        let mut http = client.connect(gateway.address(), "www.contoso.com").await;
        let page = http.get("unknown.example").await;
        let head = Request::head("/").header("accept", "application/json");
        let head = head.body(Empty::<Bytes>::new()).unwrap();
        let answer = http.send("unknown.example", head).await;
        assert_eq!((answer.status, answer.text()), (404, ""));
        assert_eq!(
            answer.header("content-length"),
            [page.body.len().to_string()]
        );
        assert_eq!(http.get("www.contoso.com").await.status, 200);
    }
}
