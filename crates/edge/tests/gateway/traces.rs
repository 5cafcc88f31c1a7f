//! Which trace a request belongs to, and what a collector is told of it.

use serde_json::Value;

use crate::rig::log::{connect, field, line_of};
use crate::rig::{Backend, Client, Pki, Profile, Raw, Recorded, Rig, Setup};

const HOST: &str = "www.contoso.com";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const STATE: &str = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";

struct Scene {
    pki: Pki,
    backend: Backend,
    gateway: Rig,
}

impl Scene {
    async fn new(traces: Option<&str>) -> Self {
        let (pki, backend) = (Pki::new(), Backend::start().await);
        let setup = Setup::new(&pki, &backend).site(HOST, Profile::required(&pki));
        let gateway = match traces {
            Some(lines) => setup.tracing(lines).start(),
            None => setup.start(),
        };
        Self {
            pki,
            backend,
            gateway,
        }
    }

    /// What the backend was told, and the trace and the span of the log.
    async fn ask(&self, fields: &str) -> (Recorded, String, String) {
        let (stream, local) = connect(self.gateway.address()).await;
        let client = Client::new(&self.pki).showing(&self.pki.alice(), &[]);
        let mut raw = Raw::new(client.tls_over(stream, HOST).await.unwrap());
        raw.send(format!(
            "GET /a?secret=1 HTTP/1.1\r\nhost: {HOST}\r\n{fields}\r\n"
        ))
        .await;
        assert_eq!(raw.answer().await.status, 200);
        let line = line_of(local).await;
        let said = |name| field(&line, name).to_owned();
        (self.backend.last(), said("traceId"), said("spanId"))
    }
}

fn fields(parent: &str, state: &str) -> String {
    format!("traceparent: {parent}\r\ntracestate: {state}\r\n")
}

#[tokio::test]
async fn who_takes_no_part_passes_on_what_is_in_order() {
    let scene = Scene::new(None).await;
    let (seen, trace, span) = scene.ask(&fields(PARENT, STATE)).await;
    assert_eq!(seen.only("traceparent"), PARENT);
    assert_eq!(seen.only("tracestate"), STATE);
    assert_eq!((&*trace, &*span), (TRACE, ""));
    for bad in [
        "nonsense",
        &PARENT.to_uppercase(),
        &PARENT.replace("00-", "ff-"),
    ] {
        let (seen, trace, _) = scene.ask(&fields(bad, STATE)).await;
        assert!(seen.header("traceparent").is_empty(), "{bad}");
        assert!(seen.header("tracestate").is_empty(), "{bad}");
        assert_eq!(trace, "");
    }
    let (seen, trace, _) = scene.ask("").await;
    assert!(seen.header("traceparent").is_empty());
    assert_eq!(trace, "");
}

#[tokio::test]
async fn a_trace_goes_on_with_a_span_of_this_hop() {
    let scene = Scene::new(Some("sample_ratio = 1.0")).await;
    let (seen, trace, span) = scene.ask(&fields(PARENT, STATE)).await;
    assert_eq!(trace, TRACE);
    assert_ne!(span, "00f067aa0ba902b7");
    assert_eq!(seen.only("traceparent"), format!("00-{TRACE}-{span}-01"));
    assert_eq!(seen.only("tracestate"), STATE);
    // What the client says not to sample is not sampled.
    let (seen, ..) = scene
        .ask(&fields(&PARENT.replace("-01", "-00"), STATE))
        .await;
    assert!(seen.only("traceparent").ends_with("-00"));
    // What is too long is left out.
    let long = format!("a={}", "x".repeat(600));
    let (seen, ..) = scene.ask(&fields(PARENT, &long)).await;
    assert!(seen.only("traceparent").contains(TRACE));
    assert!(seen.header("tracestate").is_empty());
}

#[tokio::test]
async fn a_trace_begins_here_where_there_is_none_in_order() {
    let scene = Scene::new(Some("sample_ratio = 0")).await;
    let twice = fields(PARENT, STATE) + &fields(PARENT, STATE);
    for given in [String::new(), fields("00-zero", STATE), twice] {
        let (seen, trace, span) = scene.ask(&given).await;
        assert_eq!(seen.only("traceparent"), format!("00-{trace}-{span}-00"));
        assert!(seen.header("tracestate").is_empty());
        assert_ne!(trace, TRACE);
        assert_eq!(trace.len(), 32);
    }
}

/// The attributes of a span, by name.
fn attribute<'s>(span: &'s Value, name: &str) -> &'s Value {
    let attributes = span["attributes"].as_array().unwrap();
    let found = attributes.iter().find(|attribute| attribute["key"] == name);
    &found.unwrap_or_else(|| panic!("{name} in {span}"))["value"]
}

#[tokio::test]
async fn a_collector_is_told_one_span_a_request() {
    let mut collector = Backend::by_hand().await;
    let endpoint = format!("otlp_endpoint = \"http://{}\"", collector.address());
    let scene = Scene::new(Some(&endpoint)).await;
    let (_, trace, span) = scene.ask(&fields(PARENT, STATE)).await;
    let mut connection = collector.accept().await;
    let export = connection.request().await.unwrap();
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        .await;
    assert_eq!(export.line, "POST /v1/traces HTTP/1.1");
    assert_eq!(export.only("content-type"), "application/json");
    let document: Value = serde_json::from_slice(&export.body).unwrap();
    let resource = &document["resourceSpans"][0];
    assert_eq!(
        attribute(&resource["resource"], "service.name")["stringValue"],
        "portcullis"
    );
    let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
    let [exported] = &spans[..] else {
        panic!("{document}");
    };
    for (name, value) in [
        ("traceId", &*trace),
        ("spanId", &span),
        ("parentSpanId", "00f067aa0ba902b7"),
        ("name", "GET"),
    ] {
        assert_eq!(exported[name], value);
    }
    assert_eq!(exported["kind"], 2);
    let nanoseconds = |name: &str| exported[name].as_str().unwrap().parse::<u128>().unwrap();
    assert!(nanoseconds("startTimeUnixNano") < nanoseconds("endTimeUnixNano"));
    for (name, value) in [
        ("http.request.method", "GET"),
        ("url.scheme", "https"),
        ("url.path", "/a"),
        ("server.address", HOST),
        ("network.protocol.version", "1.1"),
        ("portcullis.listener", "l0"),
        ("portcullis.reason", "forwarded"),
        ("portcullis.client.verification", "SUCCESS"),
    ] {
        assert_eq!(attribute(exported, name)["stringValue"], value);
    }
    let status = attribute(exported, "http.response.status_code");
    assert_eq!(status["intValue"], "200");
    assert!(!document.to_string().contains("secret"));
    assert_eq!(scene.gateway.running().spans_lost(), 0);
}

#[tokio::test]
async fn the_last_spans_are_sent_when_the_gateway_ends() {
    let mut collector = Backend::by_hand().await;
    let endpoint = format!("otlp_endpoint = \"http://{}/otlp/\"", collector.address());
    let mut scene = Scene::new(Some(&endpoint)).await;
    scene
        .ask(&fields(&PARENT.replace("-01", "-00"), STATE))
        .await;
    let (_, trace, _) = scene.ask("").await;
    let stopping = tokio::task::spawn_blocking(move || scene.gateway.stop());
    let mut connection = collector.accept().await;
    let export = connection.request().await.unwrap();
    connection
        .send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        .await;
    stopping.await.unwrap();
    assert_eq!(export.line, "POST /otlp/v1/traces HTTP/1.1");
    let document: Value = serde_json::from_slice(&export.body).unwrap();
    let spans = &document["resourceSpans"][0]["scopeSpans"][0]["spans"];
    assert_eq!(spans.as_array().unwrap().len(), 1, "{document}");
    assert_eq!(spans[0]["traceId"], trace);
}

#[tokio::test]
async fn a_collector_that_is_not_there_delays_nobody() {
    let gone = {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap()
    };
    let mut scene = Scene::new(Some(&format!("otlp_endpoint = \"http://{gone}\""))).await;
    scene.ask("").await;
    let stopping = tokio::task::spawn_blocking(move || scene.gateway.stop());
    crate::rig::patiently(stopping).await.unwrap();
}
