//! Headers by which a client could claim to be somebody.

use std::collections::HashSet;

use http::header::{HeaderMap, HeaderName};

/// A header, or a family of headers, that somebody's backend reads a client's identity from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WellKnown {
    /// The name in lower case; one that ends with `*` stands for all that begin so.
    pub name: &'static str,
    /// Whose it is.
    pub origin: &'static str,
}

/// Identity headers that no client may send, whatever the rules say.
///
/// A backend may have stood behind another gateway before this one and may still believe them.
pub const WELL_KNOWN: &[WellKnown] = &[
    known("client-cert", "RFC 9440 section 2.2"),
    known("client-cert-chain", "RFC 9440 section 2.3"),
    known("x-forwarded-client-cert*", "Envoy, Istio"),
    known("x-forwarded-tls-client-cert*", "Traefik"),
    known(
        "x-client-cert*",
        "Google Cloud, Kong, F5 and most tutorials",
    ),
    known("x-client-verify", "nginx tutorials"),
    known("x-client-dn", "nginx tutorials"),
    known("x-ssl-client*", "HAProxy and nginx tutorials"),
    known("x-ssl-cert*", "nginx tutorials"),
    known("x-ssl-issuer", "HAProxy tutorials"),
    known("ssl-client-*", "ingress-nginx, and Apache's variables"),
    known("x-amzn-mtls-*", "AWS Application Load Balancer"),
    known("x-arr-clientcert", "Azure App Service"),
    known("cf-client-cert-*", "Cloudflare"),
    known("cf-cert-*", "Cloudflare"),
    known("l5d-client-id", "Linkerd"),
    known("wl-proxy-client-cert", "Oracle WebLogic"),
];

const fn known(name: &'static str, origin: &'static str) -> WellKnown {
    WellKnown { name, origin }
}

/// Fields that a request's trailer section may not hold, beside identity headers.
///
/// RFC 9110 section 6.5.1: framing, routing, request modifiers, authentication, content. A backend
/// that merges trailers into the headers would take them for what the gateway has checked.
const NOT_IN_TRAILERS: [&str; 21] = [
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "keep-alive",
    "max-forwards",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-appgw-trace-id",
];

/// Standard request fields in which clients say something of their own, and no backend reads who the
/// gateway has verified: what is asked for, what the content is, and what the client shows the
/// backend itself for a login (`Authorization`, `Cookie`).
///
/// RFC 9110, 9111, 6265, 6454, 6266, 9218, Fetch and Trace Context. `From` is none of them: it is a
/// name.
const CLIENTS_OWN: [&str; 39] = [
    "accept",
    "accept-charset",
    "accept-encoding",
    "accept-language",
    "access-control-request-headers",
    "access-control-request-method",
    "authorization",
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-length",
    "content-location",
    "content-range",
    "content-type",
    "cookie",
    "date",
    "dnt",
    "expect",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "prefer",
    "priority",
    "range",
    "referer",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "traceparent",
    "tracestate",
    "upgrade-insecure-requests",
    "user-agent",
    "via",
];

/// The headers that are taken from every client's request.
#[derive(Clone, Debug)]
pub struct StripList {
    names: HashSet<HeaderName>,
}

impl StripList {
    /// A list of these names besides [`WELL_KNOWN`].
    ///
    /// `names` are the [`RuleSet::identity_headers`](crate::RuleSet::identity_headers) of all
    /// listeners, not of one: a client of a listener that sets no identity must not be able to
    /// write one that another listener's backend, which may be the same, believes.
    pub fn new(names: impl IntoIterator<Item = HeaderName>) -> Self {
        Self {
            names: names.into_iter().collect(),
        }
    }

    /// Removes every identity header, and every header whose name is not letters, digits and
    /// hyphens.
    ///
    /// The second half is what makes the first one hold: many backends read `client_cert` or
    /// `client.cert` as `client-cert`. Nothing with such a name reaches a backend.
    pub fn strip(&self, headers: &mut HeaderMap) {
        remove(headers, |name| self.holds(name));
    }

    /// Removes from a request's trailers what [`strip`](Self::strip) removes from its headers, and
    /// what RFC 9110 section 6.5.1 forbids there.
    pub fn strip_trailers(&self, trailers: &mut HeaderMap) {
        remove(trailers, |name| {
            self.holds(name)
                || NOT_IN_TRAILERS.contains(&name.as_str())
                || crate::forwarded::is_forwarding(name)
        });
    }

    fn holds(&self, name: &HeaderName) -> bool {
        !has_plain_name(name.as_str()) || self.names.contains(name) || is_well_known(name.as_str())
    }
}

/// Whether a name is made of letters, digits and hyphens.
pub(crate) fn has_plain_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether a field is a client's own to send, also where a rule sets it for some clients.
pub(crate) fn is_clients_own(name: &HeaderName) -> bool {
    CLIENTS_OWN.contains(&name.as_str())
}

/// Removes all fields whose name is of this kind.
pub(crate) fn remove(headers: &mut HeaderMap, kind: impl Fn(&HeaderName) -> bool) {
    let names: Vec<_> = headers.keys().filter(|name| kind(name)).cloned().collect();
    for name in names {
        headers.remove(name);
    }
}

fn is_well_known(name: &str) -> bool {
    WELL_KNOWN
        .iter()
        .any(|known| match known.name.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == known.name,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(names: &[&str], strip: fn(&StripList, &mut HeaderMap)) -> Vec<String> {
        let list = StripList::new([HeaderName::from_static("x-employee")]);
        let mut headers = HeaderMap::new();
        for name in names {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.append(name.clone(), "1".parse().unwrap());
            headers.append(name, "2".parse().unwrap());
        }
        strip(&list, &mut headers);
        headers.keys().map(|name| name.to_string()).collect()
    }

    #[test]
    fn listed_and_well_known_names_go_in_every_spelling() {
        let names = [
            "X-Employee",
            "x_employee",
            "X.Employee",
            "Client-Cert",
            "CLIENT-CERT",
            "Client_Cert",
            "client-cert-chain",
            "X-Forwarded-Client-Cert",
            "x-forwarded-client_cert",
            "X-Forwarded-Tls-Client-Cert-Info",
            "X-Client-Cert",
            "X-Client-Certificate-Subject",
            "X-SSL-Client-Verify",
            "SSL_CLIENT_CERT",
            "ssl-client-subject-dn",
            "X-ARR-ClientCert",
            "X-Amzn-Mtls-Clientcert-Leaf",
            "Cf-Client-Cert-Sha256",
            "$WSCC",
        ];
        assert!(left(&names, StripList::strip).is_empty());
        assert!(left(&names, StripList::strip_trailers).is_empty());
    }

    #[test]
    fn every_well_known_name_is_held() {
        for known in WELL_KNOWN {
            let name = known.name.replace('*', "x");
            assert!(left(&[&name], StripList::strip).is_empty(), "{name}");
            let plain = known.name.trim_end_matches('*');
            assert!(
                has_plain_name(plain) && plain == plain.to_lowercase(),
                "{plain}"
            );
        }
    }

    #[test]
    fn other_headers_stay() {
        let names = [
            "accept",
            "x-employees",
            "x-employe",
            "client",
            "client-certs",
            "x-1",
            "authorization",
        ];
        assert_eq!(left(&names, StripList::strip), names);
    }

    #[test]
    fn every_name_that_is_not_letters_digits_and_hyphens_goes() {
        for byte in b"!#$%&'*+.^_`|~" {
            let name = format!("x{}y", char::from(*byte));
            assert!(left(&[&name], StripList::strip).is_empty(), "{name}");
        }
    }

    #[test]
    fn trailers_hold_nothing_that_belongs_to_the_headers() {
        let names = [
            "host",
            "content-length",
            "authorization",
            "cookie",
            "x-forwarded-for",
            "grpc-status",
        ];
        assert_eq!(left(&names, StripList::strip_trailers), ["grpc-status"]);
    }
}
