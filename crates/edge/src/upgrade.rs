//! Requests to leave HTTP for another protocol: on the whole connection (RFC 9110 section 7.8), or on one stream
//! of HTTP/2 (RFC 8441).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::{
    CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body::Body;
use hyper::body::Incoming;
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use sha1::{Digest as _, Sha1};

use crate::refused::Refused;

/// The protocol that is checked beyond its name, and the only one of HTTP/2.
const WEBSOCKET: &str = "websocket";
/// Names of protocols, without their versions, that would be HTTP again or hide it: requests in them would reach
/// the backend without being judged.
const NEVER: [&str; 5] = ["h2c", "h2", "h3", "http", "tls"];
/// Octets of a `Sec-WebSocket-Key` once decoded (RFC 6455 section 4.1).
const KEY_LENGTH: usize = 16;
/// What is hashed after the key (RFC 6455 section 1.3).
const KEY_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Another protocol that a client asks for, and may have if the backend speaks it.
pub(crate) struct Wanted {
    /// One protocol, as the client spells it.
    protocol: HeaderValue,
    way: Way,
    /// The key of a WebSocket's handshake: the client's, or one made here.
    key: Option<HeaderValue>,
    client: OnUpgrade,
}

/// How it is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The field `Upgrade` of HTTP/1.1, answered with 101.
    Upgrade,
    /// CONNECT with `:protocol` in HTTP/2, answered with 200.
    ExtendedConnect,
}

/// The two sides of what is no HTTP any more, once both have said so.
pub(crate) struct Sides {
    pub(crate) client: OnUpgrade,
    pub(crate) backend: OnUpgrade,
}

impl Wanted {
    /// What the request asks for, if that can be granted at all.
    ///
    /// An `Upgrade` that cannot be is ignored, as a server may (RFC 9110 section 7.8): the request goes on as one of
    /// HTTP, without the field. That is one with a body, to several protocols, to one that is HTTP again, that
    /// `Connection` does not list, or of a WebSocket without its key.
    ///
    /// # Errors
    /// CONNECT and TRACE, which are nothing else.
    pub(crate) fn of(parts: &Parts, body: &Incoming) -> Result<Option<Self>, Refused> {
        match parts.method {
            Method::CONNECT => Self::of_connect(parts).map(Some),
            Method::TRACE => Err(Refused::MethodNotAllowed),
            _ if body.is_end_stream() => Ok(Self::of_upgrade(parts)),
            _ => Ok(None),
        }
    }

    fn of_upgrade(parts: &Parts) -> Option<Self> {
        if parts.version != Version::HTTP_11 || !lists_upgrade(&parts.headers) {
            return None;
        }
        let protocol = only_member(&parts.headers, &UPGRADE)?;
        if !may_be_granted(protocol) {
            return None;
        }
        let key = if protocol.eq_ignore_ascii_case(WEBSOCKET.as_bytes()) {
            Some(websocket_key(parts)?)
        } else {
            None
        };
        Some(Self {
            protocol: HeaderValue::from_bytes(protocol).ok()?,
            way: Way::Upgrade,
            key,
            client: parts.extensions.get::<OnUpgrade>()?.clone(),
        })
    }

    fn of_connect(parts: &Parts) -> Result<Self, Refused> {
        let protocol = parts.extensions.get::<Protocol>();
        let client = parts.extensions.get::<OnUpgrade>();
        let (Some(protocol), Some(client)) = (protocol, client) else {
            return Err(Refused::MethodNotAllowed);
        };
        if !protocol.as_str().eq_ignore_ascii_case(WEBSOCKET) {
            return Err(Refused::ProtocolNotSupported);
        }
        Ok(Self {
            protocol: HeaderValue::from_static(WEBSOCKET),
            way: Way::ExtendedConnect,
            key: Some(new_key()?),
            client: client.clone(),
        })
    }

    /// Makes the request to the backend one for the protocol. To be called last, so that nothing else has a say in
    /// these fields.
    pub(crate) fn ask<B>(&self, request: &mut Request<B>) {
        if self.way == Way::ExtendedConnect {
            *request.method_mut() = Method::GET;
        }
        let headers = request.headers_mut();
        if let Some(key) = &self.key {
            headers.insert(SEC_WEBSOCKET_KEY, key.clone());
        }
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, self.protocol.clone());
    }

    /// Whether the backend switches to what it was asked for and to nothing else.
    fn is_granted(&self, headers: &HeaderMap) -> bool {
        let same_protocol = only_member(headers, &UPGRADE)
            .is_some_and(|protocol| protocol.eq_ignore_ascii_case(self.protocol.as_bytes()));
        let mut accepts = headers.get_all(SEC_WEBSOCKET_ACCEPT).iter();
        let accepted = match (&self.key, accepts.next(), accepts.next()) {
            (None, _, _) => true,
            (Some(key), Some(only), None) => only.as_bytes() == accept(key).as_bytes(),
            (Some(_), _, _) => false,
        };
        lists_upgrade(headers) && same_protocol && accepted
    }

    /// Makes the backend's 101 that of the gateway, after everything that ends at this hop was removed.
    pub(crate) fn answer<B>(&self, response: Response<B>) -> Response<()> {
        let mut response = response.map(drop);
        let headers = response.headers_mut();
        // Neither belongs here (RFC 9110 sections 8.6 and 15.2).
        headers.remove(CONTENT_LENGTH);
        headers.remove(TRANSFER_ENCODING);
        match self.way {
            Way::Upgrade => {
                headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
                headers.insert(UPGRADE, self.protocol.clone());
            }
            Way::ExtendedConnect => {
                headers.remove(SEC_WEBSOCKET_ACCEPT);
                *response.status_mut() = StatusCode::OK;
            }
        }
        response
    }
}

/// What a backend's response means to the client: the sides of a tunnel, or none where it goes on in HTTP.
///
/// # Errors
/// The backend switches without being asked, or to something else; or it says yes to a CONNECT without switching,
/// which its client would take for a tunnel.
pub(crate) fn settle(
    wanted: Option<&Wanted>,
    response: &mut Response<Incoming>,
) -> Result<Option<Sides>, Refused> {
    let status = response.status();
    match wanted {
        Some(wanted) if status == StatusCode::SWITCHING_PROTOCOLS => {
            if !wanted.is_granted(response.headers()) {
                return Err(Refused::BackendFailed);
            }
            Ok(Some(Sides {
                client: wanted.client.clone(),
                backend: hyper::upgrade::on(response),
            }))
        }
        None if status == StatusCode::SWITCHING_PROTOCOLS => Err(Refused::BackendFailed),
        Some(wanted) if wanted.way == Way::ExtendedConnect && status.is_success() => {
            Err(Refused::BackendFailed)
        }
        _ => Ok(None),
    }
}

/// Whether `Connection` lists `upgrade`, without which the field does not count.
fn lists_upgrade(headers: &HeaderMap) -> bool {
    members(headers, &CONNECTION).any(|option| option.eq_ignore_ascii_case(b"upgrade"))
}

/// The members of a list, however many fields it is spread over.
fn members<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a [u8]> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .filter(|member| !member.is_empty())
}

fn only_member<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a [u8]> {
    let mut members = members(headers, name);
    match (members.next(), members.next()) {
        (only, None) => only,
        _ => None,
    }
}

/// Whether this is a protocol (a token, and perhaps a version) and none that is never switched to.
fn may_be_granted(protocol: &[u8]) -> bool {
    let is_token = |text: &[u8]| !text.is_empty() && HeaderName::from_bytes(text).is_ok();
    let mut parts = protocol.splitn(2, |byte| *byte == b'/');
    let (name, version) = (parts.next().unwrap_or_default(), parts.next());
    let never = NEVER
        .iter()
        .any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
    is_token(name) && version.is_none_or(is_token) && !never
}

/// The key of a WebSocket's handshake, if the request is one (RFC 6455 section 4.2.1).
fn websocket_key(parts: &Parts) -> Option<HeaderValue> {
    let mut keys = parts.headers.get_all(SEC_WEBSOCKET_KEY).iter();
    let (Some(only), None) = (keys.next(), keys.next()) else {
        return None;
    };
    let decoded = BASE64.decode(only.as_bytes()).ok()?;
    let is_handshake = parts.method == Method::GET && decoded.len() == KEY_LENGTH;
    is_handshake.then(|| only.clone())
}

/// A key for a backend whose client has none.
fn new_key() -> Result<HeaderValue, Refused> {
    let mut key = [0; KEY_LENGTH];
    getrandom::fill(&mut key).map_err(|_| Refused::RequestUnsendable)?;
    HeaderValue::from_str(&BASE64.encode(key)).map_err(|_| Refused::RequestUnsendable)
}

/// The `Sec-WebSocket-Accept` that answers a key.
fn accept(key: &HeaderValue) -> String {
    let hash = Sha1::new()
        .chain_update(key.as_bytes())
        .chain_update(KEY_SUFFIX)
        .finalize();
    BASE64.encode(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_6455_is_accepted() {
        let key = HeaderValue::from_static("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(accept(&key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn keys_are_of_sixteen_octets_and_differ() {
        let keys = [new_key().unwrap(), new_key().unwrap()];
        assert_ne!(keys[0], keys[1]);
        for key in keys {
            assert_eq!(BASE64.decode(key.as_bytes()).unwrap().len(), KEY_LENGTH);
        }
    }

    #[test]
    fn what_would_be_http_again_is_never_granted() {
        for (protocol, granted) in [
            ("websocket", true),
            ("WebSocket", true),
            ("SPDY/3.1", true),
            ("h2c", false),
            ("H2C", false),
            ("h2c/1", false),
            ("h2", false),
            ("h3", false),
            ("HTTP/2.0", false),
            ("http/1.1", false),
            ("TLS/1.2", false),
            ("", false),
            ("/1", false),
            ("websocket/", false),
            ("a b", false),
            ("a/b/c", false),
            ("websocket\tx", false),
        ] {
            assert_eq!(may_be_granted(protocol.as_bytes()), granted, "{protocol}");
        }
    }

    #[test]
    fn a_list_has_one_member_or_none_that_counts() {
        for (fields, only) in [
            (&["websocket"][..], Some("websocket")),
            (&[" , websocket ,"], Some("websocket")),
            (&["websocket, h2c"], None),
            (&["websocket", "h2c"], None),
            (&["websocket", "websocket"], None),
            (&[""], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for field in fields {
                headers.append(UPGRADE, HeaderValue::from_static(field));
            }
            assert_eq!(only_member(&headers, &UPGRADE), only.map(str::as_bytes));
        }
    }
}
