//! Every problem at once, each at its line and column, with what would be accepted.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use portcullis_model::{
    Action, Diagnostic, Forward, Gateway, Problem, Route, SIZE, Severity, diagnose, parse,
};

/// A configuration with two listeners on one address and nothing wrong.
const FINE: &str = r#"
[[listener]]
name = "contoso"
bind = "0.0.0.0:8443"
hosts = ["www.contoso.com"]
tls_profile = "mutual"

[[listener]]
name = "fabrikam"
bind = "0.0.0.0:8443"
hosts = ["*.fabrikam.com"]
tls_profile = "open"

[tls_profile.mutual]
certificate = { pem = "server.pem", key = "server.key" }
client_auth = "optional"
trusted_client_certificates = ["a.pem", "b.pem"]
revocation = "off"

[tls_profile.open]
certificate = { pfx = "server.pfx", password = "secret" }
client_auth = "off"

[pool.web]
targets = ["127.0.0.1:8080", "app.internal"]

[backend_settings.web]
port = 80

[[rule]]
name = "contoso"
priority = 10
listener = "contoso"
pool = "web"
backend_settings = "web"
rewrite_set = "headers"

[[rule]]
name = "fabrikam"
priority = 20
listener = "fabrikam"
pool = "web"
backend_settings = "web"

[rewrite_set.headers]
rule = [{ name = "one", request_headers = { X-A = "1" } }]
"#;

fn shown(problems: &[Diagnostic]) -> Vec<String> {
    let lines = problems
        .iter()
        .map(|problem| problem.display(Path::new("p.toml")).to_string());
    lines.collect()
}

fn fine() -> Gateway {
    parse(FINE).unwrap_or_else(|problems| panic!("{:#?}", shown(&problems)))
}

/// What is reported when one text of [`FINE`] is another.
fn after(old: &str, new: &str) -> Vec<String> {
    assert_eq!(FINE.matches(old).count(), 1, "{old}");
    shown(&diagnose(&FINE.replace(old, new)).problems)
}

/// Asserts the only problem, of which `expected` is a part.
fn only(old: &str, new: &str, expected: &str) {
    let problems = after(old, new);
    let [problem] = &problems[..] else {
        panic!("{new}: {problems:#?}");
    };
    assert!(problem.contains(expected), "{new}: {problem}");
}

fn forward(gateway: &Gateway) -> &Forward {
    let Action::Route(Route::Forward(forward)) = &gateway.listeners[0].rule.action else {
        panic!("it forwards");
    };
    forward
}

#[test]
fn the_configuration_without_mistakes_has_none() {
    assert!(fine().warnings.is_empty());
}

#[test]
fn a_file_with_twelve_different_mistakes_gets_twelve_problems() {
    let text = r#"
[[listener]]
name = "contoso"
bind = "0.0.0.0"
host = ["www.contoso.com"]
tls_profile = "mutal"

[tls_profile.mutual]
certificate = { pem = "server.pem" }
client_auth = "requierd"

[pool.web]
targets = ["http://127.0.0.1:8080"]

[backend_settings.web]
request_timeout = 0
protocol = "htpps"

[[rule]]
name = "contoso"
priority = "first"
listener = "contoso"
pool = "web"
backend_settings = "web"
rewrite_set = "headers"

[[rewrite_set.headers.rule]]
request_headers = { "X_Client" = "1", "Connection" = "close" }
"#;
    let expected = [
        r#"p.toml:4:8: listener[0].bind: "0.0.0.0" is not an address and port: invalid socket address syntax (accepted: address:port, such as "0.0.0.0:8443" or "[::]:8443")"#,
        r#"p.toml:5:1: listener[0].host: unknown key "host", did you mean "hosts"? (accepted: name, bind, hosts, protocol, tls_profile, error_pages, identity_headers, identity_header_oversize)"#,
        r#"p.toml:6:15: listener[0].tls_profile: there is no tls_profile "mutal", did you mean "mutual"? (accepted: "mutual")"#,
        r#"p.toml:9:15: tls_profile.mutual.certificate: "key" is missing (accepted: a PEM file with the private key)"#,
        r#"p.toml:10:15: tls_profile.mutual.client_auth: unknown value "requierd", did you mean "required"? (accepted: "required", "optional", "passthrough", "off")"#,
        r#"p.toml:13:12: pool.web.targets[0]: "http://127.0.0.1:8080" is not a host: what follows the colon is not a port"#,
        r#"p.toml:16:19: backend_settings.web.request_timeout: 0 is out of range (accepted: 1 to 86400)"#,
        r#"p.toml:17:12: backend_settings.web.protocol: unknown value "htpps", did you mean "https"? (accepted: "http", "https")"#,
        r#"p.toml:21:12: rule[0].priority: this is a string (accepted: a whole number: a number from 1 to 20000, the smallest matched first)"#,
        r#"p.toml:27:1: rewrite_set.headers.rule[0]: "name" is missing (accepted: a name that no other rule of the set has)"#,
        r#"p.toml:28:21: rewrite_set.headers.rule[0].request_headers.X_Client: "X_Client" is not a request header name (accepted: letters, digits and '-')"#,
        r#"p.toml:28:39: rewrite_set.headers.rule[0].request_headers.Connection: the "Connection" header cannot be changed"#,
    ];
    let problems = shown(&diagnose(text).problems);
    assert_eq!(problems.len(), 12, "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert_eq!(problem, expected);
    }
}

#[test]
fn a_listener_has_a_name_of_its_own() {
    let problems = after("name = \"fabrikam\"\nbind", "name = \"contoso\"\nbind");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].contains("another listener \"contoso\" at 3:8"),
        "{problems:#?}"
    );
    assert!(
        problems[1].contains("no listener \"fabrikam\""),
        "{problems:#?}"
    );
}

#[test]
fn listeners_of_one_address_answer_for_distinct_hosts() {
    let same = r#"p.toml:11:10: listener[1].hosts[0]: listener "contoso" answers for "www.contoso.com" at this address already"#;
    only("*.fabrikam.com", "WWW.contoso.com.", same);
    let both = FINE.replace("hosts = [\"*.fabrikam.com\"]\n", "");
    let both = both.replace("hosts = [\"www.contoso.com\"]\n", "");
    let problems = shown(&diagnose(&both).problems);
    assert!(
        problems[0].contains("answers for every host"),
        "{problems:?}"
    );
    let apart = FINE.replace("*.fabrikam.com", "www.contoso.com");
    let apart = apart.replacen("0.0.0.0:8443", "0.0.0.0:9443", 1);
    assert!(parse(&apart).is_ok());
}

#[test]
fn a_host_with_wildcards_keeps_to_the_documented_limits() {
    only(
        "*.fabrikam.com",
        "**.fabrikam.com",
        "next to another wildcard",
    );
    only(
        "*.fabrikam.com",
        "????.fabrikam.*",
        "5 wildcards, more than 4",
    );
    only("*.fabrikam.com", "fabrikam.com:8443", "it contains ':'");
    only("*.fabrikam.com", "fäbrikam.com", "A-labels (xn--...)");
    only(
        "[\"*.fabrikam.com\"]",
        "[]",
        "leave it out to answer for every host",
    );
}

#[test]
fn priorities_are_in_range_and_of_one_rule_an_address() {
    only(
        "priority = 20",
        "priority = 0",
        "0 is out of range (accepted: 1 to 20000)",
    );
    only("priority = 20", "priority = 20001", "20001 is out of range");
    only(
        "priority = 20",
        "priority = 10",
        "rule \"contoso\" has priority 10 at this address",
    );
    only("priority = 20\n", "", "\"priority\" is missing");
    let apart = FINE.replace("priority = 20", "priority = 10");
    let apart = apart.replacen("0.0.0.0:8443", "0.0.0.0:9443", 1);
    assert!(parse(&apart).is_ok());
}

#[test]
fn listeners_are_matched_in_the_order_of_priorities() {
    let names = |gateway: Gateway| -> Vec<String> {
        let listeners = gateway.listeners.into_iter();
        listeners.map(|listener| listener.name.value).collect()
    };
    assert_eq!(names(fine()), ["contoso", "fabrikam"]);
    let swapped = FINE.replace("priority = 20", "priority = 9");
    assert_eq!(names(parse(&swapped).unwrap()), ["fabrikam", "contoso"]);
}

#[test]
fn one_rule_serves_a_listener() {
    let problems = after("listener = \"fabrikam\"", "listener = \"contoso\"");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(
        problems[0].contains("no rule serves listener \"fabrikam\""),
        "{problems:#?}"
    );
    assert!(problems[1].contains("rule \"contoso\" serves listener \"contoso\" already"));
    only(
        "name = \"fabrikam\"\npriority",
        "name = \"contoso\"\npriority",
        "another rule \"contoso\" at 31:8",
    );
}

#[test]
fn references_lead_somewhere() {
    only(
        "pool = \"web\"\nbackend_settings = \"web\"\nrewrite_set",
        "pool = \"wob\"\nbackend_settings = \"web\"\nrewrite_set",
        "no pool \"wob\", did you mean \"web\"?",
    );
    only(
        "backend_settings = \"web\"\nrewrite_set",
        "backend_settings = \"x\"\nrewrite_set",
        "no backend_settings \"x\"",
    );
    only(
        "rewrite_set = \"headers\"",
        "rewrite_set = \"none\"",
        "no rewrite_set \"none\"",
    );
    only(
        "tls_profile = \"open\"",
        "tls_profile = \"shut\"",
        "no tls_profile \"shut\"",
    );
    let problems = after("listener = \"fabrikam\"", "listener = \"fabricam\"");
    assert!(
        problems
            .iter()
            .any(|problem| problem.contains("did you mean \"fabrikam\"?"))
    );
}

#[test]
fn a_reference_to_what_has_a_problem_is_no_further_problem() {
    only(
        "client_auth = \"off\"",
        "client_auth = \"of\"",
        "unknown value \"of\"",
    );
    only(
        "[\"127.0.0.1:8080\", \"app.internal\"]",
        "[]",
        "pool.web.targets: this is empty",
    );
}

#[test]
fn trust_is_said_where_certificates_are_judged() {
    for mode in ["optional", "required"] {
        let fine = FINE.replace("\"optional\"", &format!("{mode:?}"));
        for line in [
            "trusted_client_certificates = [\"a.pem\", \"b.pem\"]\n",
            "revocation = \"off\"\n",
        ] {
            let problems = shown(&diagnose(&fine.replace(line, "")).problems);
            assert_eq!(problems.len(), 1, "{problems:#?}");
            assert!(problems[0].contains("is missing"), "{problems:#?}");
        }
    }
    only("[\"a.pem\", \"b.pem\"]", "[]", "this is empty");
    only("[\"a.pem\", \"b.pem\"]", "[\"\"]", "this is empty");
    only(
        "revocation = \"off\"",
        "revocation = \"crl\"",
        "\"crl\" is not supported yet",
    );
    only("client_auth = \"off\"\n", "", "\"client_auth\" is missing");
}

#[test]
fn trust_is_refused_where_nothing_is_judged() {
    for mode in ["passthrough", "off"] {
        for line in [
            "trusted_client_certificates = [\"a.pem\"]",
            "revocation = \"ocsp\"",
            "revocation = \"off\"",
            "on_failure = \"respond\"",
            "revocation_mode = \"hard-fail\"",
            "revocation_grace = 60",
            "revocation_scope = \"leaf\"",
        ] {
            let expected = format!("no meaning with client_auth = {mode:?}");
            only(
                "client_auth = \"off\"",
                &format!("client_auth = {mode:?}\n{line}"),
                &expected,
            );
        }
    }
}

#[test]
fn how_issuers_are_asked_is_refused_where_they_are_not() {
    for line in [
        "revocation_mode = \"grace\"",
        "revocation_grace = 60",
        "revocation_scope = \"chain\"",
    ] {
        only(
            "revocation = \"off\"",
            &format!("revocation = \"off\"\n{line}"),
            "this has no meaning with revocation = \"off\"",
        );
    }
}

#[test]
fn a_grace_is_said_with_its_mode_and_with_no_other() {
    let ocsp = |lines: &str| format!("revocation = \"ocsp\"\n{lines}");
    let off = "revocation = \"off\"";
    only(
        off,
        &ocsp("revocation_mode = \"grace\""),
        "tls_profile.mutual: \"revocation_grace\" is missing",
    );
    let grace = "revocation_mode = \"grace\"\nrevocation_grace =";
    assert!(after(off, &ocsp(&format!("{grace} 2592000"))).is_empty());
    for seconds in ["0", "2592001"] {
        only(
            off,
            &ocsp(&format!("{grace} {seconds}")),
            "is out of range (accepted: 1 to 2592000)",
        );
    }
    for mode in ["hard-fail", "soft-fail"] {
        only(
            off,
            &ocsp(&format!(
                "revocation_mode = {mode:?}\nrevocation_grace = 60"
            )),
            &format!(
                "p.toml:20:20: tls_profile.mutual.revocation_grace: this has no meaning with revocation_mode = {mode:?}"
            ),
        );
    }
    only(
        off,
        &ocsp("revocation_grace = 60"),
        "no meaning with revocation_mode = \"hard-fail\"",
    );
}

#[test]
fn a_mistaken_mode_or_scope_hides_no_other_mistake_and_makes_none() {
    let problems = after(
        "revocation = \"off\"",
        "revocation = \"ocsp\"\nrevocation_mode = \"hard\"\nrevocation_grace = 60\nrevocation_scope = \"leef\"\non_failure = \"x\"",
    );
    assert_eq!(problems.len(), 3, "{problems:#?}");
    assert!(problems[0].contains("unknown value \"hard\""));
    assert!(problems[1].contains("unknown value \"leef\", did you mean \"leaf\"?"));
    only(
        "[\"a.pem\", \"b.pem\"]\nrevocation = \"off\"",
        "[\"a.pem\"]\nrevocation = \"off\"\nocsp_stapling = \"yes\"",
        "ocsp_stapling: this is a string",
    );
}

/// Asserts what is reported when [`FINE`] goes on with these lines of `[ocsp]`.
fn ocsp(lines: &str, expected: &[&str]) {
    let text = format!("{FINE}\n[ocsp]\n{lines}");
    let problems = shown(&diagnose(&text).problems);
    assert_eq!(problems, expected, "{lines}");
}

#[test]
fn an_allowed_network_is_an_address_with_or_without_a_length() {
    ocsp(
        "allow_networks = [\"10.1.0.0/16\", \"10.1.0.0/33\", \"::1\", \"intranet\"]",
        &[
            r#"p.toml:49:34: ocsp.allow_networks[1]: "10.1.0.0/33" is not a network: invalid IP address syntax (accepted: address/length or an address, such as "10.1.0.0/16" or "2001:db8::1")"#,
            r#"p.toml:49:56: ocsp.allow_networks[3]: "intranet" is not a network: invalid IP address syntax (accepted: address/length or an address, such as "10.1.0.0/16" or "2001:db8::1")"#,
        ],
    );
    for network in [
        "",
        "10.1.0.0/",
        "/16",
        "10.1/16",
        "10.1.0.0/-1",
        "10.1.0.0/16/16",
        "::/129",
        "10.1.0.0:80",
        " 10.1.0.0/16",
        "fe80::1%1",
    ] {
        let text = format!("{FINE}\n[ocsp]\nallow_networks = [{network:?}]");
        assert_eq!(diagnose(&text).problems.len(), 1, "{network:?}");
    }
}

#[test]
fn a_port_is_a_number_of_its_range_at_its_place() {
    ocsp(
        "ports = [80, 0, 65536, \"81\"]",
        &[
            "p.toml:49:14: ocsp.ports[1]: 0 is out of range (accepted: 1 to 65535)",
            "p.toml:49:17: ocsp.ports[2]: 65536 is out of range (accepted: 1 to 65535)",
            "p.toml:49:24: ocsp.ports[3]: this is a string (accepted: a whole number: the only ports of responders that are asked; 80, 443 and all from 1024 on if not given)",
        ],
    );
    ocsp(
        "ports = []",
        &[
            "p.toml:49:9: ocsp.ports: this is empty (accepted: the only ports of responders that are asked; 80, 443 and all from 1024 on if not given)",
        ],
    );
}

#[test]
fn a_table_of_responders_says_whom_to_ask_or_to_believe() {
    ocsp(
        "[[ocsp.responders]]\nissuer = \"ca.pem\"\n[[ocsp.responders]]\ntrusted = [\"a.pem\"]",
        &[r#"p.toml:49:1: ocsp.responders[0]: one of "instead", "fallback", "trusted" is missing"#],
    );
    ocsp(
        "[[ocsp.responders]]\ninstead = []",
        &[
            "p.toml:50:11: ocsp.responders[0].instead: this is empty (accepted: http:// or https:// URLs to ask instead of those that certificates name)",
        ],
    );
}

#[test]
fn a_responder_is_asked_by_http_or_https() {
    ocsp(
        "[[ocsp.responders]]\ninstead = [\"http://a/\", \"ldap://a/\"]\nfallback = [\"HTTPS://a\", \"a.example\"]",
        &[
            r#"p.toml:50:25: ocsp.responders[0].instead[1]: "ldap://a/" is not an HTTP URL (accepted: http://... or https://...)"#,
            r#"p.toml:51:26: ocsp.responders[0].fallback[1]: "a.example" is not an HTTP URL (accepted: http://... or https://...)"#,
        ],
    );
    for url in ["http:/a", "http:a", "//a", "xhttp://a", "http ://a"] {
        let text = format!("{FINE}\n[[ocsp.responders]]\nfallback = [{url:?}]");
        let codes: Vec<_> = diagnose(&text)
            .problems
            .iter()
            .map(|problem| problem.problem.code())
            .collect();
        assert_eq!(codes, ["invalid_url"], "{url}");
    }
}

#[test]
fn a_server_certificate_is_one_of_two_forms() {
    let pem = "{ pem = \"server.pem\", key = \"server.key\" }";
    only(pem, "{ pem = \"server.pem\" }", "\"key\" is missing");
    only(
        pem,
        "{ key = \"server.key\" }",
        "one of \"pem\", \"pfx\" is missing",
    );
    only(
        pem,
        "{ pem = \"a\", key = \"b\", pfx = \"c\" }",
        "cannot stand beside \"pem\"",
    );
    only(
        pem,
        "{ pem = \"a\", key = \"b\", password = \"c\" }",
        "cannot stand beside \"pem\"",
    );
    only(
        pem,
        "{ pem = \"\", key = \"b\" }",
        "certificate.pem: this is empty",
    );
    let pfx = "{ pfx = \"server.pfx\", password = \"secret\" }";
    only(
        pfx,
        "{ pfx = \"a\" }",
        "one of \"password\", \"password_file\" is missing",
    );
    only(
        pfx,
        "{ pfx = \"a\", password = \"b\", password_file = \"c\" }",
        "cannot stand beside",
    );
    only(
        pfx,
        "{ pfx = \"a\", password = \"b\", key = \"c\" }",
        "cannot stand beside \"pfx\"",
    );
    assert!(after(pfx, "{ pfx = \"a\", password = \"\" }").is_empty());
    assert!(after(pfx, "{ pfx = \"a\", password_file = \"b\" }").is_empty());
}

#[test]
fn a_password_is_never_printed() {
    assert!(!format!("{:?}", fine()).contains("secret"));
}

#[test]
fn every_target_gets_a_port() {
    let backends = |gateway: &Gateway| -> Vec<String> {
        let backends = forward(gateway).backends.iter();
        backends.map(ToString::to_string).collect()
    };
    assert_eq!(backends(&fine()), ["127.0.0.1:8080", "app.internal:80"]);
    let problems = after("port = 80\n", "");
    assert_eq!(problems.len(), 2, "{problems:#?}");
    assert!(problems[0].contains("pool.web.targets[1]: rule \"contoso\" forwards to app.internal, whose port is not known (accepted: host:port, or backend settings with a port)"));
    only("\"app.internal\"", "\"[::1]:0\"", "not a port");
}

#[test]
fn a_rule_without_backend_settings_takes_the_defaults() {
    let text = FINE.replace("backend_settings = \"web\"\n", "");
    let text = text
        .replace("\"app.internal\"", "\"[::1]:81\"")
        .replace("[backend_settings.web]\nport = 80\n", "");
    let gateway = parse(&text).unwrap();
    let forward = forward(&gateway);
    assert_eq!(forward.backends[1].to_string(), "[::1]:81");
    assert_eq!(forward.backend_settings.request_timeout.as_secs(), 20);
    assert!(forward.backend_settings.host.named().is_none());
}

#[test]
fn headers_that_frame_messages_or_belong_to_the_connection_do_not_change() {
    let rule = "request_headers = { X-A = \"1\" }";
    for header in [
        "Connection",
        "upgrade",
        "X-Original-Host",
        "Content-Length",
        "Transfer-Encoding",
    ] {
        for side in ["request", "response"] {
            let expected = format!("the {header:?} header cannot be changed");
            only(
                rule,
                &format!("{side}_headers = {{ {header} = \"\" }}"),
                &expected,
            );
        }
    }
    only(
        rule,
        "request_headers = { Host = \"\" }",
        "the \"Host\" header cannot be deleted",
    );
    assert!(after(rule, "request_headers = { Host = \"a.example\" }").is_empty());
    assert!(after(rule, "response_headers = { \"x_a.b\" = \"\" }").is_empty());
    only(
        rule,
        "request_headers = { \"x_a\" = \"\" }",
        "not a request header name",
    );
    only(
        rule,
        "response_headers = { \"x a\" = \"\" }",
        "not a response header name",
    );
    only(
        rule,
        "request_headers = { X-A = \"1\", x-a = \"2\" }",
        "another header \"x-a\"",
    );
    only(
        rule,
        "sequence = 1",
        "one of \"request_headers\", \"response_headers\", \"response_cookies\", \"url\" is missing",
    );
}

#[test]
fn rewrite_rules_run_by_sequence_and_then_as_written() {
    let rules = "[{ name = \"one\", request_headers = { X-A = \"1\" } }]";
    let rule = |name: &str, sequence: u16| {
        format!("{{ name = {name:?}, sequence = {sequence}, request_headers = {{ X = \"\" }} }}")
    };
    let text = format!(
        "[{}, {}, {}]",
        rule("c", 200),
        rule("a", 100),
        rule("b", 100)
    );
    let gateway = parse(&FINE.replace(rules, &text)).unwrap();
    let names = gateway.rewrite_sets[0]
        .rules
        .iter()
        .map(|rule| rule.name.value.as_str());
    assert_eq!(names.collect::<Vec<_>>(), ["a", "b", "c"]);
    only(
        rules,
        &format!("[{}, {}]", rule("a", 1), rule("a", 2)),
        "another rule \"a\"",
    );
}

#[test]
fn names_have_letters_that_logs_and_paths_can_show() {
    let named = FINE.to_owned() + "\n[pool.\"a b\"]\ntargets = [\"a:1\"]";
    let problems = shown(&diagnose(&named).problems);
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(
        problems[0].contains("pool.\"a b\": \"a b\" is not a name"),
        "{problems:#?}"
    );
    let long = "n".repeat(81);
    for name in [
        "\"a b\"",
        "\"-a\"",
        "\"\"",
        "\"\\u001b[31m\"",
        &format!("{long:?}"),
    ] {
        let problems = after(
            "[[rule]]\nname = \"fabrikam\"",
            &format!("[[rule]]\nname = {name}"),
        );
        assert_eq!(problems.len(), 1, "{problems:#?}");
        assert!(!problems[0].contains('\x1b'));
    }
}

#[test]
fn what_nothing_refers_to_is_a_warning() {
    let text = FINE.replace("rewrite_set = \"headers\"\n", "");
    let warnings = parse(&text).unwrap().warnings;
    assert_eq!(
        shown(&warnings),
        ["p.toml:44:14: warning: rewrite_set.headers: nothing refers to rewrite_set \"headers\""]
    );
    assert_eq!(warnings[0].problem.severity(), Severity::Warning);
}

#[test]
fn a_listener_that_never_gets_a_request_is_a_warning() {
    let swapped = FINE.replace("priority = 20", "priority = 9");
    let every = swapped.replace("hosts = [\"*.fabrikam.com\"]\n", "");
    let wildcard = swapped.replace("*.fabrikam.com", "*.contoso.com");
    for text in [every, wildcard] {
        let warnings = shown(&parse(&text).unwrap().warnings);
        assert_eq!(warnings.len(), 1, "{warnings:?}");
        assert!(warnings[0].contains("listener \"contoso\" never gets a request"));
    }
}

#[test]
fn text_that_is_not_toml_says_where_and_hides_no_other_mistake() {
    let problems = after("priority = 20", "priority = ");
    assert_eq!(problems.len(), 1, "{problems:#?}");
    assert!(problems[0].starts_with("p.toml:40:12: "), "{problems:#?}");
    let text = FINE
        .replace("priority = 20", "priority = ")
        .replace("client_auth = \"off\"", "client_auth = \"of\"");
    assert_eq!(diagnose(&text).problems.len(), 2);
    only(
        "priority = 20",
        "priority = 20\npriority = 21",
        "duplicate key",
    );
    only("[pool.web]", "[pool.web]\n[pool.web]", "duplicate key");
}

#[test]
fn a_single_table_where_a_list_is_meant_says_so() {
    let problems = shown(&diagnose("[listener]\nname = \"a\"\n").problems);
    assert_eq!(
        problems,
        [
            "p.toml:1:1: listener: this is a table (accepted: a list of tables: at least one [[listener]])"
        ]
    );
}

#[test]
fn an_empty_text_misses_its_listener() {
    assert_eq!(
        shown(&diagnose("").problems),
        ["p.toml: \"listener\" is missing (accepted: at least one [[listener]])"]
    );
    assert_eq!(shown(&diagnose("listener = []").problems).len(), 1);
}

#[test]
fn a_text_beyond_the_limit_is_not_read() {
    let problems = diagnose(&" ".repeat(SIZE + 1)).problems;
    assert!(matches!(
        problems[..],
        [Diagnostic {
            problem: Problem::TooLarge { .. },
            ..
        }]
    ));
}

#[test]
fn deep_nesting_is_a_problem_and_no_overflow() {
    for text in [
        "a = ".to_owned() + &"[".repeat(MIB / 2),
        "[a".to_owned() + &".a".repeat(MIB / 3) + "]",
        "a = ".to_owned() + &"{ a = ".repeat(MIB / 8),
    ] {
        assert!(parse(&text).is_err());
    }
}

/// What a configuration without inline files has at most.
const MIB: usize = 1 << 20;

#[test]
fn a_text_full_of_mistakes_is_read_in_reasonable_time() {
    let texts = [
        "a=1\n".repeat(MIB / 4),
        "a\n".repeat(MIB / 2),
        (0..60_000).map(|key| format!("k{key}=1\n")).collect(),
        format!(
            "x = {{ {} }}",
            (0..60_000)
                .map(|key| format!("k{key}=1,"))
                .collect::<String>()
        ),
        format!("rule = [{}]", "{pool='x'},".repeat(MIB / 16)),
        "[[rule]]\npool='x'\n".repeat(MIB / 32),
    ];
    for text in texts {
        let problems = diagnose(&text).problems;
        assert!((1..=1_000).contains(&problems.len()), "{}", problems.len());
        shown(&problems);
    }
}
