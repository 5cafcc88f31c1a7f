//! Cookies that keep a client at one backend.

use std::sync::OnceLock;

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderMap, HeaderValue};
use portcullis_model as model;
use sha2::Sha256;

use crate::pool::Endpoint;

/// What the cookie of a session says: which endpoint it is at, in a word that only this process can make and read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token(String);

/// Octets of the keyed hash in a [`Token`].
const TOKEN: usize = 16;
/// Cookies of a request that are looked at.
const COOKIES: usize = 4;

/// The key of all tokens, made once a process. It outlives reloads and not the process: sessions begin anew after a
/// restart, and each of several gateways in front of the same backends has its own.
static KEY: OnceLock<[u8; 32]> = OnceLock::new();

/// Makes the key.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn prepare() -> Result<(), getrandom::Error> {
    if KEY.get().is_none() {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        KEY.get_or_init(|| key);
    }
    Ok(())
}

/// The cookies of one pool under one set of settings.
pub(crate) struct Affinity {
    /// Without `CORS` and with it.
    cookies: [String; 2],
    keyed: Option<Hmac<Sha256>>,
}

impl Affinity {
    /// [`prepare`] has to come first; without it no session is kept.
    pub(crate) fn new(affinity: &model::Affinity, pool: &str, settings: &str) -> Self {
        let key = KEY.get();
        let keyed = key.and_then(|key| Hmac::new_from_slice(key).ok());
        let keyed = keyed.map(|mut keyed: Hmac<Sha256>| {
            for name in [pool, settings] {
                keyed.update(name.as_bytes());
                keyed.update(&[0]); // no name has it
            }
            keyed
        });
        Self {
            cookies: [affinity.cookie.clone(), format!("{}CORS", affinity.cookie)],
            keyed,
        }
    }

    /// What says an endpoint.
    pub(crate) fn token(&self, endpoint: &Endpoint) -> Token {
        let Some(mut keyed) = self.keyed.clone() else {
            return Token(String::new());
        };
        let (host, port, address) = (&endpoint.host, endpoint.port, endpoint.address);
        keyed.update(format!("{host}:{port} {address}").as_bytes());
        let digest = keyed.finalize().into_bytes();
        let octets = digest.get(..TOKEN).unwrap_or_default();
        Token(portcullis_rewrite::facts::hexadecimal(octets))
    }

    /// The sessions that a request says it has.
    pub(crate) fn asked(&self, headers: &HeaderMap) -> Vec<Token> {
        let fields = headers.get_all(COOKIE).iter();
        let pairs = fields
            .filter_map(|field| field.to_str().ok())
            .flat_map(|field| field.split(';'));
        let values = pairs.filter_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            let is_ours = self.cookies.iter().any(|ours| ours == name.trim());
            is_ours.then_some(value.trim())
        });
        let whole = values.filter(|value| value.len() == TOKEN.saturating_mul(2));
        let tokens = whole.map(|value| Token(value.to_owned()));
        tokens.take(COOKIES).collect()
    }

    /// Tells a client its session: one cookie for requests of its own site, one for those of others (section 4.5
    /// of the behaviour reference).
    pub(crate) fn tell(&self, token: &Token, headers: &mut HeaderMap) {
        let attributes = ["Path=/", "Path=/; SameSite=None; Secure"];
        for (name, attributes) in self.cookies.iter().zip(attributes) {
            let cookie = format!("{name}={}; {attributes}", token.0);
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                // A response with too many fields is one without a session.
                drop(headers.try_append(SET_COOKIE, cookie));
            }
        }
    }
}
