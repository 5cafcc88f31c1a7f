//! What one verification may cost, whatever the peer sends.

use core::fmt;

use crate::reason::Reason;

/// Signatures that one verification checks at most.
///
/// 100 is the number of Go's `crypto/x509` (`maxChainSignatureChecks`) and of rustls-webpki. So many
/// take about 5 ms with P-256 and 20 ms with P-384 keys. A path of five certificates needs four.
pub const MAX_SIGNATURE_CHECKS: u32 = 100;

/// Issuers that one verification tries at most, each time that a path could go on with one.
///
/// A step costs a comparison of names and of what was tried before, at worst the judgement of one whole path (a few
/// microseconds), so that this limit costs about as much as [`MAX_SIGNATURE_CHECKS`]. rustls-webpki
/// allows 200 000 for cheaper steps. Honest certificate lists need fewer than ten.
pub const MAX_ISSUERS_TRIED: u32 = 2_000;

/// Something that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Checks of signatures, limited by [`MAX_SIGNATURE_CHECKS`].
    SignatureChecks,
    /// Issuers tried, limited by [`MAX_ISSUERS_TRIED`].
    Issuers,
}

/// What is left of the two limits.
#[derive(Debug)]
pub(crate) struct Budget {
    signature_checks: u32,
    issuers: u32,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self {
            signature_checks: MAX_SIGNATURE_CHECKS,
            issuers: MAX_ISSUERS_TRIED,
        }
    }

    pub(crate) fn spend(&mut self, resource: Resource) -> Result<(), Reason> {
        let (left, limit) = match resource {
            Resource::SignatureChecks => (&mut self.signature_checks, MAX_SIGNATURE_CHECKS),
            Resource::Issuers => (&mut self.issuers, MAX_ISSUERS_TRIED),
        };
        *left = left
            .checked_sub(1)
            .ok_or(Reason::BudgetExceeded { resource, limit })?;
        Ok(())
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignatureChecks => "signature checks",
            Self::Issuers => "issuers tried",
        })
    }
}
