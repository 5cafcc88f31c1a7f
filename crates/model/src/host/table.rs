//! Which listener a host belongs to.

use std::collections::HashMap;

use super::name::HostName;
use super::pattern::{HostPattern, HostPatterns};

/// The listeners of one address by the hosts they answer for, in order of priority.
///
/// On several matches the one given first wins, whether its pattern is exact or not: no
/// most-specific-wins, as Application Gateway documents. Exact names cost one lookup, however many
/// there are; patterns with wildcards are tried one by one.
///
/// ```
/// use portcullis_model::host::{HostName, HostPatterns, HostTable};
///
/// let mut table = HostTable::new();
/// table.push(&HostPatterns::new(vec!["www.contoso.com".parse()?]), "contoso");
/// table.push(&HostPatterns::default(), "everyone else");
/// let host = HostName::from_authority("WWW.contoso.com:8443")?;
/// assert_eq!(table.select(Some(&host)), Some(&"contoso"));
/// assert_eq!(table.select(None), Some(&"everyone else"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct HostTable<T> {
    /// In order of priority.
    entries: Vec<T>,
    /// The first entry with this very name.
    exact: HashMap<HostName, usize>,
    /// In order of priority.
    wildcards: Vec<(usize, HostPattern)>,
    /// The first entry for every host.
    any: Option<usize>,
}

impl<T> Default for HostTable<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> HostTable<T> {
    /// A table without listeners.
    #[must_use]
    pub fn new() -> Self {
        Self {
            entries: Vec::new(),
            exact: HashMap::new(),
            wildcards: Vec::new(),
            any: None,
        }
    }

    /// Adds the listener of the next lower priority.
    pub fn push(&mut self, hosts: &HostPatterns, listener: T) {
        let index = self.entries.len();
        self.entries.push(listener);
        if hosts.is_any() {
            self.any.get_or_insert(index);
        }
        for pattern in hosts {
            match pattern.exact() {
                Some(name) => {
                    self.exact.entry(name.clone()).or_insert(index);
                }
                None => self.wildcards.push((index, pattern.clone())),
            }
        }
    }

    /// The listener for the host of a request. Without a host only one for every host will do.
    #[must_use]
    pub fn select(&self, host: Option<&HostName>) -> Option<&T> {
        let named = host.and_then(|host| self.named(host));
        let index = match (named, self.any) {
            (Some(named), Some(any)) => named.min(any),
            (one, other) => one.or(other)?,
        };
        self.entries.get(index)
    }

    /// The listener whose certificate a handshake shows. A handshake needs one: where no listener
    /// answers for the name, or there is no name, it is the first for every host, otherwise the
    /// first of all. What the requests then name is still for [`HostTable::select`] to judge.
    #[must_use]
    pub fn select_for_handshake(&self, server_name: Option<&HostName>) -> Option<&T> {
        self.select(server_name).or_else(|| self.entries.first())
    }

    /// The listeners, in order of priority.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.entries.iter()
    }

    fn named(&self, host: &HostName) -> Option<usize> {
        let exact = self.exact.get(host).copied();
        let wildcard = self
            .wildcards
            .iter()
            .take_while(|(index, _)| exact.is_none_or(|exact| *index < exact))
            .find(|(_, pattern)| pattern.matches(host))
            .map(|(index, _)| *index);
        wildcard.or(exact)
    }
}

impl<'a, T> IntoIterator for &'a HostTable<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
