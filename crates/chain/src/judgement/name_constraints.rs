//! Name constraints (RFC 5280 sections 4.2.1.10, 6.1.3 (b) and (c), 6.1.4 (g)).
//!
//! Subtrees are not intersected and united on the way down, they are collected: a name must lie in one
//! of the permitted subtrees of **each** authority that permits any of its kind, and in no excluded
//! one. What cannot be compared is refused: a name that is no name of its kind, and a kind of name
//! that has no rule for being within a subtree.

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_x509::{
    Certificate, GeneralName, GeneralSubtrees, KnownExtensions, NameConstraints, Shown, oid,
};

use super::subtree::Kind;
use super::{Role, subtree};
use crate::budget::{Budget, Resource};
use crate::host;
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
    permitted: Subtrees<'a>,
    excluded: Subtrees<'a>,
}

/// Subtrees by the kind of names that they are for.
type Subtrees<'a> = BTreeMap<Kind, Vec<GeneralName<'a>>>;

impl<'a> InForce<'a> {
    /// Section 6.1.4 (g).
    pub(super) fn impose(
        &mut self,
        authority: &Member<'a>,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        if let Some(constraints) = authority.known()?.name_constraints {
            self.all.push(Imposed {
                by: authority.certificate.clone(),
                permitted: sorted(constraints.permitted, budget)?,
                excluded: sorted(constraints.excluded, budget)?,
            });
        }
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
        let is_of_host = |name| matches!(name, GeneralName::DnsName(_) | GeneralName::IpAddress(_));
        let names = known.subject_alternative_name;
        let says_host = names.is_some_and(|names| names.iter().any(is_of_host));
        for attribute in member.certificate.subject().attributes() {
            let pieces = (attribute.value.len() / 64).saturating_add(1);
            budget.spend(Resource::NameComparisons, pieces)?;
            match attribute.oid {
                // What cannot be read is no mailbox, and nothing that a constraint of mailboxes permits.
                oid::EMAIL_ADDRESS => {
                    let text = attribute.text().unwrap_or_default();
                    self.check_name(&GeneralName::Rfc822Name(&text), budget)?;
                }
                oid::COMMON_NAME if role == Role::Leaf && !says_host => {
                    let text = attribute.text().unwrap_or_default();
                    // There are readers who stop at a NUL.
                    let read = text.split('\0').next().unwrap_or_default();
                    if host::looks_like_host(read) {
                        self.check_name(&GeneralName::DnsName(&text), budget)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
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
        for base in subtrees(&self.permitted, name) {
            if !spend(base, name, budget)? {
                continue;
            }
            let within = subtree::permits(base, name);
            if within.ok_or_else(|| self.incomparable(base, name))? {
                return Ok(());
            }
            permitted.get_or_insert(base);
        }
        match permitted {
            None => Ok(()),
            Some(first) => Err(Reason::NameNotPermitted {
                name: shown(name),
                permitted: shown(first),
                by: self.issuer(),
            }),
        }
    }

    fn check_excluded(&self, name: &GeneralName<'_>, budget: &mut Budget) -> Result<(), Reason> {
        for base in subtrees(&self.excluded, name) {
            if !spend(base, name, budget)? {
                continue;
            }
            let within = subtree::excludes(base, name);
            if within.ok_or_else(|| self.incomparable(base, name))? {
                return Err(Reason::NameExcluded {
                    name: shown(name),
                    excluded: shown(base),
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

/// Every subtree, each of which must be one.
fn sorted<'a>(
    subtrees: Option<GeneralSubtrees<'a>>,
    budget: &mut Budget,
) -> Result<Subtrees<'a>, Reason> {
    let mut sorted = Subtrees::new();
    for base in subtrees.iter().flat_map(|subtrees| subtrees.iter()) {
        budget.spend(Resource::NameComparisons, subtree::cost(&base))?;
        subtree::check_base(&base)?;
        sorted.entry(Kind::of(&base)).or_default().push(base);
    }
    Ok(sorted)
}

/// The subtrees that may be for this name.
fn subtrees<'s, 'a>(
    subtrees: &'s Subtrees<'a>,
    name: &GeneralName<'_>,
) -> impl Iterator<Item = &'s GeneralName<'a>> {
    let kind = Kind::of(name);
    // An otherName can be a mailbox.
    let second = (kind == Kind::OtherName).then_some(Kind::Rfc822Name);
    let kinds = [Some(kind), second];
    kinds
        .into_iter()
        .flatten()
        .filter_map(|kind| subtrees.get(&kind))
        .flatten()
}

/// Pays for looking at a subtree, and for the comparison where it is for names of this kind, which is said.
fn spend(
    base: &GeneralName<'_>,
    name: &GeneralName<'_>,
    budget: &mut Budget,
) -> Result<bool, Reason> {
    let is_for = subtree::is_for(base, name);
    let mut cost = subtree::cost(base);
    if is_for {
        cost = cost.max(subtree::cost(name));
    }
    budget.spend(Resource::NameComparisons, cost)?;
    Ok(is_for)
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
            GeneralName::DnsName(name) => host::is_strict_host(name),
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
