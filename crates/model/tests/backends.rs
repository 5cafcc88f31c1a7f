//! Backend settings and probes: everything of Application Gateway is kept and acted on.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::time::Duration;

use portcullis_model::{
    BackendHost, BackendHttpVersion, BackendProtocol, Diagnostic, Gateway, ProbeHost, StatusRange,
    Validation, diagnose, parse,
};

const BASE: &str = r#"
[[listener]]
name = "one"
bind = "0.0.0.0:443"
tls_profile = "open"

[tls_profile.open]
certificate = { pem = "server.pem", key = "server.key" }
client_auth = "off"

[[rule]]
name = "one"
priority = 10
listener = "one"
pool = "web"
backend_settings = "web"

[pool.web]
targets = ["10.0.0.1"]

[backend_settings.web]
port = 443
"#;

const HTTPS: &str = r#"protocol = "https"
http_version = "2"
pick_host = true
path = "/api/"
cookie_affinity = true
affinity_cookie = "Sticky"
draining = 60
dedicated_connections = true
probe = "health"
trusted_roots = ["root.pem"]
sni = "app.internal"
validate_certificate = true
validate_name = false
client_certificate = { pem = "client.pem", key = "client.key" }

[probe.health]
protocol = "https"
pick_host = true
path = "/health?full=1"
port = 8443
interval = 10
timeout = 5
unhealthy_threshold = 2
min_servers = 1
statuses = ["200-299", "401"]
body = "fine"
"#;

fn shown(problems: &[Diagnostic]) -> Vec<String> {
    let lines = problems
        .iter()
        .map(|problem| problem.display(Path::new("p.toml")).to_string());
    lines.collect()
}

fn read(lines: &str) -> Gateway {
    let text = format!("{BASE}{lines}\n");
    parse(&text).unwrap_or_else(|problems| panic!("{:#?}", shown(&problems)))
}

fn only(lines: &str, expected: &str) {
    let problems = shown(&diagnose(&format!("{BASE}{lines}\n")).problems);
    let [problem] = &problems[..] else {
        panic!("{lines}\n{problems:#?}");
    };
    assert!(problem.contains(expected), "{problem}");
}

#[test]
fn nothing_of_backend_settings_is_lost() {
    let gateway = read(HTTPS);
    let settings = &gateway.backend_settings[0];
    assert_eq!(settings.name, "web");
    assert_eq!(settings.port, Some(443));
    assert_eq!(settings.host, BackendHost::FromTarget);
    assert_eq!(settings.path.as_ref().unwrap().value, "/api/");
    assert_eq!(settings.affinity.as_ref().unwrap().cookie, "Sticky");
    assert_eq!(settings.draining, Some(Duration::from_secs(60)));
    assert!(settings.dedicated_connections);
    assert_eq!(settings.http_version, BackendHttpVersion::Http2);
    let BackendProtocol::Https(tls) = &settings.protocol else {
        panic!("https");
    };
    assert_eq!(tls.trusted_roots[0].path(), Some(Path::new("root.pem")));
    assert_eq!(tls.sni.as_ref().unwrap().as_str(), "app.internal");
    assert_eq!((tls.chain, tls.name), (Validation::Check, Validation::Skip));
    assert!(tls.client_certificate.is_some());
}

#[test]
fn nothing_of_a_probe_is_lost() {
    let gateway = read(HTTPS);
    let probe = gateway.backend_settings[0].probe.as_ref().unwrap();
    assert!(probe.https == Some(true) && matches!(probe.host, ProbeHost::FromSettings));
    assert_eq!(probe.path.value, "/health?full=1");
    assert_eq!(probe.port, Some(8443));
    assert_eq!(probe.interval, Duration::from_secs(10));
    assert_eq!(probe.timeout, Duration::from_secs(5));
    assert_eq!((probe.unhealthy_threshold, probe.min_servers), (2, 1));
    let range = |first, last| {
        let mut range = probe.statuses[0];
        (range.first, range.last) = (first, last);
        range
    };
    assert_eq!(probe.statuses, [range(200, 299), range(401, 401)]);
    assert_eq!(probe.body.as_ref().unwrap().value, "fine");
    let gateway = read("probe = \"p\"\n[probe.p]\npath = \"/\"");
    let probe = &gateway.probes[0];
    assert!(probe.https.is_none() && matches!(probe.host, ProbeHost::Local));
    assert_eq!(probe.interval, Duration::from_secs(30));
    assert_eq!(probe.timeout, Duration::from_secs(30));
    assert_eq!((probe.unhealthy_threshold, probe.min_servers), (3, 0));
    let StatusRange { first, last } = probe.statuses[0];
    assert_eq!((first, last), (200, 399));
    let gateway = read("probe = \"p\"\n[probe.p]\npath = \"/\"\ninterval = 5");
    assert_eq!(gateway.probes[0].timeout, Duration::from_secs(5));
}

#[test]
fn what_says_how_to_speak_tls_has_no_meaning_without_it() {
    for line in [
        "trusted_roots = [\"a.pem\"]",
        "sni = \"a\"",
        "validate_certificate = false",
        "validate_name = false",
        "client_certificate = { pem = \"a\", key = \"b\" }",
    ] {
        only(line, "this has no meaning with protocol = \"http\"");
    }
}

#[test]
fn mistaken_backend_settings_are_reported_where_they_stand() {
    for (lines, expected) in [
        (
            "host = \"a\"\npick_host = true",
            "pick_host: this cannot stand beside \"host\"",
        ),
        ("path = \"api\"", "\"api\" is not an absolute path"),
        (
            "cookie_affinity = true\naffinity_cookie = \"a b\"",
            "is not the name of a cookie",
        ),
        ("draining = 3601", "3601 is out of range"),
        ("probe = \"p\"", "no probe \"p\""),
        (
            "protocol = \"https\"\nsni = \"a b\"",
            "sni: \"a b\" is not a host",
        ),
        (
            "protocol = \"https\"\nclient_certificate = { pem = \"a\" }",
            "client_certificate: \"key\" is missing",
        ),
        (
            "protocol = \"https\"\nprobe = \"p\"\n[probe.p]\nprotocol = \"http\"\npath = \"/\"",
            "backend_settings.web.probe: probe \"p\" has another protocol",
        ),
    ] {
        only(lines, expected);
    }
}

#[test]
fn mistaken_probes_are_reported_where_they_stand() {
    for (line, expected) in [
        ("path = \"x\"", "is not an absolute path"),
        (
            "path = \"/\"\ntimeout = 31",
            "31 is out of range (accepted: 1 to 30)",
        ),
        (
            "path = \"/\"\nhost = \"a\"\npick_host = true",
            "cannot stand beside \"host\"",
        ),
        (
            "path = \"/\"\nstatuses = [\"200\", \"2xx\"]",
            "statuses[1]: \"2xx\" is not a status",
        ),
        (
            "path = \"/\"\nstatuses = [\"399-200\"]",
            "is not a status or a range",
        ),
        (
            "path = \"/\"\nstatuses = [\"99-600\"]",
            "is not a status or a range",
        ),
        ("port = 80", "probe.p: \"path\" is missing"),
        (
            &format!("path = \"/\"\nbody = \"{}\"", "x".repeat(4_091)),
            "there are 4091 characters, more than 4090",
        ),
    ] {
        only(&format!("probe = \"p\"\n[probe.p]\n{line}"), expected);
    }
}

#[test]
fn targets_have_weights_and_a_pool_says_how_it_is_balanced() {
    let read = |pool: &str| diagnose(&format!("[pool.web]\n{pool}")).gateway.pools[0].clone();
    let pool = read(
        "targets = [\"a:1\", { target = \"10.0.0.1\" }, { target = \"b:2\", weight = 100 }]\n\
         balance = \"least_connections\"",
    );
    let weights: Vec<u8> = pool
        .targets
        .iter()
        .map(|target| target.value.weight)
        .collect();
    assert_eq!(weights, [1, 1, 100]);
    assert_eq!(pool.balance, portcullis_model::Balance::LeastConnections);
    assert_eq!(
        read("targets = [\"a:1\"]").balance,
        portcullis_model::Balance::RoundRobin
    );
    for (pool, expected) in [
        (
            "targets = [{ weight = 3 }]",
            "pool.web.targets[0]: \"target\" is missing",
        ),
        (
            "targets = [{ target = \"a:1\", weight = 101 }]",
            "pool.web.targets[0].weight: 101 is out of range",
        ),
        (
            "targets = [{ target = \"a:1\", wait = 1 }]",
            "unknown key \"wait\"",
        ),
        (
            "targets = [{ target = \"a b\" }]",
            "pool.web.targets[0].target: \"a b\" is not a host",
        ),
        (
            "targets = [7]",
            "pool.web.targets[0]: this is a whole number",
        ),
        ("targets = []", "pool.web.targets"),
        (
            "targets = [\"a:1\"]\nbalance = \"random\"",
            "unknown value \"random\"",
        ),
    ] {
        let problems = parse(&format!("[pool.web]\n{pool}")).unwrap_err();
        let lines = shown(&problems);
        assert!(
            lines.iter().any(|line| line.contains(expected)),
            "{expected}: {lines:#?}"
        );
    }
}

#[test]
fn dns_servers_are_addresses_with_a_port_or_without() {
    let text = "[dns]\nservers = [\"10.0.0.53\", \"[::1]:5353\"]";
    let servers = diagnose(text).gateway.dns_servers;
    let expected: [std::net::SocketAddr; 2] = [
        "10.0.0.53:53".parse().unwrap(),
        "[::1]:5353".parse().unwrap(),
    ];
    assert_eq!(servers, expected);
    let problems = parse("[dns]\nservers = [\"dns.internal\"]").unwrap_err();
    let lines = shown(&problems);
    let expected = "dns.servers[0]: \"dns.internal\" is not an address and port";
    assert!(
        lines.iter().any(|line| line.contains(expected)),
        "{lines:#?}"
    );
}
