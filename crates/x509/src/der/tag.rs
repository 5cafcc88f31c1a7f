use core::fmt;

/// An identifier octet: class, primitive or constructed, and a tag number of at most 30.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tag(u8);

impl Tag {
    /// `BOOLEAN`
    pub const BOOLEAN: Self = Self(0x01);
    /// `INTEGER`
    pub const INTEGER: Self = Self(0x02);
    /// `BIT STRING`
    pub const BIT_STRING: Self = Self(0x03);
    /// `OCTET STRING`
    pub const OCTET_STRING: Self = Self(0x04);
    /// `NULL`
    pub const NULL: Self = Self(0x05);
    /// `OBJECT IDENTIFIER`
    pub const OBJECT_IDENTIFIER: Self = Self(0x06);
    /// `ENUMERATED`
    pub const ENUMERATED: Self = Self(0x0a);
    /// `UTF8String`
    pub const UTF8_STRING: Self = Self(0x0c);
    /// `NumericString`
    pub const NUMERIC_STRING: Self = Self(0x12);
    /// `PrintableString`
    pub const PRINTABLE_STRING: Self = Self(0x13);
    /// `TeletexString`
    pub const TELETEX_STRING: Self = Self(0x14);
    /// `IA5String`
    pub const IA5_STRING: Self = Self(0x16);
    /// `UTCTime`
    pub const UTC_TIME: Self = Self(0x17);
    /// `GeneralizedTime`
    pub const GENERALIZED_TIME: Self = Self(0x18);
    /// `VisibleString`
    pub const VISIBLE_STRING: Self = Self(0x1a);
    /// `UniversalString`
    pub const UNIVERSAL_STRING: Self = Self(0x1c);
    /// `BMPString`
    pub const BMP_STRING: Self = Self(0x1e);
    /// `SEQUENCE` and `SEQUENCE OF`
    pub const SEQUENCE: Self = Self(0x30);
    /// `SET` and `SET OF`
    pub const SET: Self = Self(0x31);

    /// The tag with this identifier octet.
    pub const fn from_octet(octet: u8) -> Self {
        Self(octet)
    }

    /// `[number]`, primitive: an implicitly tagged string or integer. Numbers above 30 wrap around.
    pub const fn context(number: u8) -> Self {
        Self(0x80 | (number & 0x1f))
    }

    /// `[number]`, constructed: explicitly tagged, or an implicitly tagged SEQUENCE or SET.
    pub const fn context_constructed(number: u8) -> Self {
        Self(0xa0 | (number & 0x1f))
    }

    /// The identifier octet.
    pub const fn octet(self) -> u8 {
        self.0
    }

    pub(crate) const fn has_high_number(self) -> bool {
        self.0 & 0x1f == 0x1f
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match *self {
            Self::BOOLEAN => "BOOLEAN",
            Self::INTEGER => "INTEGER",
            Self::BIT_STRING => "BIT STRING",
            Self::OCTET_STRING => "OCTET STRING",
            Self::NULL => "NULL",
            Self::OBJECT_IDENTIFIER => "OBJECT IDENTIFIER",
            Self::ENUMERATED => "ENUMERATED",
            Self::UTF8_STRING => "UTF8String",
            Self::PRINTABLE_STRING => "PrintableString",
            Self::IA5_STRING => "IA5String",
            Self::UTC_TIME => "UTCTime",
            Self::GENERALIZED_TIME => "GeneralizedTime",
            Self::SEQUENCE => "SEQUENCE",
            Self::SET => "SET",
            Self(octet) => return write!(f, "{octet:#04x}"),
        };
        f.write_str(name)
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tag({self})")
    }
}
