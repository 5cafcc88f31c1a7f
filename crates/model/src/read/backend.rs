//! Pools of backends, and how they are spoken to.

use std::net::{IpAddr, SocketAddr};

use super::fields::TextOrTable;
use super::tls_profile::key_pair;
use super::{Drafted, Fields, Report, excerpt};
use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{
    Affinity, BackendHost, BackendHttpVersion, BackendProtocol, BackendSettings, BackendTls,
    Balance, Target, TargetHost, Validation,
};
use crate::host::{HostError, HostName, split_authority};

/// A pool.
pub(crate) struct PoolDraft {
    pub(crate) name: Located<String>,
    pub(crate) targets: Option<Vec<Located<Target>>>,
    pub(crate) balance: Option<Balance>,
    pub(crate) place: Place,
}

/// Backend settings whose probe is not looked up yet.
pub(crate) struct SettingsDraft {
    pub(crate) name: Located<String>,
    /// Its probe is for [`SettingsDraft::probe`] to say.
    pub(crate) settings: Option<BackendSettings>,
    pub(crate) probe: Drafted<Located<String>>,
}

pub(crate) fn pool(name: Located<String>, fields: &Fields<'_>, report: &mut Report) -> PoolDraft {
    PoolDraft {
        name,
        targets: targets(fields, report),
        balance: balance(fields),
        place: fields.place().clone(),
    }
}

pub(crate) fn settings(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> SettingsDraft {
    let protocol = protocol(fields, report);
    let host = backend_host(fields, report);
    let affinity = affinity(fields, report);
    let path = match fields.has("path") {
        true => absolute_path("path", "#?", fields, report).map(Some),
        false => Some(None),
    };
    let default = BackendSettings::default();
    let settings = || {
        Some(BackendSettings {
            name: name.value.clone(),
            protocol: protocol?,
            http_version: match fields.choice_or("http_version", "1.1")? {
                "2" => BackendHttpVersion::Http2,
                _ => BackendHttpVersion::Http1,
            },
            port: fields.short("port").map(|port| port.value),
            host: host?,
            request_timeout: fields
                .seconds("request_timeout")
                .unwrap_or(default.request_timeout),
            path: path?,
            affinity: affinity?,
            draining: fields.seconds("draining"),
            dedicated_connections: fields.switch_or("dedicated_connections", false)?,
            probe: None,
        })
    };
    let settings = settings();
    SettingsDraft {
        name,
        settings,
        probe: fields.reference("probe"),
    }
}

fn protocol(fields: &Fields<'_>, report: &mut Report) -> Option<BackendProtocol> {
    let tls = backend_tls(fields, report);
    if fields.choice_or("protocol", "http")? == "https" {
        return Some(BackendProtocol::Https(Box::new(tls?)));
    }
    for name in OF_TLS {
        let (key, value) = ("protocol", "http");
        fields.refuse(name, Problem::Meaningless { key, value }, report);
    }
    Some(BackendProtocol::Http)
}

/// What only TLS to backends gives a meaning.
const OF_TLS: [&str; 5] = [
    "trusted_roots",
    "sni",
    "validate_certificate",
    "validate_name",
    "client_certificate",
];

fn backend_tls(fields: &Fields<'_>, report: &mut Report) -> Option<BackendTls> {
    let trusted_roots = match fields.has("trusted_roots") {
        true => fields.files("trusted_roots", report),
        false => Some(Vec::new()),
    };
    let sni = match fields.has("sni") {
        true => fields
            .text("sni")
            .and_then(|text| host(text, report))
            .map(Some),
        false => Some(None),
    };
    let client_certificate = match fields.has("client_certificate") {
        true => {
            let table = fields.table("client_certificate", report);
            table.and_then(|table| key_pair(&table, report)).map(Some)
        }
        false => Some(None),
    };
    let validation = |name| {
        Some(match fields.switch_or(name, true)? {
            true => Validation::Check,
            false => Validation::Skip,
        })
    };
    Some(BackendTls {
        trusted_roots: trusted_roots?,
        sni: sni?,
        chain: validation("validate_certificate")?,
        name: validation("validate_name")?,
        client_certificate: client_certificate?,
    })
}

fn backend_host(fields: &Fields<'_>, report: &mut Report) -> Option<BackendHost> {
    if fields.has("host") {
        if fields.switch("pick_host") == Some(true) {
            let with = "host";
            fields.refuse("pick_host", Problem::Conflict { with }, report);
        }
        return host(fields.text("host")?, report).map(BackendHost::Named);
    }
    Some(match fields.switch_or("pick_host", false)? {
        true => BackendHost::FromTarget,
        false => BackendHost::FromClient,
    })
}

fn affinity(fields: &Fields<'_>, report: &mut Report) -> Option<Option<Affinity>> {
    let name = match fields.has("affinity_cookie") {
        true => cookie_name(fields.text("affinity_cookie")?, report)?,
        false => Affinity::COOKIE.to_owned(),
    };
    let on = fields.switch_or("cookie_affinity", false)?;
    Some(on.then(|| Affinity::new(name)))
}

/// A token (RFC 6265 section 4.1.1).
fn cookie_name(text: Located<String>, report: &mut Report) -> Option<String> {
    let legal = |letter: char| letter.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(letter);
    if text.chars().all(legal) {
        return Some(text.value);
    }
    let problem = Problem::InvalidText {
        found: excerpt(&text),
        what: "the name of a cookie",
        accepted: "a token of RFC 9110 section 5.6.2",
    };
    report.push(text.place, problem);
    None
}

/// A path as request lines have it, without some letters.
pub(super) fn absolute_path(
    name: &str,
    without: &str,
    fields: &Fields<'_>,
    report: &mut Report,
) -> Option<Located<String>> {
    let text = fields.text(name)?;
    let legal = |letter: char| letter.is_ascii_graphic() && !without.contains(letter);
    if text.starts_with('/') && text.chars().all(legal) {
        return Some(text);
    }
    let problem = Problem::InvalidText {
        found: excerpt(&text),
        what: "an absolute path",
        accepted: "printable ASCII that begins with '/'",
    };
    report.push(text.place, problem);
    None
}

pub(super) fn host(text: Located<String>, report: &mut Report) -> Option<Located<HostName>> {
    match HostName::parse(&text.value) {
        Ok(host) => Some(Located::new(host, text.place)),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidHost { found, source });
            None
        }
    }
}

fn balance(fields: &Fields<'_>) -> Option<Balance> {
    Some(match fields.choice_or("balance", "round_robin")? {
        "round_robin" => Balance::RoundRobin,
        "least_connections" => Balance::LeastConnections,
        "ip_hash" => Balance::IpHash,
        _ => return None,
    })
}

fn targets(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<Located<Target>>> {
    let targets = fields.texts_or_tables("targets", report, |element, report| match element {
        TextOrTable::Text(text) => located_target(text, 1, report),
        TextOrTable::Table(fields) => {
            let weight = match fields.short("weight") {
                None if fields.has("weight") => None,
                None => Some(1),
                Some(weight) => u8::try_from(weight.value).ok(),
            };
            let target = fields.text("target")?;
            located_target(target, weight.unwrap_or(1), report).filter(|_| weight.is_some())
        }
    })?;
    targets.into_iter().collect()
}

fn located_target(
    text: Located<String>,
    weight: u8,
    report: &mut Report,
) -> Option<Located<Target>> {
    match target(&text) {
        Ok(target) => Some(Located::new(Target { weight, ..target }, text.place)),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidHost { found, source });
            None
        }
    }
}

/// Reads `host`, `host:port`, an address, or `address:port`.
fn target(text: &str) -> Result<Target, HostError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let host = TargetHost::Address(address);
        return Ok(of_weight_one(host, None));
    }
    if let Ok(address) = text.parse::<SocketAddr>()
        && address.port() != 0
    {
        let host = TargetHost::Address(address.ip());
        let port = Some(address.port());
        return Ok(of_weight_one(host, port));
    }
    let (host, port) = split_authority(text)?;
    if port == Some(0) {
        return Err(HostError::Port);
    }
    let host = match literal(host.as_str()) {
        Some(address) => TargetHost::Address(address),
        None => TargetHost::Name(host),
    };
    Ok(of_weight_one(host, port))
}

fn of_weight_one(host: TargetHost, port: Option<u16>) -> Target {
    let weight = 1;
    Target { host, port, weight }
}

fn literal(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::target;
    use crate::host::HostError;

    fn shown(text: &str) -> String {
        let target = target(text).unwrap();
        format!("{} {:?}", target.host, target.port)
    }

    #[test]
    fn a_target_is_an_address_or_a_name_with_or_without_a_port() {
        assert_eq!(shown("10.0.1.4"), "10.0.1.4 None");
        assert_eq!(shown("10.0.1.4:80"), "10.0.1.4 Some(80)");
        assert_eq!(shown("::1"), "[::1] None");
        assert_eq!(shown("[::1]"), "[::1] None");
        assert_eq!(shown("[::1]:80"), "[::1] Some(80)");
        assert_eq!(shown("App.Internal."), "app.internal None");
        assert_eq!(shown("app.internal:8080"), "app.internal Some(8080)");
    }

    #[test]
    fn a_url_an_impossible_port_and_a_list_are_no_targets() {
        assert_eq!(target("http://10.0.1.4"), Err(HostError::Port));
        assert_eq!(target("10.0.1.4:0"), Err(HostError::Port));
        assert_eq!(target("app:65536"), Err(HostError::Port));
        assert_eq!(target("app:"), Err(HostError::Port));
        assert_eq!(target("a,b"), Err(HostError::Character { character: ',' }));
    }
}
