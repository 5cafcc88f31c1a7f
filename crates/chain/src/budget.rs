//! What one verification may cost, whatever the peer sends.

use core::fmt;

use crate::reason::Reason;

/// Signatures that one verification checks at most.
///
/// 100 is the number of Go's `crypto/x509` (`maxChainSignatureChecks`) and of rustls-webpki; a path
/// of five certificates needs four. What so many cost depends on the peer's keys: the README has a table.
pub const MAX_SIGNATURE_CHECKS: u32 = 100;

/// Issuers that one verification tries at most, each time that a path could go on with one.
///
/// A step compares numbers, not names, and takes less than a microsecond. rustls-webpki allows
/// 200 000 steps. Honest certificate lists need fewer than ten.
pub const MAX_ISSUERS_TRIED: u32 = 2_000;

/// Paths to an anchor that one verification judges at most, every signature in them being good.
///
/// Judging reads each certificate of the path again: a few microseconds for honest ones, 150 for the
/// largest that fit. As many paths as signatures: a client who holds no authority's key has as many
/// as its issuers were certified and renewed, a handful.
pub const MAX_PATHS_JUDGED: u32 = 100;

/// Octets of names that one verification reads at most: subject and issuer of the leaf, of everything
/// that was offered, and of what is configured under the names that were looked for, each once.
///
/// A mebibyte takes 22 ms at worst, in letters outside ASCII. In TLS, as rustls reads it, a whole list
/// has at most 64 KiB, 1.4 ms; what is above is for callers with bundles, where a thousand
/// certificates have a fifth of a mebibyte in their names.
pub const MAX_NAME_OCTETS: u32 = 0x10_0000;

/// Something that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Checks of signatures, limited by [`MAX_SIGNATURE_CHECKS`].
    SignatureChecks,
    /// Issuers tried, limited by [`MAX_ISSUERS_TRIED`].
    Issuers,
    /// Paths judged, limited by [`MAX_PATHS_JUDGED`].
    Paths,
    /// Octets of names, limited by [`MAX_NAME_OCTETS`].
    NameOctets,
}

/// What is left of each limit.
#[derive(Debug)]
pub(crate) struct Budget {
    signature_checks: u32,
    issuers: u32,
    paths: u32,
    name_octets: u32,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self {
            signature_checks: MAX_SIGNATURE_CHECKS,
            issuers: MAX_ISSUERS_TRIED,
            paths: MAX_PATHS_JUDGED,
            name_octets: MAX_NAME_OCTETS,
        }
    }

    pub(crate) fn spend(&mut self, resource: Resource, amount: usize) -> Result<(), Reason> {
        let left = match resource {
            Resource::SignatureChecks => &mut self.signature_checks,
            Resource::Issuers => &mut self.issuers,
            Resource::Paths => &mut self.paths,
            Resource::NameOctets => &mut self.name_octets,
        };
        let amount = u32::try_from(amount).ok();
        *left =
            amount
                .and_then(|amount| left.checked_sub(amount))
                .ok_or(Reason::BudgetExceeded {
                    resource,
                    limit: resource.limit(),
                })?;
        Ok(())
    }
}

#[cfg(test)]
impl Budget {
    pub(crate) const fn left(&self, resource: Resource) -> u32 {
        match resource {
            Resource::SignatureChecks => self.signature_checks,
            Resource::Issuers => self.issuers,
            Resource::Paths => self.paths,
            Resource::NameOctets => self.name_octets,
        }
    }
}

impl Resource {
    const fn limit(self) -> u32 {
        match self {
            Self::SignatureChecks => MAX_SIGNATURE_CHECKS,
            Self::Issuers => MAX_ISSUERS_TRIED,
            Self::Paths => MAX_PATHS_JUDGED,
            Self::NameOctets => MAX_NAME_OCTETS,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignatureChecks => "signature checks",
            Self::Issuers => "issuers tried",
            Self::Paths => "paths judged",
            Self::NameOctets => "octets of names",
        })
    }
}
