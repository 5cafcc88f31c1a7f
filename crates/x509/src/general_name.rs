use core::fmt::{self, Write};
use core::net::IpAddr;

use crate::der::{Error, Reader, Tag, read_each};
use crate::name::Name;
use crate::oid::{self, Oid};

/// One form of name (RFC 5280 section 4.2.1.6).
///
/// ```text
/// GeneralName ::= CHOICE {
///      otherName                 [0]  AnotherName,
///      rfc822Name                [1]  IA5String,
///      dNSName                   [2]  IA5String,
///      x400Address               [3]  ORAddress,
///      directoryName             [4]  Name,
///      ediPartyName              [5]  EDIPartyName,
///      uniformResourceIdentifier [6]  IA5String,
///      iPAddress                 [7]  OCTET STRING,
///      registeredID              [8]  OBJECT IDENTIFIER }
/// ```
///
/// Text is ASCII but otherwise as received: it may hold NUL and line breaks. `Display` escapes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GeneralName<'a> {
    /// `otherName`
    OtherName {
        /// What the value is.
        type_id: Oid<'a>,
        /// The encoding inside `[0] EXPLICIT`.
        value: &'a [u8],
    },
    /// `rfc822Name`
    Rfc822Name(&'a str),
    /// `dNSName`
    DnsName(&'a str),
    /// `x400Address`, not taken apart
    X400Address(&'a [u8]),
    /// `directoryName`
    DirectoryName(Name<'a>),
    /// `ediPartyName`, not taken apart
    EdiPartyName(&'a [u8]),
    /// `uniformResourceIdentifier`
    Uri(&'a str),
    /// `iPAddress`: 4 or 16 octets in an alternative name, twice as many in a constraint
    IpAddress(&'a [u8]),
    /// `registeredID`
    RegisteredId(Oid<'a>),
}

impl<'a> GeneralName<'a> {
    /// Reads the next element.
    ///
    /// # Errors
    /// [`Error`] when it is not a GeneralName.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let tlv = reader.tlv()?;
        Ok(match tlv.tag.octet() {
            0xa0 => Self::other_name(tlv.value)?,
            0x81 => Self::Rfc822Name(ia5(tlv.value)?),
            0x82 => Self::DnsName(ia5(tlv.value)?),
            0xa3 => Self::X400Address(tlv.value),
            0xa4 => Self::directory_name(tlv.value)?,
            0xa5 => Self::EdiPartyName(tlv.value),
            0x86 => Self::Uri(ia5(tlv.value)?),
            0x87 => Self::IpAddress(tlv.value),
            0x88 => Self::RegisteredId(Oid::from_content(tlv.value)?),
            _ => return Err(Error::Constraint),
        })
    }

    /// The user principal name, as Microsoft's certificates of people carry it: an `otherName` that holds a `UTF8String`.
    #[must_use]
    pub fn user_principal_name(&self) -> Option<&'a str> {
        let Self::OtherName { type_id, value } = self else {
            return None;
        };
        if *type_id != oid::USER_PRINCIPAL_NAME {
            return None;
        }
        let mut reader = Reader::new(value);
        let text = reader.expect(Tag::UTF8_STRING).ok()?;
        reader.finish().ok()?;
        core::str::from_utf8(text).ok()
    }

    fn other_name(content: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(content);
        let type_id = reader.oid()?;
        let value = reader.expect(Tag::context_constructed(0))?;
        reader.finish()?;
        Ok(Self::OtherName { type_id, value })
    }

    fn directory_name(content: &'a [u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(content);
        let name = Name::read(&mut reader)?;
        reader.finish()?;
        Ok(Self::DirectoryName(name))
    }
}

fn ia5(content: &[u8]) -> Result<&str, Error> {
    core::str::from_utf8(content)
        .ok()
        .filter(|text| text.is_ascii())
        .ok_or(Error::CharacterString)
}

/// OpenSSL's prefixes: `DNS:`, `email:`, `URI:`, `IP Address:`, `DirName:`, `Registered ID:`, `othername:`. The networks of
/// constraints are shown as `192.0.2.0/255.255.255.0`.
impl fmt::Display for GeneralName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherName { type_id, .. } => write!(f, "othername:{type_id}"),
            Self::Rfc822Name(text) => write_text(f, "email:", text),
            Self::DnsName(text) => write_text(f, "DNS:", text),
            Self::X400Address(_) => f.write_str("X400Name"),
            Self::DirectoryName(name) => write!(f, "DirName:{name}"),
            Self::EdiPartyName(_) => f.write_str("EdiPartyName"),
            Self::Uri(text) => write_text(f, "URI:", text),
            Self::IpAddress(octets) => write_address(f, octets),
            Self::RegisteredId(oid) => write!(f, "Registered ID:{oid}"),
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, prefix: &str, text: &str) -> fmt::Result {
    f.write_str(prefix)?;
    for character in text.chars() {
        match character {
            ',' | '\\' => write!(f, "\\{character}")?,
            ' '..='~' => f.write_char(character)?,
            _ => write!(f, "\\{:02X}", u32::from(character))?,
        }
    }
    Ok(())
}

fn write_address(f: &mut fmt::Formatter<'_>, octets: &[u8]) -> fmt::Result {
    f.write_str("IP Address:")?;
    if let Some(address) = address(octets) {
        return write!(f, "{address}");
    }
    let halves = octets.split_at_checked(octets.len() / 2);
    let halves = halves.and_then(|(network, mask)| Some((address(network)?, address(mask)?)));
    if let Some((network, mask)) = halves {
        return write!(f, "{network}/{mask}");
    }
    f.write_char('#')?;
    octets.iter().try_for_each(|octet| write!(f, "{octet:02X}"))
}

fn address(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

/// `SEQUENCE SIZE (1..MAX) OF GeneralName`, every one of them well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GeneralNames<'a> {
    content: &'a [u8],
}

impl<'a> GeneralNames<'a> {
    /// Reads the content octets of the SEQUENCE, for implicitly tagged ones.
    ///
    /// # Errors
    /// [`Error`] when there is none or one is not a GeneralName.
    pub fn from_content(content: &'a [u8]) -> Result<Self, Error> {
        read_each(content, GeneralName::read)?;
        Ok(Self { content })
    }

    /// The names in the order of the encoding.
    // Invariant: `from_content` read every name once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = GeneralName<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || GeneralName::read(&mut reader).ok())
    }
}
