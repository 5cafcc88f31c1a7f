//! Which identities may pass.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Fields, Report, excerpt};
use crate::diagnostic::{Located, Problem};
use crate::gateway::{Authorization, Sha256, SubjectDemand};
use crate::host::{HostName, HostPattern};
use crate::shape::DEMANDS;

/// An authorization; `None` when anything of it was reported: what is missing from a list would let
/// others pass, or nobody.
pub(crate) struct AuthorizationDraft {
    pub(crate) name: Located<String>,
    pub(crate) authorization: Option<Authorization>,
}

pub(super) fn authorization(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> AuthorizationDraft {
    if !DEMANDS.iter().any(|key| fields.has(key)) {
        let keys = &DEMANDS;
        report.push(fields.place().clone(), Problem::MissingOneOf { keys });
        let authorization = None;
        return AuthorizationDraft {
            name,
            authorization,
        };
    }
    let authorization = demands(&name.value, fields, report);
    AuthorizationDraft {
        name,
        authorization,
    }
}

fn demands(name: &str, fields: &Fields<'_>, report: &mut Report) -> Option<Authorization> {
    let require_certificate = require_certificate(fields, report);
    let dns = list("dns", DNS, fields, report, dns);
    let email = list("email", EMAIL, fields, report, email);
    let uri = list("uri", URI, fields, report, uri);
    let ip = list("ip", IP, fields, report, network);
    let domains = list("spiffe_trust_domain", DOMAIN, fields, report, trust_domain);
    let issuer_dn = list("issuer_dn", DN, fields, report, distinguished_name);
    let subject = subject(fields, report);
    let policy_oid = list("policy_oid", OID, fields, report, oid);
    let fingerprint = list("fingerprint_sha256", HASH, fields, report, sha256);
    let spki = list("spki_sha256", HASH, fields, report, sha256);
    Some(Authorization {
        name: name.to_owned(),
        require_certificate: require_certificate?,
        dns: dns?,
        email: email?,
        uri: uri?,
        ip: ip?,
        spiffe_trust_domain: domains?,
        issuer_dn: issuer_dn?,
        subject: subject?,
        policy_oid: policy_oid?,
        fingerprint_sha256: fingerprint?,
        spki_sha256: spki?,
        place: fields.place().clone(),
    })
}

/// `false` would either say nothing, or say that everybody may pass.
fn require_certificate(fields: &Fields<'_>, report: &mut Report) -> Option<bool> {
    let said = fields.switch_or("require_certificate", false)?;
    if !said && fields.has("require_certificate") {
        let (found, accepted) = ("false".to_owned(), &["true"]);
        let place = fields.place_of("require_certificate");
        report.push(place, Problem::UnknownValue { found, accepted });
        return None;
    }
    Some(said)
}

fn subject(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<SubjectDemand>> {
    if !fields.has("subject") {
        return Some(Vec::new());
    }
    let found = fields.texts_by_name("subject", report)?.into_iter();
    let demands: Vec<_> = found
        .map(|(attribute, values)| SubjectDemand { attribute, values })
        .collect();
    let mut fine = true;
    for SubjectDemand { attribute, .. } in &demands {
        let letters = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.');
        if attribute.is_empty() || !attribute.chars().all(letters) {
            report.push(attribute.place.clone(), ATTRIBUTE.problem(attribute));
            fine = false;
        }
    }
    fine.then_some(demands)
}

/// What a text of a list is, for messages.
#[derive(Clone, Copy)]
struct Word {
    what: &'static str,
    accepted: &'static str,
}

impl Word {
    fn problem(self, found: &str) -> Problem {
        let Self { what, accepted } = self;
        let found = excerpt(found);
        Problem::InvalidText {
            found,
            what,
            accepted,
        }
    }
}

const fn word(what: &'static str, accepted: &'static str) -> Word {
    Word { what, accepted }
}

const DNS: Word = word(
    "a DNS name",
    "a host name, `*` and `?` allowed, such as \"*.contoso.com\"",
);
const EMAIL: Word = word(
    "an e-mail address",
    "\"alice@contoso.com\", or \"@contoso.com\" for all of a domain",
);
const URI: Word = word(
    "a URI",
    "scheme:rest in ASCII, such as \"urn:contoso:alice\"",
);
const IP: Word = word(
    "a network",
    "address/length or an address, such as \"10.1.0.0/16\" or \"2001:db8::1\"",
);
const DOMAIN: Word = word(
    "a SPIFFE trust domain",
    "lower-case letters, digits, '.', '-' and '_', at most 255, such as \"contoso.com\"",
);
const DN: Word = word(
    "a distinguished name",
    "ATTRIBUTE=VALUE,... as RFC 4514 writes it, such as \"CN=Contoso Issuing CA,O=Contoso\"",
);
const OID: Word = word(
    "an object identifier",
    "dotted decimals, such as \"1.3.6.1.4.1.311.21.8\"",
);
const HASH: Word = word(
    "a SHA-256 hash",
    "64 hexadecimal digits, colons between pairs allowed",
);
const ATTRIBUTE: Word = word(
    "an attribute of a name",
    "a name such as \"O\" or \"CN\", or dotted decimals",
);

/// The texts of a list, none where it is absent; `None` when anything of it was reported.
fn list<T>(
    name: &str,
    word: Word,
    fields: &Fields<'_>,
    report: &mut Report,
    read: impl Fn(&str) -> Option<T>,
) -> Option<Vec<Located<T>>> {
    if !fields.has(name) {
        return Some(Vec::new());
    }
    let texts = fields.texts(name, report)?.into_iter();
    let values: Vec<Option<_>> = texts
        .map(|text| match read(&text) {
            Some(value) => Some(Located::new(value, text.place)),
            None => {
                report.push(text.place.clone(), word.problem(&text));
                None
            }
        })
        .collect();
    values.into_iter().collect()
}

fn dns(text: &str) -> Option<HostPattern> {
    text.parse().ok()
}

fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let legal = |letter: char| letter.is_ascii_graphic() && letter != '@';
    let fine = local.chars().all(legal) && HostName::parse(domain).is_ok();
    fine.then(|| text.to_owned())
}

/// RFC 3986 section 3: a scheme, and something after it.
fn uri(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let first = scheme.starts_with(|letter: char| letter.is_ascii_alphabetic());
    let mut others = scheme.chars();
    let others = others.all(|letter| letter.is_ascii_alphanumeric() || "+-.".contains(letter));
    let rest = !rest.is_empty() && rest.chars().all(|letter| letter.is_ascii_graphic());
    (first && others && rest).then(|| text.to_owned())
}

fn network(text: &str) -> Option<IpNet> {
    match text.parse::<IpAddr>() {
        Ok(address) => Some(address.into()),
        Err(_) => text.parse().ok().map(|network: IpNet| network.trunc()),
    }
}

/// The SPIFFE-ID standard, section 2.1.
fn trust_domain(text: &str) -> Option<String> {
    let legal = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ".-_".contains(letter)
    };
    (text.len() <= 255 && text.chars().all(legal)).then(|| text.to_owned())
}

/// Only whether it looks like one: whoever compares names parses it.
fn distinguished_name(text: &str) -> Option<String> {
    let (attribute, _) = text.split_once('=')?;
    let legal = |letter: char| letter.is_ascii_alphanumeric() || " -.".contains(letter);
    (!attribute.trim().is_empty() && attribute.chars().all(legal)).then(|| text.to_owned())
}

fn oid(text: &str) -> Option<String> {
    let mut arcs = text.split('.');
    let first: u64 = arcs.next()?.parse().ok()?;
    let second: u64 = arcs.next()?.parse().ok()?;
    let number = |arc: &str| !arc.is_empty() && arc.bytes().all(|digit| digit.is_ascii_digit());
    let canonical = |arc: &str| arc == "0" || !arc.starts_with('0');
    let fine = first <= 2
        && (first == 2 || second < 40)
        && text.split('.').all(|arc| number(arc) && canonical(arc));
    fine.then(|| text.to_owned())
}

fn sha256(text: &str) -> Option<Sha256> {
    let digits: String = match text.contains(':') {
        true if text.split(':').all(|pair| pair.len() == 2) => text.split(':').collect(),
        true => return None,
        false => text.to_owned(),
    };
    if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let pairs = digits.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    bytes.collect::<Option<Vec<u8>>>()?.try_into().ok()
}
