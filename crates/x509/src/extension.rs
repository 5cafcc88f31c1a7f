//! Extensions: the list, and typed views of those that path validation and revocation need.

mod access;
mod constraints;
mod identifiers;
mod known;
mod name_constraints;
mod policies;
mod usage;

pub use access::{AccessDescription, AccessDescriptions};
pub use constraints::BasicConstraints;
pub use identifiers::AuthorityKeyIdentifier;
pub use known::KnownExtensions;
pub use name_constraints::{GeneralSubtrees, NameConstraints};
pub use policies::{CertificatePolicies, PolicyConstraints, PolicyMapping, PolicyMappings};
pub use usage::{ExtendedKeyUsage, KeyUsage};

use crate::certificate::Certificate;
use crate::der::{Error, Reader};
use crate::error::{Field, Malformed};
use crate::general_name::GeneralNames;
use crate::oid::{self, Oid};

/// One extension (RFC 5280 section 4.2).
///
/// ```text
/// Extension  ::=  SEQUENCE  {
///      extnID      OBJECT IDENTIFIER,
///      critical    BOOLEAN DEFAULT FALSE,
///      extnValue   OCTET STRING }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension<'a> {
    oid: Oid<'a>,
    critical: bool,
    value: &'a [u8],
}

impl<'a> Extension<'a> {
    /// Reads the next element. An explicitly encoded `critical FALSE` is accepted.
    ///
    /// # Errors
    /// [`Error`] when it is not an Extension.
    pub fn read(reader: &mut Reader<'a>) -> Result<Self, Error> {
        reader.sequence(|reader| {
            Ok(Self {
                oid: reader.oid()?,
                critical: reader.boolean_default_false()?,
                value: reader.octet_string()?,
            })
        })
    }

    /// `extnID`.
    pub fn oid(&self) -> Oid<'a> {
        self.oid
    }

    /// Whether whoever does not understand the extension must refuse the certificate.
    pub fn is_critical(&self) -> bool {
        self.critical
    }

    /// The encoding inside `extnValue`, not taken apart.
    pub fn value(&self) -> &'a [u8] {
        self.value
    }
}

/// The extensions of a certificate in the order of the encoding, none of them twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions<'a> {
    content: &'a [u8],
}

impl<'a> Extensions<'a> {
    /// Extensions that one certificate may have.
    ///
    /// Finding duplicates takes the square of their number. Certificates in use have fewer than 20;
    /// RFC 5280 defines 17.
    pub const MAX_COUNT: usize = 64;

    /// Reads `Extensions`, the encoding inside `[3] EXPLICIT`.
    pub(crate) fn parse(der: &'a [u8]) -> Result<Self, Malformed> {
        let at = Malformed::encoding(Field::Extensions);
        let mut outer = Reader::new(der);
        let content = outer.expect(crate::der::Tag::SEQUENCE).map_err(at)?;
        outer.finish().map_err(at)?;
        if content.is_empty() {
            return Err(at(Error::Constraint));
        }
        check_each_once(content)?;
        Ok(Self { content })
    }

    /// Every extension, known or not.
    // Invariant: `parse` read every extension once, so that reading again cannot fail.
    pub fn iter(&self) -> impl Iterator<Item = Extension<'a>> + Clone + use<'a> {
        let mut reader = Reader::new(self.content);
        core::iter::from_fn(move || {
            if reader.is_empty() {
                None
            } else {
                Extension::read(&mut reader).ok()
            }
        })
    }

    /// The extension with this identifier.
    pub fn find(&self, oid: Oid<'_>) -> Option<Extension<'a>> {
        self.iter().find(|extension| extension.oid == oid)
    }

    /// Reads the value of an extension through `read`, which must consume all of it.
    fn typed<T>(
        &self,
        oid: Oid<'_>,
        field: Field,
        read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
    ) -> Result<Option<T>, Malformed> {
        self.find(oid)
            .map(|extension| read_all(extension.value, field, read))
            .transpose()
    }
}

/// Reads an extension's value through `read`, which must consume all of it.
fn read_all<'a, T>(
    value: &'a [u8],
    field: Field,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, Error>,
) -> Result<T, Malformed> {
    let mut reader = Reader::new(value);
    read(&mut reader)
        .and_then(|value| reader.finish().map(|()| value))
        .map_err(Malformed::encoding(field))
}

fn read_subject_alternative_name<'a>(reader: &mut Reader<'a>) -> Result<GeneralNames<'a>, Error> {
    GeneralNames::from_content(reader.expect(crate::der::Tag::SEQUENCE)?)
}

fn check_each_once(content: &[u8]) -> Result<(), Malformed> {
    let mut reader = Reader::new(content);
    let mut seen = [None; Extensions::MAX_COUNT];
    for index in 0.. {
        if reader.is_empty() {
            break;
        }
        let extension =
            Extension::read(&mut reader).map_err(Malformed::encoding(Field::Extensions))?;
        let (before, after) =
            seen.split_at_mut_checked(index)
                .ok_or(Malformed::TooManyExtensions {
                    limit: Extensions::MAX_COUNT,
                })?;
        if before.contains(&Some(extension.oid)) {
            return Err(Malformed::DuplicateExtension {
                oid: extension.oid.to_shown(),
            });
        }
        match after.first_mut() {
            Some(slot) => *slot = Some(extension.oid),
            None => {
                return Err(Malformed::TooManyExtensions {
                    limit: Extensions::MAX_COUNT,
                });
            }
        }
    }
    Ok(())
}

/// Typed extensions. Absent, malformed and present are three answers.
impl<'a> Certificate<'a> {
    /// `basicConstraints` (RFC 5280 section 4.2.1.9).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn basic_constraints(&self) -> Result<Option<BasicConstraints>, Malformed> {
        self.extensions().typed(
            oid::BASIC_CONSTRAINTS,
            Field::BasicConstraints,
            BasicConstraints::read,
        )
    }

    /// `keyUsage` (RFC 5280 section 4.2.1.3).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn key_usage(&self) -> Result<Option<KeyUsage>, Malformed> {
        self.extensions()
            .typed(oid::KEY_USAGE, Field::KeyUsage, KeyUsage::read)
    }

    /// `extKeyUsage` (RFC 5280 section 4.2.1.12).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn extended_key_usage(&self) -> Result<Option<ExtendedKeyUsage<'a>>, Malformed> {
        self.extensions().typed(
            oid::EXTENDED_KEY_USAGE,
            Field::ExtendedKeyUsage,
            ExtendedKeyUsage::read,
        )
    }

    /// `subjectAltName` (RFC 5280 section 4.2.1.6).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn subject_alternative_name(&self) -> Result<Option<GeneralNames<'a>>, Malformed> {
        let field = Field::SubjectAlternativeName;
        self.extensions().typed(
            oid::SUBJECT_ALTERNATIVE_NAME,
            field,
            read_subject_alternative_name,
        )
    }

    /// `authorityKeyIdentifier` (RFC 5280 section 4.2.1.1).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn authority_key_identifier(
        &self,
    ) -> Result<Option<AuthorityKeyIdentifier<'a>>, Malformed> {
        self.extensions().typed(
            oid::AUTHORITY_KEY_IDENTIFIER,
            Field::AuthorityKeyIdentifier,
            AuthorityKeyIdentifier::read,
        )
    }

    /// The octets of `subjectKeyIdentifier` (RFC 5280 section 4.2.1.2).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn subject_key_identifier(&self) -> Result<Option<&'a [u8]>, Malformed> {
        self.extensions().typed(
            oid::SUBJECT_KEY_IDENTIFIER,
            Field::SubjectKeyIdentifier,
            Reader::octet_string,
        )
    }

    /// `nameConstraints` (RFC 5280 section 4.2.1.10).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn name_constraints(&self) -> Result<Option<NameConstraints<'a>>, Malformed> {
        let field = Field::NameConstraints;
        self.extensions()
            .typed(oid::NAME_CONSTRAINTS, field, NameConstraints::read)
    }

    /// `certificatePolicies` (RFC 5280 section 4.2.1.4).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn certificate_policies(&self) -> Result<Option<CertificatePolicies<'a>>, Malformed> {
        let field = Field::CertificatePolicies;
        self.extensions()
            .typed(oid::CERTIFICATE_POLICIES, field, CertificatePolicies::read)
    }

    /// `policyMappings` (RFC 5280 section 4.2.1.5).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn policy_mappings(&self) -> Result<Option<PolicyMappings<'a>>, Malformed> {
        let field = Field::PolicyMappings;
        self.extensions()
            .typed(oid::POLICY_MAPPINGS, field, PolicyMappings::read)
    }

    /// `policyConstraints` (RFC 5280 section 4.2.1.11).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn policy_constraints(&self) -> Result<Option<PolicyConstraints>, Malformed> {
        let field = Field::PolicyConstraints;
        self.extensions()
            .typed(oid::POLICY_CONSTRAINTS, field, PolicyConstraints::read)
    }

    /// `inhibitAnyPolicy` (RFC 5280 section 4.2.1.14): after how many certificates.
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn inhibit_any_policy(&self) -> Result<Option<u32>, Malformed> {
        let field = Field::InhibitAnyPolicy;
        self.extensions().typed(
            oid::INHIBIT_ANY_POLICY,
            field,
            policies::read_inhibit_any_policy,
        )
    }

    /// `authorityInfoAccess` (RFC 5280 section 4.2.2.1).
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn authority_information_access(
        &self,
    ) -> Result<Option<AccessDescriptions<'a>>, Malformed> {
        self.extensions().typed(
            oid::AUTHORITY_INFORMATION_ACCESS,
            Field::AuthorityInformationAccess,
            AccessDescriptions::read,
        )
    }

    /// The URLs of `id-ad-ocsp` in `authorityInfoAccess`, in their order; none when the extension is absent.
    ///
    /// They are the issuer's word about where to ask, but still input: schemes, hosts and
    /// addresses are the caller's to judge.
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when the extension is there and not what it should be.
    pub fn ocsp_responders(
        &self,
    ) -> Result<impl Iterator<Item = &'a str> + Clone + use<'a>, Malformed> {
        let access = self.authority_information_access()?;
        Ok(access.into_iter().flat_map(|access| access.uris(oid::OCSP)))
    }
}
