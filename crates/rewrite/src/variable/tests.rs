use http::{Method, Uri};

use super::*;
use crate::exchange::tests::exchange;
use crate::facts::CertificateFacts;
use crate::facts::tests::{facts, only};
use crate::identity::{Client, ClientIdentity};
use crate::rules::{Case, ConditionSpec, Expectation, HeaderSpec, RuleSet, RuleSpec};

fn headers(fields: &[(&str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.append(name, value.parse().unwrap());
    }
    headers
}

#[track_caller]
fn value_in(name: &str, view: View<'_>) -> String {
    let variable = Variable::parse(name).unwrap();
    String::from_utf8(variable.value(view).into_owned()).unwrap()
}

#[track_caller]
fn value(name: &str, exchange: &Exchange<'_>, request: &HeaderMap) -> String {
    let view = View {
        exchange,
        request,
        response: None,
    };
    value_in(name, view)
}

#[test]
fn the_request_is_told_as_it_was_received() {
    let uri = Uri::from_static("https://ignored.example/article.aspx?id=123&title=fabrikam");
    let exchange = exchange(&uri, "WWW.Contoso.com:8443");
    let request = headers(&[("accept", "a"), ("accept", "b"), ("host", "backend")]);
    for (name, expected) in [
        ("var_http_method", "GET"),
        ("var_http_version", "HTTP/1.1"),
        ("var_request_scheme", "https"),
        ("var_request_uri", "/article.aspx?id=123&title=fabrikam"),
        ("var_uri_path", "/article.aspx"),
        ("var_query_string", "id=123&title=fabrikam"),
        ("var_request_query", "id=123&title=fabrikam"),
        ("var_host", "www.contoso.com"),
        ("var_server_port", "8443"),
        ("var_client_ip", "203.0.113.7"),
        ("var_client_port", "50123"),
        ("var_add_x_forwarded_for_proxy", "203.0.113.7"),
        ("var_ssl_enabled", "On"),
        ("var_ssl_connection_protocol", "TLSv1.3"),
        ("var_ciphers_used", "TLS_AES_128_GCM_SHA256"),
        ("http_req_Accept", "a, b"),
        ("http_req_Absent", ""),
        ("http_req_Host", "WWW.Contoso.com:8443"),
    ] {
        assert_eq!(value(name, &exchange, &request), expected, "{name}");
    }
}

#[test]
fn without_tls_there_is_nothing_to_say_about_it() {
    let uri = Uri::from_static("/");
    let exchange = Exchange {
        tls: None,
        ..exchange(&uri, "contoso.com")
    };
    for name in ["ssl_enabled", "ssl_connection_protocol", "ciphers_used"] {
        assert_eq!(
            value(&format!("var_{name}"), &exchange, &HeaderMap::new()),
            ""
        );
    }
    let scheme = value("var_request_scheme", &exchange, &HeaderMap::new());
    assert_eq!(scheme, "http");
}

#[test]
fn every_version_has_its_name() {
    let uri = Uri::from_static("/");
    for (version, name) in [
        (http::Version::HTTP_10, "HTTP/1.0"),
        (http::Version::HTTP_11, "HTTP/1.1"),
        (http::Version::HTTP_2, "HTTP/2.0"),
    ] {
        let exchange = Exchange {
            version,
            method: &Method::POST,
            ..exchange(&uri, "contoso.com")
        };
        assert_eq!(
            value("var_http_version", &exchange, &HeaderMap::new()),
            name
        );
    }
}

#[test]
fn the_eight_variables_of_mutual_tls_tell_the_certificate() {
    let uri = Uri::from_static("/");
    let facts = facts();
    let identity = ClientIdentity::assertion(facts.clone());
    let names = [
        ("", facts.pem_escaped.as_str()),
        ("_end_date", "Feb  2 08:49:43 2074 GMT"),
        ("_fingerprint", "abababababababababababababababababababab"),
        ("_issuer", "CN=Contoso Issuing CA"),
        ("_serial", "0A1B"),
        ("_start_date", "Jan  1 00:00:00 1970 GMT"),
        ("_subject", "CN=client,O=Contoso"),
    ];
    for (client, verification, present) in [
        (Client::Absent, "NONE", false),
        (Client::Unverified(&facts), "PASSTHROUGH", true),
        (Client::Verified(&identity), "SUCCESS", true),
    ] {
        let exchange = Exchange {
            client,
            ..exchange(&uri, "contoso.com")
        };
        for (name, expected) in names {
            let found = value(
                &format!("var_client_certificate{name}"),
                &exchange,
                &HeaderMap::new(),
            );
            assert_eq!(found, if present { expected } else { "" });
        }
        let name = "var_client_certificate_verification";
        assert_eq!(value(name, &exchange, &HeaderMap::new()), verification);
    }
}

#[test]
fn the_forwarded_list_of_the_client_is_continued_without_ports() {
    let uri = Uri::from_static("/");
    let exchange = exchange(&uri, "contoso.com");
    let request = headers(&[
        ("x-forwarded-for", "192.0.2.1"),
        ("x-forwarded-for", "192.0.2.2"),
    ]);
    assert_eq!(
        value("var_add_x_forwarded_for_proxy", &exchange, &request),
        "192.0.2.1, 192.0.2.2, 203.0.113.7"
    );
}

#[test]
fn a_cookie_is_found_by_its_exact_name() {
    let uri = Uri::from_static("/");
    let exchange = exchange(&uri, "contoso.com");
    let request = headers(&[
        ("cookie", "a=1;session_id=x=y; ;b"),
        ("cookie", " session_id=second; Session_id=third"),
    ]);
    for (name, expected) in [
        ("session_id", "x=y"),
        ("Session_id", "third"),
        ("a", "1"),
        ("b", ""),
        ("session", ""),
    ] {
        let name = format!("var_cookie_{name}");
        assert_eq!(value(&name, &exchange, &request), expected, "{name}");
    }
}

#[test]
fn the_response_is_told_once_it_is_there() {
    let uri = Uri::from_static("/");
    let exchange = exchange(&uri, "contoso.com");
    let response = headers(&[("location", "https://backend.example/x")]);
    let view = View {
        exchange: &exchange,
        request: &HeaderMap::new(),
        response: Some((StatusCode::FOUND, &response)),
    };
    assert_eq!(value_in("var_http_status", view), "302");
    assert_eq!(
        value_in("http_resp_Location", view),
        "https://backend.example/x"
    );
    let view = View {
        response: None,
        ..view
    };
    assert_eq!(value_in("var_http_status", view), "");
    assert_eq!(value_in("http_resp_Location", view), "");
}

#[test]
fn the_variables_beyond_tell_names_hashes_chain_and_status() {
    let uri = Uri::from_static("/");
    let facts = facts();
    let identity = ClientIdentity::assertion(facts.clone());
    let mut exchange = exchange(&uri, "contoso.com");
    for (name, expected) in [
        ("chain", &*facts.chain_escaped),
        ("days_left", "1"),
        ("der", "MAA="),
        ("fingerprint_sha256", &*"cd".repeat(32)),
        ("revocation_status", "good"),
        ("san_dns", "a.contoso.com,b.contoso.com"),
        ("san_email", "alice@contoso.com"),
        ("san_ip", "192.0.2.1,2001:db8::1"),
        ("san_uri", "spiffe://contoso.com/billing"),
        ("spiffe_id", "spiffe://contoso.com/billing"),
        ("spki_sha256", &*"ef".repeat(32)),
    ] {
        let name = format!("var_client_certificate_{name}");
        assert!(Variable::parse(&name).unwrap().tells_identity(), "{name}");
        exchange.client = Client::Verified(&identity);
        assert_eq!(
            value(&name, &exchange, &HeaderMap::new()),
            expected,
            "{name}"
        );
        exchange.client = Client::Absent;
        assert_eq!(value(&name, &exchange, &HeaderMap::new()), "", "{name}");
    }
}

#[test]
fn the_user_of_basic_authentication_is_told_and_nothing_that_is_none() {
    let uri = Uri::from_static("/");
    let exchange = exchange(&uri, "contoso.com");
    let user = |fields: &[(&str, &str)]| value("var_client_user", &exchange, &headers(fields));
    for (field, expected) in [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin"),
        ("bAsIc  QWxhZGRpbjpvcGVuIHNlc2FtZQ== ", "Aladdin"),
        ("Basic dGVzdDoxMjPCow==", "test"),
        ("Basic w6k6eA==", "%C3%A9"),
        ("Basic YQpiOng=", ""), // a line feed inside
        ("Basic /zp4", ""),     // not UTF-8
        ("Basic QWxhZGRpbg==", ""),
        ("Basic", ""),
        ("Basic ", ""),
        ("Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ""),
    ] {
        assert_eq!(user(&[("authorization", field)]), expected, "{field}");
    }
    assert_eq!(user(&[]), "");
    let twice = ("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(user(&[twice, twice]), "");
}

#[test]
fn names_outside_the_grammar_are_refused() {
    for (name, code) in [
        ("client_certificate", "unknown_variable"),
        ("var_", "unknown_variable"),
        ("var_cookie_", "unknown_variable"),
        ("var_Client_IP", "unknown_variable"),
        ("var_client_certificate_chains", "unknown_variable"),
        ("http_request_Host", "unknown_variable"),
        ("http_req_", "invalid_header_name"),
        ("http_req_X_Y", "invalid_header_name"),
        ("http_resp_X Y", "invalid_header_name"),
    ] {
        let problem = Variable::parse(name).unwrap_err();
        assert_eq!(problem.code(), code, "{name}");
    }
}

#[test]
fn every_available_variable_can_be_written() {
    assert_eq!(available().count(), 41);
    for name in available() {
        assert!(Variable::parse(&name).is_ok(), "{name}");
    }
}

/// A rule that uses a variable asks for the fact that it tells, so that its value does not hang on who writes out what.
#[test]
fn every_variable_of_a_certificate_asks_for_what_it_tells() {
    let uri = Uri::from_static("/");
    let all = facts();
    let headers = HeaderMap::new();
    for name in available().filter(|name| name.starts_with("var_client_certificate")) {
        let rules = RuleSet::compile(vec![RuleSpec {
            request_headers: vec![HeaderSpec {
                name: "x-told".into(),
                value: format!("{{{name}}}"),
            }],
            ..RuleSpec::default()
        }]);
        let asked = only(&all, rules.unwrap().facts());
        let value_of = |facts: &CertificateFacts| {
            let exchange = Exchange {
                client: Client::Unverified(facts),
                ..exchange(&uri, "contoso.com")
            };
            value(&name, &exchange, &headers)
        };
        assert_ne!(value_of(&all), "", "{name}");
        assert_eq!(value_of(&asked), value_of(&all), "{name}");
    }
}

#[test]
fn conditions_ask_as_values_do() {
    let condition = |variable: &str| ConditionSpec {
        variable: variable.into(),
        pattern: "x".into(),
        case: Case::Ignore,
        expectation: Expectation::Match,
    };
    let rules = RuleSet::compile(vec![RuleSpec {
        conditions: vec![
            condition("var_client_certificate_subject"),
            condition("http_req_Accept"),
        ],
        ..RuleSpec::default()
    }]);
    assert_eq!(rules.unwrap().facts(), [Fact::Subject]);
}
