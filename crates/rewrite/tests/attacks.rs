//! Attempts to forge an identity, to remove the true one, and to smuggle a header.
#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use http::header::HeaderName;
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version};
use portcullis_rewrite::facts::AlternativeNames;
use portcullis_rewrite::{
    CertificateFacts, Client, ClientIdentity, Exchange, HeaderSpec, IdentityFormat, Oversize,
    RuleSet, RuleSpec, StripList, TlsFacts, set_identity, to_backend, to_client, variable,
};

/// The identity headers that the rules of this file set, and their templates.
const IDENTITY: [(&str, &str); 3] = [
    ("X-Client-Certificate", "{var_client_certificate}"),
    ("X-Employee", "{var_client_certificate_subject}"),
    ("Employee-Verified", "{var_client_certificate_verification}"),
];

fn rules(actions: &[(&str, &str)]) -> RuleSet {
    let request_headers = actions
        .iter()
        .map(|(name, value)| HeaderSpec {
            name: (*name).into(),
            value: (*value).into(),
        })
        .collect();
    let rule = RuleSpec {
        request_headers,
        ..RuleSpec::default()
    };
    RuleSet::compile(vec![rule]).unwrap()
}

/// The list of a gateway with a listener that sets [`IDENTITY`].
fn strip_list() -> StripList {
    StripList::new(rules(&IDENTITY).identity_headers().cloned())
}

fn facts(text: &str) -> CertificateFacts {
    CertificateFacts {
        pem_escaped: text.into(),
        subject: text.into(),
        issuer: text.into(),
        serial: text.into(),
        fingerprint_sha1: text.into(),
        not_before: text.into(),
        not_after: text.into(),
        validity: text.into(),
        days_left: text.into(),
        der: text.into(),
        fingerprint_sha256: text.into(),
        spki_sha256: text.into(),
        names: AlternativeNames {
            dns: vec![text.into(); 2],
            email: vec![text.into(); 2],
            uri: vec![text.into(); 2],
            ip: vec![text.into(); 2],
            upn: vec![text.into(); 2],
        },
        spiffe_id: text.into(),
        issuers: vec![text.into(); 2],
        chain_escaped: text.into(),
        revocation_status: text.into(),
    }
}

fn exchange<'a>(client: Client<'a>, uri: &'a Uri, text: &'a str) -> Exchange<'a> {
    Exchange {
        client,
        client_address: "203.0.113.7:50123".parse().unwrap(),
        server_port: 8443,
        method: &Method::GET,
        version: Version::HTTP_11,
        uri,
        authority: text,
        tls: Some(TlsFacts {
            protocol: text,
            cipher: text,
            ciphers_offered: text,
        }),
        round_trip_time: None,
        received_bytes: 0,
    }
}

fn request(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

/// Sends fields through a listener that sets identity headers, as a verified client.
fn through_mutual_tls(fields: &[(&str, &str)]) -> HeaderMap {
    let identity = ClientIdentity::assertion(facts("CN=true"));
    let uri = Uri::from_static("/");
    let mut headers = request(fields);
    let exchange = exchange(Client::Verified(&identity), &uri, "contoso.com");
    to_backend(&mut headers, &strip_list(), &rules(&IDENTITY), &exchange);
    headers
}

/// Sends fields through a listener of the same gateway that has no rules at all.
fn through_plain_listener(fields: &[(&str, &str)]) -> HeaderMap {
    let uri = Uri::from_static("/");
    let mut headers = request(fields);
    let exchange = exchange(Client::Absent, &uri, "contoso.com");
    to_backend(&mut headers, &strip_list(), &RuleSet::default(), &exchange);
    headers
}

#[track_caller]
fn assert_only_the_true_identity(headers: &HeaderMap) {
    let all = |name| headers.get_all(name).iter().collect::<Vec<_>>();
    assert_eq!(all("x-client-certificate"), ["CN=true"]);
    assert_eq!(all("x-employee"), ["CN=true"]);
    assert_eq!(all("employee-verified"), ["SUCCESS"]);
}

/// Ways to write a header so that some backend reads it as `name`.
fn spellings(name: &str) -> Vec<String> {
    let mut spellings = vec![name.into(), name.to_lowercase(), name.to_uppercase()];
    for other in ["_", ".", "~", "'", "!"] {
        spellings.push(name.replace('-', other));
        spellings.push(name.replacen('-', other, 1));
    }
    spellings
}

#[test]
fn a_forged_identity_never_arrives_in_any_spelling_on_any_listener() {
    for (name, _) in IDENTITY {
        for spelling in spellings(name) {
            let forged = [(spelling.as_str(), "forged"), (spelling.as_str(), "twice")];
            let headers = through_mutual_tls(&forged);
            assert_only_the_true_identity(&headers);
            assert!(
                !headers
                    .values()
                    .any(|value| value == "forged" || value == "twice")
            );
            let headers = through_plain_listener(&forged);
            assert!(
                !headers
                    .values()
                    .any(|value| value == "forged" || value == "twice")
            );
        }
    }
}

#[test]
fn the_true_identity_cannot_be_taken_away() {
    for connection in [
        "X-Client-Certificate, X-Employee, Employee-Verified",
        "close, x-client-certificate,x-employee ,employee-verified",
        "x-forwarded-for, host, x-original-host",
    ] {
        let headers = through_mutual_tls(&[("connection", connection), ("host", "contoso.com")]);
        assert_only_the_true_identity(&headers);
        assert_eq!(headers["host"], "contoso.com");
        assert_eq!(headers["x-forwarded-for"], "203.0.113.7:50123");
        assert_eq!(headers["x-original-host"], "contoso.com");
        assert!(!headers.contains_key("connection"));
    }
}

#[test]
fn an_absent_client_has_no_identity_headers_at_all() {
    let uri = Uri::from_static("/");
    let mut headers = request(&[("x-employee", "CN=forged"), ("x-client-certificate", "x")]);
    let exchange = exchange(Client::Absent, &uri, "contoso.com");
    to_backend(&mut headers, &strip_list(), &rules(&IDENTITY), &exchange);
    assert!(!headers.contains_key("x-employee"));
    assert!(!headers.contains_key("x-client-certificate"));
    assert_eq!(headers["employee-verified"], "NONE");
}

#[test]
fn a_forged_identity_fulfils_no_condition() {
    let uri = Uri::from_static("/");
    let copy = rules(&[("X-Copy", "{http_req_X-Employee}{http_req_Client-Cert}")]);
    let mut headers = request(&[("x-employee", "CN=forged"), ("client-cert", ":Zm9yZ2Vk:")]);
    let exchange = exchange(Client::Absent, &uri, "contoso.com");
    to_backend(&mut headers, &strip_list(), &copy, &exchange);
    assert!(!headers.contains_key("x-copy"));
}

#[test]
fn trailers_carry_no_identity() {
    let mut trailers = request(&[
        ("x-employee", "CN=forged"),
        ("X_Employee", "CN=forged"),
        ("client-cert", ":Zm9yZ2Vk:"),
        ("x-forwarded-for", "127.0.0.1"),
        ("host", "evil.example"),
        ("grpc-status", "0"),
    ]);
    strip_list().strip_trailers(&mut trailers);
    assert_eq!(trailers, request(&[("grpc-status", "0")]));
}

#[test]
fn several_cookie_fields_become_one() {
    let headers =
        through_plain_listener(&[("cookie", "a=1"), ("cookie", "b=2"), ("cookie", "c=3")]);
    let cookies: Vec<_> = headers.get_all("cookie").iter().collect();
    assert_eq!(cookies, ["a=1; b=2; c=3"]);
}

#[test]
fn a_rule_has_the_last_word_on_forwarding_headers_and_reads_the_clients() {
    let uri = Uri::from_static("/");
    let without_ports = rules(&[("X-Forwarded-For", "{var_add_x_forwarded_for_proxy}")]);
    let mut headers = request(&[("x-forwarded-for", "192.0.2.1")]);
    let exchange = exchange(Client::Absent, &uri, "contoso.com");
    to_backend(&mut headers, &strip_list(), &without_ports, &exchange);
    assert_eq!(headers["x-forwarded-for"], "192.0.2.1, 203.0.113.7");
}

#[test]
fn a_response_leaves_its_connection_behind() {
    let uri = Uri::from_static("/");
    let exchange = exchange(Client::Absent, &uri, "contoso.com");
    let none = RuleSet::default();
    let remembered = none.rewrite_request(&mut HeaderMap::new(), &exchange);
    let mut response = request(&[
        ("connection", "x-internal"),
        ("x-internal", "10.0.0.1"),
        ("keep-alive", "timeout=5"),
        ("content-type", "text/plain"),
        (
            "x_with_underscore",
            "stays: a response has no identity to forge",
        ),
    ]);
    to_client(StatusCode::OK, &mut response, &none, &exchange, &remembered);
    let mut names: Vec<_> = response.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["content-type", "x_with_underscore"]);
}

/// Texts that try to end a header line, to hide in one, or to break its reader.
const HOSTILE: [&str; 8] = [
    "a\r\nX-Employee: CN=forged",
    "a\nX-Employee: CN=forged",
    "a\rX-Employee: CN=forged",
    "a\0b",
    "a\u{1b}[31m\u{7f}\u{8}",
    "J\u{f6}rg \u{65e5}\u{672c}\u{202e}",
    "\r\n\r\nGET /admin HTTP/1.1\r\nHost: x\r\n\r\n",
    "\u{feff}\u{85}\u{2028}",
];

/// Puts a hostile text everywhere a peer could, and every variable into a header.
#[test]
fn no_variable_brings_a_control_character() {
    for hostile in HOSTILE {
        let facts = facts(hostile);
        let identity = ClientIdentity::assertion(facts.clone());
        let uri = Uri::from_static("/path?query");
        for client in [Client::Verified(&identity), Client::Unverified(&facts)] {
            let exchange = exchange(client, &uri, hostile);
            for name in variable::available().filter(|name| name != "var_http_status") {
                let header = inserted(&format!("{{{name}}}"), HeaderMap::new(), &exchange);
                let printable =
                    |value: HeaderValue| value.as_bytes().iter().all(|b| matches!(b, b' '..=b'~'));
                assert!(header.is_none_or(printable), "{name} of {hostile:?}");
            }
        }
    }
}

/// What a header set from this template is.
fn inserted(
    template: &str,
    mut headers: HeaderMap,
    exchange: &Exchange<'_>,
) -> Option<HeaderValue> {
    let rules = rules(&[("X-Inserted", template)]);
    to_backend(&mut headers, &strip_list(), &rules, exchange);
    headers.remove("x-inserted")
}

#[test]
fn a_hostile_name_arrives_as_the_same_name_in_its_other_spelling() {
    let facts = facts("CN=a\r\nX-Employee: b,O=J\u{f6}rg");
    let uri = Uri::from_static("/");
    let exchange = exchange(Client::Unverified(&facts), &uri, "contoso.com");
    let value = |template| inserted(template, HeaderMap::new(), &exchange).unwrap();
    let escaped = "CN=a\\0D\\0AX-Employee: b,O=J\\C3\\B6rg";
    assert_eq!(value("{var_client_certificate_subject}"), escaped);
    assert_eq!(value("{var_client_certificate_issuer}"), escaped);
    let escaped = "CN=a%0D%0AX-Employee: b,O=J%C3%B6rg";
    assert_eq!(value("{var_client_certificate_serial}"), escaped);
}

#[test]
fn a_uri_arrives_printable() {
    for octet in 0x21..=0xFF_u8 {
        let mut target = b"/a".to_vec();
        target.extend(char::from(octet).to_string().bytes());
        target.extend(b"?b");
        target.extend(char::from(octet).to_string().bytes());
        let Ok(uri) = Uri::try_from(target) else {
            continue; // the parser of the request line refuses it too
        };
        let exchange = exchange(Client::Absent, &uri, "contoso.com");
        for name in ["request_uri", "uri_path", "query_string"] {
            let value = inserted(&format!("{{var_{name}}}"), HeaderMap::new(), &exchange);
            let value = value.unwrap_or_else(|| HeaderValue::from_static(""));
            assert!(
                value.as_bytes().iter().all(u8::is_ascii_graphic),
                "{octet:#x} in {name}"
            );
        }
    }
}

#[test]
fn fields_and_cookies_are_copied_octet_by_octet_and_never_more() {
    let uri = Uri::from_static("/");
    let exchange = exchange(Client::Absent, &uri, "contoso.com");
    for octet in 0..=0xFF_u8 {
        let field = [b'a', b'=', b'x', octet, b'y'];
        let Ok(field) = HeaderValue::from_bytes(&field) else {
            assert!(octet < b' ' || octet == 0x7F);
            continue; // a field value cannot hold it
        };
        let mut headers = HeaderMap::new();
        headers.insert("cookie", field.clone());
        headers.insert("x-field", field.clone());
        let copy = inserted("{http_req_X-Field}", headers.clone(), &exchange).unwrap();
        assert_eq!(copy, field);
        let cookie = inserted("{var_cookie_a}", headers, &exchange).unwrap();
        assert!(field.as_bytes().ends_with(cookie.as_bytes()) || octet == b';');
    }
}

/// Numbers that are the same on every run: xorshift64* (Vigna 2016).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % bound
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

const NAMES: [&str; 24] = [
    "X-Client-Certificate",
    "x_client_certificate",
    "X-Employee",
    "x.employee",
    "Employee-Verified",
    "Client-Cert",
    "X-Forwarded-Client-Cert",
    "SSL-Client-Verify",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Forwarded-Host",
    "Forwarded",
    "X-Original-Host",
    "Connection",
    "Keep-Alive",
    "Proxy-Connection",
    "Transfer-Encoding",
    "TE",
    "Upgrade",
    "Cookie",
    "Host",
    "Content-Length",
    "Accept",
    "X-Harmless",
];

const VALUES: [&str; 12] = [
    "forged",
    "x-client-certificate, x-employee, employee-verified",
    "close, host, content-length",
    "x-forwarded-for",
    "keep-alive, x-harmless",
    "trailers",
    "chunked",
    "a=1; b=2",
    "",
    " , ,,",
    "J\u{f6}rg",
    "{var_client_certificate}",
];

#[test]
fn whatever_a_client_sends_the_backend_sees_one_true_identity() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    for _ in 0..5_000 {
        let fields: Vec<_> = (0..random.below(16))
            .map(|_| (random.pick(&NAMES), random.pick(&VALUES)))
            .collect();
        let headers = through_mutual_tls(&fields);
        assert_only_the_true_identity(&headers);
        assert_what_always_holds(&headers, &fields);
        let headers = through_plain_listener(&fields);
        for (name, _) in IDENTITY {
            assert!(!headers.contains_key(name), "{fields:?}");
        }
        assert_what_always_holds(&headers, &fields);
    }
}

fn assert_what_always_holds(headers: &HeaderMap, fields: &[(&str, &str)]) {
    let count = |name: &str| headers.get_all(name).iter().count();
    for (name, value) in headers {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        assert!(name.as_str().bytes().all(plain), "{fields:?}");
        assert!(name != "te" || value == "trailers", "{fields:?}");
    }
    for name in [
        "client-cert",
        "x-forwarded-client-cert",
        "ssl-client-verify",
        "connection",
        "keep-alive",
        "proxy-connection",
        "transfer-encoding",
        "upgrade",
        "forwarded",
        "x-forwarded-host",
    ] {
        assert_eq!(count(name), 0, "{name} of {fields:?}");
    }
    for name in ["x-forwarded-for", "x-forwarded-proto", "x-original-host"] {
        assert_eq!(count(name), 1, "{name} of {fields:?}");
    }
    assert!(count("cookie") <= 1, "{fields:?}");
    let list = headers["x-forwarded-for"].as_bytes();
    assert!(list.ends_with(b"203.0.113.7:50123"), "{fields:?}");
    for name in ["Host", "Content-Length"] {
        let sent = fields.iter().filter(|(sent, _)| *sent == name).count();
        assert_eq!(count(name), sent, "{name} of {fields:?}");
    }
}

/// Sends fields through a listener that tells the client in this format.
fn told(format: IdentityFormat, client: Client<'_>, fields: &[(&str, &str)]) -> HeaderMap {
    let uri = Uri::from_static("/");
    let mut headers = request(fields);
    let exchange = exchange(client, &uri, "contoso.com");
    to_backend(&mut headers, &strip_list(), &RuleSet::default(), &exchange);
    set_identity(&mut headers, format, Oversize::Refuse, client).unwrap();
    headers
}

#[test]
fn no_spelling_of_an_identity_header_by_one_word_arrives_in_headers_or_trailers() {
    let identity = ClientIdentity::assertion(facts("CN=true"));
    let unproven = facts("CN=unproven");
    for format in IdentityFormat::ALL {
        for spelling in format.names().iter().flat_map(|name| spellings(name)) {
            let forged = [
                (&*spelling, "forged"),
                (&*spelling, "twice"),
                ("connection", &*spelling),
            ];
            for (client, expected) in [
                (Client::Absent, 0),
                (Client::Unverified(&unproven), 0),
                (Client::Verified(&identity), format.names().len()),
            ] {
                let headers = told(format, client, &forged);
                let honest = told(format, client, &[]);
                assert_eq!(headers, honest, "{spelling}");
                let names = format.names().iter();
                let found = names.filter(|name| headers.contains_key(**name)).count();
                assert_eq!(found, expected, "{spelling}");
            }
            let mut trailers = request(&[(&spelling, "forged")]);
            strip_list().strip_trailers(&mut trailers);
            assert!(trailers.is_empty(), "{spelling}");
        }
    }
}

#[test]
fn no_name_of_a_certificate_breaks_out_of_an_identity_header() {
    for evil in [
        "a\r\nX-Admin: yes",
        "a\0b\u{7f}\u{1b}[31m",
        "J\u{fc}rgen \u{202e}",
        "\t leading, trailing \t",
        "\";By=x,Hash=y;\\",
    ] {
        let identity = ClientIdentity::assertion(facts(evil));
        for format in IdentityFormat::ALL {
            let headers = told(format, Client::Verified(&identity), &[]);
            for name in format.names() {
                let values: Vec<_> = headers.get_all(*name).iter().collect();
                assert_eq!(values.len(), 1, "{name} {evil:?}");
                let printable = |octet: &u8| matches!(octet, b' '..=b'~');
                assert!(values[0].as_bytes().iter().all(printable), "{values:?}");
            }
        }
    }
}
