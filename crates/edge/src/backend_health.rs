//! What is known of the health of backends.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_model::TargetHost;

use crate::gateway::Gateway;
use crate::pool::{Endpoint, Pool};

/// How a server is, in the words of Application Gateway (section 5.3 of its behaviour reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// Nobody has asked, or its name has no address.
    Unknown,
    Up,
    /// Requests are kept away.
    Down,
    /// Some of its addresses are up and some are down.
    Partial,
    /// It is no part of its pool any more, and finishes what was begun.
    Draining,
}

impl Health {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
            Self::Up => "Up",
            Self::Down => "Down",
            Self::Partial => "Partial",
            Self::Draining => "Draining",
        }
    }

    /// That of a server whose addresses are like these.
    fn of_all(addresses: &[AddressHealth]) -> Self {
        let left = addresses.iter().map(|one| one.health);
        let left = left.filter(|health| *health != Self::Draining);
        let mut left: Vec<Self> = left.collect();
        left.sort_unstable();
        left.dedup();
        match left.as_slice() {
            [] if addresses.is_empty() => Self::Unknown,
            [] => Self::Draining,
            [only] => *only,
            [..] if left.contains(&Self::Down) => Self::Partial,
            [..] => Self::Up,
        }
    }
}

/// The servers of a pool, as certain backend settings reach them.
#[derive(Clone, Debug)]
pub(crate) struct PoolHealth {
    pub(crate) pool: String,
    pub(crate) backend_settings: String,
    pub(crate) servers: Vec<ServerHealth>,
}

/// One target of a pool.
#[derive(Clone, Debug)]
pub(crate) struct ServerHealth {
    /// As it was configured.
    pub(crate) address: Target,
    pub(crate) health: Health,
    /// What the latest probe said that is to be known first.
    pub(crate) log: String,
    /// Its addresses, of which a name may have several.
    pub(crate) addresses: Vec<AddressHealth>,
}

/// One address of a target.
#[derive(Clone, Debug)]
pub(crate) struct AddressHealth {
    pub(crate) address: SocketAddr,
    pub(crate) health: Health,
    pub(crate) log: String,
    /// Requests that are there now.
    pub(crate) requests: usize,
}

/// A host and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    host: TargetHost,
    port: u16,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let port = self.port;
        match &self.host {
            TargetHost::Address(address) => SocketAddr::new(*address, port).fmt(f),
            TargetHost::Name(name) => write!(f, "{name}:{port}"),
        }
    }
}

impl PoolHealth {
    /// How many servers there are of each health.
    pub(crate) fn counts(&self) -> BTreeMap<Health, usize> {
        let mut counts = BTreeMap::new();
        for server in &self.servers {
            let count: &mut usize = counts.entry(server.health).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Requests that are there now.
    pub(crate) fn requests(&self) -> usize {
        let addresses = self.servers.iter().flat_map(|server| &server.addresses);
        addresses.fold(0, |sum, one| sum.saturating_add(one.requests))
    }
}

/// The health of every pool that requests are forwarded to.
pub(crate) fn pool_health(gateway: &Gateway) -> Vec<PoolHealth> {
    let pools = gateway.pools().iter();
    let health = pools.map(|pool| PoolHealth {
        pool: pool.name.clone(),
        backend_settings: pool.settings.name.clone(),
        servers: servers(pool),
    });
    health.collect()
}

/// The targets in the order of the configuration, then those that have left it and still finish.
fn servers(pool: &Pool) -> Vec<ServerHealth> {
    let configured = pool.targets().iter().map(|target| Target {
        host: target.host.clone(),
        port: target.port,
    });
    let mut targets: Vec<(Target, Vec<AddressHealth>)> = Vec::new();
    for target in configured {
        if !targets.iter().any(|(known, _)| *known == target) {
            targets.push((target, Vec::new()));
        }
    }
    for endpoint in pool.all_endpoints() {
        let target = Target {
            host: endpoint.host.clone(),
            port: endpoint.port,
        };
        let address = address(&endpoint);
        match targets.iter_mut().find(|(known, _)| *known == target) {
            Some((_, addresses)) => addresses.push(address),
            None => targets.push((target, vec![address])),
        }
    }
    let servers = targets.into_iter().map(|(address, addresses)| {
        let health = Health::of_all(&addresses);
        let log = match (&address.host, addresses.as_slice()) {
            (TargetHost::Name(name), []) if pool.has_asked(name.as_str()) => {
                "The name of the backend could not be resolved".to_owned()
            }
            _ => {
                let mut logs = addresses.iter().filter(|one| !one.log.is_empty());
                let first = logs.clone().next();
                let worst = logs.find(|one| one.health == Health::Down).or(first);
                worst.map_or_else(String::new, |one| one.log.clone())
            }
        };
        ServerHealth {
            address,
            health,
            log,
            addresses,
        }
    });
    servers.collect()
}

fn address(endpoint: &Arc<Endpoint>) -> AddressHealth {
    let log = endpoint.health(|health| health.log.clone());
    AddressHealth {
        address: endpoint.address,
        health: match &log {
            _ if endpoint.is_draining() => Health::Draining,
            _ if !endpoint.is_up() => Health::Down,
            Some(_) => Health::Up,
            None => Health::Unknown,
        },
        log: log.unwrap_or_default(),
        requests: endpoint.in_flight(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_as_well_as_its_addresses() {
        let all = |addresses: &[Health]| {
            let one = |health: &Health| AddressHealth {
                address: SocketAddr::from(([127, 0, 0, 1], 1)),
                health: *health,
                log: String::new(),
                requests: 0,
            };
            let addresses: Vec<AddressHealth> = addresses.iter().map(one).collect();
            Health::of_all(&addresses)
        };
        assert_eq!(all(&[]), Health::Unknown);
        assert_eq!(all(&[Health::Unknown]), Health::Unknown);
        assert_eq!(all(&[Health::Up, Health::Up]), Health::Up);
        assert_eq!(all(&[Health::Unknown, Health::Up]), Health::Up);
        assert_eq!(all(&[Health::Down, Health::Down]), Health::Down);
        assert_eq!(all(&[Health::Down, Health::Up]), Health::Partial);
        assert_eq!(all(&[Health::Up, Health::Draining]), Health::Up);
        assert_eq!(all(&[Health::Down, Health::Draining]), Health::Down);
        assert_eq!(all(&[Health::Draining]), Health::Draining);
    }
}
