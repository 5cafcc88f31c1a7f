//! General names (RFC 5280 4.2.1.6): what alternative names and the subtrees of name constraints are made of.

use std::net::IpAddr;

use crate::{Name, der};

/// An otherName of this type, the value a whole TLV.
#[must_use]
pub fn other(type_id: &str, value: &[u8]) -> Vec<u8> {
    der::context(
        0,
        &der::concat(&[der::oid(type_id), der::context(0, value)]),
    )
}

/// An rfc822Name.
#[must_use]
pub fn email(address: &str) -> Vec<u8> {
    der::context_primitive(1, address.as_bytes())
}

/// A dNSName.
#[must_use]
pub fn dns(name: &str) -> Vec<u8> {
    der::context_primitive(2, name.as_bytes())
}

/// An x400Address with nothing in it.
#[must_use]
pub fn x400() -> Vec<u8> {
    der::context(3, &der::sequence::<&[u8]>(&[]))
}

/// A directoryName.
#[must_use]
pub fn directory(name: impl Into<Name>) -> Vec<u8> {
    der::context(4, name.into().der())
}

/// A uniformResourceIdentifier.
#[must_use]
pub fn uri(uri: &str) -> Vec<u8> {
    der::context_primitive(6, uri.as_bytes())
}

/// An iPAddress as alternative names have it.
#[must_use]
pub fn ip(address: IpAddr) -> Vec<u8> {
    der::context_primitive(7, &octets(address))
}

/// An iPAddress as subtrees have it: the address, then a mask of so many ones.
#[must_use]
pub fn network(address: IpAddr, prefix: u32) -> Vec<u8> {
    let address = octets(address);
    let bit = |at: u32| u8::from(at < prefix);
    let octet = |at: u32| (0..8).fold(0, |octet, offset| octet << 1 | bit(8 * at + offset));
    let mask: Vec<u8> = (0..address.len() as u32).map(octet).collect();
    der::context_primitive(7, &[address, mask].concat())
}

/// A registeredID.
#[must_use]
pub fn registered_id(dotted: &str) -> Vec<u8> {
    let oid = der::oid(dotted);
    der::context_primitive(8, &oid[2..])
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_and_a_mask() {
        let name = network("10.1.0.0".parse().unwrap(), 20);
        assert_eq!(name, [0x87, 8, 10, 1, 0, 0, 255, 255, 240, 0]);
    }
}
