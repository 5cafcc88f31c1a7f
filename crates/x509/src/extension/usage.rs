use core::fmt;

use crate::der::{Error, Reader, Tag, read_each};
use crate::oid::Oid;

/// `keyUsage` (RFC 5280 section 4.2.1.3): a set of uses, at least one.
///
/// ```text
/// KeyUsage ::= BIT STRING { digitalSignature (0), nonRepudiation (1), keyEncipherment (2),
///      dataEncipherment (3), keyAgreement (4), keyCertSign (5), cRLSign (6), encipherOnly (7),
///      decipherOnly (8) }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyUsage(u16);

impl KeyUsage {
    /// `digitalSignature`
    pub const DIGITAL_SIGNATURE: Self = Self(0x8000);
    /// `nonRepudiation`, since X.509 (2000) `contentCommitment`
    pub const NON_REPUDIATION: Self = Self(0x4000);
    /// `keyEncipherment`
    pub const KEY_ENCIPHERMENT: Self = Self(0x2000);
    /// `dataEncipherment`
    pub const DATA_ENCIPHERMENT: Self = Self(0x1000);
    /// `keyAgreement`
    pub const KEY_AGREEMENT: Self = Self(0x0800);
    /// `keyCertSign`
    pub const KEY_CERT_SIGN: Self = Self(0x0400);
    /// `cRLSign`
    pub const CRL_SIGN: Self = Self(0x0200);
    /// `encipherOnly`
    pub const ENCIPHER_ONLY: Self = Self(0x0100);
    /// `decipherOnly`
    pub const DECIPHER_ONLY: Self = Self(0x0080);

    const NAMES: [(Self, &'static str); 9] = [
        (Self::DIGITAL_SIGNATURE, "digitalSignature"),
        (Self::NON_REPUDIATION, "nonRepudiation"),
        (Self::KEY_ENCIPHERMENT, "keyEncipherment"),
        (Self::DATA_ENCIPHERMENT, "dataEncipherment"),
        (Self::KEY_AGREEMENT, "keyAgreement"),
        (Self::KEY_CERT_SIGN, "keyCertSign"),
        (Self::CRL_SIGN, "cRLSign"),
        (Self::ENCIPHER_ONLY, "encipherOnly"),
        (Self::DECIPHER_ONLY, "decipherOnly"),
    ];

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let bits = match *reader.bit_string()?.octets {
            [first] => Self(u16::from_be_bytes([first, 0])),
            [first, second, ..] => Self(u16::from_be_bytes([first, second])),
            [] => Self(0),
        };
        // RFC 5280 section 4.2.1.3: at least one of the bits MUST be set.
        if bits.0 == 0 {
            Err(Error::Constraint)
        } else {
            Ok(bits)
        }
    }

    /// Whether every use of `other` is among these.
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// These uses and those of `other`.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The names of RFC 5280, separated by commas.
impl fmt::Display for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for (bit, name) in Self::NAMES {
            if self.contains(bit) {
                write!(f, "{separator}{name}")?;
                separator = ", ";
            }
        }
        Ok(())
    }
}

impl fmt::Debug for KeyUsage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyUsage({self})")
    }
}

/// `extKeyUsage` (RFC 5280 section 4.2.1.12): at least one purpose.
///
/// ```text
/// ExtKeyUsageSyntax ::= SEQUENCE SIZE (1..MAX) OF KeyPurposeId
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExtendedKeyUsage<'a> {
    content: &'a [u8],
}

impl<'a> ExtendedKeyUsage<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let content = reader.expect(Tag::SEQUENCE)?;
        read_each(content, Reader::oid)?;
        Ok(Self { content })
    }

    /// The purposes in the order of the encoding.
    // Invariant: `read` read every purpose once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = Oid<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || reader.oid().ok())
    }

    /// Whether exactly this purpose is listed; `anyExtendedKeyUsage` is a purpose of its own here.
    pub fn contains(&self, purpose: Oid<'_>) -> bool {
        self.iter().any(|listed| listed == purpose)
    }
}
