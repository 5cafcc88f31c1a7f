//! What is known of the health of backends.

use std::collections::BTreeMap;

use crate::gateway::Gateway;

/// How a server is, in the words of Application Gateway (section 5.3 of its behaviour reference).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Health {
    /// Nobody has asked.
    Unknown,
}

impl Health {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Unknown => "Unknown",
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

/// One server.
#[derive(Clone, Debug)]
pub(crate) struct ServerHealth {
    pub(crate) address: String,
    pub(crate) health: Health,
    /// What the latest probe said.
    pub(crate) log: String,
}

impl PoolHealth {
    /// How many servers there are of each health.
    pub(crate) fn counts(&self) -> BTreeMap<&'static str, usize> {
        let mut counts = BTreeMap::new();
        for server in &self.servers {
            let count: &mut usize = counts.entry(server.health.name()).or_default();
            *count = count.saturating_add(1);
        }
        counts
    }
}

/// The health of every pool that requests are forwarded to. No server is probed yet, so that nothing is known.
pub(crate) fn pool_health(gateway: &Gateway) -> Vec<PoolHealth> {
    let pools = gateway.inventory().pools().iter();
    let health = pools.map(|pool| PoolHealth {
        pool: pool.pool.clone(),
        backend_settings: pool.backend_settings.clone(),
        servers: pool.servers.iter().map(|one| unknown(one)).collect(),
    });
    health.collect()
}

fn unknown(address: &str) -> ServerHealth {
    ServerHealth {
        address: address.to_owned(),
        health: Health::Unknown,
        log: String::new(),
    }
}
