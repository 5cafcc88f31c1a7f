use core::fmt;

/// A serial number: the content octets of its INTEGER, compared as such.
///
/// `Display` is upper-case hexadecimal, two digits an octet, without the zero octet that only
/// keeps a number positive; a negative number has a minus sign before its magnitude. This is
/// what OpenSSL and nginx (`$ssl_client_serial`) print.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Serial<'a>(&'a [u8]);

impl<'a> Serial<'a> {
    /// Takes the content octets of an INTEGER.
    pub const fn from_content(content: &'a [u8]) -> Self {
        Self(content)
    }

    /// The content octets: two's complement, most significant first.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    /// Whether the number is below zero, which RFC 5280 section 4.1.2.2 forbids to issuers.
    pub fn is_negative(&self) -> bool {
        self.0.first().is_some_and(|octet| octet & 0x80 != 0)
    }
}

impl fmt::Display for Serial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_negative() {
            return write_negated(self.0, f);
        }
        let octets = match self.0 {
            [0, rest @ ..] if !rest.is_empty() => rest,
            octets => octets,
        };
        octets.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
    }
}

/// The magnitude of a negative number: every octet inverted, plus one carried from the right.
fn write_negated(octets: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("-")?;
    let last_set = octets
        .iter()
        .rposition(|octet| *octet != 0)
        .unwrap_or_default();
    let mut leading = true;
    for (index, octet) in octets.iter().enumerate() {
        let digit = match index.cmp(&last_set) {
            core::cmp::Ordering::Less => !octet,
            core::cmp::Ordering::Equal => octet.wrapping_neg(),
            core::cmp::Ordering::Greater => 0,
        };
        leading = leading && digit == 0;
        if !leading {
            write!(f, "{digit:02X}")?;
        }
    }
    Ok(())
}

impl fmt::Debug for Serial<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Serial({self})")
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn a_serial_is_shown_as_openssl_shows_it() {
        for (content, shown) in [
            (&[0x0a, 0x1b][..], "0A1B"),
            (&[0x00], "00"),
            (&[0x00, 0x80], "80"),
            (&[0x01, 0x00], "0100"),
            (&[0xff], "-01"),
            (&[0x80], "-80"),
            (&[0xff, 0x00], "-0100"),
            (&[0xfe, 0xff], "-0101"),
            (&[0x80, 0x00], "-8000"),
        ] {
            assert_eq!(Serial::from_content(content).to_string(), shown);
        }
    }
}
