//! A responder as a certificate names it: what its URL says, and whether it may be asked.

use http::Uri;
use portcullis_ocsp::get_url;

use crate::failure::PolicyFault;

/// A responder that may be asked as far as its URL tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Responder {
    url: String,
    uri: Uri,
    host: String,
    scheme: Scheme,
}

/// What is spoken with a responder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    fn parse(text: &str) -> Option<Self> {
        [("http", Self::Http), ("https", Self::Https)]
            .into_iter()
            .find_map(|(name, scheme)| text.eq_ignore_ascii_case(name).then_some(scheme))
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Responder {
    pub(crate) fn parse(url: &str) -> Result<Self, PolicyFault> {
        let (scheme, _) = url.split_once("://").ok_or(PolicyFault::Malformed)?;
        let Some(scheme) = Scheme::parse(scheme) else {
            return Err(PolicyFault::Scheme {
                found: scheme.escape_debug().to_string(),
            });
        };
        let uri: Uri = url.parse().map_err(|_| PolicyFault::Malformed)?;
        let authority = uri.authority().ok_or(PolicyFault::Malformed)?;
        if authority.as_str().contains('@') {
            return Err(PolicyFault::UserInformation);
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        // RFC 1035 section 2.3.4. A port that is none has no number, and must not count as the usual one.
        let port_is_wrong =
            authority.port_u16().is_none() && authority.as_str().len() > authority.host().len();
        if host.is_empty() || host.len() > 253 || port_is_wrong {
            return Err(PolicyFault::Malformed);
        }
        Ok(Self {
            url: url.to_owned(),
            host,
            uri,
            scheme,
        })
    }

    pub(crate) fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The name or address to connect to.
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.uri
            .port_u16()
            .unwrap_or_else(|| self.scheme.default_port())
    }

    /// What the Host field says, and a proxy is told: the host as it is, and the port where it is not the usual one.
    pub(crate) fn authority(&self) -> String {
        let host = match self.host.contains(':') {
            true => format!("[{}]", self.host),
            false => self.host.clone(),
        };
        match self.port() {
            port if port == self.scheme.default_port() => host,
            port => format!("{host}:{port}"),
        }
    }

    /// What all URLs of one host and port have in common, however they write it.
    pub(crate) fn place(&self) -> String {
        let host = self.host.trim_end_matches('.').to_ascii_lowercase();
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https => "https",
        };
        format!("{scheme} {host} {}", self.port())
    }

    /// The path and query that a POST goes to.
    pub(crate) fn post_target(&self) -> String {
        self.uri
            .path_and_query()
            .map_or_else(|| "/".to_owned(), ToString::to_string)
    }

    /// The path that puts `request` by GET, or nothing when it has to be a POST: the URL would be too
    /// long, or has a query after which nothing can be appended.
    pub(crate) fn get_target(&self, request: &[u8]) -> Option<String> {
        if self.url.contains(['?', '#']) {
            return None;
        }
        let url: Uri = get_url(&self.url, request)?.parse().ok()?;
        Some(url.path().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_tells_whom_to_ask() {
        let responder = Responder::parse("HTTP://ocsp.example:8080/a/").unwrap();
        assert_eq!((responder.host(), responder.port()), ("ocsp.example", 8080));
        assert_eq!(responder.authority(), "ocsp.example:8080");
        assert_eq!(responder.post_target(), "/a/");
        assert_eq!(responder.get_target(&[0, 0, 0]).unwrap(), "/a/AAAA");
        let responder = Responder::parse("http://[2001:db8::1]").unwrap();
        assert_eq!(responder.host(), "2001:db8::1");
        assert_eq!(
            (responder.port(), responder.post_target().as_str()),
            (80, "/")
        );
    }

    #[test]
    fn a_url_with_a_query_or_a_long_request_is_asked_by_post() {
        let responder = Responder::parse("http://a/b?c=d").unwrap();
        assert_eq!(responder.get_target(&[0]), None);
        assert_eq!(responder.post_target(), "/b?c=d");
        assert_eq!(
            Responder::parse("http://a/").unwrap().get_target(&[0; 200]),
            None
        );
    }

    #[test]
    fn other_schemes_and_users_are_refused() {
        for (url, expected) in [
            (
                "ldap://a/",
                PolicyFault::Scheme {
                    found: "ldap".into(),
                },
            ),
            (
                "file:///etc/passwd",
                PolicyFault::Scheme {
                    found: "file".into(),
                },
            ),
            ("unix:/run/socket", PolicyFault::Malformed),
            ("ocsp.example", PolicyFault::Malformed),
            ("http:///", PolicyFault::Malformed),
            ("http://", PolicyFault::Malformed),
            ("http://a b/", PolicyFault::Malformed),
            ("http://a/\r\nX: y", PolicyFault::Malformed),
            ("http://:80/", PolicyFault::Malformed),
            ("http://a:/", PolicyFault::Malformed),
            ("http://a:65536/", PolicyFault::Malformed),
            ("http://[::1]:99999/", PolicyFault::Malformed),
            (
                "http://good.example@127.0.0.1/",
                PolicyFault::UserInformation,
            ),
            ("http://user:password@a/", PolicyFault::UserInformation),
        ] {
            assert_eq!(Responder::parse(url), Err(expected), "{url}");
        }
    }
}
