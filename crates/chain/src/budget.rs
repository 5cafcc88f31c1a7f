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

/// What the signatures that one verification checks may cost together, in checks with a key on P-256,
/// some 50 microseconds each.
///
/// [`MAX_SIGNATURE_CHECKS`] alone would let a peer choose the dearest keys: a hundred checks with
/// P-521 take 40 ms, with RSA keys of 8192 bits and the largest exponent 70 ms. This is 20 ms of
/// either, and ten checks with any key that a policy takes still fit in.
pub const MAX_SIGNATURE_COST: u32 = 400;

/// Certificates that one verification takes in at most: the leaf, everything that was offered, and what
/// is configured under the names that were looked for.
///
/// OpenSSL sends ten, and a TLS list of 64 KiB has room for two hundred; what is above is for callers
/// with bundles.
pub const MAX_CERTIFICATES: u32 = 2_048;

/// Octets of certificates that one verification takes in at most: 64 of the largest. Each is read
/// once, in less than a nanosecond an octet.
pub const MAX_OCTETS: u32 = 0x40_0000;

/// Comparisons of a name with a subtree that one verification makes at most, long names counting once
/// for every 64 octets, directory names once for every 3.
///
/// The number of Go and of rustls-webpki; the largest honest case known to either is a tenth of it.
/// One takes 10 to 80 nanoseconds.
pub const MAX_NAME_COMPARISONS: u32 = 250_000;

/// Policies and mappings that one verification reads or carries from one certificate to the next at most, in
/// all the paths that it judges.
///
/// The cross-certificates of the US Federal Bridge, the largest known, have some 60. One takes
/// 100 to 300 nanoseconds.
pub const MAX_POLICIES: u32 = 20_000;

/// Something that runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Checks of signatures, limited by [`MAX_SIGNATURE_CHECKS`].
    SignatureChecks,
    /// The cost of checking signatures, limited by [`MAX_SIGNATURE_COST`].
    SignatureCost,
    /// Issuers tried, limited by [`MAX_ISSUERS_TRIED`].
    Issuers,
    /// Paths judged, limited by [`MAX_PATHS_JUDGED`].
    Paths,
    /// Octets of names, limited by [`MAX_NAME_OCTETS`].
    NameOctets,
    /// Certificates, limited by [`MAX_CERTIFICATES`].
    Certificates,
    /// Octets of certificates, limited by [`MAX_OCTETS`].
    Octets,
    /// Comparisons with name constraints, limited by [`MAX_NAME_COMPARISONS`].
    NameComparisons,
    /// Policies read, limited by [`MAX_POLICIES`].
    Policies,
}

/// What is left of each limit.
#[derive(Debug)]
pub(crate) struct Budget {
    left: [u32; Resource::ALL.len()],
}

impl Budget {
    pub(crate) fn new() -> Self {
        Self {
            left: Resource::ALL.map(Resource::limit),
        }
    }

    pub(crate) fn spend(&mut self, resource: Resource, amount: usize) -> Result<(), Reason> {
        let exceeded = Reason::BudgetExceeded {
            resource,
            limit: resource.limit(),
        };
        let (Ok(amount), Some(left)) = (u32::try_from(amount), self.slot(resource)) else {
            return Err(exceeded);
        };
        *left = left.checked_sub(amount).ok_or(exceeded)?;
        Ok(())
    }

    fn slot(&mut self, resource: Resource) -> Option<&mut u32> {
        let position = Resource::ALL.iter().position(|one| *one == resource)?;
        self.left.get_mut(position)
    }
}

#[cfg(test)]
impl Budget {
    pub(crate) fn left(&mut self, resource: Resource) -> u32 {
        *self.slot(resource).unwrap()
    }
}

impl Resource {
    const ALL: [Self; 9] = [
        Self::SignatureChecks,
        Self::SignatureCost,
        Self::Issuers,
        Self::Paths,
        Self::NameOctets,
        Self::Certificates,
        Self::Octets,
        Self::NameComparisons,
        Self::Policies,
    ];

    const fn limit(self) -> u32 {
        match self {
            Self::SignatureChecks => MAX_SIGNATURE_CHECKS,
            Self::SignatureCost => MAX_SIGNATURE_COST,
            Self::Issuers => MAX_ISSUERS_TRIED,
            Self::Paths => MAX_PATHS_JUDGED,
            Self::NameOctets => MAX_NAME_OCTETS,
            Self::Certificates => MAX_CERTIFICATES,
            Self::Octets => MAX_OCTETS,
            Self::NameComparisons => MAX_NAME_COMPARISONS,
            Self::Policies => MAX_POLICIES,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SignatureChecks => "signature checks",
            Self::SignatureCost => "units of signature cost",
            Self::Issuers => "issuers tried",
            Self::Paths => "paths judged",
            Self::NameOctets => "octets of names",
            Self::Certificates => "certificates",
            Self::Octets => "octets of certificates",
            Self::NameComparisons => "comparisons with name constraints",
            Self::Policies => "policies read",
        })
    }
}
