//! Fields that concern one connection and not the message (RFC 9110 section 7.6.1).

use http::header::{CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TE};

/// Fields that never travel further, listed in `Connection` or not.
///
/// RFC 9110 section 7.6.1 names the first five; the last three are the proxy's own conversation
/// (RFC 9110 section 11.7) and the settings of an upgrade to HTTP/2 (RFC 7540 section 3.2.1).
const HOP_BY_HOP: [HeaderName; 8] = [
    HeaderName::from_static("proxy-connection"),
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("te"),
    HeaderName::from_static("transfer-encoding"),
    HeaderName::from_static("upgrade"),
    HeaderName::from_static("proxy-authenticate"),
    HeaderName::from_static("proxy-authorization"),
    HeaderName::from_static("http2-settings"),
];

/// Removes the fields that end at this hop: those that `Connection` lists, and the fixed ones.
///
/// Call it **before setting anything**, on requests and on responses: afterwards a client's
/// `Connection: x-client-certificate` would take away what the gateway has just written.
///
/// - `Host` and `Content-Length` stay even when listed: RFC 9110 forbids listing them, and taking
///   them away would change which resource is meant or where the message ends.
/// - `TE: trailers` stays as exactly that, because a gRPC backend refuses requests without it.
/// - `Upgrade` goes. Who supports an upgrade reads it before and writes it again.
///
/// It costs one lookup a listed name; the parser's limit on the header section bounds their number.
pub fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let takes_trailers = takes_trailers(headers);
    for name in listed(headers) {
        headers.remove(name);
    }
    headers.remove(CONNECTION);
    for name in HOP_BY_HOP {
        headers.remove(name);
    }
    if takes_trailers {
        drop(headers.try_insert(TE, HeaderValue::from_static("trailers")));
    }
}

/// The names that `Connection` lists.
fn listed(headers: &HeaderMap) -> Vec<HeaderName> {
    headers
        .get_all(CONNECTION)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .filter_map(|option| HeaderName::from_bytes(option.trim_ascii()).ok())
        .filter(|name| ![HOST, CONTENT_LENGTH].contains(name))
        .collect()
}

/// Whether `TE` holds the member `trailers`.
fn takes_trailers(headers: &HeaderMap) -> bool {
    headers
        .get_all(TE)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|member| member.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names left of these fields.
    fn left(fields: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_static(value));
        }
        remove_hop_by_hop(&mut headers);
        let mut names: Vec<_> = headers.keys().map(|name| name.to_string()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_connection_lists_ends_here() {
        assert_eq!(
            left(&[
                ("connection", "close, X-Mine ,,x-other"),
                ("connection", "X-THIRD"),
                ("x-mine", "1"),
                ("x-mine", "2"),
                ("x-other", "3"),
                ("x-third", "4"),
                ("x-stays", "5"),
            ]),
            ["x-stays"]
        );
    }

    #[test]
    fn the_fixed_fields_end_here_unlisted() {
        for name in HOP_BY_HOP {
            let mut headers = HeaderMap::new();
            headers.append(name.clone(), HeaderValue::from_static("a"));
            headers.append(name.clone(), HeaderValue::from_static("b"));
            remove_hop_by_hop(&mut headers);
            assert!(headers.is_empty(), "{name}");
        }
        assert!(left(&[("connection", "keep-alive")]).is_empty());
    }

    #[test]
    fn host_and_content_length_stay_though_listed() {
        assert_eq!(
            left(&[
                ("connection", "host, Content-Length"),
                ("host", "contoso.com"),
                ("content-length", "5"),
            ]),
            ["content-length", "host"]
        );
    }

    #[test]
    fn of_te_only_trailers_is_left() {
        for (te, kept) in [
            ("trailers", true),
            ("gzip;q=0.5, Trailers", true),
            ("gzip", false),
            ("trailers;q=1", false),
            ("x-trailers", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(TE, HeaderValue::from_static(te));
            headers.insert(CONNECTION, HeaderValue::from_static("TE"));
            remove_hop_by_hop(&mut headers);
            let found = headers.get(TE).map(|value| value.to_str().unwrap());
            assert_eq!(found, kept.then_some("trailers"), "{te}");
        }
    }

    #[test]
    fn options_that_are_no_names_are_passed_over() {
        assert_eq!(
            left(&[("connection", "a b, \"x\", x=y, x"), ("x", "1"), ("y", "2")]),
            ["y"]
        );
    }
}
