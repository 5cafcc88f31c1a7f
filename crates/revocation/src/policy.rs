//! What a check demands, and what it accepts when nobody can be asked.

use std::time::Duration;

/// What a check demands. There is no default: each part decides who gets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    pub(crate) mode: Mode,
    pub(crate) scope: Scope,
}

impl Policy {
    /// Demands this of these certificates.
    #[must_use]
    pub fn new(mode: Mode, scope: Scope) -> Self {
        Self { mode, scope }
    }
}

/// What becomes of a certificate whose responder cannot be asked.
///
/// It is only then that the modes differ: revoked, unknown, and an answer that proves nothing are
/// refused in each. What counts as "cannot be asked" is [`Class::Unavailable`](crate::Class::Unavailable).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// It is refused.
    HardFail,
    /// It is accepted unchecked, unless it was known to be revoked. Whoever can keep the gateway from reaching
    /// the responder can then use a revoked certificate, unless it is remembered to be; that memory is
    /// [bounded](crate::Settings::capacity).
    SoftFail,
    /// It is accepted on the last good answer for at most so long after that answer ran out.
    Grace(Duration),
}

/// Which certificates of a chain are asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The leaf.
    Leaf,
    /// Every certificate but the trust anchor, at the same time. All must pass.
    Chain,
}
