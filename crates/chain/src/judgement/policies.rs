//! Certificate policies (RFC 5280 sections 6.1.2 to 6.1.5), on the graph of RFC 9618.
//!
//! The tree of RFC 5280 doubles with every certificate that maps two policies to two others. The
//! graph has each policy once for each certificate. What it grows by is paid for: each policy that is read, and
//! each edge to the level above.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::ToString;
use alloc::vec::Vec;

use portcullis_x509::{KnownExtensions, Malformed, Oid, Shown, oid};

use super::Role;
use crate::budget::{Budget, Resource};
use crate::policy::PolicyInputs;
use crate::reason::Reason;

/// The variables of section 6.1.2 (a), (d), (e) and (f).
pub(super) struct Policies<'a> {
    /// `valid_policy_graph`; nothing when it is NULL.
    graph: Option<Graph<'a>>,
    explicit_policy: u32,
    inhibit_any_policy: u32,
    policy_mapping: u32,
}

/// The levels of the graph after its root, the first certificate's first.
#[derive(Default)]
struct Graph<'a> {
    levels: Vec<Level<'a>>,
}

/// The nodes of one certificate. Besides these there is a node anyPolicy, or there is not.
#[derive(Default)]
struct Level<'a> {
    nodes: BTreeMap<Oid<'a>, Node<'a>>,
    any_policy: bool,
    /// For each policy that is in an `expected_policy_set`, the nodes that it is in the set of.
    expected: BTreeMap<Oid<'a>, Vec<Oid<'a>>>,
}

/// A policy that is valid as far as the path was followed.
enum Node<'a> {
    /// It follows from anyPolicy of the level above.
    UnderAny,
    /// It is in the expected policy set of these nodes of the level above.
    Under(Vec<Oid<'a>>),
}

impl<'a> Policies<'a> {
    /// Section 6.1.2 for a path of so many certificates, the anchor not counted.
    pub(super) fn new(length: usize, inputs: &PolicyInputs) -> Self {
        let beyond = u32::try_from(length).unwrap_or(u32::MAX).saturating_add(1);
        let unless = |set: bool| if set { 0 } else { beyond };
        Self {
            graph: Some(Graph::default()),
            explicit_policy: unless(inputs.explicit),
            inhibit_any_policy: unless(inputs.inhibit_any),
            policy_mapping: unless(inputs.inhibit_mapping),
        }
    }

    /// Sections 6.1.3 (d) to (f).
    pub(super) fn enter(
        &mut self,
        extensions: &KnownExtensions<'a>,
        role: Role,
        is_self_issued: bool,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let own = role == Role::Anchor || (role == Role::Intermediate && is_self_issued);
        let any_counts = self.inhibit_any_policy > 0 || own;
        let listed = Listed::read(extensions, budget)?;
        match (&mut self.graph, listed) {
            (Some(graph), Some(listed)) => graph.descend(&listed, any_counts, budget)?,
            // An anchor that says nothing of policies restricts none.
            (Some(graph), None) if role == Role::Anchor => graph.descend_freely(budget)?,
            _ => self.graph = None,
        }
        self.drop_empty_graph();
        if self.explicit_policy == 0 && self.graph.is_none() {
            return Err(Reason::NoValidPolicy);
        }
        Ok(())
    }

    /// Sections 6.1.4 (a), (b) and (h) to (j), before the certificate that this one issued.
    pub(super) fn leave(
        &mut self,
        extensions: &KnownExtensions<'a>,
        role: Role,
        is_self_issued: bool,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let mappings = mappings(extensions, budget)?;
        if let Some(graph) = &mut self.graph {
            if self.policy_mapping > 0 {
                graph.map(&mappings, budget)?;
            } else {
                graph.unmap(&mappings, budget)?;
            }
        }
        self.drop_empty_graph();
        if role == Role::Intermediate && !is_self_issued {
            self.explicit_policy = self.explicit_policy.saturating_sub(1);
            self.policy_mapping = self.policy_mapping.saturating_sub(1);
            self.inhibit_any_policy = self.inhibit_any_policy.saturating_sub(1);
        }
        let at_most = |variable: &mut u32, limit: Option<u32>| {
            *variable = limit.map_or(*variable, |limit| limit.min(*variable));
        };
        if let Some(constraints) = extensions.policy_constraints {
            at_most(
                &mut self.explicit_policy,
                constraints.require_explicit_policy,
            );
            at_most(&mut self.policy_mapping, constraints.inhibit_policy_mapping);
        }
        at_most(&mut self.inhibit_any_policy, extensions.inhibit_any_policy);
        Ok(())
    }

    /// Sections 6.1.5 (a), (b) and (g), after the leaf: the user-constrained-policy-set.
    pub(super) fn finish(
        mut self,
        leaf: &KnownExtensions<'a>,
        inputs: &PolicyInputs,
    ) -> Result<Vec<Box<[u8]>>, Reason> {
        self.explicit_policy = self.explicit_policy.saturating_sub(1);
        let required = leaf
            .policy_constraints
            .and_then(|constraints| constraints.require_explicit_policy);
        if required == Some(0) {
            self.explicit_policy = 0;
        }
        let authorities = self.graph.as_ref().map(Graph::authority_constrained);
        let valid = inputs.constrain(&authorities.unwrap_or_default());
        if self.explicit_policy == 0 && valid.is_empty() {
            return Err(Reason::NoValidPolicy);
        }
        Ok(valid)
    }

    fn drop_empty_graph(&mut self) {
        let empty = |graph: &Graph<'_>| graph.levels.last().is_some_and(Level::is_empty);
        if self.graph.as_ref().is_some_and(empty) {
            self.graph = None;
        }
    }
}

/// What a certificate's certificatePolicies say.
struct Listed<'a> {
    policies: BTreeSet<Oid<'a>>,
    any_policy: bool,
}

impl<'a> Listed<'a> {
    /// Nothing when the extension is absent. A policy must not be listed twice (section 4.2.1.4).
    fn read(extensions: &KnownExtensions<'a>, budget: &mut Budget) -> Result<Option<Self>, Reason> {
        let Some(listed) = extensions.certificate_policies else {
            return Ok(None);
        };
        let mut policies = BTreeSet::new();
        for policy in listed.iter() {
            budget.spend(Resource::Policies, 1)?;
            if !policies.insert(policy) {
                let oid = Shown::new(policy).to_string();
                return Err(Malformed::DuplicatePolicy { oid }.into());
            }
        }
        let any_policy = policies.remove(&oid::ANY_POLICY);
        Ok(Some(Self {
            policies,
            any_policy,
        }))
    }
}

type Mappings<'a> = BTreeMap<Oid<'a>, BTreeSet<Oid<'a>>>;

/// The subject domain policies by issuer domain policy. Section 6.1.4 (a): neither may be anyPolicy.
fn mappings<'a>(
    extensions: &KnownExtensions<'a>,
    budget: &mut Budget,
) -> Result<Mappings<'a>, Reason> {
    let mut mappings = Mappings::new();
    for mapping in extensions.policy_mappings.iter().flat_map(|all| all.iter()) {
        budget.spend(Resource::Policies, 1)?;
        if [mapping.issuer_domain, mapping.subject_domain].contains(&oid::ANY_POLICY) {
            return Err(Reason::AnyPolicyMapped);
        }
        let subject_domain = mappings.entry(mapping.issuer_domain).or_default();
        subject_domain.insert(mapping.subject_domain);
    }
    Ok(mappings)
}

impl<'a> Graph<'a> {
    /// Section 6.1.3 (d)(1) and (2). What anyPolicy carries on costs as much as what is listed.
    fn descend(
        &mut self,
        listed: &Listed<'a>,
        any_counts: bool,
        budget: &mut Budget,
    ) -> Result<(), Reason> {
        let above = self.levels.last();
        let expected = |policy: &Oid<'a>| above.and_then(|level| level.expected.get(policy));
        // Before the first level there is the root, which is anyPolicy.
        let under_any = above.is_none_or(|level| level.any_policy);
        let mut level = Level::default();
        for policy in &listed.policies {
            let node = match expected(policy) {
                Some(parents) => {
                    budget.spend(Resource::Policies, parents.len())?;
                    Node::Under(parents.clone())
                }
                None if under_any => Node::UnderAny,
                None => continue,
            };
            level.nodes.insert(*policy, node);
        }
        if listed.any_policy && any_counts {
            for (policy, parents) in above.iter().flat_map(|level| &level.expected) {
                budget.spend(Resource::Policies, parents.len())?;
                let node = level.nodes.entry(*policy);
                node.or_insert_with(|| Node::Under(parents.clone()));
            }
            level.any_policy = under_any;
        }
        self.levels.push(level);
        Ok(())
    }

    /// As if anyPolicy had been listed.
    fn descend_freely(&mut self, budget: &mut Budget) -> Result<(), Reason> {
        let free = Listed {
            policies: BTreeSet::new(),
            any_policy: true,
        };
        self.descend(&free, true, budget)
    }

    /// Section 6.1.4 (b)(1), and the expected policy sets of what is not mapped.
    fn map(&mut self, mappings: &Mappings<'a>, budget: &mut Budget) -> Result<(), Reason> {
        let Some(level) = self.levels.last_mut() else {
            return Ok(());
        };
        if level.any_policy {
            for issuer_domain in mappings.keys() {
                let node = level.nodes.entry(*issuer_domain);
                node.or_insert(Node::UnderAny);
            }
        }
        for policy in level.nodes.keys() {
            let own = BTreeSet::from([*policy]);
            let set = mappings.get(policy).unwrap_or(&own);
            budget.spend(Resource::Policies, set.len())?;
            for expected in set {
                level.expected.entry(*expected).or_default().push(*policy);
            }
        }
        Ok(())
    }

    /// Section 6.1.4 (b)(2): what would be mapped and may not is no longer valid.
    fn unmap(&mut self, mappings: &Mappings<'a>, budget: &mut Budget) -> Result<(), Reason> {
        if let Some(level) = self.levels.last_mut() {
            level
                .nodes
                .retain(|policy, _| !mappings.contains_key(policy));
        }
        self.map(&Mappings::new(), budget)
    }

    /// The authority-constrained-policy-set: the policies, as the anchor's domain calls them, from
    /// which a node of the last level descends.
    fn authority_constrained(&self) -> BTreeSet<Oid<'a>> {
        let mut found = BTreeSet::new();
        let mut reached: BTreeSet<Oid<'a>> = BTreeSet::new();
        if let Some(last) = self.levels.last() {
            reached.extend(last.nodes.keys());
            if last.any_policy {
                found.insert(oid::ANY_POLICY);
            }
        }
        for level in self.levels.iter().rev() {
            let mut above = BTreeSet::new();
            for policy in reached {
                match level.nodes.get(&policy) {
                    Some(Node::Under(parents)) => above.extend(parents),
                    Some(Node::UnderAny) => {
                        found.insert(policy);
                    }
                    None => {}
                }
            }
            reached = above;
        }
        found
    }
}

impl Level<'_> {
    fn is_empty(&self) -> bool {
        self.nodes.is_empty() && !self.any_policy
    }
}
