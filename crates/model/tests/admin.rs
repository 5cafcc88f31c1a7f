//! The listener for operators, and what they are shown of the configuration.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_model::{Gateway, parse};

const REST: &str = r#"
[[listener]]
name = "main"
bind = "127.0.0.1:8443"
tls_profile = "p"
[tls_profile.p]
certificate = { pfx = "server.pfx", password = "hunter2-inline" }
client_auth = "off"
[tls_profile.q]
certificate = { pem = "server.pem", key = "data:;base64,aHVudGVyMi1rZXk=" }
client_auth = "off"
[pool.b]
targets = ["127.0.0.1:8080"]
[backend_settings.all]
request_timeout = 7
[[rule]]
name = "r"
priority = 1
listener = "main"
pool = "b"
backend_settings = "all"
rewrite_set = "set"
[rewrite_set.set]
[[rewrite_set.set.rule]]
name = "one"
conditions = [{ variable = "http_req_X-Door", pattern = "^hunter2-door$" }]
request_headers = { Authorization = "Basic hunter2-backend", X-Who = "{var_client_certificate}" }
response_headers = { X-Served-By = "contoso" }
url = { query = "code=hunter2-query" }
"#;

fn with(admin: &str) -> Result<Gateway, String> {
    parse(&format!("{admin}\n{REST}")).map_err(|problems| {
        let codes: Vec<_> = problems.iter().map(|one| one.problem.code()).collect();
        codes.join(" ")
    })
}

#[test]
fn there_is_none_unless_it_is_configured() {
    assert!(with("").unwrap().admin.is_none());
}

#[test]
fn it_listens_on_this_machine_unless_another_address_is_meant() {
    for bind in [
        "127.0.0.1:9901",
        "[::1]:0",
        "127.9.9.9:1",
        "[::ffff:127.0.0.1]:1",
    ] {
        let gateway = with(&format!("[admin]\nbind = {bind:?}")).unwrap();
        assert_eq!(gateway.admin.unwrap().bind.to_string(), bind);
    }
    for bind in ["0.0.0.0:9901", "[::]:9901", "10.0.0.1:9901"] {
        let alone = format!("[admin]\nbind = {bind:?}");
        assert_eq!(with(&alone).unwrap_err(), "remote_admin");
        assert_eq!(
            with(&format!("{alone}\nallow_remote = false")).unwrap_err(),
            "remote_admin"
        );
        assert!(with(&format!("{alone}\nallow_remote = true")).is_ok());
        assert_eq!(
            with(&format!("{alone}\nallow_remote = 1")).unwrap_err(),
            "wrong_type"
        );
    }
}

#[test]
fn its_mistakes_are_told() {
    for (toml, code) in [
        ("hosts = [\"a\"]", "missing"),
        ("bind = \"localhost:1\"", "invalid_bind"),
        ("bind = \"127.0.0.1:1\"\nhosts = [\"a:1\"]", "invalid_host"),
        ("bind = \"127.0.0.1:1\"\nhosts = []", "empty"),
        ("bind = \"127.0.0.1:1\"\nport = 1", "unknown_key"),
    ] {
        assert_eq!(
            with(&format!("[admin]\n{toml}")).unwrap_err(),
            code,
            "{toml}"
        );
    }
}

#[test]
fn what_is_shown_has_no_secret() {
    let shown = with("").unwrap().shown;
    let text = shown.to_string();
    assert!(
        !text.contains("hunter2") && !text.contains("aHVudGVyMi1rZXk"),
        "{text}"
    );
    assert_eq!(
        shown["tls_profile"]["p"]["certificate"]["password"],
        "(not shown)"
    );
    assert_eq!(shown["backend_settings"]["all"]["request_timeout"], 7);
    let rule = &shown["rewrite_set"]["set"]["rule"][0];
    assert_eq!(rule["request_headers"]["X-Who"], "{var_client_certificate}");
    assert_eq!(rule["response_headers"]["X-Served-By"], "contoso");
    assert_eq!(shown["pool"]["b"]["targets"][0], "127.0.0.1:8080");
}
