//! What this project accepts and rustls-webpki 0.103 refuses: the whole list, and why.
//!
//! To add a departure, add a variant that says why, the condition under which a path has it, and the
//! errors that it makes rustls-webpki give. Whatever falls outside the list is a finding.

use portcullis_x509::{Certificate, Oid, Version, oid};
use webpki::Error;

use super::Refusal;
use super::path::{
    Path, constrains_any, constrains_names, constrains_other_forms, has_unique_identifier,
    is_sequence_or_absent,
};

/// Whether rustls-webpki is known to give `error` for `path`.
///
/// A leaf that is the anchor itself needs no issuer here, and rustls-webpki has no such thing: any error
/// will do. Where subjects repeat, it may have tried the certificates in another order and tell about
/// that: then any departure of the path will do.
pub(super) fn explains(error: &Error, path: &Path<'_>) -> bool {
    if path.certificates().len() == 1 {
        return true;
    }
    let possible = if path.is_the_only_one() {
        departures(error)
    } else {
        &Departure::ALL
    };
    possible.iter().any(|departure| departure.applies(path))
}

/// Whether rustls-webpki gave up rather than found out: its limits for one verification are 100
/// signatures, 200 000 steps and 250 000 comparisons of names.
pub(super) fn is_limit(refusal: &Refusal) -> bool {
    matches!(
        refusal,
        Refusal::Path(
            Error::MaximumSignatureChecksExceeded
                | Error::MaximumPathBuildCallsExceeded
                | Error::MaximumNameConstraintComparisonsExceeded
        )
    )
}

/// Whether the anchor is one of those that rustls-webpki cannot read: version 2, unique identifiers, or
/// an extension that it takes apart although nothing of it is used. Here
/// [`AnchorConstraints::Ignore`](portcullis_chain::AnchorConstraints::Ignore) looks into none of them.
pub(super) fn explains_unread_anchor(path: &Path<'_>) -> bool {
    path.anchor().is_some_and(|anchor| {
        anchor.version() == Version::V2
            || has_unique_identifier(anchor)
            || SEQUENCES
                .iter()
                .any(|oid| !is_sequence_or_absent(anchor, *oid))
    })
}

/// One way in which this project is meant to accept more.
#[derive(Clone, Copy)]
enum Departure {
    /// A leaf of version 1 or 2: nothing in RFC 5280 section 6 needs extensions of a leaf.
    OldVersion,
    /// Unique identifiers are ignored, as section 4.1.2.8 has applications able to parse them.
    UniqueIdentifier,
    /// A date before 1970 is 1970, which is as long ago for every verification.
    BeforeUnixTime,
    /// A leaf that is an authority may still be a client: nothing in RFC 5280 forbids it.
    AuthorityAsLeaf,
    /// A path length of more than 255 limits as much as 255.
    GreatPathLength,
    /// Self-issued intermediates do not count for path lengths (section 6.1.4 (l)).
    SelfIssuedUncounted,
    /// `anyExtendedKeyUsage` is any (section 4.2.1.12).
    AnyPurpose,
    /// Names are compared by section 7.1, not by their octets.
    NamesByMeaning,
    /// rustls-webpki stops at six intermediates.
    Deep,
    /// Key identifiers, policy extensions and Microsoft's application policies, which repeat extKeyUsage,
    /// may be critical, because they are understood here.
    UnderstoodCritical,
    /// Distribution points, which play no part here and which rustls-webpki takes apart.
    UnusedExtension,
    /// Name constraints of an anchor, which is only a name and a key here, as it is in section 6.1.1 (d).
    ConstrainedAnchor,
    /// Name constraints on directory names, mail addresses, URIs and the rest, which rustls-webpki
    /// never finds satisfied.
    OtherConstraints,
    /// Name constraints do not bind self-issued intermediates (section 6.1.3 (b) and (c)).
    SelfIssuedUnbound,
    /// Name constraints on DNS names or addresses in a form, or met by a name in a form, that
    /// rustls-webpki does not read. That one is violated is no such departure.
    UnreadConstraints,
}

/// What an error of rustls-webpki may come from. Nothing for those that must not come up: times and
/// signatures are judged alike, and nobody asked about names or revocation.
#[expect(
    deprecated,
    clippy::too_many_lines,
    reason = "every error is listed, also those that are not constructed any more"
)]
fn departures(error: &Error) -> &'static [Departure] {
    use Departure as D;
    match error {
        Error::UnsupportedCertVersion => &[D::OldVersion],
        Error::TrailingData(_) => &[
            D::UniqueIdentifier,
            D::UnreadConstraints,
            D::ConstrainedAnchor,
        ],
        Error::BadDerTime => &[D::BeforeUnixTime],
        Error::BadDer => &[
            D::GreatPathLength,
            D::UnusedExtension,
            D::UnreadConstraints,
            D::ConstrainedAnchor,
        ],
        Error::CaUsedAsEndEntity => &[D::AuthorityAsLeaf],
        Error::PathLenConstraintViolated => &[D::SelfIssuedUncounted],
        Error::RequiredEkuNotFound | Error::RequiredEkuNotFoundContext(_) => &[D::AnyPurpose],
        Error::UnknownIssuer => &[D::NamesByMeaning],
        Error::MaximumPathDepthExceeded => &[D::Deep],
        Error::UnsupportedCriticalExtension => &[D::UnderstoodCritical],
        Error::NameConstraintViolation => &[
            D::OtherConstraints,
            D::SelfIssuedUnbound,
            D::ConstrainedAnchor,
        ],
        Error::MalformedDnsIdentifier
        | Error::MalformedNameConstraint
        | Error::InvalidNetworkMaskConstraint => &[D::UnreadConstraints, D::ConstrainedAnchor],
        Error::CertDistrusted
        | Error::CertExpired { .. }
        | Error::CertNotValidForName(_)
        | Error::CertNotValidYet { .. }
        | Error::CertRevoked
        | Error::CrlExpired { .. }
        | Error::EmptyEkuExtension
        | Error::EndEntityUsedAsCa
        | Error::ExtensionValueInvalid
        | Error::InvalidCertValidity
        | Error::InvalidCrlNumber
        | Error::InvalidCrlSignatureForPublicKey
        | Error::InvalidSerialNumber
        | Error::InvalidSignatureForPublicKey
        | Error::IssuerNotCrlSigner
        | Error::MalformedExtensions
        | Error::MaximumNameConstraintComparisonsExceeded
        | Error::MaximumPathBuildCallsExceeded
        | Error::MaximumSignatureChecksExceeded
        | Error::SignatureAlgorithmMismatch
        | Error::UnknownRevocationStatus
        | Error::UnsupportedCrlIssuingDistributionPoint
        | Error::UnsupportedCrlSignatureAlgorithm
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Error::UnsupportedCrlVersion
        | Error::UnsupportedDeltaCrl
        | Error::UnsupportedIndirectCrl
        | Error::UnsupportedNameType
        | Error::UnsupportedRevocationReason
        | Error::UnsupportedRevocationReasonsPartitioning
        | Error::UnsupportedSignatureAlgorithm
        | Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKey
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => &[],
        // The enum grows: a new error is a finding, to be put above.
        _ => &[],
    }
}

impl Departure {
    const ALL: [Self; 15] = [
        Self::OldVersion,
        Self::UniqueIdentifier,
        Self::BeforeUnixTime,
        Self::AuthorityAsLeaf,
        Self::GreatPathLength,
        Self::SelfIssuedUncounted,
        Self::AnyPurpose,
        Self::NamesByMeaning,
        Self::Deep,
        Self::UnderstoodCritical,
        Self::UnusedExtension,
        Self::ConstrainedAnchor,
        Self::OtherConstraints,
        Self::SelfIssuedUnbound,
        Self::UnreadConstraints,
    ];

    fn applies(self, path: &Path<'_>) -> bool {
        let mut below = path.below_anchor().iter();
        match self {
            Self::OldVersion => below.any(|certificate| certificate.version() != Version::V3),
            Self::UniqueIdentifier => below.any(has_unique_identifier),
            Self::BeforeUnixTime => {
                below.any(|certificate| certificate.validity().not_before.as_secs() == 0)
            }
            Self::AuthorityAsLeaf => path.leaf().is_some_and(is_authority),
            Self::GreatPathLength => {
                below.any(|certificate| path_length(certificate) > Some(u8::MAX.into()))
            }
            Self::SelfIssuedUncounted => {
                below.any(|certificate| path_length(certificate).is_some()) && has_self_issued(path)
            }
            Self::AnyPurpose => below.any(is_for_any_purpose_alone),
            Self::NamesByMeaning => names_differ_in_octets(path),
            Self::Deep => path.intermediates().len() > 6,
            Self::UnderstoodCritical => below.any(has_understood_critical),
            Self::UnusedExtension => below.any(|certificate| {
                !is_sequence_or_absent(certificate, oid::CRL_DISTRIBUTION_POINTS)
            }),
            Self::ConstrainedAnchor => path.anchor().is_some_and(constrains_names),
            Self::OtherConstraints => constrains_other_forms(path),
            Self::SelfIssuedUnbound => constrains_any(path) && has_self_issued(path),
            Self::UnreadConstraints => constrains_any(path),
        }
    }
}

/// Extensions that rustls-webpki takes for a SEQUENCE while it reads a certificate.
const SEQUENCES: [Oid<'static>; 5] = [
    oid::SUBJECT_ALTERNATIVE_NAME,
    oid::BASIC_CONSTRAINTS,
    oid::NAME_CONSTRAINTS,
    oid::CRL_DISTRIBUTION_POINTS,
    oid::EXTENDED_KEY_USAGE,
];

/// Extensions that are understood here and not by rustls-webpki.
const UNDERSTOOD: [Oid<'static>; 7] = [
    oid::AUTHORITY_KEY_IDENTIFIER,
    oid::SUBJECT_KEY_IDENTIFIER,
    oid::CERTIFICATE_POLICIES,
    oid::POLICY_MAPPINGS,
    oid::POLICY_CONSTRAINTS,
    oid::INHIBIT_ANY_POLICY,
    oid::APPLICATION_POLICIES,
];

fn has_understood_critical(certificate: &Certificate<'_>) -> bool {
    let mut extensions = certificate.extensions().iter();
    extensions.any(|extension| extension.is_critical() && UNDERSTOOD.contains(&extension.oid()))
}

fn is_authority(certificate: &Certificate<'_>) -> bool {
    matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.ca)
}

fn path_length(certificate: &Certificate<'_>) -> Option<u32> {
    certificate.basic_constraints().ok()??.path_length
}

fn has_self_issued(path: &Path<'_>) -> bool {
    let mut intermediates = path.intermediates().iter();
    intermediates.any(Certificate::is_self_issued)
}

fn is_for_any_purpose_alone(certificate: &Certificate<'_>) -> bool {
    matches!(certificate.extended_key_usage(), Ok(Some(purposes))
        if purposes.contains(oid::ANY_EXTENDED_KEY_USAGE) && !purposes.contains(oid::CLIENT_AUTH))
}

fn names_differ_in_octets(path: &Path<'_>) -> bool {
    let certificates = path.certificates();
    let mut links = certificates.iter().zip(certificates.iter().skip(1));
    links.any(|(issued, issuer)| issued.issuer().der() != issuer.subject().der())
}
