//! A strict DER reader: definite minimal lengths, low tag numbers, nothing left over; and one function that writes.
//!
//! Reading borrows, never allocates and never panics. Values are handed out as the octets that were
//! received, so that what is verified is what was signed.

mod reader;
mod tag;
mod time;
mod writer;

pub use reader::{BitString, Reader, Tlv};
pub(crate) use reader::{minimal_integer, read_each};
pub use tag::Tag;
pub use writer::encode;

/// What is wrong with an encoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The value claims more octets than there are.
    #[error("truncated: {expected} octets expected, {found} found")]
    Truncated {
        /// Octets that the encoding announces.
        expected: usize,
        /// Octets that are left.
        found: usize,
    },
    /// Another element was expected here.
    #[error("tag {expected} expected, {found} found")]
    UnexpectedTag {
        /// The tag that the ASN.1 module wants.
        expected: Tag,
        /// The tag that was read.
        found: Tag,
    },
    /// An element was expected but the value has ended.
    #[error("tag {expected} expected, end of value found")]
    Missing {
        /// The tag that the ASN.1 module wants.
        expected: Tag,
    },
    /// The identifier octet announces a tag number above 30, which no structure read here uses.
    #[error("tag with identifier octet {found:#04x} has a high tag number")]
    HighTagNumber {
        /// The identifier octet.
        found: u8,
    },
    /// The indefinite form is BER, not DER (X.690 10.1).
    #[error("indefinite length")]
    IndefiniteLength,
    /// The length does not use the fewest octets (X.690 10.1).
    #[error("length is not minimal")]
    NonMinimalLength,
    /// The length has more than [`Reader::MAX_LENGTH_OCTETS`] octets.
    #[error("length of {found} octets exceeds the limit of {limit}")]
    LengthTooLong {
        /// Octets of the length itself.
        found: usize,
        /// The limit.
        limit: usize,
    },
    /// Octets follow where the value should have ended.
    #[error("{octets} octets of trailing data")]
    TrailingData {
        /// How many.
        octets: usize,
    },
    /// A BOOLEAN is neither 0x00 nor 0xff (X.690 11.1).
    #[error("boolean is neither true nor false")]
    Boolean,
    /// An INTEGER or ENUMERATED has no content, or more than needed (X.690 8.3.2).
    #[error("integer is empty or not minimal")]
    Integer,
    /// A BIT STRING without its first octet, with more than seven unused bits, or with unused bits set (X.690 11.2.1).
    #[error("bit string is malformed")]
    BitString,
    /// A NULL with content.
    #[error("null has content")]
    Null,
    /// An OBJECT IDENTIFIER that is empty, unterminated or padded (X.690 8.19.2).
    #[error("object identifier is malformed")]
    ObjectIdentifier,
    /// A UTCTime or GeneralizedTime that is not a date in the form of RFC 5280 section 4.1.2.5.
    #[error("time is malformed")]
    Time,
    /// A value outside the set that the ASN.1 module allows, for instance an empty `SEQUENCE SIZE (1..MAX)`.
    #[error("value is outside its ASN.1 constraint")]
    Constraint,
    /// A character string with octets that its type does not allow.
    #[error("character string is malformed")]
    CharacterString,
}
