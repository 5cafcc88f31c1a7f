//! How responders are reached, and which.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use rustls::ClientConfig;
use tokio::sync::Semaphore;

use crate::destination::{Destinations, Ports};
use crate::proxy::Proxy;

/// How responders are reached, and which.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) destinations: Destinations,
    /// Allowed whatever `destinations` says.
    pub(crate) networks: Vec<IpNet>,
    pub(crate) ports: Ports,
    pub(crate) method: Method,
    pub(crate) https: Option<Arc<ClientConfig>>,
    pub(crate) proxy: Option<Proxy>,
    pub(crate) connect_timeout: Duration,
    /// One permit for each name that is being resolved: the system's resolver holds a thread, for longer than anybody
    /// waits for it.
    pub(crate) lookups: Arc<Semaphore>,
}

/// Names that are resolved at once: a fraction of the threads that a runtime has for what blocks.
const LOOKUPS: usize = 32;

/// How a question is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// By GET where the URL stays within 255 octets (RFC 9654 section 5), so that caches on the way can answer,
    /// otherwise by POST; also where a responder turns out not to know GET, which is remembered of it.
    GetWhereShort,
    /// By POST: for responders that know nothing else.
    Post,
}

impl Transport {
    pub(crate) fn new(destinations: Destinations, connect_timeout: Duration) -> Self {
        Self {
            destinations,
            networks: Vec::new(),
            ports: Ports::Usual,
            method: Method::GetWhereShort,
            https: None,
            proxy: None,
            connect_timeout,
            lookups: Arc::new(Semaphore::new(LOOKUPS)),
        }
    }

    /// Whether this address may be connected to.
    pub(crate) fn allows(&self, address: IpAddr) -> bool {
        let canonical = address.to_canonical();
        self.destinations.allow(address)
            || self
                .networks
                .iter()
                .any(|network| network.contains(&canonical))
    }
}

/// Whoever is reached in the same way. Two configurations of TLS cannot be compared: that there is one counts, as an
/// answer is no better for having come over TLS.
impl PartialEq for Transport {
    fn eq(&self, other: &Self) -> bool {
        let Self {
            destinations,
            networks,
            ports,
            method,
            https,
            proxy,
            connect_timeout,
            lookups: _,
        } = self;
        *destinations == other.destinations
            && *networks == other.networks
            && *ports == other.ports
            && *method == other.method
            && https.is_some() == other.https.is_some()
            && *proxy == other.proxy
            && *connect_timeout == other.connect_timeout
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("destinations", &self.destinations)
            .field("networks", &self.networks)
            .field("ports", &self.ports)
            .field("https", &self.https.is_some())
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
