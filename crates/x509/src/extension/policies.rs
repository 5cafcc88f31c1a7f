use super::constraints::saturating_u32;
use super::read_all;
use crate::der::{Error, Reader, Tag, minimal_integer, read_each};
use crate::error::{Field, Malformed};
use crate::oid::{self, Oid};

/// `certificatePolicies` (RFC 5280 section 4.2.1.4): at least one policy.
///
/// ```text
/// certificatePolicies ::= SEQUENCE SIZE (1..MAX) OF PolicyInformation
/// PolicyInformation ::= SEQUENCE {
///      policyIdentifier   CertPolicyId,
///      policyQualifiers   SEQUENCE SIZE (1..MAX) OF PolicyQualifierInfo OPTIONAL }
/// PolicyQualifierInfo ::= SEQUENCE {
///      policyQualifierId  PolicyQualifierId,
///      qualifier          ANY DEFINED BY policyQualifierId }
/// ```
///
/// Qualifiers are prose for people and not taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificatePolicies<'a> {
    content: &'a [u8],
}

/// `policyMappings` (RFC 5280 section 4.2.1.5): at least one pair.
///
/// ```text
/// PolicyMappings ::= SEQUENCE SIZE (1..MAX) OF SEQUENCE {
///      issuerDomainPolicy      CertPolicyId,
///      subjectDomainPolicy     CertPolicyId }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyMappings<'a> {
    content: &'a [u8],
}

/// Two policies that the issuer holds equivalent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyMapping<'a> {
    /// `issuerDomainPolicy`
    pub issuer_domain: Oid<'a>,
    /// `subjectDomainPolicy`
    pub subject_domain: Oid<'a>,
}

/// `policyConstraints` (RFC 5280 section 4.2.1.11). Numbers of certificates that do not fit become
/// the largest that does.
///
/// ```text
/// PolicyConstraints ::= SEQUENCE {
///      requireExplicitPolicy           [0] SkipCerts OPTIONAL,
///      inhibitPolicyMapping            [1] SkipCerts OPTIONAL }
/// ```
///
/// One of the two is there, as the RFC demands of issuers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PolicyConstraints {
    /// Certificates after which a policy must be valid for the whole path.
    pub require_explicit_policy: Option<u32>,
    /// Certificates after which policies are no longer mapped.
    pub inhibit_policy_mapping: Option<u32>,
}

impl<'a> CertificatePolicies<'a> {
    /// Reads the value of an extension of this form.
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when it is not of this form.
    pub fn parse(value: &'a [u8]) -> Result<Self, Malformed> {
        read_all(value, Field::CertificatePolicies, Self::read)
    }

    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let content = reader.expect(Tag::SEQUENCE)?;
        read_each(content, read_policy)?;
        Ok(Self { content })
    }

    /// The policies in the order of the encoding.
    // Invariant: `read` read every policy once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = Oid<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || read_policy(&mut reader).ok().map(|(policy, _)| policy))
    }

    /// The first kind of qualifier that is neither a pointer to a statement nor a notice, which is
    /// nobody's to pass over where the extension is critical.
    pub(super) fn unknown_qualifier(&self) -> Option<Oid<'a>> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || read_policy(&mut reader).ok())
            .find_map(|(_, qualifiers)| unknown_qualifier(qualifiers?))
    }
}

fn unknown_qualifier(content: &[u8]) -> Option<Oid<'_>> {
    let mut reader = Reader::new(content);
    core::iter::from_fn(move || read_qualifier(&mut reader).ok())
        .find(|qualifier| ![oid::CPS_QUALIFIER, oid::USER_NOTICE_QUALIFIER].contains(qualifier))
}

impl<'a> PolicyMappings<'a> {
    pub(super) fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        let content = reader.expect(Tag::SEQUENCE)?;
        read_each(content, read_mapping)?;
        Ok(Self { content })
    }

    /// The pairs in the order of the encoding.
    // Invariant: `read` read every pair once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = PolicyMapping<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || read_mapping(&mut reader).ok())
    }
}

impl PolicyConstraints {
    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            let mut skip_certs = |number| {
                let content = reader.optional(Tag::context(number))?;
                content
                    .map(|content| saturating_u32(minimal_integer(content)?))
                    .transpose()
            };
            let constraints = Self {
                require_explicit_policy: skip_certs(0)?,
                inhibit_policy_mapping: skip_certs(1)?,
            };
            match constraints {
                Self {
                    require_explicit_policy: None,
                    inhibit_policy_mapping: None,
                } => Err(Error::Constraint),
                some => Ok(some),
            }
        })
    }
}

/// `inhibitAnyPolicy` (RFC 5280 section 4.2.1.14): `InhibitAnyPolicy ::= SkipCerts`.
pub(super) fn read_inhibit_any_policy(reader: &mut Reader<'_>) -> Result<u32, Error> {
    saturating_u32(reader.integer()?)
}

/// A policy, and the content of its qualifiers.
fn read_policy<'a>(reader: &mut Reader<'a>) -> Result<(Oid<'a>, Option<&'a [u8]>), Error> {
    reader.sequence(|reader| {
        let policy = reader.oid()?;
        let qualifiers = reader.optional(Tag::SEQUENCE)?;
        if let Some(qualifiers) = qualifiers {
            read_each(qualifiers, read_qualifier)?;
        }
        Ok((policy, qualifiers))
    })
}

fn read_qualifier<'a>(reader: &mut Reader<'a>) -> Result<Oid<'a>, Error> {
    reader.sequence(|reader| {
        let kind = reader.oid()?;
        reader.tlv()?;
        Ok(kind)
    })
}

fn read_mapping<'a>(reader: &mut Reader<'a>) -> Result<PolicyMapping<'a>, Error> {
    reader.sequence(|reader| {
        Ok(PolicyMapping {
            issuer_domain: reader.oid()?,
            subject_domain: reader.oid()?,
        })
    })
}
