//! How OCSP responders are asked, and which ones beside those that certificates name.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Fields, Report, excerpt};
use crate::diagnostic::{Located, Problem};
use crate::gateway::{
    Delegates, Destinations, OcspHash, OcspMethod, OcspNonce, OcspResponders, OcspSettings, Secret,
};
use crate::shape::RESPONDERS;

pub(crate) fn ocsp(fields: &Fields<'_>, report: &mut Report) -> OcspSettings {
    let default = OcspSettings::default();
    let seconds = |name, default| fields.seconds(name).unwrap_or(default);
    let count = |name, default| fields.count(name).unwrap_or(default);
    OcspSettings {
        timeout: seconds("timeout", default.timeout),
        connect_timeout: seconds("connect_timeout", default.connect_timeout),
        skew: seconds("skew", default.skew),
        max_age: fields.seconds("max_age"),
        destinations: match fields.switch("allow_loopback") {
            Some(true) => Destinations::LoopbackToo,
            Some(false) | None => default.destinations,
        },
        allow_networks: networks(fields, report),
        ports: fields.shorts("ports"),
        method: method(fields),
        nonce: nonce(fields),
        hash: hash(fields),
        delegates_without_nocheck: delegates(fields),
        https_roots: fields.files("https_roots", report).unwrap_or_default(),
        proxy: fields.text("proxy"),
        store: fields.path("store"),
        redis: redis(fields, report),
        redis_roots: fields.files("redis_roots", report).unwrap_or_default(),
        capacity: count("capacity", default.capacity),
        questions: count("questions", default.questions),
        questions_each: count("questions_each", default.questions_each),
        good_lifetime: fields.seconds("good_lifetime"),
        revoked_lifetime: fields.seconds("revoked_lifetime"),
        unknown_lifetime: seconds("unknown_lifetime", default.unknown_lifetime),
        failure_lifetime: seconds("failure_lifetime", default.failure_lifetime),
        longest_failure_lifetime: seconds(
            "longest_failure_lifetime",
            default.longest_failure_lifetime,
        ),
        responders: fields.tables("responders", report, responders),
    }
}

/// Where it leads is for whoever connects to judge; a URL of another kind is a mistake that is seen here.
fn redis(fields: &Fields<'_>, report: &mut Report) -> Option<Located<Secret>> {
    let url = fields.text("redis")?;
    if !REDIS.iter().any(|scheme| url.value.starts_with(scheme)) {
        // It may have a password.
        report.push(url.place, Problem::InvalidRedis);
        return None;
    }
    Some(Located {
        value: Secret::new(url.value),
        place: url.place,
    })
}

/// What URLs of a Redis begin with.
const REDIS: [&str; 2] = ["redis://", "rediss://"];

fn networks(fields: &Fields<'_>, report: &mut Report) -> Vec<IpNet> {
    let texts = fields.texts("allow_networks", report).unwrap_or_default();
    let networks = texts.into_iter().filter_map(|text| match network(&text) {
        Ok(network) => Some(network),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidNetwork { found, source });
            None
        }
    });
    networks.collect()
}

/// Reads `address/length`, or an address as the network of itself.
fn network(text: &str) -> Result<IpNet, ipnet::AddrParseError> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.into()),
        Err(_) => text.parse().map(|network: IpNet| network.trunc()),
    }
}

fn method(fields: &Fields<'_>) -> OcspMethod {
    match fields.choice("method") {
        Some("post") => OcspMethod::Post,
        _ => OcspMethod::GetWhereShort,
    }
}

fn nonce(fields: &Fields<'_>) -> OcspNonce {
    match fields.choice("nonce") {
        Some("prefer") => OcspNonce::Prefer,
        Some("require") => OcspNonce::Require,
        _ => OcspNonce::Off,
    }
}

fn hash(fields: &Fields<'_>) -> OcspHash {
    match fields.choice("hash") {
        Some("sha256") => OcspHash::Sha256,
        _ => OcspHash::Sha1,
    }
}

fn delegates(fields: &Fields<'_>) -> Delegates {
    match fields.choice("delegates_without_nocheck") {
        Some("allow") => Delegates::Allow,
        Some("refuse") => Delegates::Refuse,
        _ => Delegates::Check,
    }
}

/// What was reported is missing, so that the files it names can be looked at all the same.
fn responders(fields: &Fields<'_>, report: &mut Report) -> OcspResponders {
    if !RESPONDERS.iter().any(|key| fields.has(key)) {
        let keys = &RESPONDERS;
        report.push(fields.place().clone(), Problem::MissingOneOf { keys });
    }
    OcspResponders {
        issuer: fields.file("issuer"),
        instead: urls("instead", fields, report),
        fallback: urls("fallback", fields, report),
        trusted: fields.files("trusted", report).unwrap_or_default(),
        place: fields.place().clone(),
    }
}

fn urls(name: &str, fields: &Fields<'_>, report: &mut Report) -> Vec<Located<String>> {
    let mut urls = fields.texts(name, report).unwrap_or_default();
    urls.retain(|url| {
        let http = is_http(url);
        if !http {
            let found = excerpt(url);
            report.push(url.place.clone(), Problem::InvalidUrl { found });
        }
        http
    });
    urls
}

/// Schemes are the same in upper and lower case (RFC 3986 section 3.1).
pub(super) fn is_http(url: &str) -> bool {
    url.split_once("://").is_some_and(|(scheme, _)| {
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    })
}
