//! The target of the request to the backend: rendered paths and queries, made fit for a request line.

use http::Uri;
use http::uri::PathAndQuery;

use crate::rules::Reroute;

/// The longest target that a rewrite may make: what Application Gateway takes of a URL.
pub const MAX_TARGET: usize = 32 * 1024;

/// Why a rewritten target cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UrlError {
    /// It is longer than [`MAX_TARGET`].
    #[error("the rewritten URL has {length} octets, more than {MAX_TARGET}")]
    TooLong {
        /// In octets.
        length: usize,
    },
    /// It is no request target. What was received and stays was none, then: what is rendered always is.
    #[error("the rewritten URL is not a request target")]
    Invalid,
    /// A segment of its path, percent-encoded or not, is `.` or `..`, which servers follow: what a client put into it
    /// must not lead elsewhere than the rule says.
    #[error("the rewritten path has a segment of dots")]
    DotSegment,
}

/// A part of a URL that templates make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UrlPart {
    Path,
    Query,
}

/// Where the octets of a URL come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Written {
    /// As part of a URL, or free to become one: what delimits and what is encoded stays so.
    AsUrl,
    /// As somebody's name: it stays one word, and decoding it gives the name.
    AsName,
}

/// What is decided about a URL so far; the last one to name a part decides it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct UrlChange {
    path: Option<(String, Reroute)>,
    query: Option<String>,
}

impl UrlChange {
    pub(crate) fn set_path(&mut self, path: String, reroute: Reroute) {
        self.path = Some((path, reroute));
    }

    pub(crate) fn set_query(&mut self, query: String) {
        self.query = Some(query);
    }

    /// Lets what a later set decided stand over this.
    pub(crate) fn overlay(&mut self, later: Self) {
        self.path = later.path.or(self.path.take());
        self.query = later.query.or(self.query.take());
    }

    /// Whether the path map is to be asked again, as the rule says that decided the path.
    pub(crate) fn reroute(&self) -> Reroute {
        self.path
            .as_ref()
            .map_or(Reroute::Stay, |(_, reroute)| *reroute)
    }

    /// The target that this makes of the received one, `None` where nothing is decided. `OPTIONS *` has no URL.
    pub(crate) fn target(&self, received: &Uri) -> Result<Option<PathAndQuery>, UrlError> {
        if (self.path.is_none() && self.query.is_none()) || received.path() == "*" {
            return Ok(None);
        }
        let query = match &self.query {
            Some(query) => query,
            None => received.query().unwrap_or_default(),
        };
        let mut target = String::new();
        match &self.path {
            None => target.push_str(received.path()),
            Some((path, _)) if has_dot_segment(path) => return Err(UrlError::DotSegment),
            // Two slashes at the beginning would be read as an authority.
            Some((path, _)) => {
                target.push('/');
                target.push_str(path.trim_start_matches('/'));
            }
        }
        if !query.is_empty() {
            target.push('?');
            target.push_str(query);
        }
        let length = target.len();
        if length > MAX_TARGET {
            return Err(UrlError::TooLong { length });
        }
        PathAndQuery::try_from(target)
            .map(Some)
            .map_err(|_| UrlError::Invalid)
    }
}

/// Whether a path has a segment `.` or `..`, whatever way it and the slashes around it are written.
fn has_dot_segment(path: &str) -> bool {
    let decoded: Vec<u8> = percent_encoding::percent_decode_str(path).collect();
    let mut segments = decoded.split(|octet| matches!(octet, b'/' | b'\\'));
    segments.any(|segment| matches!(segment, b"." | b".."))
}

/// Appends octets to a part of a URL, percent-encoding what cannot stand in it (RFC 3986 section 3.3 and 3.4).
///
/// An escape that is whole stays; a `%` that begins none becomes `%25`.
pub(crate) fn encode(octets: &[u8], part: UrlPart, written: Written, url: &mut String) {
    let mut rest = octets;
    while let Some((octet, after)) = rest.split_first() {
        let stays = match (octet, written) {
            (b'%', Written::AsUrl) => begins_with_two_digits(after),
            (octet, Written::AsUrl) => is_of_part(*octet, part),
            (octet, Written::AsName) => is_unreserved(*octet),
        };
        match stays {
            true => url.push(char::from(*octet)),
            false => url.push_str(percent_encoding::percent_encode_byte(*octet)),
        }
        rest = after;
    }
}

fn begins_with_two_digits(octets: &[u8]) -> bool {
    matches!(octets, [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit())
}

fn is_unreserved(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~".contains(&octet)
}

fn is_of_part(octet: u8, part: UrlPart) -> bool {
    is_unreserved(octet)
        || b"!$&'()*+,;=:@/".contains(&octet)
        || (octet == b'?' && part == UrlPart::Query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(octets: &[u8], part: UrlPart, written: Written) -> String {
        let mut url = String::new();
        encode(octets, part, written, &mut url);
        url
    }

    #[test]
    fn what_cannot_stand_in_a_part_is_encoded_once() {
        for (octets, path, query) in [
            ("a/b c", "a/b%20c", "a/b%20c"),
            ("a?b#c", "a%3Fb%23c", "a?b%23c"),
            ("%41%zz%4", "%41%25zz%254", "%41%25zz%254"),
            ("\r\n\0\u{e9}", "%0D%0A%00%C3%A9", "%0D%0A%00%C3%A9"),
            (
                "\\\"<>{}|^`",
                "%5C%22%3C%3E%7B%7D%7C%5E%60",
                "%5C%22%3C%3E%7B%7D%7C%5E%60",
            ),
            ("x=1&y=2;z", "x=1&y=2;z", "x=1&y=2;z"),
        ] {
            let octets = octets.as_bytes();
            assert_eq!(encoded(octets, UrlPart::Path, Written::AsUrl), path);
            assert_eq!(encoded(octets, UrlPart::Query, Written::AsUrl), query);
        }
    }

    #[test]
    fn a_name_stays_one_word_and_decodes_to_itself() {
        let name = "CN=a&b/../c?%61#+ d";
        for part in [UrlPart::Path, UrlPart::Query] {
            let word = encoded(name.as_bytes(), part, Written::AsName);
            assert!(
                !word.contains(['&', '/', '?', '#', '=', '+', ' ']),
                "{word}"
            );
            let decoded = percent_encoding::percent_decode_str(&word).decode_utf8();
            assert_eq!(decoded.unwrap(), name);
        }
    }

    /// Octets of every kind in every order that a small generator makes.
    fn octets(seed: &mut u64, length: usize) -> Vec<u8> {
        let mut octets = Vec::new();
        for _ in 0..length {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let random = (*seed >> 33) as usize;
            let sharp = b"/?#%\r\n\0 .\\&=@:*";
            octets.push(match random % 3 {
                0 => sharp[random / 3 % sharp.len()],
                _ => (random / 3 % 256) as u8,
            });
        }
        octets
    }

    #[test]
    fn no_rendered_url_is_ever_invalid() {
        let mut seed = 1;
        let all: Vec<u8> = (0..=255).collect();
        for round in 0..20_000 {
            let (path, query) = match round {
                0 => (all.clone(), all.clone()),
                _ => (octets(&mut seed, round % 23), octets(&mut seed, round % 17)),
            };
            for written in [Written::AsUrl, Written::AsName] {
                let mut change = UrlChange::default();
                change.set_path(encoded(&path, UrlPart::Path, written), Reroute::Stay);
                change.set_query(encoded(&query, UrlPart::Query, written));
                let target = match change.target(&Uri::from_static("/a?b")) {
                    Err(UrlError::DotSegment) => continue,
                    target => target.unwrap().unwrap(),
                };
                let text = target.as_str();
                assert!(text.starts_with('/') && !text.starts_with("//"));
                assert!(
                    text.bytes()
                        .all(|octet| octet.is_ascii_graphic() && octet != b'#')
                );
                assert!(!target.path().contains('?'));
                assert_eq!(target.query().is_some(), !query.is_empty());
                assert_eq!(
                    target.path().len() + target.query().map_or(0, |q| q.len() + 1),
                    text.len()
                );
                assert!(text.parse::<Uri>().is_ok(), "{text}");
            }
        }
    }

    #[test]
    fn a_target_of_32_kilobytes_is_the_longest() {
        for (length, fits) in [(MAX_TARGET, true), (MAX_TARGET + 1, false)] {
            let mut change = UrlChange::default();
            change.set_path(format!("/{}", "a".repeat(length - 1)), Reroute::Stay);
            assert_eq!(change.target(&Uri::from_static("/")).is_ok(), fits);
        }
    }

    #[test]
    fn a_rewritten_path_leads_where_it_says_and_begins_with_one_slash() {
        let target = |path: &str| {
            let mut change = UrlChange::default();
            change.set_path(path.into(), Reroute::Stay);
            let target = change.target(&Uri::from_static("/"));
            target.map(|target| target.unwrap().as_str().to_owned())
        };
        for path in [
            "/app/../admin",
            "..",
            "/a/.",
            "./a",
            "/a/%2e%2E/b",
            "/a%2f..%2fb",
            "/a/.%2e",
            "/a%5c..%5Cb",
        ] {
            assert_eq!(target(path), Err(UrlError::DotSegment), "{path}");
        }
        for (path, expected) in [
            ("//evil.example/a", "/evil.example/a"),
            ("///", "/"),
            ("a//b", "/a//b"),
            ("/a/...", "/a/..."),
            ("/.well-known/a..b", "/.well-known/a..b"),
        ] {
            assert_eq!(target(path).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn the_asterisk_is_no_url() {
        let mut change = UrlChange::default();
        change.set_path("/a".into(), Reroute::Again);
        assert_eq!(change.target(&Uri::from_static("*")), Ok(None));
    }
}
