//! Host names, patterns of them, and the one matcher that serves SNI and `Host`.
//!
//! A connection names a host twice: in the TLS `server_name` extension and in every request. Two
//! readings of the same name are a way round client authentication, so both go through
//! [`HostName`] and [`HostTable`] and nothing else.

mod name;
mod pattern;
mod table;

pub(crate) use name::split_authority;
pub use name::{HostError, HostName};
pub use pattern::{HostPattern, HostPatterns, PatternError};
pub use table::HostTable;
