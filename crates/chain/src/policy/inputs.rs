//! The inputs of RFC 5280 section 6.1.1 (c) and (e) to (g).

use alloc::boxed::Box;
use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use portcullis_x509::{Oid, oid};

/// Which certificate policies a path must be valid for, and how they are found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PolicyInputs {
    /// user-initial-policy-set (c); empty is the set with anyPolicy, which asks for none.
    acceptable: BTreeSet<Box<[u8]>>,
    /// initial-policy-mapping-inhibit (e).
    pub(crate) inhibit_mapping: bool,
    /// initial-explicit-policy (f).
    pub(crate) explicit: bool,
    /// initial-any-policy-inhibit (g).
    pub(crate) inhibit_any: bool,
}

impl PolicyInputs {
    pub(super) fn accept(&mut self, policy: Oid<'_>) {
        self.acceptable.insert(policy.as_bytes().into());
    }

    /// Section 6.1.5 (g), as RFC 9618 has it: of the policies that the authorities vouch for those that
    /// the user accepts.
    pub(crate) fn constrain(&self, authorities: &BTreeSet<Oid<'_>>) -> Vec<Box<[u8]>> {
        let owned = |policy: &Oid<'_>| Box::from(policy.as_bytes());
        if self.accepts_any() {
            return authorities.iter().map(owned).collect();
        }
        if authorities.contains(&oid::ANY_POLICY) {
            return self.acceptable.iter().cloned().collect();
        }
        authorities
            .iter()
            .map(owned)
            .filter(|policy| self.acceptable.contains(policy))
            .collect()
    }

    fn accepts_any(&self) -> bool {
        self.acceptable.is_empty() || self.acceptable.contains(oid::ANY_POLICY.as_bytes())
    }
}
