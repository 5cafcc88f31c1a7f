use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use portcullis_x509::der::{Error, Reader, Tag};
use rustls_pki_types::UnixTime;

use crate::encode;
use crate::moment::Moment;
use crate::response::single_octet;

/// What a responder says of a certificate (RFC 6960 section 2.2).
///
/// ```text
/// CertStatus ::= CHOICE {
///     good        [0]     IMPLICIT NULL,
///     revoked     [1]     IMPLICIT RevokedInfo,
///     unknown     [2]     IMPLICIT UnknownInfo }
///
/// RevokedInfo ::= SEQUENCE {
///     revocationTime              GeneralizedTime,
///     revocationReason    [0]     EXPLICIT CRLReason OPTIONAL }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CertificateStatus {
    /// Not revoked. Whether it was ever issued, only some responders check.
    Good,
    /// Revoked, for good or on hold.
    Revoked {
        /// Since when.
        at: UnixTime,
        /// Why, where the issuer says.
        reason: Option<RevocationReason>,
    },
    /// The responder does not know the certificate.
    Unknown,
}

impl CertificateStatus {
    /// What RFC 6960 section 2.2 has a responder say of a certificate that was never issued:
    /// revoked since 1970-01-01, on hold. To whoever asks it is simply revoked.
    pub const NEVER_ISSUED: Self = Self::Revoked {
        at: UnixTime::since_unix_epoch(Duration::ZERO),
        reason: Some(RevocationReason::CertificateHold),
    };

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        let choice = reader.tlv()?;
        match choice.tag {
            GOOD | UNKNOWN if !choice.value.is_empty() => Err(Error::Null),
            GOOD => Ok(Self::Good),
            UNKNOWN => Ok(Self::Unknown),
            REVOKED => Self::read_revoked_info(choice.value),
            found => Err(Error::UnexpectedTag {
                expected: GOOD,
                found,
            }),
        }
    }

    fn read_revoked_info(content: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::new(content);
        let at = reader.generalized_time()?;
        let reason = reader.optional_nested(Tag::context_constructed(0), |reader| {
            reader.enumerated().and_then(single_octet)
        })?;
        reader.finish()?;
        Ok(Self::Revoked {
            at,
            reason: reason.map(RevocationReason::from_number),
        })
    }

    /// The encoded choice, or nothing when the time of revocation has none.
    pub(crate) fn to_der(self) -> Option<Vec<u8>> {
        match self {
            Self::Good => Some(encode::tlv(GOOD, &[])),
            Self::Unknown => Some(encode::tlv(UNKNOWN, &[])),
            Self::Revoked { at, reason } => {
                let reason = reason.map(|reason| {
                    encode::explicit(0, &encode::tlv(Tag::ENUMERATED, &[&[reason.number()]]))
                });
                let at = encode::generalized_time(at)?;
                Some(encode::tlv(REVOKED, &[&at, &reason.unwrap_or_default()]))
            }
        }
    }

    /// How much harm believing a better status would do: revoked, then unknown, then good.
    pub(crate) fn severity(self) -> u8 {
        match self {
            Self::Good => 0,
            Self::Unknown => 1,
            Self::Revoked { .. } => 2,
        }
    }
}

/// As in `revoked since 2026-06-01T00:00:00Z: keyCompromise`.
impl fmt::Display for CertificateStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Good => f.write_str("good"),
            Self::Unknown => f.write_str("unknown"),
            Self::Revoked { at, reason } => {
                write!(f, "revoked since {}", Moment(*at))?;
                reason.map_or(Ok(()), |reason| write!(f, ": {reason}"))
            }
        }
    }
}

const GOOD: Tag = Tag::context(0);
const REVOKED: Tag = Tag::context_constructed(1);
const UNKNOWN: Tag = Tag::context(2);

/// Why a certificate is revoked (RFC 5280 section 5.3.1). `Display` is the name there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RevocationReason {
    /// `unspecified (0)`
    Unspecified,
    /// `keyCompromise (1)`
    KeyCompromise,
    /// `cACompromise (2)`
    CaCompromise,
    /// `affiliationChanged (3)`
    AffiliationChanged,
    /// `superseded (4)`
    Superseded,
    /// `cessationOfOperation (5)`
    CessationOfOperation,
    /// `certificateHold (6)`, which may be lifted
    CertificateHold,
    /// `removeFromCRL (8)`
    RemoveFromCrl,
    /// `privilegeWithdrawn (9)`
    PrivilegeWithdrawn,
    /// `aACompromise (10)`
    AaCompromise,
    /// A number below 128 that RFC 5280 does not define. Revoked all the same.
    Undefined(u8),
}

impl RevocationReason {
    /// The reason with this number.
    pub fn from_number(number: u8) -> Self {
        match number {
            0 => Self::Unspecified,
            1 => Self::KeyCompromise,
            2 => Self::CaCompromise,
            3 => Self::AffiliationChanged,
            4 => Self::Superseded,
            5 => Self::CessationOfOperation,
            6 => Self::CertificateHold,
            8 => Self::RemoveFromCrl,
            9 => Self::PrivilegeWithdrawn,
            10 => Self::AaCompromise,
            number => Self::Undefined(number),
        }
    }

    /// The number of the reason.
    pub fn number(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::RemoveFromCrl => 8,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
            Self::Undefined(number) => number,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
            Self::Undefined(number) => return number.fmt(f),
        })
    }
}
