use std::str::FromStr;

use crate::failure::PolicyFault;
use crate::responder::{Responder, Scheme};

/// An HTTP proxy through which responders are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
}

impl Proxy {
    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}

/// Reads `http://host:port`, where the port is 80 when absent. There is no user name: what a proxy lets
/// pass, it decides by where it is asked from.
impl FromStr for Proxy {
    type Err = PolicyFault;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let proxy = Responder::parse(url)?;
        if proxy.scheme() == Scheme::Https {
            return Err(PolicyFault::Scheme {
                found: "https".to_owned(),
            });
        }
        if proxy.post_target() != "/" {
            return Err(PolicyFault::Malformed);
        }
        Ok(Self {
            host: proxy.host().to_owned(),
            port: proxy.port(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_a_host_and_a_port() {
        let proxy: Proxy = "http://proxy.example:3128".parse().unwrap();
        assert_eq!((proxy.host(), proxy.port()), ("proxy.example", 3128));
        assert_eq!("http://[::1]/".parse::<Proxy>().unwrap().port(), 80);
        for wrong in [
            "https://a/",
            "http://u:p@a/",
            "http://a/b",
            "a:80",
            "socks5://a",
        ] {
            assert!(wrong.parse::<Proxy>().is_err(), "{wrong}");
        }
    }
}
