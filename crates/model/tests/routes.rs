//! Redirects, path maps, rewrites of URLs and cookies: what is said is read back, and what is wrong
//! is reported at its place.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;

use portcullis_model::{
    Action, Case, Diagnostic, Gateway, Holds, Include, PathMap, RedirectTarget, RedirectType,
    Reroute, Route, diagnose, parse,
};

/// A plain HTTP listener that redirects to one with TLS, which chooses by path.
const FINE: &str = r#"
[[listener]]
name = "plain"
bind = "0.0.0.0:80"
protocol = "http"

[[listener]]
name = "secure"
bind = "0.0.0.0:443"
hosts = ["www.contoso.com"]
tls_profile = "open"

[tls_profile.open]
certificate = { pem = "server.pem", key = "server.key" }
client_auth = "off"

[[rule]]
name = "to-secure"
priority = 10
listener = "plain"
redirect = "secure"

[[rule]]
name = "by-path"
priority = 20
listener = "secure"
path_map = "site"

[redirect.secure]
type = "permanent"
target_listener = "secure"
include_path = true
include_query = true

[redirect.away]
type = "see_other"
target_url = "https://example.com/"

[path_map.site]
default_pool = "web"

[[path_map.site.rule]]
name = "images"
paths = ["/images/*", "/Pictures"]
pool = "images"
rewrite_set = "urls"

[[path_map.site.rule]]
name = "cats"
paths = ["/images/cats", "/cats*"]
redirect = "away"

[pool.web]
targets = ["10.0.0.1:80"]

[pool.images]
targets = ["10.0.0.2:80"]

[[rewrite_set.urls.rule]]
name = "one"
conditions = [{ variable = "var_uri_path", pattern = "/(.+)" }]
url = { path = "/a", query = "", reroute = true }

[[rewrite_set.urls.rule.response_cookies]]
pattern = "cookie2=(.*)"
ignore_case = true
value = "cookie2={capt_header_value_matcher_1};Secure"
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

/// Asserts the only problem after a change of [`FINE`], of which `expected` is a part.
fn only(old: &str, new: &str, expected: &str) {
    assert_eq!(FINE.matches(old).count(), 1, "{old}");
    let problems = shown(&diagnose(&FINE.replace(old, new)).problems);
    let [problem] = &problems[..] else {
        panic!("{new}: {problems:#?}");
    };
    assert!(problem.contains(expected), "{new}: {problem}");
}

fn allowed(old: &str, new: &str) {
    assert_eq!(FINE.matches(old).count(), 1, "{old}");
    let problems = shown(&diagnose(&FINE.replace(old, new)).problems);
    assert!(problems.is_empty(), "{new}: {problems:#?}");
}

fn site(gateway: &Gateway) -> &PathMap {
    let Action::Paths(map) = &gateway.listeners[1].rule.action else {
        panic!("a path map");
    };
    map
}

fn chosen<'a>(map: &'a PathMap, path: &str) -> &'a str {
    map.choose(path).rule.map_or("", |rule| &rule.name.value)
}

#[test]
fn a_redirect_to_a_listener_says_its_url() {
    let gateway = fine();
    assert_eq!(
        shown(&gateway.warnings),
        [
            "p.toml:50:10: warning: path_map.site.rule[1].paths[0]: path \"/images/cats\" never gets a request: earlier paths of the map have all of it"
        ]
    );
    assert!(gateway.listeners[0].tls_profile().is_none());
    let Action::Route(Route::Redirect(redirect)) = &gateway.listeners[0].rule.action else {
        panic!("a redirect");
    };
    assert_eq!(redirect.kind, RedirectType::Permanent);
    assert_eq!(redirect.kind.status(), 301);
    assert_eq!(
        (redirect.path, redirect.query),
        (Include::Yes, Include::Yes)
    );
    let RedirectTarget::Listener {
        name,
        scheme,
        host,
        port,
    } = &redirect.target
    else {
        panic!("a listener");
    };
    assert_eq!(name.value, "secure");
    assert_eq!((*scheme, *port), ("https", 443));
    assert_eq!(host.as_ref().unwrap().as_str(), "www.contoso.com");
}

#[test]
fn the_first_path_rule_in_the_order_of_the_file_counts_whatever_is_longer() {
    let gateway = fine();
    let map = site(&gateway);
    for (path, rule) in [
        ("/images/", "images"),
        ("/IMAGES/dog", "images"),
        ("/images/cats", "images"),
        ("/images", ""),
        ("/pictures", "images"),
        ("/pictures/", ""),
        ("/catsanddogs", "cats"),
        ("/", ""),
        ("", ""),
        ("/imagés/", ""),
    ] {
        assert_eq!(chosen(map, path), rule, "{path}");
    }
    let choice = map.choose("/images/dog");
    assert_eq!(choice.pattern.unwrap().as_str(), "/images/*");
    assert_eq!(choice.route.forward().unwrap().pool.name, "images");
    let default = map.choose("/x").route;
    assert_eq!(default.forward().unwrap().pool.name, "web");
}

#[test]
fn rewrites_of_urls_and_cookies_are_read_back() {
    let gateway = fine();
    let rule = &gateway.rewrite_sets[0].rules[0];
    let url = rule.url.as_ref().unwrap();
    assert_eq!(url.path.as_ref().unwrap().value, "/a");
    assert_eq!(url.query.as_ref().unwrap().value, "");
    assert_eq!(url.reroute, Reroute::Again);
    let cookie = &rule.response_cookies[0];
    assert_eq!(cookie.case, Case::Insensitive);
    assert_eq!(cookie.holds, Holds::OnMatch);
    assert_eq!(
        cookie.place.path,
        "rewrite_set.urls.rule[0].response_cookies[0]"
    );
    let kept = FINE.replace("query = \"\", ", "");
    let kept = parse(&kept).unwrap();
    let url = kept.rewrite_sets[0].rules[0].url.as_ref().unwrap();
    assert!(url.query.is_none());
    only(
        "{ path = \"/a\", query = \"\", reroute = true }",
        "{ reroute = true }",
        "one of \"path\", \"query\" is missing",
    );
    only("pattern = \"cookie2=(.*)\"\n", "", "\"pattern\" is missing");
}

#[test]
fn a_rule_does_one_thing() {
    let redirect = "redirect = \"secure\"";
    only(
        &format!("{redirect}\n"),
        "",
        "one of \"pool\", \"redirect\", \"path_map\" is missing",
    );
    only(
        redirect,
        &format!("{redirect}\npool = \"web\""),
        "rule[0].redirect: this cannot stand beside \"pool\"",
    );
    only(
        redirect,
        &format!("{redirect}\nrewrite_set = \"urls\""),
        "rule[0].rewrite_set: this cannot stand beside \"redirect\"",
    );
    only(
        "path_map = \"site\"",
        "path_map = \"site\"\nbackend_settings = \"x\"",
        "cannot stand beside \"path_map\"",
    );
    only(
        "default_pool = \"web\"",
        "default_pool = \"web\"\ndefault_redirect = \"away\"",
        "default_redirect: this cannot stand beside \"default_pool\"",
    );
    only(
        "default_pool = \"web\"\n",
        "",
        "path_map.site: one of \"default_pool\", \"default_redirect\" is missing",
    );
    only(redirect, "redirect = \"secur\"", "did you mean \"secure\"?");
    only(
        "path_map = \"site\"",
        "path_map = \"sit\"",
        "no path_map \"sit\", did you mean \"site\"?",
    );
}

#[test]
fn a_path_pattern_keeps_to_the_documented_form() {
    let paths = "\"/images/*\"";
    for (pattern, why) in [
        ("images/*", "does not begin with '/'"),
        ("*", "does not begin with '/'"),
        ("/images/*.jpg", "an asterisk stands before its end"),
        ("/*/cats", "an asterisk stands before its end"),
        ("/images/**", "an asterisk stands before its end"),
        ("/images?x", "contains '?'"),
        ("/images#x", "contains '#'"),
        ("/im ages", "contains ' '"),
    ] {
        only(paths, &format!("{pattern:?}"), why);
    }
    for pattern in ["/images*", "/*", "/", "/%20/a:b@c;d"] {
        allowed(paths, &format!("{pattern:?}"));
    }
    only(
        "name = \"cats\"",
        "name = \"images\"",
        "another rule \"images\"",
    );
}

#[test]
fn a_redirect_names_a_url_or_a_listener_of_one_host() {
    let many = "listener \"secure\" has several hosts or wildcards";
    only("[\"www.contoso.com\"]", "[\"*.contoso.com\"]", many);
    only(
        "[\"www.contoso.com\"]",
        "[\"a.example\", \"b.example\"]",
        many,
    );
    allowed("hosts = [\"www.contoso.com\"]\n", "");
    let url = "target_url = \"https://example.com/\"";
    only(
        &format!("{url}\n"),
        "",
        "\"target_url\", \"target_listener\"",
    );
    only(
        url,
        &format!("{url}\ntarget_listener = \"secure\""),
        "cannot stand beside \"target_url\"",
    );
    for text in [
        "ftp://example.com",
        "https://",
        "/there",
        "https://a b",
        "https://a/\\r\\nX: 1",
    ] {
        only(
            url,
            &format!("target_url = \"{text}\""),
            "is not an HTTP URL",
        );
    }
    only("\"see_other\"", "\"308\"", "unknown value \"308\"");
}

#[test]
fn asking_the_path_map_again_needs_one_and_an_end() {
    let conditions = "conditions = [{ variable = \"var_uri_path\", pattern = \"/(.+)\" }]\n";
    let endless = "rewrite_set \"urls\" has reroute = true in every rule and no condition";
    only(conditions, "", endless);
    let another = "[[rewrite_set.urls.rule]]\nname = \"two\"\nrequest_headers = { X-A = \"\" }\n";
    let first = "[[rewrite_set.urls.rule]]\n";
    let text = FINE.replace(conditions, "");
    let text = text.replace(first, &format!("{another}{first}"));
    assert!(parse(&text).is_ok());
    only(
        "path_map = \"site\"",
        "pool = \"web\"\nrewrite_set = \"urls\"",
        "rule[1].rewrite_set: rewrite_set \"urls\" has reroute = true, and this has no path map",
    );
}

#[test]
fn what_no_request_gets_out_of_is_a_warning() {
    let text = FINE.replace(
        "target_listener = \"secure\"",
        "target_listener = \"plain\"",
    );
    let warnings = shown(&parse(&text).unwrap().warnings);
    let expected = "rule[0]: listener \"plain\" redirects every request to itself";
    assert!(warnings[0].contains(expected), "{warnings:?}");
    let shadowed = |paths: &str| {
        let text = FINE.replace("\"/images/cats\", \"/cats*\"", paths);
        parse(&text).unwrap().warnings.len()
    };
    for (paths, warnings) in [
        ("\"/images\"", 0),
        ("\"/IMAGES/a*\"", 1),
        ("\"/image*\"", 0),
        ("\"/pictures\"", 1),
        ("\"/pictures*\"", 0),
        ("\"/a\", \"/A\"", 1),
    ] {
        assert_eq!(shadowed(paths), warnings, "{paths}");
    }
}

#[test]
fn listeners_of_one_address_speak_one_protocol() {
    only(
        "0.0.0.0:80\"",
        "0.0.0.0:443\"",
        "listener[1].bind: listener \"plain\" at this address has another protocol",
    );
    only(
        "protocol = \"http\"",
        "protocol = \"http\"\ntls_profile = \"open\"",
        "this has no meaning with protocol = \"http\"",
    );
    only("tls_profile = \"open\"\n", "", "\"tls_profile\" is missing");
    only(
        "protocol = \"http\"",
        "protocol = \"tcp\"",
        "not supported yet",
    );
}

#[test]
fn twelve_different_mistakes_of_one_file_are_twelve_problems() {
    let text = r#"
http = { http2 = "no" }
limits = { pool = 1 }
error_pages = { 401 = "401.html" }

[[listener]]
name = "plain"
bind = "0.0.0.0:80"
protocol = "http"
tls_profile = "mutual"

[[listener]]
name = "secure"
bind = "0.0.0.0:443"
hosts = ["*.contoso.com"]
tls_profile = "mutual"
identity_headers = "x509"

[tls_profile.mutual]
certificate = { pem = "server.pem", key = "data:;base64,!" }
client_auth = "off"
tls_policy = { type = "custom", min_version = "1.3" }

[[rule]]
name = "plain"
priority = 1
listener = "plain"
redirect = "secure"

[[rule]]
name = "secure"
priority = 2
listener = "secure"
path_map = "site"

[redirect.secure]
type = "permanent"
target_listener = "secure"

[path_map.site]
default_pool = "web"
rule = [{ name = "a", paths = ["/*.jpg"], redirect = "gone" }]

[authorization.nobody]

[pool.web]
targets = ["a:1"]

[backend_settings.web]
probe = "health"
"#;
    let expected = [
        "http.http2: this is a string",
        "limits.pool: unknown key \"pool\", did you mean \"pools\"?",
        "error_pages.401: unknown key \"401\"",
        "listener[0].tls_profile: this has no meaning with protocol = \"http\"",
        "listener[1].identity_headers: unknown value \"x509\"",
        "tls_profile.mutual.certificate.key: this data URL cannot be read",
        "tls_profile.mutual.tls_policy.min_version: this has no meaning with type = \"custom\"",
        "redirect.secure.target_listener: listener \"secure\" has several hosts or wildcards",
        "path_map.site.rule[0].paths[0]: \"/*.jpg\" is not a path pattern",
        "path_map.site.rule[0].redirect: there is no redirect \"gone\"",
        "authorization.nobody: one of \"require_certificate\"",
        "backend_settings.web.probe: there is no probe \"health\"",
    ];
    let problems = shown(&diagnose(text).problems);
    assert_eq!(problems.len(), expected.len(), "{problems:#?}");
    for (problem, expected) in problems.iter().zip(expected) {
        assert!(problem.contains(expected), "{problem} / {expected}");
    }
}
