//! A Redis where several gateways share answers: where it is, and what is said there.

mod connection;
mod pool;

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use http::Uri;
use percent_encoding::percent_decode_str;
use rustls::ClientConfig;

pub(crate) use pool::Pool;

/// Where a Redis is, and who asks there. Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]`, where the port is 6379
/// when absent, and `rediss://` for [TLS](Self::tls).
#[derive(Clone)]
pub struct Redis {
    host: String,
    port: u16,
    user: Option<String>,
    password: Option<String>,
    database: u32,
    is_secure: bool,
    tls: Option<Arc<ClientConfig>>,
}

/// Why a text is not the URL of a Redis. It does not show the text, which may have a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RedisUrlError {
    /// It is no URL, or has parts that say nothing here.
    #[error("it is not redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]")]
    Malformed,
    /// The scheme is another.
    #[error("its scheme is neither redis nor rediss")]
    Scheme,
    /// What follows the host is not the number of a database.
    #[error("its path is not the number of a database")]
    Database,
    /// A user name or a password is not UTF-8 in percent-encoding.
    #[error("its user name or password is not UTF-8")]
    Credentials,
}

/// The port of Redis that IANA has.
const PORT: u16 = 6379;

impl Redis {
    /// Whether the URL says `rediss`, so that nothing is said there without [TLS](Self::tls).
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// What TLS is spoken with, where the URL says `rediss`.
    #[must_use]
    pub fn tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.tls = Some(config);
        self
    }
}

impl FromStr for Redis {
    type Err = RedisUrlError;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let uri: Uri = url.parse().map_err(|_| RedisUrlError::Malformed)?;
        let is_secure = match uri.scheme_str() {
            Some("redis") => false,
            Some("rediss") => true,
            _ => return Err(RedisUrlError::Scheme),
        };
        let authority = uri.authority().ok_or(RedisUrlError::Malformed)?;
        let host = authority.host();
        let host = host.strip_prefix('[').unwrap_or(host);
        let host = host.strip_suffix(']').unwrap_or(host);
        if host.is_empty() || uri.query().is_some() {
            return Err(RedisUrlError::Malformed);
        }
        let (user, password) = credentials(authority.as_str())?;
        let database = match uri.path().trim_start_matches('/') {
            "" => 0,
            number => number.parse().map_err(|_| RedisUrlError::Database)?,
        };
        let port = match authority.port() {
            None => PORT,
            Some(port) => port.as_u16(),
        };
        Ok(Self {
            host: host.to_owned(),
            port,
            user,
            password,
            database,
            is_secure,
            tls: None,
        })
    }
}

/// The user, if there is one, and the password, if there is one. A user without a password is nobody.
fn credentials(authority: &str) -> Result<(Option<String>, Option<String>), RedisUrlError> {
    let Some((credentials, _)) = authority.rsplit_once('@') else {
        return Ok((None, None));
    };
    let (user, password) = credentials
        .split_once(':')
        .ok_or(RedisUrlError::Credentials)?;
    let decode = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8();
        let decoded = decoded.map_err(|_| RedisUrlError::Credentials)?;
        Ok((!decoded.is_empty()).then(|| decoded.into_owned()))
    };
    Ok((decode(user)?, decode(password)?))
}

/// Configurations of TLS cannot be compared: that there is one counts, as an answer is no better for having come over TLS.
impl PartialEq for Redis {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            host,
            port,
            user,
            password,
            database,
            is_secure,
            tls,
        } = self;
        *host == other.host
            && *port == other.port
            && *user == other.user
            && *password == other.password
            && *database == other.database
            && *is_secure == other.is_secure
            && tls.is_some() == other.tls.is_some()
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("database", &self.database)
            .field("is_secure", &self.is_secure)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_and_who() {
        let redis: Redis = "redis://cache.example".parse().unwrap();
        assert_eq!((&*redis.host, redis.port), ("cache.example", PORT));
        assert_eq!(
            (redis.user, redis.password, redis.database),
            (None, None, 0)
        );
        let redis: Redis = "rediss://us%3Aer:p%40ss@[::1]:7000/3".parse().unwrap();
        assert_eq!((&*redis.host, redis.port), ("::1", 7000));
        assert_eq!(redis.user.as_deref(), Some("us:er"));
        assert_eq!(redis.password.as_deref(), Some("p@ss"));
        assert!(redis.database == 3 && redis.is_secure());
        assert!(!format!("{redis:?}").contains("p@ss"));
        let redis: Redis = "redis://:secret@a/".parse().unwrap();
        assert_eq!(
            (redis.user, redis.password.as_deref()),
            (None, Some("secret"))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for (url, expected) in [
            ("", RedisUrlError::Malformed),
            ("http://a", RedisUrlError::Scheme),
            ("redis://a/b", RedisUrlError::Database),
            ("redis://a/0/1", RedisUrlError::Database),
            ("redis://a/?x=y", RedisUrlError::Malformed),
            ("redis://user@a", RedisUrlError::Credentials),
            ("redis://:%ff@a", RedisUrlError::Credentials),
        ] {
            assert_eq!(url.parse::<Redis>().unwrap_err(), expected, "{url}");
        }
    }
}
