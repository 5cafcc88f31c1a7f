//! Object identifiers as they stand in the encoding, and the ones that certificates use.

use core::fmt;

use const_oid::ObjectIdentifier;

use crate::der;

/// The content octets of an OBJECT IDENTIFIER. `Display` is the dotted form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid<'a>(&'a [u8]);

impl<'a> Oid<'a> {
    /// Reads content octets (no tag, no length).
    ///
    /// # Errors
    /// [`der::Error::ObjectIdentifier`] when they are empty, end within an arc, or pad one.
    pub fn from_content(content: &'a [u8]) -> Result<Self, der::Error> {
        let Some(last) = content.last() else {
            return Err(der::Error::ObjectIdentifier);
        };
        let mut starts_arc = true;
        for octet in content {
            if starts_arc && *octet == 0x80 {
                return Err(der::Error::ObjectIdentifier);
            }
            starts_arc = octet & 0x80 == 0;
        }
        if last & 0x80 == 0 {
            Ok(Self(content))
        } else {
            Err(der::Error::ObjectIdentifier)
        }
    }

    /// The content octets.
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }

    const fn known(oid: &'static ObjectIdentifier) -> Oid<'static> {
        Oid(oid.as_bytes())
    }
}

impl fmt::Display for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut arc = Some(0_u128);
        let mut first = true;
        for octet in self.0 {
            // An arc above 2^121 is legal but nobody's: shown as a question mark, never wrapped.
            arc = arc
                .filter(|arc| arc >> 121 == 0)
                .map(|arc| (arc << 7) | u128::from(octet & 0x7f));
            if octet & 0x80 != 0 {
                continue;
            }
            match (first, arc) {
                (true, Some(arc)) => {
                    let root = (arc / 40).min(2);
                    write!(f, "{root}.{}", arc.saturating_sub(root.saturating_mul(40)))?;
                }
                (false, Some(arc)) => write!(f, ".{arc}")?,
                (true, None) => f.write_str("2.?")?,
                (false, None) => f.write_str(".?")?,
            }
            first = false;
            arc = Some(0);
        }
        Ok(())
    }
}

impl fmt::Debug for Oid<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Oid({self})")
    }
}

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident = $dotted:literal;)*) => {$(
        $(#[$doc])*
        pub const $name: Oid<'static> = Oid::known(const { &ObjectIdentifier::new_unwrap($dotted) });
    )*};
}

known! {
    /// `id-ce-subjectKeyIdentifier`
    SUBJECT_KEY_IDENTIFIER = "2.5.29.14";
    /// `id-ce-keyUsage`
    KEY_USAGE = "2.5.29.15";
    /// `id-ce-subjectAltName`
    SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
    /// `id-ce-issuerAltName`
    ISSUER_ALTERNATIVE_NAME = "2.5.29.18";
    /// `id-ce-basicConstraints`
    BASIC_CONSTRAINTS = "2.5.29.19";
    /// `id-ce-nameConstraints`
    NAME_CONSTRAINTS = "2.5.29.30";
    /// `id-ce-cRLDistributionPoints`
    CRL_DISTRIBUTION_POINTS = "2.5.29.31";
    /// `id-ce-certificatePolicies`
    CERTIFICATE_POLICIES = "2.5.29.32";
    /// `id-ce-policyMappings`
    POLICY_MAPPINGS = "2.5.29.33";
    /// `id-ce-authorityKeyIdentifier`
    AUTHORITY_KEY_IDENTIFIER = "2.5.29.35";
    /// `id-ce-policyConstraints`
    POLICY_CONSTRAINTS = "2.5.29.36";
    /// `id-ce-extKeyUsage`
    EXTENDED_KEY_USAGE = "2.5.29.37";
    /// `id-ce-inhibitAnyPolicy`
    INHIBIT_ANY_POLICY = "2.5.29.54";
    /// `id-qt-cps`
    CPS_QUALIFIER = "1.3.6.1.5.5.7.2.1";
    /// `id-qt-unotice`
    USER_NOTICE_QUALIFIER = "1.3.6.1.5.5.7.2.2";
    /// `anyPolicy`
    ANY_POLICY = "2.5.29.32.0";
    /// `id-pe-authorityInfoAccess`
    AUTHORITY_INFORMATION_ACCESS = "1.3.6.1.5.5.7.1.1";

    /// `anyExtendedKeyUsage`
    ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0";
    /// `id-kp-serverAuth`
    SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
    /// `id-kp-clientAuth`
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2";
    /// `id-kp-codeSigning`
    CODE_SIGNING = "1.3.6.1.5.5.7.3.3";
    /// `id-kp-emailProtection`
    EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4";
    /// `id-kp-timeStamping`
    TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
    /// `id-kp-OCSPSigning`
    OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";

    /// Microsoft's `szOID_APPLICATION_CERT_POLICIES`
    APPLICATION_POLICIES = "1.3.6.1.4.1.311.21.10";
    /// Microsoft's `szOID_ANY_APPLICATION_POLICY`
    ANY_APPLICATION_POLICY = "1.3.6.1.4.1.311.10.12.1";
    /// Microsoft's `szOID_NT_PRINCIPAL_NAME`: the user principal name (UPN), an otherName
    USER_PRINCIPAL_NAME = "1.3.6.1.4.1.311.20.2.3";
    /// `id-on-SmtpUTF8Mailbox` (RFC 9598), an otherName
    SMTP_UTF8_MAILBOX = "1.3.6.1.5.5.7.8.9";

    /// `id-at-commonName`
    COMMON_NAME = "2.5.4.3";
    /// `id-emailAddress` (RFC 2985 section 5.2.1)
    EMAIL_ADDRESS = "1.2.840.113549.1.9.1";

    /// `id-ad-ocsp`, also `id-pkix-ocsp`
    OCSP = "1.3.6.1.5.5.7.48.1";
    /// `id-pkix-ocsp-basic`
    OCSP_BASIC = "1.3.6.1.5.5.7.48.1.1";
    /// `id-pkix-ocsp-nonce`
    OCSP_NONCE = "1.3.6.1.5.5.7.48.1.2";
    /// `id-pkix-ocsp-nocheck`
    OCSP_NOCHECK = "1.3.6.1.5.5.7.48.1.5";
    /// `id-ad-caIssuers`
    CA_ISSUERS = "1.3.6.1.5.5.7.48.2";

    /// `rsaEncryption`
    RSA_ENCRYPTION = "1.2.840.113549.1.1.1";
    /// `sha1WithRSAEncryption`
    SHA1_WITH_RSA = "1.2.840.113549.1.1.5";
    /// `id-mgf1`
    MGF1 = "1.2.840.113549.1.1.8";
    /// `id-RSASSA-PSS`
    RSASSA_PSS = "1.2.840.113549.1.1.10";
    /// `sha256WithRSAEncryption`
    SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
    /// `sha384WithRSAEncryption`
    SHA384_WITH_RSA = "1.2.840.113549.1.1.12";
    /// `sha512WithRSAEncryption`
    SHA512_WITH_RSA = "1.2.840.113549.1.1.13";
    /// `id-ecPublicKey`
    EC_PUBLIC_KEY = "1.2.840.10045.2.1";
    /// `secp256r1`, P-256
    SECP256R1 = "1.2.840.10045.3.1.7";
    /// `secp384r1`, P-384
    SECP384R1 = "1.3.132.0.34";
    /// `secp521r1`, P-521
    SECP521R1 = "1.3.132.0.35";
    /// `ecdsa-with-SHA1`
    ECDSA_WITH_SHA1 = "1.2.840.10045.4.1";
    /// `ecdsa-with-SHA256`
    ECDSA_WITH_SHA256 = "1.2.840.10045.4.3.2";
    /// `ecdsa-with-SHA384`
    ECDSA_WITH_SHA384 = "1.2.840.10045.4.3.3";
    /// `ecdsa-with-SHA512`
    ECDSA_WITH_SHA512 = "1.2.840.10045.4.3.4";
    /// `id-Ed25519`
    ED25519 = "1.3.101.112";
    /// `id-Ed448`
    ED448 = "1.3.101.113";
    /// `id-ml-dsa-44` (RFC 9881)
    ML_DSA_44 = "2.16.840.1.101.3.4.3.17";
    /// `id-ml-dsa-65` (RFC 9881)
    ML_DSA_65 = "2.16.840.1.101.3.4.3.18";
    /// `id-ml-dsa-87` (RFC 9881)
    ML_DSA_87 = "2.16.840.1.101.3.4.3.19";
    /// `id-sha1`
    SHA1 = "1.3.14.3.2.26";
    /// `id-sha256`
    SHA256 = "2.16.840.1.101.3.4.2.1";
    /// `id-sha384`
    SHA384 = "2.16.840.1.101.3.4.2.2";
    /// `id-sha512`
    SHA512 = "2.16.840.1.101.3.4.2.3";
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    #[test]
    fn an_identifier_is_shown_dotted() {
        assert_eq!(CLIENT_AUTH.to_string(), "1.3.6.1.5.5.7.3.2");
        assert_eq!(EXTENDED_KEY_USAGE.to_string(), "2.5.29.37");
        assert_eq!(
            Oid::from_content(&[0x88, 0x37]).unwrap().to_string(),
            "2.999"
        );
        assert_eq!(Oid::from_content(&[0x00]).unwrap().to_string(), "0.0");
    }

    #[test]
    fn an_enormous_arc_is_not_wrapped_around() {
        let mut content = [0xff_u8; 40];
        content[0] = 0x2a;
        content[39] = 0x7f;
        assert_eq!(Oid::from_content(&content).unwrap().to_string(), "1.2.?");
    }

    #[test]
    fn empty_unterminated_and_padded_identifiers_are_refused() {
        for content in [
            &[][..],
            &[0x80],
            &[0x2a, 0x86],
            &[0x2a, 0x80, 0x01],
            &[0x80, 0x2a],
        ] {
            assert_eq!(
                Oid::from_content(content),
                Err(der::Error::ObjectIdentifier),
                "{content:x?}"
            );
        }
    }
}
