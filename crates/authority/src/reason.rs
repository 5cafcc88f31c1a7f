use std::fmt;
use std::str::FromStr;

use portcullis_ocsp::RevocationReason;

use crate::AuthorityError;

/// Why a certificate is revoked (RFC 5280 section 5.3.1): the reasons that OpenSSL's index knows.
///
/// `Display` and [`FromStr`] are the names there; case does not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `unspecified`, which is left out of answers, as RFC 5280 asks.
    Unspecified,
    /// `keyCompromise`
    KeyCompromise,
    /// `CACompromise`
    CaCompromise,
    /// `affiliationChanged`
    AffiliationChanged,
    /// `superseded`
    Superseded,
    /// `cessationOfOperation`
    CessationOfOperation,
    /// `certificateHold`. This authority has no command that lifts it.
    CertificateHold,
}

impl Reason {
    /// All of them, by their numbers.
    pub const ALL: [Self; 7] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
    ];

    /// Their names, in the order of [`Reason::ALL`].
    pub const NAMES: [&'static str; 7] = [
        "unspecified",
        "keyCompromise",
        "CACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
    ];

    /// The name.
    #[must_use]
    pub fn name(self) -> &'static str {
        let mut names = Self::ALL.iter().zip(Self::NAMES);
        names
            .find(|(reason, _)| **reason == self)
            .map_or("unspecified", |(_, name)| name)
    }

    /// What an OCSP answer says.
    pub(crate) fn in_answer(self) -> Option<RevocationReason> {
        match self {
            Self::Unspecified => None,
            Self::KeyCompromise => Some(RevocationReason::KeyCompromise),
            Self::CaCompromise => Some(RevocationReason::CaCompromise),
            Self::AffiliationChanged => Some(RevocationReason::AffiliationChanged),
            Self::Superseded => Some(RevocationReason::Superseded),
            Self::CessationOfOperation => Some(RevocationReason::CessationOfOperation),
            Self::CertificateHold => Some(RevocationReason::CertificateHold),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Reason {
    type Err = AuthorityError;

    fn from_str(text: &str) -> Result<Self, AuthorityError> {
        let mut names = Self::ALL.iter().zip(Self::NAMES);
        let found = names.find(|(_, name)| name.eq_ignore_ascii_case(text));
        found
            .map(|(reason, _)| *reason)
            .ok_or_else(|| AuthorityError::Reason {
                text: text.to_owned(),
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_read_back_from_its_name() {
        for reason in Reason::ALL {
            assert_eq!(reason.to_string().parse::<Reason>().unwrap(), reason);
            assert_eq!(
                reason.to_string().to_uppercase().parse::<Reason>().unwrap(),
                reason
            );
        }
        assert!("removeFromCRL".parse::<Reason>().is_err());
    }
}
