//! Showing names as OpenSSL's `XN_FLAG_RFC2253` does, which is what nginx hands out as
//! `$ssl_client_s_dn`.

use core::fmt::{self, Write};

use super::short_name::short_name;
use super::text::Characters;
use super::{Attribute, Name};

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
            ',' => f.write_str("\\,")?,
            '+' => f.write_str("\\+")?,
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '<' => f.write_str("\\<")?,
            '>' => f.write_str("\\>")?,
            ';' => f.write_str("\\;")?,
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
