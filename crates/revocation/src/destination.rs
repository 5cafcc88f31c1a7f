//! Which addresses may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Which addresses responders may have. Certificates name responders, so this is what keeps an
/// issuer from making the gateway talk to the gateway's own surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destinations {
    /// Any.
    Any,
    /// None that is loopback, link-local, unspecified, multicast or broadcast, nor a cloud's metadata
    /// service. Private networks are allowed: that is where the responders of private authorities are.
    NotLocal,
    /// As [`NotLocal`](Self::NotLocal), and loopback: for a responder on this very machine.
    LoopbackToo,
}

/// Which ports responders may have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// 80, 443, and all from 1024 on: none of the well-known ports of other protocols, whose servers a
    /// request could confuse.
    Usual,
    /// These.
    Only(Vec<u16>),
    /// Any.
    Any,
}

impl Ports {
    /// Whether `port` may be connected to.
    #[must_use]
    pub fn allow(&self, port: u16) -> bool {
        match self {
            Self::Usual => matches!(port, 80 | 443 | 1024..),
            Self::Only(ports) => ports.contains(&port),
            Self::Any => true,
        }
    }
}

impl Destinations {
    /// Whether `address` may be connected to.
    #[must_use]
    pub fn allow(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::NotLocal => !is_local(address),
            Self::LoopbackToo => address.to_canonical().is_loopback() || !is_local(address),
        }
    }
}

/// Metadata services outside the link-local networks: Azure's wire server, Alibaba Cloud.
const METADATA_V4: [Ipv4Addr; 2] = [
    Ipv4Addr::new(168, 63, 129, 16),
    Ipv4Addr::new(100, 100, 100, 200),
];

/// Metadata services outside the link-local networks: AWS, Google Cloud, Scaleway.
const METADATA_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254),
    Ipv6Addr::new(0xfd00, 0x42, 0, 0, 0, 0, 0, 0x42),
];

fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_local_v4(address),
        IpAddr::V6(address) => is_local_v6(address),
    }
}

fn is_local_v4(address: Ipv4Addr) -> bool {
    // RFC 1122 section 3.2.1.3: the whole of 0.0.0.0/8 is this host on this network.
    let [first, ..] = address.octets();
    first == 0
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_broadcast()
        || METADATA_V4.contains(&address)
}

fn is_local_v6(address: Ipv6Addr) -> bool {
    address.is_unspecified()
        || address.is_loopback()
        || address.is_unicast_link_local()
        || address.is_multicast()
        || METADATA_V6.contains(&address)
        || is_local_use_nat64(address)
        || embedded_v4(address).is_some_and(is_local_v4)
}

/// 64:ff9b:1::/48, which a network divides as it likes (RFC 8215): where in it an IPv4 address stands,
/// and so which one it is, cannot be told (RFC 6052 section 2.2).
fn is_local_use_nat64(address: Ipv6Addr) -> bool {
    matches!(address.segments(), [0x64, 0xff9b, 1, ..])
}

/// The IPv4 address that packets to this one would reach in the end.
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let from = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        Ipv4Addr::new(a, b, c, d)
    };
    match address.segments() {
        // IPv4-compatible and IPv4-mapped (RFC 4291 section 2.5.5), IPv4-translated (RFC 2765 section 2.1)
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0, 0, 0, 0, 0xffff, 0, high, low] => {
            Some(from(high, low))
        }
        // NAT64 (RFC 6052 section 2.1)
        [0x64, 0xff9b, 0, _, _, _, high, low] => Some(from(high, low)),
        // 6to4 (RFC 3056 section 2)
        [0x2002, high, low, ..] => Some(from(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// This machine, and not what is only wrapped in a translation to it.
    const LOOPBACK: [&str; 4] = ["127.0.0.1", "127.255.0.9", "::1", "::ffff:127.0.0.1"];

    #[test]
    fn surroundings_are_local() {
        for address in [
            "0.0.0.0",
            "0.1.2.3",
            "127.0.0.1",
            "127.255.0.9",
            "169.254.169.254",
            "224.0.0.1",
            "255.255.255.255",
            "168.63.129.16",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "::ffff:0:127.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a9fe:a9fe",
            "64:ff9b:1:7f00:0:100::",
            "64:ff9b:1:a9fe:a9:fe00::",
            "64:ff9b:1::102:304",
            "2002:7f00:1::",
            "fe80::1",
            "ff02::1",
            "fd00:ec2::254",
            "fd20:ce::254",
            "fd00:42::42",
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert!(!Destinations::NotLocal.allow(address), "{address}");
            let is_loopback = LOOPBACK.contains(&address.to_string().as_str());
            assert_eq!(
                Destinations::LoopbackToo.allow(address),
                is_loopback,
                "{address}"
            );
            assert!(Destinations::Any.allow(address), "{address}");
        }
    }

    #[test]
    fn public_and_private_networks_are_not_local() {
        for address in [
            "1.2.3.4",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "100.64.0.1",
            "2001:db8::1",
            "fd00::1",
            "64:ff9b::102:304",
        ] {
            let address = address.parse().unwrap();
            assert!(Destinations::NotLocal.allow(address), "{address}");
            assert!(Destinations::LoopbackToo.allow(address), "{address}");
        }
    }
}
