//! Name constraints (RFC 5280 sections 4.2.1.10, 6.1.3 (b) and (c), 6.1.4 (g)).
//!
//! Subtrees are not intersected and united on the way down, they are collected: a name must lie in one
//! of the permitted subtrees of **each** authority that permits any of its kind, and in no excluded
//! one. What cannot be compared is refused: a name that is no name of its kind, and a kind of name
//! that has no rule for being within a subtree.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_x509::{
    Certificate, GeneralName, GeneralSubtrees, KnownExtensions, NameConstraints, Shown, oid,
};

use super::{Role, subtree};
use crate::budget::{Budget, Resource};
use crate::member::Member;
use crate::reason::Reason;

/// The constraints of the authorities above, the anchor's first.
#[derive(Default)]
pub(super) struct InForce<'a> {
    all: Vec<Imposed<'a>>,
}

/// The constraints of one authority.
struct Imposed<'a> {
    by: Certificate<'a>,
    constraints: NameConstraints<'a>,
}

impl<'a> InForce<'a> {
    /// Section 6.1.4 (g).
    pub(super) fn impose(&mut self, authority: &Member<'a>) -> Result<(), Reason> {
        let Some(constraints) = authority.known()?.name_constraints else {
            return Ok(());
        };
        let subtrees = [constraints.permitted, constraints.excluded];
        for base in subtrees
            .iter()
            .flatten()
            .flat_map(|subtrees| subtrees.iter())
        {
            subtree::check_base(&base)?;
        }
        self.all.push(Imposed {
            by: authority.certificate.clone(),
            constraints,
        });
        Ok(())
    }

    /// Sections 6.1.3 (b) and (c), for every name that the certificate has. Self-issued
    /// certificates other than the leaf are exempt, which is the caller's to know.
    pub(super) fn check(
        &self,
        member: &Member<'a>,
        role: Role,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        if self.all.is_empty() {
            return Ok(());
        }
        let known = member.known()?;
        let subject = member.certificate.subject();
        if !subject.is_empty() {
            self.check_name(&GeneralName::DirectoryName(subject), budget)?;
        }
        for name in known
            .subject_alternative_name
            .iter()
            .flat_map(|names| names.iter())
        {
            self.check_name(&name, budget)?;
        }
        self.check_attributes(member, known, role, budget)
    }

    /// What a subject says in attributes that have a kind of name of their own: emailAddress (section
    /// 4.2.1.10), and commonName where it looks like a host and no alternative name says which host the
    /// leaf is for: there are those who still read it.
    fn check_attributes(
        &self,
        member: &Member<'a>,
        known: &KnownExtensions<'a>,
        role: Role,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        for attribute in member.certificate.subject().attributes() {
            let text = match attribute.oid {
                oid::EMAIL_ADDRESS => attribute.text(),
                oid::COMMON_NAME if role == Role::Leaf => attribute.text(),
                _ => continue,
            };
            let Some(text) = text else { continue };
            if attribute.oid == oid::EMAIL_ADDRESS {
                self.check_name(&GeneralName::Rfc822Name(&text), budget)?;
            } else {
                self.check_common_name(&text, known, budget)?;
            }
        }
        Ok(())
    }

    fn check_common_name(
        &self,
        text: &str,
        known: &KnownExtensions<'a>,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let is_of_host = |name| matches!(name, GeneralName::DnsName(_) | GeneralName::IpAddress(_));
        let names = known.subject_alternative_name;
        let says_host = names.is_some_and(|names| names.iter().any(is_of_host));
        if says_host || !subtree::looks_like_host(text) {
            return Ok(());
        }
        self.check_name(&GeneralName::DnsName(text), budget)
    }

    fn check_name(&self, name: &GeneralName<'_>, budget: &mut Budget) -> Result<(), Reason> {
        for imposed in &self.all {
            imposed.check_permitted(name, budget)?;
            imposed.check_excluded(name, budget)?;
        }
        Ok(())
    }
}

impl Imposed<'_> {
    fn check_permitted(&self, name: &GeneralName<'_>, budget: &mut Budget) -> Result<(), Reason> {
        let mut permitted = None;
        for base in bases(self.constraints.permitted, name) {
            spend(&base, name, budget)?;
            let within = subtree::permits(&base, name);
            if within.ok_or_else(|| self.incomparable(&base, name))? {
                return Ok(());
            }
            permitted.get_or_insert(base);
        }
        match permitted {
            None => Ok(()),
            Some(first) => Err(Reason::NameNotPermitted {
                name: shown(name),
                permitted: shown(&first),
                by: self.issuer(),
            }),
        }
    }

    fn check_excluded(&self, name: &GeneralName<'_>, budget: &mut Budget) -> Result<(), Reason> {
        for base in bases(self.constraints.excluded, name) {
            spend(&base, name, budget)?;
            let within = subtree::excludes(&base, name);
            if within.ok_or_else(|| self.incomparable(&base, name))? {
                return Err(Reason::NameExcluded {
                    name: shown(name),
                    excluded: shown(&base),
                    by: self.issuer(),
                });
            }
        }
        Ok(())
    }

    #[cold]
    fn incomparable(&self, base: &GeneralName<'_>, name: &GeneralName<'_>) -> Reason {
        Reason::NameNotComparable {
            name: shown(name),
            subtree: shown(base),
            by: self.issuer(),
        }
    }

    #[cold]
    fn issuer(&self) -> String {
        self.by.subject().shown().to_string()
    }
}

/// The subtrees for names of this kind.
fn bases<'s>(
    subtrees: Option<GeneralSubtrees<'s>>,
    name: &GeneralName<'_>,
) -> impl Iterator<Item = GeneralName<'s>> {
    let bases = subtrees.into_iter().flat_map(|subtrees| subtrees.iter());
    bases.filter(move |base| subtree::is_for(base, name))
}

/// Octets of a name that are compared at the price of one comparison.
const OCTETS_A_COMPARISON: usize = 64;

fn spend(
    base: &GeneralName<'_>,
    name: &GeneralName<'_>,
    budget: &mut Budget,
) -> Result<(), Reason> {
    let octets = subtree::octets(base).max(subtree::octets(name));
    let comparisons = (octets / OCTETS_A_COMPARISON).saturating_add(1);
    budget.spend(Resource::NameComparisons, comparisons)
}

#[cold]
fn shown(name: &GeneralName<'_>) -> String {
    Shown::new(name).to_string()
}

/// Whether every dNSName is a host name or a wildcard of one.
pub(super) fn dns_names_are_sound(known: &KnownExtensions<'_>) -> bool {
    let names = known.subject_alternative_name;
    names
        .iter()
        .flat_map(|names| names.iter())
        .all(|name| match name {
            GeneralName::DnsName(name) => subtree::is_strict_host(name),
            _ => true,
        })
}

/// Whether a constraint of hosts begins with a dot, as only those of mailboxes and URIs may. It is
/// common, and everybody who takes it takes it for the hosts below.
pub(super) fn begin_with_dot(constraints: NameConstraints<'_>) -> bool {
    let subtrees = [constraints.permitted, constraints.excluded];
    let mut bases = subtrees
        .iter()
        .flatten()
        .flat_map(|subtrees| subtrees.iter());
    bases.any(|base| matches!(base, GeneralName::DnsName(base) if base.starts_with('.')))
}
