use core::fmt;

use rustls_pki_types::UnixTime;

use crate::algorithm::{AlgorithmIdentifier, SubjectPublicKeyInfo};
use crate::der::{Error, Reader, Tag};
use crate::error::{Field, Malformed};
use crate::extension::Extensions;
use crate::name::Name;
use crate::serial::Serial;

/// A borrowed view of an X.509 certificate (RFC 5280 section 4.1).
///
/// ```text
/// Certificate  ::=  SEQUENCE  {
///      tbsCertificate       TBSCertificate,
///      signatureAlgorithm   AlgorithmIdentifier,
///      signature            BIT STRING  }
/// ```
///
/// Parsing proves the form, not the content: extensions are taken apart by their getters, and
/// nothing here says that the certificate is valid or to be trusted.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate<'a> {
    der: &'a [u8],
    tbs: &'a [u8],
    version: Version,
    serial: Serial<'a>,
    issuer: Name<'a>,
    validity: Validity,
    subject: Name<'a>,
    subject_public_key_info: SubjectPublicKeyInfo<'a>,
    extensions: Extensions<'a>,
    signature_algorithm: AlgorithmIdentifier<'a>,
    signature: &'a [u8],
}

/// What the signed part holds.
struct TbsCertificate<'a> {
    version: Version,
    serial: Serial<'a>,
    signature_algorithm: AlgorithmIdentifier<'a>,
    issuer: Name<'a>,
    validity: Validity,
    subject: Name<'a>,
    subject_public_key_info: SubjectPublicKeyInfo<'a>,
    extensions: Extensions<'a>,
}

impl<'a> Certificate<'a> {
    /// The largest certificate that is parsed, in octets.
    ///
    /// 64 KiB is the limit of rustls-webpki, and rustls takes no handshake message above it, so
    /// nothing larger arrives over TLS. Real certificates have 0.5 to 4 KiB.
    pub const MAX_LENGTH: usize = 0x1_0000;

    /// Reads a certificate that fills `der` entirely.
    ///
    /// # Errors
    /// [`Malformed`] when it is too long, not strict DER, has trailing data, repeats an extension,
    /// or names two different signature algorithms. A serial number of any sign and length is
    /// taken as it is (RFC 5280 section 4.1.2.2 asks users to be prepared for it).
    pub fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        if der.len() > Self::MAX_LENGTH {
            return Err(Malformed::TooLong {
                found: der.len(),
                limit: Self::MAX_LENGTH,
            });
        }
        let at = Malformed::encoding(Field::Certificate);
        let mut outer = Reader::new(der);
        let mut reader = Reader::new(outer.expect(Tag::SEQUENCE).map_err(at)?);
        outer.finish().map_err(at)?;
        let signed = reader
            .expect_tlv(Tag::SEQUENCE)
            .map_err(Malformed::encoding(Field::TbsCertificate))?;
        let signature_algorithm = AlgorithmIdentifier::read(&mut reader)
            .map_err(Malformed::encoding(Field::SignatureAlgorithm))?;
        let signature = reader
            .bit_string_octets()
            .map_err(Malformed::encoding(Field::SignatureValue))?;
        reader.finish().map_err(at)?;
        let tbs = TbsCertificate::parse(signed.value)?;
        if tbs.signature_algorithm != signature_algorithm {
            return Err(differing_algorithms(
                signature_algorithm,
                tbs.signature_algorithm,
            ));
        }
        Ok(Self {
            der,
            tbs: signed.der,
            version: tbs.version,
            serial: tbs.serial,
            issuer: tbs.issuer,
            validity: tbs.validity,
            subject: tbs.subject,
            subject_public_key_info: tbs.subject_public_key_info,
            extensions: tbs.extensions,
            signature_algorithm,
            signature,
        })
    }

    /// The whole certificate as received.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The signed part as received, with tag and length: the message of the signature.
    pub fn tbs(&self) -> &'a [u8] {
        self.tbs
    }

    /// The version.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The serial number.
    pub fn serial(&self) -> Serial<'a> {
        self.serial
    }

    /// The name of the certificate's issuer.
    pub fn issuer(&self) -> Name<'a> {
        self.issuer
    }

    /// The name of the certificate's subject, which may be empty.
    pub fn subject(&self) -> Name<'a> {
        self.subject
    }

    /// The validity period.
    pub fn validity(&self) -> Validity {
        self.validity
    }

    /// The subject's public key.
    pub fn subject_public_key_info(&self) -> SubjectPublicKeyInfo<'a> {
        self.subject_public_key_info
    }

    /// The algorithm of the issuer's signature.
    pub fn signature_algorithm(&self) -> AlgorithmIdentifier<'a> {
        self.signature_algorithm
    }

    /// The issuer's signature over [`Certificate::tbs`].
    pub fn signature(&self) -> &'a [u8] {
        self.signature
    }

    /// The extensions as they stand; empty before version 3.
    pub fn extensions(&self) -> Extensions<'a> {
        self.extensions
    }

    /// Whether issuer and subject are the same name, as RFC 5280 section 3.2 defines self-issued.
    pub fn is_self_issued(&self) -> bool {
        self.issuer.matches(&self.subject)
    }
}

impl fmt::Debug for Certificate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("serial", &format_args!("{}", self.serial))
            .field("issuer", &format_args!("{}", self.issuer))
            .field("subject", &format_args!("{}", self.subject))
            .field("validity", &self.validity)
            .finish_non_exhaustive()
    }
}

impl<'a> TbsCertificate<'a> {
    fn parse(content: &'a [u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(content);
        let version = Version::read(&mut reader)?;
        let serial = reader
            .integer()
            .map(Serial::from_content)
            .map_err(Malformed::encoding(Field::SerialNumber))?;
        let signature_algorithm = AlgorithmIdentifier::read(&mut reader)
            .map_err(Malformed::encoding(Field::SignatureAlgorithm))?;
        let issuer = Name::read(&mut reader).map_err(Malformed::encoding(Field::Issuer))?;
        let validity = Validity::read(&mut reader).map_err(Malformed::encoding(Field::Validity))?;
        let subject = Name::read(&mut reader).map_err(Malformed::encoding(Field::Subject))?;
        let subject_public_key_info = SubjectPublicKeyInfo::read(&mut reader)
            .map_err(Malformed::encoding(Field::SubjectPublicKeyInfo))?;
        check_unique_identifiers(&mut reader, version)?;
        let extensions = Self::read_extensions(&mut reader, version)?;
        reader
            .finish()
            .map_err(Malformed::encoding(Field::TbsCertificate))?;
        Ok(Self {
            version,
            serial,
            signature_algorithm,
            issuer,
            validity,
            subject,
            subject_public_key_info,
            extensions,
        })
    }

    fn read_extensions(
        reader: &mut Reader<'a>,
        version: Version,
    ) -> Result<Extensions<'a>, Malformed> {
        let at = Malformed::encoding(Field::Extensions);
        let Some(content) = reader.optional(Tag::context_constructed(3)).map_err(at)? else {
            return Ok(Extensions::default());
        };
        if version != Version::V3 {
            return Err(Malformed::FieldNeedsLaterVersion {
                field: Field::Extensions,
                version,
            });
        }
        Extensions::parse(content)
    }
}

/// `issuerUniqueID [1]` and `subjectUniqueID [2]`: obsolete, checked for form and otherwise ignored.
fn check_unique_identifiers(reader: &mut Reader<'_>, version: Version) -> Result<(), Malformed> {
    let field = Field::UniqueIdentifier;
    for number in 1..=2 {
        let at = Malformed::encoding(field);
        let Some(content) = reader.optional(Tag::context(number)).map_err(at)? else {
            continue;
        };
        if version == Version::V1 {
            return Err(Malformed::FieldNeedsLaterVersion { field, version });
        }
        crate::der::BitString::from_content(content).map_err(at)?;
    }
    Ok(())
}

#[cold]
fn differing_algorithms(
    outer: AlgorithmIdentifier<'_>,
    inner: AlgorithmIdentifier<'_>,
) -> Malformed {
    Malformed::SignatureAlgorithmsDiffer {
        outer: outer.to_shown(),
        inner: inner.to_shown(),
    }
}

/// The version of a certificate (RFC 5280 section 4.1.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// No extensions: nothing says whether this is a CA.
    V1,
    /// Version 1 with unique identifiers.
    V2,
    /// With extensions.
    V3,
}

impl Version {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let number = reader
            .optional_nested(Tag::context_constructed(0), Reader::small_integer)
            .map_err(Malformed::encoding(Field::Version))?;
        match number {
            None => Ok(Self::V1),
            Some(1) => Ok(Self::V2),
            Some(2) => Ok(Self::V3),
            Some(found) => Err(Malformed::UnknownVersion { found }),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
            Self::V3 => "v3",
        })
    }
}

/// The period in which the issuer vouches for the certificate; both ends belong to it
/// (RFC 5280 section 4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first valid second. Dates before 1970 become 1970.
    pub not_before: UnixTime,
    /// The last valid second.
    pub not_after: UnixTime,
}

impl Validity {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            Ok(Self {
                not_before: reader.time()?,
                not_after: reader.time()?,
            })
        })
    }

    /// Whether `now` lies within, ends included.
    pub fn contains(&self, now: UnixTime) -> bool {
        (self.not_before.as_secs()..=self.not_after.as_secs()).contains(&now.as_secs())
    }
}
