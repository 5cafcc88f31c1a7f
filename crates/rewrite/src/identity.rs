//! Who is at the other end, as far as the headers of a request are concerned.

use crate::facts::CertificateFacts;

/// A client whose certificate was proven: its chain verified, its revocation status judged, its
/// possession of the key shown by the handshake.
///
/// This crate sees no certificate and proves nothing. Whoever calls [`ClientIdentity::assertion`]
/// vouches for the proof; the name is there so that one search finds every such place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientIdentity {
    facts: CertificateFacts,
}

impl ClientIdentity {
    /// Asserts that `facts` describe a certificate that was verified for this connection.
    ///
    /// The caller owes the proof: call this on what authentication returned, nowhere else.
    pub fn assertion(facts: CertificateFacts) -> Self {
        Self { facts }
    }

    /// What the verified certificate says.
    pub fn facts(&self) -> &CertificateFacts {
        &self.facts
    }
}

/// The client of one connection, in the three states that a backend can be told about.
#[derive(Clone, Copy, Debug)]
pub enum Client<'a> {
    /// No certificate: none was asked for, or none was sent.
    Absent,
    /// A certificate that the gateway was told not to judge. Its key was proven, nothing else.
    Unverified(&'a CertificateFacts),
    /// A certificate that was proven.
    Verified(&'a ClientIdentity),
}

impl<'a> Client<'a> {
    /// What the presented certificate says, proven or not.
    pub fn facts(self) -> Option<&'a CertificateFacts> {
        match self {
            Self::Absent => None,
            Self::Unverified(facts) => Some(facts),
            Self::Verified(identity) => Some(identity.facts()),
        }
    }

    /// The value of `client_certificate_verification`: `NONE`, `PASSTHROUGH` or `SUCCESS`.
    ///
    /// It is never empty, so a backend can tell "no certificate" from "no gateway in between".
    /// There is no word for a failure: a request whose client certificate failed has no way to a
    /// backend.
    pub fn verification(self) -> &'static str {
        match self {
            Self::Absent => "NONE",
            Self::Unverified(_) => "PASSTHROUGH",
            Self::Verified(_) => "SUCCESS",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::tests::facts;

    #[test]
    fn each_state_has_its_own_word() {
        let facts = facts();
        let identity = ClientIdentity::assertion(facts.clone());
        assert_eq!(Client::Absent.verification(), "NONE");
        assert_eq!(Client::Unverified(&facts).verification(), "PASSTHROUGH");
        assert_eq!(Client::Verified(&identity).verification(), "SUCCESS");
    }

    #[test]
    fn facts_are_those_of_the_presented_certificate() {
        let facts = facts();
        let identity = ClientIdentity::assertion(facts.clone());
        assert!(Client::Absent.facts().is_none());
        assert_eq!(Client::Unverified(&facts).facts(), Some(&facts));
        assert_eq!(Client::Verified(&identity).facts(), Some(&facts));
    }
}
