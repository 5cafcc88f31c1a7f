//! One request and its connection, as far as server variables ask about them.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::time::Duration;

use http::{Method, Uri, Version};

use crate::identity::Client;

/// What is known about one request besides its headers.
///
/// All of it describes the request **as it was received**: keep the original URI, method and host
/// aside before changing them for the backend. The same value serves the request and its response.
#[derive(Clone, Copy, Debug)]
pub struct Exchange<'a> {
    /// The client of the connection.
    pub client: Client<'a>,
    /// The peer's address and port.
    pub client_address: SocketAddr,
    /// The port that accepted the connection.
    pub server_port: u16,
    /// The method as received.
    pub method: &'a Method,
    /// The protocol version the client spoke.
    pub version: Version,
    /// The request target as received. Only its path and query are looked at.
    pub uri: &'a Uri,
    /// The authority as received: `:authority`, or the authority of an absolute request target, or
    /// the `Host` field, with its port when it had one.
    pub authority: &'a str,
    /// The TLS session, `None` on a plain connection.
    pub tls: Option<TlsFacts<'a>>,
    /// The round-trip time of the connection, `None` where nobody measured it.
    pub round_trip_time: Option<Duration>,
    /// Octets of the request: of its head as HTTP/1.1 writes it, and of its body where the head says how long it is.
    pub received_bytes: u64,
}

/// What a TLS session negotiated, in words.
#[derive(Clone, Copy, Debug)]
pub struct TlsFacts<'a> {
    /// `TLSv1.2` or `TLSv1.3`.
    pub protocol: &'a str,
    /// The cipher suite's name.
    pub cipher: &'a str,
    /// The names of the cipher suites that the client offered, with colons between them.
    pub ciphers_offered: &'a str,
}

impl Exchange<'_> {
    /// `https` on a TLS connection, else `http`.
    pub fn scheme(&self) -> &'static str {
        match self.tls {
            Some(_) => "https",
            None => "http",
        }
    }

    /// The client's address and port, an IPv4 client of an IPv6 socket as IPv4.
    pub fn peer(&self) -> SocketAddr {
        SocketAddr::new(
            self.client_address.ip().to_canonical(),
            self.client_address.port(),
        )
    }

    /// The host without its port, in lower case, without a trailing dot.
    pub fn host(&self) -> Cow<'_, str> {
        let host = without_port(self.authority);
        let host = host.strip_suffix('.').unwrap_or(host);
        match host.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(host.to_ascii_lowercase()),
            false => Cow::Borrowed(host),
        }
    }
}

/// An authority without `:port`. The brackets of an IPv6 literal stay.
fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => {
            match host.contains(':') && !host.ends_with(']') {
                true => authority, // an IPv6 address that nobody put into brackets
                false => host,
            }
        }
        _ => authority,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A request over TLS from an absent client.
    pub(crate) fn exchange<'a>(uri: &'a Uri, authority: &'a str) -> Exchange<'a> {
        Exchange {
            client: Client::Absent,
            client_address: "203.0.113.7:50123".parse().unwrap(),
            server_port: 8443,
            method: &Method::GET,
            version: Version::HTTP_11,
            uri,
            authority,
            tls: Some(TlsFacts {
                protocol: "TLSv1.3",
                cipher: "TLS_AES_128_GCM_SHA256",
                ciphers_offered: "TLS_AES_128_GCM_SHA256:ECDHE-RSA-AES256-GCM-SHA384",
            }),
            round_trip_time: Some(Duration::from_micros(1_500)),
            received_bytes: 321,
        }
    }

    #[test]
    fn a_host_has_no_port_no_trailing_dot_and_no_capitals() {
        let uri = Uri::from_static("/");
        for (authority, host) in [
            ("contoso.com:8080", "contoso.com"),
            ("WWW.Contoso.com", "www.contoso.com"),
            ("www.contoso.com.:8443", "www.contoso.com"),
            ("[2001:db8::1]:8443", "[2001:db8::1]"),
            ("[2001:db8::1]", "[2001:db8::1]"),
            ("2001:db8::1", "2001:db8::1"),
            ("contoso.com:", "contoso.com"),
            ("contoso.com:http", "contoso.com:http"),
            ("", ""),
        ] {
            assert_eq!(exchange(&uri, authority).host(), host, "{authority}");
        }
    }

    #[test]
    fn a_mapped_ipv4_client_reads_as_ipv4() {
        let uri = Uri::from_static("/");
        let mut exchange = exchange(&uri, "contoso.com");
        exchange.client_address = "[::ffff:203.0.113.7]:50123".parse().unwrap();
        assert_eq!(exchange.peer().to_string(), "203.0.113.7:50123");
    }
}
