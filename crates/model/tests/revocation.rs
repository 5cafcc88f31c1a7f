//! How certificates are checked for revocation: what is meant where nothing is said, and what is said.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use std::path::Path;
use std::time::Duration;

use portcullis_model::FileSource;
use portcullis_model::{Delegates, Destinations, OcspHash, OcspMethod, OcspNonce, OcspSettings};
use portcullis_model::{Gateway, Located, Revocation, RevocationMode, RevocationScope};
use portcullis_model::{diagnose, parse};

/// A gateway whose TLS profile judges client certificates, with further lines of that profile.
fn judging(lines: &str) -> Gateway {
    gateway(&format!(
        "client_auth = \"required\"\ntrusted_client_certificates = [\"ca.pem\"]\n{lines}\n"
    ))
}

/// A gateway with these lines in its TLS profile, and tables below it.
fn gateway(lines: &str) -> Gateway {
    let text = format!(
        r#"
[pool.web]
targets = ["127.0.0.1:8080"]

[[listener]]
name = "contoso"
bind = "0.0.0.0:8443"
tls_profile = "contoso"

[[rule]]
name = "contoso"
priority = 100
listener = "contoso"
pool = "web"

[tls_profile.contoso]
certificate = {{ pem = "server.pem", key = "server.key" }}
{lines}
"#
    );
    parse(&text).unwrap_or_else(|_| panic!("{:#?}", diagnose(&text).problems))
}

fn revocation(lines: &str) -> Revocation {
    let gateway = judging(lines);
    let trust = gateway.tls_profiles[0].client_auth.trust();
    trust.unwrap().revocation
}

#[test]
fn the_leaf_is_asked_about_and_no_answer_is_a_refusal_unless_said() {
    let expected = Revocation::Ocsp {
        mode: RevocationMode::HardFail,
        scope: RevocationScope::Leaf,
    };
    assert_eq!(revocation("revocation = \"ocsp\""), expected);
    let lines =
        "revocation = \"ocsp\"\nrevocation_mode = \"hard-fail\"\nrevocation_scope = \"leaf\"";
    assert_eq!(revocation(lines), expected);
    assert_eq!(revocation("revocation = \"off\""), Revocation::Off);
}

#[test]
fn modes_and_scopes_are_those_that_are_said() {
    let said = |mode: &str| {
        revocation(&format!(
            "revocation = \"ocsp\"\nrevocation_scope = \"chain\"\nrevocation_mode = {mode}"
        ))
    };
    let chain = |mode| Revocation::Ocsp {
        mode,
        scope: RevocationScope::Chain,
    };
    assert_eq!(said("\"soft-fail\""), chain(RevocationMode::SoftFail));
    assert_eq!(
        said("\"grace\"\nrevocation_grace = 3600"),
        chain(RevocationMode::Grace(Duration::from_secs(3600)))
    );
}

#[test]
fn stapling_is_off_unless_said_and_asks_nothing_of_clients() {
    let stapling = |lines: &str| gateway(lines).tls_profiles[0].ocsp_stapling;
    assert!(!stapling("client_auth = \"off\""));
    for mode in ["off", "passthrough"] {
        for staple in [true, false] {
            let lines = format!("client_auth = {mode:?}\nocsp_stapling = {staple}");
            assert_eq!(stapling(&lines), staple);
        }
    }
    assert!(judging("revocation = \"off\"\nocsp_stapling = true").tls_profiles[0].ocsp_stapling);
}

/// What `[ocsp]` says with these lines.
fn ocsp(lines: &str) -> OcspSettings {
    gateway(&format!("client_auth = \"off\"\n[ocsp]\n{lines}")).ocsp
}

#[test]
fn the_defaults_are_those_that_are_documented() {
    let without_a_table = gateway("client_auth = \"off\"").ocsp;
    for ocsp in [ocsp(""), without_a_table, OcspSettings::default()] {
        let seconds = Duration::from_secs;
        assert_eq!(ocsp.timeout, seconds(5));
        assert_eq!(ocsp.connect_timeout, seconds(2));
        assert_eq!(ocsp.skew, seconds(300));
        assert_eq!(ocsp.max_age, None);
        assert_eq!(ocsp.destinations, Destinations::NotLocal);
        assert!(ocsp.allow_networks.is_empty());
        assert_eq!(ocsp.ports, None);
        assert_eq!(ocsp.method, OcspMethod::GetWhereShort);
        assert_eq!(ocsp.nonce, OcspNonce::Off);
        assert_eq!(ocsp.hash, OcspHash::Sha1);
        assert_eq!(ocsp.delegates_without_nocheck, Delegates::Check);
        assert!(ocsp.https_roots.is_empty());
        assert_eq!(ocsp.proxy, None);
        assert_eq!(ocsp.store, None);
        assert_eq!(ocsp.capacity, 65_536);
        assert_eq!(ocsp.questions, 256);
        assert_eq!(ocsp.questions_each, 64);
        assert_eq!(ocsp.good_lifetime, None);
        assert_eq!(ocsp.revoked_lifetime, None);
        assert_eq!(ocsp.unknown_lifetime, seconds(60));
        assert_eq!(ocsp.failure_lifetime, seconds(5));
        assert_eq!(ocsp.longest_failure_lifetime, seconds(60));
        assert!(ocsp.responders.is_empty());
    }
}

/// Every key of `[ocsp]`, none with its default.
const EVERYTHING: &str = r#"
timeout = 10
connect_timeout = 3
skew = 0
max_age = 86400
allow_loopback = true
allow_networks = ["10.1.0.0/16", "10.2.3.4/16", "192.0.2.7", "2001:db8::/32", "::1"]
ports = [80, 8080]
method = "post"
nonce = "require"
hash = "sha256"
delegates_without_nocheck = "refuse"
https_roots = ["roots/a.pem", "roots/b.pem"]
proxy = "http://proxy.internal:3128"
store = "ocsp.answers"
capacity = 10_000_000
questions = 512
questions_each = 32
good_lifetime = 3600
revoked_lifetime = 31_536_000
unknown_lifetime = 0
failure_lifetime = 1
longest_failure_lifetime = 86_400

[[ocsp.responders]]
issuer = "client-ca.pem"
instead = ["http://a.internal/", "https://b.internal/ocsp"]
fallback = ["HTTP://c.internal"]
trusted = ["responder.pem"]

[[ocsp.responders]]
fallback = ["http://d.internal"]
"#;

fn values<T: Clone>(located: &[Located<T>]) -> Vec<T> {
    located.iter().map(|item| item.value.clone()).collect()
}

#[test]
fn every_key_of_ocsp_is_read_back() {
    let ocsp = ocsp(EVERYTHING);
    let seconds = Duration::from_secs;
    assert_eq!(ocsp.timeout, seconds(10));
    assert_eq!(ocsp.connect_timeout, seconds(3));
    assert_eq!(ocsp.skew, seconds(0));
    assert_eq!(ocsp.max_age, Some(seconds(86_400)));
    assert_eq!(ocsp.destinations, Destinations::LoopbackToo);
    let networks = ocsp.allow_networks.iter().map(ToString::to_string);
    let expected = [
        "10.1.0.0/16",
        "10.2.0.0/16",
        "192.0.2.7/32",
        "2001:db8::/32",
        "::1/128",
    ];
    assert_eq!(networks.collect::<Vec<_>>(), expected);
    assert_eq!(ocsp.ports, Some(vec![80, 8080]));
    assert_eq!(ocsp.method, OcspMethod::Post);
    assert_eq!(ocsp.nonce, OcspNonce::Require);
    assert_eq!(ocsp.hash, OcspHash::Sha256);
    assert_eq!(ocsp.delegates_without_nocheck, Delegates::Refuse);
    let roots = ["roots/a.pem", "roots/b.pem"].map(|path| FileSource::from(Path::new(path)));
    assert_eq!(values(&ocsp.https_roots), roots);
    assert_eq!(ocsp.https_roots[1].place.path, "ocsp.https_roots[1]");
    let proxy = ocsp.proxy.unwrap();
    assert_eq!(proxy.value, "http://proxy.internal:3128");
    assert_eq!(proxy.place.path, "ocsp.proxy");
    let store = ocsp.store.unwrap();
    assert_eq!(store.value, Path::new("ocsp.answers"));
    assert_eq!(store.place.path, "ocsp.store");
    assert_eq!(ocsp.capacity, 10_000_000);
    assert_eq!(ocsp.questions, 512);
    assert_eq!(ocsp.questions_each, 32);
    assert_eq!(ocsp.good_lifetime, Some(seconds(3600)));
    assert_eq!(ocsp.revoked_lifetime, Some(seconds(31_536_000)));
    assert_eq!(ocsp.unknown_lifetime, seconds(0));
    assert_eq!(ocsp.failure_lifetime, seconds(1));
    assert_eq!(ocsp.longest_failure_lifetime, seconds(86_400));
}

#[test]
fn responders_are_read_back_in_the_order_of_the_file() {
    let ocsp = ocsp(EVERYTHING);
    let [of_one, of_all] = &ocsp.responders[..] else {
        panic!("{:?}", ocsp.responders);
    };
    let issuer = of_one.issuer.as_ref().unwrap();
    assert_eq!(issuer.path(), Some(Path::new("client-ca.pem")));
    assert_eq!(issuer.place.path, "ocsp.responders[0].issuer");
    let instead = ["http://a.internal/", "https://b.internal/ocsp"];
    assert_eq!(values(&of_one.instead), instead);
    assert_eq!(values(&of_one.fallback), ["HTTP://c.internal"]);
    assert_eq!(
        values(&of_one.trusted),
        [FileSource::Path("responder.pem".into())]
    );
    assert!(of_all.issuer.is_none() && of_all.instead.is_empty() && of_all.trusted.is_empty());
    assert_eq!(values(&of_all.fallback), ["http://d.internal"]);
    let fallback = &of_all.fallback[0].place;
    assert_eq!(fallback.path, "ocsp.responders[1].fallback[0]");
    assert_eq!(of_all.place.path, "ocsp.responders[1]");
}

#[test]
fn every_word_has_its_meaning() {
    assert_eq!(ocsp("method = \"get\"").method, OcspMethod::GetWhereShort);
    assert_eq!(ocsp("nonce = \"off\"").nonce, OcspNonce::Off);
    assert_eq!(ocsp("nonce = \"prefer\"").nonce, OcspNonce::Prefer);
    assert_eq!(ocsp("hash = \"sha1\"").hash, OcspHash::Sha1);
    let delegates = |word: &str| {
        ocsp(&format!("delegates_without_nocheck = {word:?}")).delegates_without_nocheck
    };
    assert_eq!(delegates("check"), Delegates::Check);
    assert_eq!(delegates("allow"), Delegates::Allow);
}

#[test]
fn a_redis_is_a_url_that_no_message_shows() {
    let settings = ocsp("redis = \"rediss://:s3cret@a:1/2\"\nredis_roots = [\"ca.pem\"]");
    let redis = settings.redis.unwrap();
    assert_eq!(redis.value.expose(), "rediss://:s3cret@a:1/2");
    assert!(!format!("{redis:?}").contains("s3cret"));
    assert_eq!(settings.redis_roots.len(), 1);
    let problems = parse("[ocsp]\nredis = \"tcp://:s3cret@a\"\n").unwrap_err();
    let told = problems.iter();
    let told: String = told
        .map(|problem| problem.display("p.toml".as_ref()).to_string())
        .collect();
    assert!(told.contains("this is not the URL of a Redis"), "{told}");
    assert!(!told.contains("s3cret"), "{told}");
}

#[test]
fn ticket_keys_are_a_path() {
    let gateway = diagnose("[tls]\nticket_keys = \"ticket.keys\"\n").gateway;
    let keys = gateway.ticket_keys.unwrap();
    assert_eq!(keys.value, Path::new("ticket.keys"));
    assert_eq!(keys.place.path.to_string(), "tls.ticket_keys");
}
