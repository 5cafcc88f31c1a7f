//! Listeners, HTTP settings, error pages, TLS policies, limits and files given inline.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use portcullis_model::{
    Diagnostic, Gateway, Generation, HttpSettings, IdentityForm, ImmediateIssuer, Limits,
    LogFormat, LogOutput, MinVersion, Oversize, PredefinedPolicy, ServerCertificate, TlsPolicy,
    TraceSettings, diagnose, parse,
};

const FINE: &str = r#"
[[listener]]
name = "one"
bind = "0.0.0.0:443"
hosts = ["one.example"]
tls_profile = "mutual"

[[listener]]
name = "two"
bind = "0.0.0.0:443"
hosts = ["two.example"]
tls_profile = "mutual"

[tls_profile.mutual]
certificate = { pem = "server.pem", key = "server.key" }
client_auth = "required"
trusted_client_certificates = ["a.pem", "b.pem"]
revocation = "off"

[[rule]]
name = "one"
priority = 10
listener = "one"
pool = "web"

[[rule]]
name = "two"
priority = 20
listener = "two"
pool = "web"

[pool.web]
targets = ["10.0.0.1:80"]
"#;

fn shown(problems: &[Diagnostic]) -> Vec<String> {
    let lines = problems
        .iter()
        .map(|problem| problem.display(Path::new("p.toml")).to_string());
    lines.collect()
}

fn changed(old: &str, new: &str) -> String {
    assert_eq!(FINE.matches(old).count(), 1, "{old}");
    FINE.replace(old, new)
}

fn read(text: &str) -> Gateway {
    parse(text).unwrap_or_else(|problems| panic!("{text}\n{:#?}", shown(&problems)))
}

/// Asserts the only problem of a text, of which `expected` is a part.
fn only(text: &str, expected: &str) {
    let problems = shown(&diagnose(text).problems);
    let [problem] = &problems[..] else {
        panic!("{text}\n{problems:#?}");
    };
    assert!(problem.contains(expected), "{problem}");
}

fn with(lines: &str) -> String {
    format!("{FINE}\n{lines}\n")
}

#[test]
fn what_is_not_said_about_http_is_what_is_documented() {
    let http = read(FINE).http;
    assert_eq!(http, HttpSettings::default());
    assert!(http.http2);
    assert_eq!((http.url_bytes, http.header_bytes), (32_768, 32_768));
    assert_eq!(
        (http.http2_field_bytes, http.http2_header_bytes),
        (8_192, 16_384)
    );
    assert_eq!((http.body_bytes, http.http2_requests), (1 << 32, 1_000));
    let said = "[http]\nhttp2 = false\nurl_bytes = 256\nheader_bytes = 1024\nbody_bytes = 0\nhttp2_field_bytes = 300\nhttp2_header_bytes = 2048\nhttp2_requests = 7";
    let http = read(&with(said)).http;
    assert!(!http.http2);
    assert_eq!((http.url_bytes, http.header_bytes), (256, 1_024));
    assert_eq!(
        (http.http2_field_bytes, http.http2_header_bytes),
        (300, 2_048)
    );
    assert_eq!((http.body_bytes, http.http2_requests), (0, 7));
    only(&with("[http]\nurl_bytes = 1"), "1 is out of range");
    only(&with("[http]\nurl_byte = 1"), "did you mean \"url_bytes\"?");
}

#[test]
fn the_error_pages_of_a_listener_replace_all_of_the_gateway() {
    let own = changed(
        "hosts = [\"one.example\"]",
        "hosts = [\"one.example\"]\nerror_pages = { 502 = \"own.html\" }",
    );
    let text = own + "[error_pages]\n400 = \"400.html\"\n502 = \"502.html\"\n";
    let gateway = read(&text);
    let own = &gateway.listeners[0].error_pages;
    assert!(own.page(400).is_none());
    assert_eq!(own.page(502).unwrap().path(), Some(Path::new("own.html")));
    let global = &gateway.listeners[1].error_pages;
    assert_eq!(global, &gateway.error_pages);
    let statuses: Vec<u16> = global.iter().map(|(status, _)| status).collect();
    assert_eq!(statuses, [400, 502]);
    assert!(read(FINE).error_pages.is_empty());
    only(&with("[error_pages]\n401 = \"x\""), "unknown key \"401\"");
    only(
        &with("[error_pages]\n404 = \"\""),
        "error_pages.404: this is empty",
    );
    for status in [400, 403, 404, 405, 408, 500, 502, 503, 504] {
        let text = with(&format!("[error_pages]\n{status} = \"x\""));
        assert!(read(&text).error_pages.page(status).is_some());
    }
}

#[test]
fn a_tls_policy_is_a_name_or_said_in_full_and_a_default_serves_the_others() {
    let policy = |text: &str| {
        read(text).tls_profiles[0]
            .policy
            .clone()
            .map(|policy| policy.value)
    };
    assert_eq!(policy(FINE), None);
    let default = with("[tls]\ndefault_policy = \"AppGwSslPolicy20220101S\"");
    let expected = TlsPolicy::Predefined(PredefinedPolicy::P20220101S);
    assert_eq!(policy(&default), Some(expected));
    let custom = "{ type = \"custom_v2\", min_version = \"1.2\", cipher_suites = [\"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256\", \"ECDHE-RSA-AES256-GCM-SHA384\"] }";
    let own = default.replace(
        "revocation =",
        &format!("tls_policy = {custom}\nrevocation ="),
    );
    let Some(TlsPolicy::Custom(policy)) = policy(&own) else {
        panic!("a custom policy");
    };
    assert_eq!(policy.generation, Generation::New);
    assert_eq!(policy.min_version, MinVersion::Tls12);
    assert_eq!(policy.cipher_suites[1].value, "ECDHE-RSA-AES256-GCM-SHA384");
    let place = &policy.cipher_suites[1].place.path;
    assert_eq!(place, "tls_profile.mutual.tls_policy.cipher_suites[1]");
}

#[test]
fn a_mistaken_tls_policy_is_reported_where_it_stands() {
    let of = |policy: &str| with(&format!("[tls]\ndefault_policy = {policy}"));
    only(
        &of("\"AppGwSslPolicy20220101X\""),
        "did you mean \"AppGwSslPolicy20220101\"?",
    );
    only(&of("1"), "tls.default_policy: this is a whole number");
    only(
        &of("{ type = \"custom_v2\", min_version = \"1.2\" }"),
        "\"cipher_suites\" is missing",
    );
    read(&of("{ type = \"custom_v2\", min_version = \"1.3\" }"));
    only(
        &of("{ type = \"custom\", min_version = \"1.3\" }"),
        "min_version: this has no meaning with type = \"custom\"",
    );
    only(
        &of("{ type = \"custom_v2\", min_version = \"1.0\", cipher_suites = [\"X\"] }"),
        "\"1.0\" is not supported yet",
    );
    only(
        &of("{ type = \"custom\", min_version = \"1.2\", cipher_suites = [\"A B\"] }"),
        "\"A B\" is not the name of a cipher suite",
    );
}

#[test]
fn old_and_new_tls_policies_do_not_coexist() {
    let mixed = changed(
        "revocation =",
        "tls_policy = \"AppGwSslPolicy20170401S\"\nrevocation =",
    ) + "[tls]\ndefault_policy = \"AppGwSslPolicy20220101\"\n";
    only(
        &mixed,
        "tls_profile.mutual.tls_policy: this TLS policy cannot coexist with the one at 36:18",
    );
    read(&mixed.replace("20170401S", "20220101S"));
    read(&mixed.replace("20220101", "20150501"));
}

#[test]
fn the_issuer_dn_is_verified_where_it_is_asked() {
    let issuer = |text: &str| {
        let gateway = read(text);
        let trust = gateway.tls_profiles[0].client_auth.trust().unwrap();
        trust.immediate_issuer
    };
    assert_eq!(issuer(FINE), ImmediateIssuer::Any);
    let asked = changed("revocation =", "verify_issuer_dn = true\nrevocation =");
    assert_eq!(issuer(&asked), ImmediateIssuer::Configured);
    let off = "client_auth = \"required\"\ntrusted_client_certificates = [\"a.pem\", \"b.pem\"]\nrevocation = \"off\"";
    only(
        &changed(off, "client_auth = \"off\"\nverify_issuer_dn = true"),
        "no meaning with client_auth = \"off\"",
    );
}

#[test]
fn the_limits_are_the_documented_ones_and_can_be_raised() {
    assert_eq!(read(FINE).limits, Limits::default());
    let files = |count: usize| {
        let files = (0..count).map(|file| format!("\"{file}.pem\", "));
        let files: String = files.collect();
        changed("\"a.pem\", \"b.pem\"", &files)
    };
    read(&files(100));
    let profile = "trusted_client_certificates[100]: there are 101 files of trusted client certificates in this profile, more than 100 (accepted: at most 100, or more with trust_files_per_profile in [limits])";
    only(&files(101), profile);
    read(&(files(101) + "[limits]\ntrust_files_per_profile = 101\n"));
    let raised = "[limits]\ntrust_files_per_profile = 1000\n";
    only(
        &(files(201) + raised),
        "there are 201 files of trusted client certificates, more than 200",
    );
    read(&(files(201) + raised + "trust_files = 201\n"));
    only(&with("[limits]\ntargets = 0"), "0 is out of range");
    let targets = changed("\"10.0.0.1:80\"", "\"a:1\", \"b:1\", \"c:1\"");
    only(
        &(targets + "[limits]\ntargets = 2\n"),
        "pool.web: there are 3 targets, more than 2",
    );
    only(
        &with("[pool.b]\ntargets = [\"a:1\"]\n[limits]\npools = 1"),
        "pool.b: there are 2 pools, more than 1",
    );
}

#[test]
fn a_rewrite_set_has_at_most_forty_changes_and_conditions() {
    let set = |changes: usize, conditions: usize| {
        let headers = (0..changes).map(|header| format!("X-{header} = \"\", "));
        let condition = "{ variable = \"var_host\", pattern = \"x\" }, ";
        with(&format!(
            "[[rewrite_set.x.rule]]\nname = \"x\"\nconditions = [{}]\nrequest_headers = {{ {} }}\nurl = {{ path = \"/\" }}",
            condition.repeat(conditions),
            headers.collect::<String>()
        ))
    };
    read(&set(39, 40));
    only(
        &set(40, 0),
        "rewrite_set.x: there are 41 header and URL changes, more than 40",
    );
    only(&set(1, 41), "there are 41 conditions, more than 40");
    read(&(set(40, 41) + "[limits]\nrewrite_changes = 41\nrewrite_conditions = 41\n"));
}

#[test]
fn identity_headers_are_the_word_of_the_rule_or_of_its_listener() {
    let of = |gateway: &Gateway, at: usize| {
        let headers = gateway.listeners[at].rule.identity_headers;
        headers.map(|headers| (headers.form, headers.oversize))
    };
    let listener = "hosts = [\"one.example\"]";
    let rule = "name = \"one\"\npriority";
    let both = changed(
        listener,
        &format!("{listener}\nidentity_headers = \"xfcc\""),
    );
    let gateway = read(&both);
    assert_eq!(
        of(&gateway, 0),
        Some((IdentityForm::Xfcc, Oversize::Refuse))
    );
    assert_eq!(of(&gateway, 1), None);
    let own = "name = \"one\"\nidentity_headers = \"rfc9440\"\nidentity_header_oversize = \"omit\"\npriority";
    let gateway = read(&both.replace(rule, own));
    assert_eq!(
        of(&gateway, 0),
        Some((IdentityForm::Rfc9440, Oversize::Omit))
    );
    for word in ["aws", "app_service", "nginx"] {
        read(&changed(
            listener,
            &format!("{listener}\nidentity_headers = {word:?}"),
        ));
    }
    only(
        &changed(
            listener,
            &format!("{listener}\nidentity_headers = \"envoy\""),
        ),
        "unknown value \"envoy\"",
    );
    only(
        &changed(
            listener,
            &format!("{listener}\nidentity_header_oversize = \"omit\""),
        ),
        "\"identity_headers\" is missing",
    );
}

#[test]
fn every_file_can_stand_in_the_configuration() {
    let inline = "data:;base64,aGVsbG8=";
    let text = FINE
        .replace("server.pem", inline)
        .replace("server.key", inline)
        .replace("a.pem", inline);
    let text = text
        + &format!("[error_pages]\n400 = {inline:?}\n[ocsp]\nhttps_roots = [{inline:?}]\n")
        + &format!("responders = [{{ issuer = {inline:?}, trusted = [{inline:?}] }}]\n");
    let gateway = read(&text);
    let ServerCertificate::Pem { certificate, key } = &gateway.tls_profiles[0].certificate else {
        panic!("a PEM certificate");
    };
    assert_eq!(certificate.inline(), Some(&b"hello"[..]));
    assert_eq!(key.inline(), Some(&b"hello"[..]));
    assert!(gateway.error_pages.page(400).unwrap().inline().is_some());
    assert!(gateway.ocsp.https_roots[0].inline().is_some());
    assert!(
        gateway.ocsp.responders[0]
            .issuer
            .as_ref()
            .unwrap()
            .inline()
            .is_some()
    );
    let trust = gateway.tls_profiles[0].client_auth.trust().unwrap();
    assert!(trust.certificates[0].inline().is_some());
    assert!(trust.certificates[1].inline().is_none());
    let debug = format!("{gateway:?}");
    assert!(!debug.contains("104, 101") && !debug.contains("aGVsbG8"));
    let pfx = format!("{{ pfx = {inline:?}, password_file = {inline:?} }}");
    read(&changed(
        "{ pem = \"server.pem\", key = \"server.key\" }",
        &pfx,
    ));
}

#[test]
fn a_mistaken_inline_file_is_reported_where_it_stands_and_never_repeated() {
    for (url, why) in [
        ("data:,c2VjcmV0", "\";base64,\" is missing"),
        ("data:;base64,c2VjcmV0!", "is not base64"),
        ("data:;base64,", "it is empty"),
    ] {
        let text = changed("server.key", url);
        only(
            &text,
            "15:43: tls_profile.mutual.certificate.key: this data URL cannot be read: ",
        );
        let text = changed("\"b.pem\"", &format!("{url:?}"));
        let problems = shown(&diagnose(&text).problems);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].contains("trusted_client_certificates[1]"));
        assert!(problems[0].contains(why), "{problems:?}");
        assert!(!problems[0].contains("c2Vj"), "{problems:?}");
    }
    let large = format!("data:;base64,{}", "AAAA".repeat(9_000));
    only(
        &changed("\"b.pem\"", &format!("{large:?}")),
        "trusted_client_certificates[1]: there are 27000 bytes, more than 25600",
    );
}

#[test]
fn a_problem_says_its_bytes() {
    let text = changed("\"10.0.0.1:80\"", "\"a b\"");
    let problems = diagnose(&text).problems;
    assert_eq!(&text[problems[0].span().unwrap()], "\"a b\"");
    let location = problems[0].place.location.unwrap();
    assert_eq!(
        (location.offset, location.length),
        (text.find("\"a b\"").unwrap(), 5)
    );
    let text = format!("# é\n{}", with("nonsense = 1"));
    let problems = diagnose(&text).problems;
    assert_eq!(&text[problems[0].span().unwrap()], "nonsense");
    assert!(
        diagnose("").problems[0]
            .span()
            .is_none_or(|span| span.is_empty())
    );
}

#[test]
fn the_access_log_and_the_traces_are_what_is_said() {
    let fine = read(FINE);
    let log = &fine.access_log;
    assert_eq!(
        (log.format, &log.output),
        (LogFormat::Json, &LogOutput::Stdout)
    );
    assert_eq!(fine.traces, None);
    for (lines, output) in [
        ("format = \"text\"\noutput = \"stderr\"", LogOutput::Stderr),
        ("format = \"text\"\noutput = \"off\"", LogOutput::Off),
        (
            "format = \"text\"\npath = \"a.log\"",
            LogOutput::File("a.log".into()),
        ),
    ] {
        let log = read(&with(&format!("[access_log]\n{lines}"))).access_log;
        assert_eq!((log.format, log.output), (LogFormat::Text, output));
    }
    only(
        &with("[access_log]\noutput = \"off\"\npath = \"a.log\""),
        "access_log.output: this cannot stand beside \"path\"",
    );
    let traces = |lines: &str| read(&with(&format!("[traces]\n{lines}"))).traces.unwrap();
    assert_eq!(traces(""), TraceSettings::default());
    assert!((traces("sample_ratio = 0.25").sample_ratio - 0.25).abs() < f64::EPSILON);
    assert!(traces("sample_ratio = 0").sample_ratio.abs() < f64::EPSILON);
    let url = "otlp_endpoint = \"http://127.0.0.1:4318\"";
    let endpoint = traces(url).otlp_endpoint.unwrap();
    assert_eq!(endpoint.value, "http://127.0.0.1:4318");
    for wrong in ["https://c:4318", "c:4318"] {
        only(
            &with(&format!("[traces]\notlp_endpoint = \"{wrong}\"")),
            "is not the URL of a collector (accepted: http://HOST:PORT",
        );
    }
    only(&with("[traces]\nsample_ratio = 1.5"), "1.5 is out of range");
}
