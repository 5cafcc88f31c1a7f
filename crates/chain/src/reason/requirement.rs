use core::fmt;

/// What RFC 5280 section 4 demands of those who issue certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Requirement {
    /// Section 4.1.2.2: positive, and at most 20 octets.
    SerialNumber,
    /// Section 4.1.2.1: version 3, since every certificate has extensions.
    Version,
    /// Section 4.2.1.1.
    AuthorityKeyIdentifierNotCritical,
    /// Section 4.2.1.2.
    SubjectKeyIdentifierNotCritical,
    /// Section 4.2.1.1: with a key identifier, in every certificate but self-signed ones.
    AuthorityKeyIdentifier,
    /// Section 4.2.1.2: in every certificate of an authority.
    SubjectKeyIdentifier,
    /// Section 4.2.1.3: keyCertSign is for authorities.
    KeyCertSignOfAuthorities,
    /// Section 4.2.1.6: where the subject is empty.
    AlternativeNameCritical,
    /// Section 4.2.1.6: the preferred name syntax.
    DnsNameSyntax,
    /// Section 4.2.1.9.
    BasicConstraintsCritical,
    /// Section 4.2.1.10.
    NameConstraintsCritical,
    /// Section 4.2.1.10: name constraints are for authorities.
    NameConstraintsOfAuthorities,
    /// Section 4.2.1.10: a host in a name constraint does not begin with a dot.
    NameConstraintSyntax,
    /// Section 4.2.1.11.
    PolicyConstraintsCritical,
    /// Section 4.2.1.14.
    InhibitAnyPolicyCritical,
}

/// As a sentence about the certificate that falls short of it.
impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SerialNumber => "its serial number is not positive or has more than 20 octets",
            Self::Version => "its version is not 3",
            Self::AuthorityKeyIdentifierNotCritical => "authorityKeyIdentifier is critical",
            Self::SubjectKeyIdentifierNotCritical => "subjectKeyIdentifier is critical",
            Self::AuthorityKeyIdentifier => {
                "authorityKeyIdentifier has no key identifier or is missing"
            }
            Self::SubjectKeyIdentifier => "subjectKeyIdentifier is missing",
            Self::KeyCertSignOfAuthorities => "keyUsage has keyCertSign and cA is false",
            Self::AlternativeNameCritical => "the subject is empty and subjectAltName not critical",
            Self::DnsNameSyntax => "a dNSName is no host name",
            Self::BasicConstraintsCritical => "basicConstraints is not critical",
            Self::NameConstraintsCritical => "nameConstraints is not critical",
            Self::NameConstraintsOfAuthorities => "nameConstraints is there and cA is false",
            Self::NameConstraintSyntax => "a host in nameConstraints begins with a dot",
            Self::PolicyConstraintsCritical => "policyConstraints is not critical",
            Self::InhibitAnyPolicyCritical => "inhibitAnyPolicy is not critical",
        })
    }
}
