//! How the names of backends are resolved.

use std::net::{IpAddr, SocketAddr};

use super::{Fields, Report, excerpt};
use crate::diagnostic::Problem;

/// Where DNS servers listen (RFC 1035 section 4.2).
const PORT: u16 = 53;

/// Addresses, with a port or without.
pub(super) fn servers(fields: &Fields<'_>, report: &mut Report) -> Vec<SocketAddr> {
    let mut servers = Vec::new();
    for text in fields.texts("servers", report).unwrap_or_default() {
        let alone = text.parse().map(|address: IpAddr| (address, PORT).into());
        match alone.or_else(|_| text.parse()) {
            Ok(address) => servers.push(address),
            Err(source) => {
                let found = excerpt(&text);
                report.push(text.place, Problem::InvalidBind { found, source });
            }
        }
    }
    servers
}
