use super::policies::read_inhibit_any_policy;
use super::{
    AuthorityKeyIdentifier, BasicConstraints, CertificatePolicies, ExtendedKeyUsage, Extension,
    KeyUsage, NameConstraints, PolicyConstraints, PolicyMappings, read_all,
    read_subject_alternative_name,
};
use crate::certificate::Certificate;
use crate::der::Reader;
use crate::error::{Field, Malformed};
use crate::general_name::GeneralNames;
use crate::oid::{self, Oid};

/// Every extension that path validation reads, taken apart in one pass over the certificate.
///
/// The getters of [`Certificate`] read one extension each and look for it every time; who judges
/// paths needs nearly all of them, several times over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct KnownExtensions<'a> {
    /// `basicConstraints`
    pub basic_constraints: Option<BasicConstraints>,
    /// `keyUsage`
    pub key_usage: Option<KeyUsage>,
    /// `extKeyUsage`
    pub extended_key_usage: Option<ExtendedKeyUsage<'a>>,
    /// `subjectAltName`
    pub subject_alternative_name: Option<GeneralNames<'a>>,
    /// `authorityKeyIdentifier`
    pub authority_key_identifier: Option<AuthorityKeyIdentifier<'a>>,
    /// `subjectKeyIdentifier`
    pub subject_key_identifier: Option<&'a [u8]>,
    /// `nameConstraints`
    pub name_constraints: Option<NameConstraints<'a>>,
    /// `certificatePolicies`
    pub certificate_policies: Option<CertificatePolicies<'a>>,
    /// `policyMappings`
    pub policy_mappings: Option<PolicyMappings<'a>>,
    /// `policyConstraints`
    pub policy_constraints: Option<PolicyConstraints>,
    /// `inhibitAnyPolicy`
    pub inhibit_any_policy: Option<u32>,
    /// Microsoft's application policies where they are critical, not taken apart: purposes, in the form of
    /// `certificatePolicies`, which [`CertificatePolicies::parse`] reads.
    pub critical_application_policies: Option<&'a [u8]>,
    /// The first critical extension that is none of these.
    pub unknown_critical: Option<Oid<'a>>,
}

impl<'a> Certificate<'a> {
    /// Reads every extension of [`KnownExtensions`].
    ///
    /// # Errors
    /// [`Malformed::Encoding`] when one is there and not what it should be.
    pub fn known_extensions(&self) -> Result<KnownExtensions<'a>, Malformed> {
        let mut known = KnownExtensions::default();
        for extension in self.extensions().iter() {
            known.read(extension)?;
        }
        Ok(known)
    }
}

impl<'a> KnownExtensions<'a> {
    fn read(&mut self, extension: Extension<'a>) -> Result<(), Malformed> {
        let value = extension.value();
        match extension.oid() {
            oid::BASIC_CONSTRAINTS => {
                read_all(value, Field::BasicConstraints, BasicConstraints::read)
                    .map(|read| self.basic_constraints = Some(read))
            }
            oid::KEY_USAGE => read_all(value, Field::KeyUsage, KeyUsage::read)
                .map(|read| self.key_usage = Some(read)),
            oid::EXTENDED_KEY_USAGE => {
                read_all(value, Field::ExtendedKeyUsage, ExtendedKeyUsage::read)
                    .map(|read| self.extended_key_usage = Some(read))
            }
            oid::SUBJECT_ALTERNATIVE_NAME => {
                let field = Field::SubjectAlternativeName;
                read_all(value, field, read_subject_alternative_name)
                    .map(|read| self.subject_alternative_name = Some(read))
            }
            oid::AUTHORITY_KEY_IDENTIFIER => {
                let field = Field::AuthorityKeyIdentifier;
                read_all(value, field, AuthorityKeyIdentifier::read)
                    .map(|read| self.authority_key_identifier = Some(read))
            }
            oid::SUBJECT_KEY_IDENTIFIER => {
                read_all(value, Field::SubjectKeyIdentifier, Reader::octet_string)
                    .map(|read| self.subject_key_identifier = Some(read))
            }
            _ => self.read_constraints(extension),
        }
    }

    /// What constrains the names and policies of those below.
    fn read_constraints(&mut self, extension: Extension<'a>) -> Result<(), Malformed> {
        let value = extension.value();
        match extension.oid() {
            oid::NAME_CONSTRAINTS => read_all(value, Field::NameConstraints, NameConstraints::read)
                .map(|read| self.name_constraints = Some(read)),
            oid::CERTIFICATE_POLICIES => {
                let read = CertificatePolicies::parse(value)?;
                // RFC 5280 section 4.2.1.4: critical is what the qualifiers say, too.
                if read.unknown_qualifier().is_some() {
                    self.pass_over(oid::CERTIFICATE_POLICIES, extension.is_critical());
                }
                self.certificate_policies = Some(read);
                Ok(())
            }
            oid::POLICY_MAPPINGS => read_all(value, Field::PolicyMappings, PolicyMappings::read)
                .map(|read| self.policy_mappings = Some(read)),
            oid::POLICY_CONSTRAINTS => {
                read_all(value, Field::PolicyConstraints, PolicyConstraints::read)
                    .map(|read| self.policy_constraints = Some(read))
            }
            oid::INHIBIT_ANY_POLICY => {
                read_all(value, Field::InhibitAnyPolicy, read_inhibit_any_policy)
                    .map(|read| self.inhibit_any_policy = Some(read))
            }
            oid::APPLICATION_POLICIES if extension.is_critical() => {
                self.critical_application_policies = Some(value);
                Ok(())
            }
            other => {
                self.pass_over(other, extension.is_critical());
                Ok(())
            }
        }
    }

    fn pass_over(&mut self, oid: Oid<'a>, is_critical: bool) {
        if is_critical {
            self.unknown_critical.get_or_insert(oid);
        }
    }
}
