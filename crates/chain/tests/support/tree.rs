//! The valid_policy_tree of RFC 5280 sections 6.1.2 to 6.1.5, step by step and without thought of what it costs.

use std::collections::BTreeSet;

pub(crate) const ANY: &str = "2.5.29.32.0";

type Set = BTreeSet<&'static str>;

/// What a certificate says of policies.
#[derive(Debug)]
pub(crate) struct Issued {
    pub(crate) policies: Option<Set>,
    pub(crate) mappings: Vec<(&'static str, &'static str)>,
    pub(crate) explicit: Option<u8>,
    pub(crate) inhibit_mapping: Option<u8>,
    pub(crate) inhibit_any: Option<u8>,
    pub(crate) is_self_issued: bool,
}

/// Section 6.1.1 (c) and (e) to (g).
#[derive(Debug)]
pub(crate) struct Inputs {
    /// Nothing stands for anyPolicy.
    pub(crate) accepted: Option<Set>,
    pub(crate) explicit: bool,
    pub(crate) inhibit_mapping: bool,
    pub(crate) inhibit_any: bool,
}

#[derive(Clone, Debug)]
struct Node {
    policy: &'static str,
    expected: Set,
    /// Its number, and that of its parent in the level above.
    id: usize,
    parent: usize,
}

/// The levels of nodes, the root's first; empty when the tree is NULL.
#[derive(Default)]
struct Tree {
    levels: Vec<Vec<Node>>,
    made: usize,
}

struct State {
    tree: Tree,
    explicit: usize,
    mapping: usize,
    any: usize,
}

/// The policies of the nodes right below anyPolicy, and anyPolicy at the end; nothing when the path is refused.
pub(crate) fn valid_policies(path: &[Issued], inputs: &Inputs) -> Option<Set> {
    let length = path.len();
    let unless = |set: bool| if set { 0 } else { length + 1 };
    let mut state = State {
        tree: Tree::new(),
        explicit: unless(inputs.explicit),
        mapping: unless(inputs.inhibit_mapping),
        any: unless(inputs.inhibit_any),
    };
    for (position, issued) in path.iter().enumerate() {
        let is_last = position + 1 == length;
        state.process(issued, is_last)?;
        if !is_last {
            state.prepare(issued);
        }
    }
    state.wrap_up(&path[length - 1], inputs)
}

impl State {
    /// Section 6.1.3 (d) to (f).
    fn process(&mut self, issued: &Issued, is_last: bool) -> Option<()> {
        let any_counts = self.any > 0 || (!is_last && issued.is_self_issued);
        match &issued.policies {
            Some(policies) => self.tree.grow(policies, any_counts),
            None => self.tree.levels.clear(),
        }
        (self.explicit > 0 || !self.tree.is_null()).then_some(())
    }

    /// Section 6.1.4 (b) and (h) to (j).
    fn prepare(&mut self, issued: &Issued) {
        self.tree.map(&issued.mappings, self.mapping > 0);
        if !issued.is_self_issued {
            for variable in [&mut self.explicit, &mut self.mapping, &mut self.any] {
                *variable = variable.saturating_sub(1);
            }
        }
        let limits = [
            (&mut self.explicit, issued.explicit),
            (&mut self.mapping, issued.inhibit_mapping),
            (&mut self.any, issued.inhibit_any),
        ];
        for (variable, limit) in limits {
            *variable = limit.map_or(*variable, |limit| usize::from(limit).min(*variable));
        }
    }

    /// Section 6.1.5 (a), (b) and (g).
    fn wrap_up(mut self, leaf: &Issued, inputs: &Inputs) -> Option<Set> {
        self.explicit = self.explicit.saturating_sub(1);
        if leaf.explicit == Some(0) {
            self.explicit = 0;
        }
        match &inputs.accepted {
            Some(accepted) if !accepted.contains(ANY) => self.tree.intersect(accepted),
            _ => {}
        }
        (self.explicit > 0 || !self.tree.is_null()).then(|| self.tree.below_any())
    }
}

impl Tree {
    fn new() -> Self {
        let mut tree = Self::default();
        let root = tree.node(ANY, 0);
        tree.levels.push(vec![root]);
        tree
    }

    fn node(&mut self, policy: &'static str, parent: usize) -> Node {
        self.made += 1;
        Node {
            policy,
            expected: Set::from([policy]),
            id: self.made,
            parent,
        }
    }

    fn is_null(&self) -> bool {
        self.levels.is_empty()
    }

    fn grow(&mut self, policies: &Set, any_counts: bool) {
        let Some(above) = self.levels.last().cloned() else {
            return;
        };
        let mut level: Vec<Node> = Vec::new();
        for policy in policies.iter().filter(|policy| **policy != ANY) {
            let mut parents: Vec<_> = above
                .iter()
                .filter(|node| node.expected.contains(policy))
                .collect();
            if parents.is_empty() {
                parents = above.iter().filter(|node| node.policy == ANY).collect();
            }
            let new: Vec<_> = parents
                .iter()
                .map(|parent| self.node(policy, parent.id))
                .collect();
            level.extend(new);
        }
        if policies.contains(ANY) && any_counts {
            for parent in &above {
                for expected in &parent.expected {
                    let mut children = level.iter().filter(|node| node.parent == parent.id);
                    if !children.any(|node| node.policy == *expected) {
                        let node = self.node(expected, parent.id);
                        level.push(node);
                    }
                }
            }
        }
        self.levels.push(level);
        self.prune();
    }

    /// Deletes whoever is not of the last level and has no children, until there is nobody like that.
    fn prune(&mut self) {
        for at in (1..self.levels.len()).rev() {
            let parents: BTreeSet<_> = self.levels[at].iter().map(|node| node.parent).collect();
            self.levels[at - 1].retain(|node| parents.contains(&node.id));
        }
        if self.levels.last().is_none_or(Vec::is_empty) {
            self.levels.clear();
        }
    }

    fn map(&mut self, mappings: &[(&'static str, &'static str)], allowed: bool) {
        if self.is_null() {
            return;
        }
        let depth = self.levels.len() - 1;
        let from: Set = mappings.iter().map(|(from, _)| *from).collect();
        if !allowed {
            self.levels[depth].retain(|node| !from.contains(node.policy));
            self.prune();
            return;
        }
        for policy in from {
            let to: Set = mappings
                .iter()
                .filter(|(from, _)| *from == policy)
                .map(|(_, to)| *to)
                .collect();
            let any = self.levels[depth].iter().find(|node| node.policy == ANY);
            let any = any.map(|node| node.parent);
            let is_there = self.levels[depth].iter().any(|node| node.policy == policy);
            if let (false, Some(parent)) = (is_there, any) {
                let node = self.node(policy, parent);
                self.levels[depth].push(node);
            }
            for node in self.levels[depth]
                .iter_mut()
                .filter(|node| node.policy == policy)
            {
                node.expected = to.clone();
            }
        }
    }

    fn is_below_any(&self, depth: usize, node: &Node) -> bool {
        let mut parents = self.levels[depth - 1].iter();
        parents.any(|parent| parent.id == node.parent && parent.policy == ANY)
    }

    /// Section 6.1.5 (g)(iii).
    fn intersect(&mut self, accepted: &Set) {
        if self.is_null() {
            return;
        }
        let kept = self.below_any();
        let mut gone: BTreeSet<usize> = BTreeSet::new();
        for depth in 1..self.levels.len() {
            let level = self.levels[depth].clone();
            for node in level {
                let refused = self.is_below_any(depth, &node)
                    && node.policy != ANY
                    && !accepted.contains(node.policy);
                if refused || gone.contains(&node.parent) {
                    gone.insert(node.id);
                }
            }
        }
        for level in &mut self.levels {
            level.retain(|node| !gone.contains(&node.id));
        }
        self.replace_any(accepted, &kept);
        self.prune();
    }

    /// Section 6.1.5 (g)(iii)(3).
    fn replace_any(&mut self, accepted: &Set, below_any: &Set) {
        let last = self.levels.len() - 1;
        let any = self.levels[last].iter().find(|node| node.policy == ANY);
        let Some(parent) = any.map(|node| node.parent) else {
            return;
        };
        for policy in accepted.difference(below_any) {
            let node = self.node(policy, parent);
            self.levels[last].push(node);
        }
        self.levels[last].retain(|node| node.policy != ANY);
    }

    /// The valid_policy_node_set, with anyPolicy only where it is at the end.
    fn below_any(&self) -> Set {
        let mut found = Set::new();
        for depth in 1..self.levels.len() {
            let is_last = depth + 1 == self.levels.len();
            for node in &self.levels[depth] {
                if self.is_below_any(depth, node) && (is_last || node.policy != ANY) {
                    found.insert(node.policy);
                }
            }
        }
        found
    }
}
