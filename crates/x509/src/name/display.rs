//! Showing names as OpenSSL's `XN_FLAG_RFC2253` does, which is what nginx hands out as
//! `$ssl_client_s_dn`.

use core::fmt::{self, Write};

use super::text::Characters;
use super::{Attribute, Name};
use crate::oid::Oid;

/// Last attribute first; `,` between relative names, `+` within one; short names where OpenSSL knows
/// one, otherwise the dotted type with the value's DER in hexadecimal. Everything outside
/// printable ASCII is escaped octet by octet.
impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.rdns().count();
        if count > MAX_SHOWN {
            return write_hex(f, self.der);
        }
        // Names are short; reading from the front each time needs no memory.
        for index in (0..count).rev() {
            if let Some(rdn) = self.rdns().nth(index) {
                write_reversed(f, rdn.attributes())?;
            }
            if index != 0 {
                f.write_char(',')?;
            }
        }
        Ok(())
    }
}

/// Relative names up to which a name is taken apart to be shown; beyond, it is shown as hexadecimal DER.
/// Showing takes the square of their number. Real names have fewer than ten.
const MAX_SHOWN: usize = 128;

fn write_reversed<'a>(
    f: &mut fmt::Formatter<'_>,
    attributes: impl Iterator<Item = Attribute<'a>> + Clone,
) -> fmt::Result {
    let count = attributes.clone().count();
    if count == 1 || count > MAX_SHOWN {
        return write_separated(f, attributes);
    }
    let reversed = (0..count)
        .rev()
        .filter_map(|index| attributes.clone().nth(index));
    write_separated(f, reversed)
}

fn write_separated<'a>(
    f: &mut fmt::Formatter<'_>,
    attributes: impl Iterator<Item = Attribute<'a>>,
) -> fmt::Result {
    for (index, attribute) in attributes.enumerate() {
        if index != 0 {
            f.write_char('+')?;
        }
        write!(f, "{attribute}")?;
    }
    Ok(())
}

/// `type=value` as within a name.
impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(name) = short_name(self.oid) else {
            write!(f, "{}=", self.oid)?;
            return write_hex(f, self.der);
        };
        write!(f, "{name}=")?;
        match Characters::of(self.tag, self.value) {
            Some(characters) => write_escaped(f, characters),
            None => write_hex(f, self.der),
        }
    }
}

fn write_hex(f: &mut fmt::Formatter<'_>, der: &[u8]) -> fmt::Result {
    f.write_char('#')?;
    der.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
}

fn write_escaped(f: &mut fmt::Formatter<'_>, characters: Characters<'_>) -> fmt::Result {
    let mut characters = characters.peekable();
    let mut first = true;
    while let Some(character) = characters.next() {
        let last = characters.peek().is_none();
        match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => write!(f, "\\{character}")?,
            '#' if first => f.write_str("\\#")?,
            ' ' if first || last => f.write_str("\\ ")?,
            ' '..='~' => f.write_char(character)?,
            _ => write_octets(f, character)?,
        }
        first = false;
    }
    Ok(())
}

fn write_octets(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    let mut octets = [0; 4];
    character
        .encode_utf8(&mut octets)
        .bytes()
        .try_for_each(|octet| write!(f, "\\{octet:02X}"))
}

/// OpenSSL's short names (`crypto/objects/objects.txt`) for the attribute types seen in certificates.
fn short_name(oid: Oid<'_>) -> Option<&'static str> {
    Some(match oid.as_bytes() {
        [0x55, 0x04, attribute] => return short_name_x520(*attribute),
        // 0.9.2342.19200300.100.1
        [
            0x09,
            0x92,
            0x26,
            0x89,
            0x93,
            0xf2,
            0x2c,
            0x64,
            0x01,
            attribute,
        ] => match attribute {
            1 => "UID",
            3 => "mail",
            25 => "DC",
            _ => return None,
        },
        // 1.2.840.113549.1.9
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, attribute] => match attribute {
            1 => "emailAddress",
            2 => "unstructuredName",
            8 => "unstructuredAddress",
            _ => return None,
        },
        // 1.3.6.1.4.1.311.60.2.1
        [
            0x2b,
            0x06,
            0x01,
            0x04,
            0x01,
            0x82,
            0x37,
            0x3c,
            0x02,
            0x01,
            attribute,
        ] => match attribute {
            1 => "jurisdictionL",
            2 => "jurisdictionST",
            3 => "jurisdictionC",
            _ => return None,
        },
        _ => return None,
    })
}

/// `id-at`, 2.5.4.
fn short_name_x520(attribute: u8) -> Option<&'static str> {
    Some(match attribute {
        3 => "CN",
        4 => "SN",
        5 => "serialNumber",
        6 => "C",
        7 => "L",
        8 => "ST",
        9 => "street",
        10 => "O",
        11 => "OU",
        12 => "title",
        13 => "description",
        15 => "businessCategory",
        16 => "postalAddress",
        17 => "postalCode",
        18 => "postOfficeBox",
        20 => "telephoneNumber",
        41 => "name",
        42 => "GN",
        43 => "initials",
        44 => "generationQualifier",
        45 => "x500UniqueIdentifier",
        46 => "dnQualifier",
        65 => "pseudonym",
        72 => "role",
        97 => "organizationIdentifier",
        98 => "c3",
        99 => "n3",
        100 => "dnsName",
        _ => return None,
    })
}
