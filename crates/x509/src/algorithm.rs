use core::fmt;

use crate::der::{Error, Reader, Tag};
use crate::error::{Field, Malformed};
use crate::oid::{self, Oid};

/// An algorithm and its parameters (RFC 5280 section 4.1.1.2).
///
/// ```text
/// AlgorithmIdentifier  ::=  SEQUENCE  {
///      algorithm               OBJECT IDENTIFIER,
///      parameters              ANY DEFINED BY algorithm OPTIONAL  }
/// ```
///
/// Two are equal when their octets are.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct AlgorithmIdentifier<'a> {
    der: &'a [u8],
    content: &'a [u8],
    oid: Oid<'a>,
}

impl<'a> AlgorithmIdentifier<'a> {
    /// Reads the next element.
    ///
    /// # Errors
    /// [`Error`] when it is not an AlgorithmIdentifier.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let tlv = reader.expect_tlv(Tag::SEQUENCE)?;
        let mut reader = Reader::new(tlv.value);
        let oid = reader.oid()?;
        if !reader.is_empty() {
            reader.tlv()?;
        }
        reader.finish()?;
        Ok(Self {
            der: tlv.der,
            content: tlv.value,
            oid,
        })
    }

    /// The whole encoding.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The octets inside the SEQUENCE, comparable with a
    /// [`rustls_pki_types::AlgorithmIdentifier`].
    pub fn content(&self) -> &'a [u8] {
        self.content
    }

    /// The algorithm without its parameters.
    pub fn oid(&self) -> Oid<'a> {
        self.oid
    }

    /// The parameters where they are an identifier, as those of elliptic curve keys are (RFC 5480
    /// section 2.1.1).
    pub fn parameters_oid(&self) -> Option<Oid<'a>> {
        let mut reader = Reader::new(self.content);
        reader.oid().ok()?;
        reader.oid().ok()
    }
}

/// The common name of the algorithm, or its dotted identifier.
impl fmt::Display for AlgorithmIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.oid {
            oid::RSA_ENCRYPTION => "rsaEncryption",
            oid::SHA1_WITH_RSA => "sha1WithRSAEncryption",
            oid::RSASSA_PSS => "RSASSA-PSS",
            oid::SHA256_WITH_RSA => "sha256WithRSAEncryption",
            oid::SHA384_WITH_RSA => "sha384WithRSAEncryption",
            oid::SHA512_WITH_RSA => "sha512WithRSAEncryption",
            oid::EC_PUBLIC_KEY => "id-ecPublicKey",
            oid::ECDSA_WITH_SHA1 => "ecdsa-with-SHA1",
            oid::ECDSA_WITH_SHA256 => "ecdsa-with-SHA256",
            oid::ECDSA_WITH_SHA384 => "ecdsa-with-SHA384",
            oid::ECDSA_WITH_SHA512 => "ecdsa-with-SHA512",
            oid::ED25519 => "Ed25519",
            oid::ED448 => "Ed448",
            oid::ML_DSA_44 => "ML-DSA-44",
            oid::ML_DSA_65 => "ML-DSA-65",
            oid::ML_DSA_87 => "ML-DSA-87",
            oid => return oid.fmt(f),
        };
        f.write_str(name)
    }
}

impl fmt::Debug for AlgorithmIdentifier<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlgorithmIdentifier({self})")
    }
}

/// A public key and its algorithm (RFC 5280 section 4.1.2.7).
///
/// ```text
/// SubjectPublicKeyInfo  ::=  SEQUENCE  {
///      algorithm            AlgorithmIdentifier,
///      subjectPublicKey     BIT STRING  }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SubjectPublicKeyInfo<'a> {
    der: &'a [u8],
    algorithm: AlgorithmIdentifier<'a>,
    key: &'a [u8],
}

impl<'a> SubjectPublicKeyInfo<'a> {
    /// Reads the next element.
    ///
    /// # Errors
    /// [`Error`] when it is not a SubjectPublicKeyInfo.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let tlv = reader.expect_tlv(Tag::SEQUENCE)?;
        let mut reader = Reader::new(tlv.value);
        let algorithm = AlgorithmIdentifier::read(&mut reader)?;
        let key = reader.bit_string_octets()?;
        reader.finish()?;
        Ok(Self {
            der: tlv.der,
            algorithm,
            key,
        })
    }

    /// The whole encoding.
    pub fn der(&self) -> &'a [u8] {
        self.der
    }

    /// The algorithm of the key.
    pub fn algorithm(&self) -> AlgorithmIdentifier<'a> {
        self.algorithm
    }

    /// The octets of `subjectPublicKey`, without the count of unused bits.
    pub fn key(&self) -> &'a [u8] {
        self.key
    }

    /// The size of an RSA key's modulus in bits; nothing when the key is not RSA.
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the algorithm says RSA and the key is none.
    pub fn rsa_modulus_bits(&self) -> Result<Option<usize>, Malformed> {
        if !matches!(self.algorithm.oid(), oid::RSA_ENCRYPTION | oid::RSASSA_PSS) {
            return Ok(None);
        }
        rsa_modulus_bits(self.key)
            .map(Some)
            .map_err(Malformed::encoding(Field::RsaPublicKey))
    }
}

/// ```text
/// RSAPublicKey ::= SEQUENCE {
///     modulus           INTEGER,  -- n
///     publicExponent    INTEGER   -- e }
/// ```
fn rsa_modulus_bits(key: &[u8]) -> Result<usize, Error> {
    let mut outer = Reader::new(key);
    let modulus = outer.sequence(|reader| {
        let modulus = reader.integer()?;
        reader.integer()?;
        Ok::<_, Error>(modulus)
    })?;
    outer.finish()?;
    match modulus {
        [first, ..] if first & 0x80 != 0 => Err(Error::Constraint),
        [0, rest @ ..] => Ok(rest.len().saturating_mul(8)),
        [first, rest @ ..] => {
            let bits = 8_usize.saturating_sub(usize::try_from(first.leading_zeros()).unwrap_or(0));
            Ok(rest.len().saturating_mul(8).saturating_add(bits))
        }
        [] => Err(Error::Integer),
    }
}
