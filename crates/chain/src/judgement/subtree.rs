//! Whether a name lies in a subtree, for each kind of name (RFC 5280 section 4.2.1.10).

use portcullis_x509::der::Error;
use portcullis_x509::{Field, GeneralName, Malformed, oid};

use crate::host::{ends_in_number, is_host, mailbox, scheme, without_root};

/// The kinds of names (RFC 5280 section 4.2.1.6).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    OtherName,
    Rfc822Name,
    DnsName,
    X400Address,
    DirectoryName,
    EdiPartyName,
    Uri,
    IpAddress,
    RegisteredId,
    /// One that is not known here, and compares with nothing.
    Unknown,
}

impl Kind {
    pub(super) fn of(name: &GeneralName<'_>) -> Self {
        match name {
            GeneralName::OtherName { .. } => Self::OtherName,
            GeneralName::Rfc822Name(_) => Self::Rfc822Name,
            GeneralName::DnsName(_) => Self::DnsName,
            GeneralName::X400Address(_) => Self::X400Address,
            GeneralName::DirectoryName(_) => Self::DirectoryName,
            GeneralName::EdiPartyName(_) => Self::EdiPartyName,
            GeneralName::Uri(_) => Self::Uri,
            GeneralName::IpAddress(_) => Self::IpAddress,
            GeneralName::RegisteredId(_) => Self::RegisteredId,
            _ => Self::Unknown,
        }
    }
}

/// Whether a subtree is for names of this kind. An otherName is of the kind that its type says, and an
/// internationalised mailbox (RFC 9598) is bound by what is said of mailboxes.
pub(super) fn is_for(base: &GeneralName<'_>, name: &GeneralName<'_>) -> bool {
    use GeneralName as Name;
    match (base, name) {
        (Name::OtherName { type_id, .. }, Name::OtherName { type_id: other, .. }) => {
            type_id == other
        }
        (Name::Rfc822Name(_), Name::OtherName { type_id, .. }) => {
            *type_id == oid::SMTP_UTF8_MAILBOX
        }
        _ => Kind::of(base) == Kind::of(name),
    }
}

/// Whether a permitted subtree holds the name; nothing when that cannot be said.
pub(super) fn permits(base: &GeneralName<'_>, name: &GeneralName<'_>) -> Option<bool> {
    compare(base, name, Use::Permitted)
}

/// Whether an excluded subtree holds the name, or a part of what it stands for; nothing when that
/// cannot be said.
pub(super) fn excludes(base: &GeneralName<'_>, name: &GeneralName<'_>) -> Option<bool> {
    compare(base, name, Use::Excluded)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Permitted,
    Excluded,
}

fn compare(base: &GeneralName<'_>, name: &GeneralName<'_>, usage: Use) -> Option<bool> {
    match (base, name) {
        (GeneralName::DirectoryName(base), GeneralName::DirectoryName(name)) => {
            // What is excluded is excluded in whichever kind of string it is written.
            let loosely = || usage == Use::Excluded && name.resembles_within(base);
            Some(name.is_within(base) || loosely())
        }
        (GeneralName::DnsName(base), GeneralName::DnsName(name)) => dns(base, name, usage),
        (GeneralName::IpAddress(base), GeneralName::IpAddress(name)) => ip(base, name, usage),
        (GeneralName::Rfc822Name(base), GeneralName::Rfc822Name(name)) => email(base, name, usage),
        (GeneralName::Uri(base), GeneralName::Uri(name)) => uri(base, name),
        _ => None,
    }
}

/// Whether a base is one of its kind. A constraint that nobody can apply must not look like one that holds.
pub(super) fn check_base(base: &GeneralName<'_>) -> Result<(), Malformed> {
    let sound = match base {
        GeneralName::DnsName(base) => is_domain(base),
        GeneralName::Rfc822Name(base) => match base.rsplit_once('@') {
            Some(_) => mailbox(base).is_some(),
            None => is_domain(base),
        },
        GeneralName::IpAddress(base) => network(base).is_some_and(|(_, mask)| is_prefix(mask)),
        _ => true,
    };
    if sound {
        Ok(())
    } else {
        Err(Malformed::Encoding {
            field: Field::NameConstraints,
            source: Error::Constraint,
        })
    }
}

/// A host, or the hosts below it when it begins with a dot, or nothing, which is all hosts.
fn is_domain(base: &str) -> bool {
    base.is_empty() || is_host(base.strip_prefix('.').unwrap_or(base))
}

/// `www.host.example` lies in `host.example`, which lies in itself; a wildcard does when all that it
/// stands for does. Of an excluded subtree it must not stand for anything.
fn dns(base: &str, name: &str, usage: Use) -> Option<bool> {
    let name = without_root(name);
    let wildcard = name.strip_prefix("*.");
    if !is_host(wildcard.unwrap_or(name)) {
        return None;
    }
    let overlaps = || {
        let base = base.strip_prefix('.').unwrap_or(base);
        let above = base.split_once('.').map(|(_, above)| above);
        wildcard
            .zip(above)
            .is_some_and(|(domain, above)| domain.eq_ignore_ascii_case(above))
    };
    Some(is_host_within(base, name) || (usage == Use::Excluded && overlaps()))
}

/// A host within itself and below, or only below a base that begins with a dot.
fn is_host_within(base: &str, host: &str) -> bool {
    match base.strip_prefix('.') {
        Some(base) => is_below(base, host),
        None => base.is_empty() || host.eq_ignore_ascii_case(base) || is_below(base, host),
    }
}

fn is_below(base: &str, host: &str) -> bool {
    let Some(at) = host.len().checked_sub(base.len()) else {
        return false;
    };
    match host.split_at_checked(at) {
        Some((labels, end)) => labels.ends_with('.') && end.eq_ignore_ascii_case(base),
        None => false,
    }
}

/// An address of four or sixteen octets, in a network of twice as many. What is excluded is excluded
/// as an IPv4-mapped address (RFC 4291 section 2.5.5.2) too.
fn ip(base: &[u8], name: &[u8], usage: Use) -> Option<bool> {
    if !matches!(name.len(), 4 | 16) {
        return None;
    }
    let (network, mask) = network(base)?;
    let name = match name.strip_prefix(&MAPPED) {
        Some(mapped) if usage == Use::Excluded && network.len() == 4 => mapped,
        _ => name,
    };
    let inside = || {
        let parts = network.iter().zip(mask).zip(name);
        parts
            .into_iter()
            .all(|((network, mask), name)| network & mask == name & mask)
    };
    Some(network.len() == name.len() && inside())
}

const MAPPED: [u8; 12] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/// The address and the mask of a constraint.
fn network(base: &[u8]) -> Option<(&[u8], &[u8])> {
    match base.len() {
        8 => base.split_at_checked(4),
        32 => base.split_at_checked(16),
        _ => None,
    }
}

/// RFC 4632 section 3.1: ones, then zeros.
fn is_prefix(mask: &[u8]) -> bool {
    let mut rest = mask.iter().skip_while(|octet| **octet == 0xff);
    let boundary = rest.next().copied().unwrap_or_default();
    boundary
        .leading_ones()
        .saturating_add(boundary.trailing_zeros())
        >= 8
        && rest.all(|octet| *octet == 0)
}

/// A mailbox, all mailboxes at a host, or all at the hosts below a domain. The part before the @ is
/// the host's to read (section 7.5), hence compared exactly to permit and loosely to exclude.
fn email(base: &str, name: &str, usage: Use) -> Option<bool> {
    let (local, host) = mailbox(name)?;
    Some(match mailbox(base) {
        Some((base_local, base_host)) => {
            let same = match usage {
                Use::Permitted => base_local == local,
                Use::Excluded => base_local.eq_ignore_ascii_case(local),
            };
            same && base_host.eq_ignore_ascii_case(host)
        }
        None => is_exactly_within(base, host),
    })
}

/// The host of a URI, or the hosts below a domain. A URI without a host name cannot be compared, nor
/// can anything with a base that is a whole URI, as some authorities write it.
fn uri(base: &str, name: &str) -> Option<bool> {
    let host = host_of(name).filter(|_| is_domain(base))?;
    Some(is_exactly_within(base, host))
}

/// As mailboxes and URIs have it: the very host, the hosts below what begins with a dot, or all hosts.
fn is_exactly_within(base: &str, host: &str) -> bool {
    match base.strip_prefix('.') {
        Some(base) => is_below(base, host),
        None => base.is_empty() || base.eq_ignore_ascii_case(host),
    }
}

/// The host name of a URI with an authority (RFC 3986 section 3.2); an address is none.
fn host_of(uri: &str) -> Option<&str> {
    let (_, rest) = scheme(uri)?;
    let authority = rest.strip_prefix("//")?;
    let end = authority.find(['/', '?', '#']).unwrap_or(authority.len());
    let (authority, _) = authority.split_at_checked(end)?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (user, host),
        None => ("", authority),
    };
    let (host, port) = host.split_once(':').unwrap_or((host, ""));
    let sound = user.bytes().all(is_of_user) && port.bytes().all(|octet| octet.is_ascii_digit());
    let host = without_root(host);
    (sound && is_host(host) && !ends_in_number(host)).then_some(host)
}

/// RFC 3986 section 3.2.1. There are readers who end the authority at what is none of these.
fn is_of_user(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:".contains(&octet)
}

/// What comparing a name of this kind takes, in comparisons: one for every 64 octets, of directory names,
/// whose sets are sorted, one for every 3.
pub(super) fn cost(name: &GeneralName<'_>) -> usize {
    let pieces = match name {
        GeneralName::Rfc822Name(text) | GeneralName::DnsName(text) | GeneralName::Uri(text) => {
            text.len() / 64
        }
        GeneralName::DirectoryName(name) => name.der().len() / 3,
        _ => 0,
    };
    pieces.saturating_add(1)
}
