//! The listener for operators.

use std::net::SocketAddr;

use crate::diagnostic::Located;
use crate::host::HostName;

/// Where operators and their tools ask how the gateway is.
///
/// Nobody is authenticated there and nothing can be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admin {
    /// The address and port: one of this machine alone, unless `allow_remote` was said.
    pub bind: Located<SocketAddr>,
    /// Names it answers for beside `localhost` and addresses: a page that a browser was lured to under
    /// another name (DNS rebinding) is not answered.
    pub hosts: Vec<HostName>,
}

impl Admin {
    pub(crate) fn new(bind: Located<SocketAddr>, hosts: Vec<HostName>) -> Self {
        Self { bind, hosts }
    }
}
