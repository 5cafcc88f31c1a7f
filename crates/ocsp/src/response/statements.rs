//! What responders say beside the status: the extensions of RFC 6960 section 4.4.
//!
//! None of it changes a judgement. Each is absent, malformed or there: three answers.

use portcullis_x509::der::{Error, Reader, Tag};
use rustls_pki_types::UnixTime;

use crate::certificate_status::RevocationReason;
use crate::extensions::{self, typed};
use crate::malformed::{Malformed, Part};

use super::{BasicResponse, SingleResponse, single_octet};

/// Whether a responder knows "revoked" for certificates that were never issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtendedRevoke {
    /// It does, and says so: such a certificate is revoked since 1970-01-01, on hold.
    Present,
    /// It does not say so.
    Absent,
}

impl BasicResponse<'_> {
    /// `id-pkix-ocsp-extended-revoke` (RFC 6960 section 4.4.8), a NULL.
    ///
    /// A certificate that was never issued and is answered by "revoked" is revoked like any other
    /// ([`CertificateStatus::NEVER_ISSUED`](crate::CertificateStatus::NEVER_ISSUED)), whether or
    /// not this stands beside it: refusing is the safe reading.
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn extended_revoke(&self) -> Result<ExtendedRevoke, Malformed> {
        let found = typed(
            self.extensions(),
            extensions::EXTENDED_REVOKE,
            Part::ExtendedRevoke,
            Reader::null,
        )?;
        Ok(match found {
            Some(()) => ExtendedRevoke::Present,
            None => ExtendedRevoke::Absent,
        })
    }
}

/// Where a responder has its knowledge from (RFC 6960 section 4.4.2).
///
/// ```text
/// CrlID ::= SEQUENCE {
///     crlUrl               [0]     EXPLICIT IA5String OPTIONAL,
///     crlNum               [1]     EXPLICIT INTEGER OPTIONAL,
///     crlTime              [2]     EXPLICIT GeneralizedTime OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct CrlReference<'a> {
    url: Option<&'a str>,
    number: Option<&'a [u8]>,
    time: Option<UnixTime>,
}

impl<'a> CrlReference<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let mut reader = Reader::new(reader.expect(Tag::SEQUENCE)?);
        let url = reader.optional_nested(Tag::context_constructed(0), read_ia5_string)?;
        let number = reader.optional_nested(Tag::context_constructed(1), Reader::integer)?;
        let time = reader.optional_nested(Tag::context_constructed(2), Reader::generalized_time)?;
        reader.finish()?;
        Ok(Self { url, number, time })
    }

    /// Where the CRL is to be had: the responder's word, of any form.
    pub fn url(&self) -> Option<&'a str> {
        self.url
    }

    /// The CRL's number, in the content octets of an INTEGER.
    pub fn number(&self) -> Option<&'a [u8]> {
        self.number
    }

    /// When the CRL was issued.
    pub fn time(&self) -> Option<UnixTime> {
        self.time
    }
}

fn read_ia5_string<'a>(reader: &mut Reader<'a>) -> Result<&'a str, Error> {
    let octets = reader.expect(Tag::IA5_STRING)?;
    match core::str::from_utf8(octets) {
        Ok(text) if text.is_ascii() => Ok(text),
        _ => Err(Error::Constraint),
    }
}

impl<'a> SingleResponse<'a> {
    /// The moment from which on the responder remembers revoked certificates, even expired ones
    /// (RFC 6960 section 4.4.4).
    ///
    /// ```text
    /// ArchiveCutoff ::= GeneralizedTime
    /// ```
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn archive_cutoff(&self) -> Result<Option<UnixTime>, Malformed> {
        typed(
            self.extensions(),
            extensions::ARCHIVE_CUTOFF,
            Part::ArchiveCutoff,
            Reader::generalized_time,
        )
    }

    /// The CRL in which the certificate was found revoked or on hold (RFC 6960 section 4.4.2).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn crl_reference(&self) -> Result<Option<CrlReference<'a>>, Malformed> {
        typed(
            self.extensions(),
            extensions::CRL_REFERENCE,
            Part::CrlReference,
            CrlReference::read,
        )
    }

    /// The CRL entry extension `reasonCode` (RFC 6960 section 4.4.5, RFC 5280 section 5.3.1). The
    /// reason that counts is that of [`CertificateStatus::Revoked`].
    ///
    /// [`CertificateStatus::Revoked`]: crate::CertificateStatus::Revoked
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn crl_reason(&self) -> Result<Option<RevocationReason>, Malformed> {
        typed(
            self.extensions(),
            extensions::CRL_REASON,
            Part::CrlReason,
            |reader| {
                let number = single_octet(reader.enumerated()?)?;
                Ok(RevocationReason::from_number(number))
            },
        )
    }

    /// Since when the key is suspected to be compromised, which may be before the revocation
    /// (RFC 6960 section 4.4.5, RFC 5280 section 5.3.2).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn invalidity_date(&self) -> Result<Option<UnixTime>, Malformed> {
        typed(
            self.extensions(),
            extensions::INVALIDITY_DATE,
            Part::InvalidityDate,
            Reader::generalized_time,
        )
    }

    /// The octets of the `SignedCertificateTimestampList` (RFC 6962 section 3.3), not parsed.
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not an OCTET STRING.
    pub fn signed_certificate_timestamps(&self) -> Result<Option<&'a [u8]>, Malformed> {
        typed(
            self.extensions(),
            extensions::SIGNED_CERTIFICATE_TIMESTAMPS,
            Part::SignedCertificateTimestamps,
            Reader::octet_string,
        )
    }
}
