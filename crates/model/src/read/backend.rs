//! Pools of backends, and how they are spoken to.

use std::net::{IpAddr, SocketAddr};

use super::{Fields, Report, excerpt};
use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{BackendSettings, Target, TargetHost};
use crate::host::{HostError, HostName, split_authority};

/// A pool.
pub(crate) struct PoolDraft {
    pub(crate) name: Located<String>,
    pub(crate) targets: Option<Vec<Located<Target>>>,
    pub(crate) place: Place,
}

/// Backend settings, and the port for targets without one.
pub(crate) struct SettingsDraft {
    pub(crate) name: Located<String>,
    pub(crate) port: Option<u16>,
    pub(crate) settings: BackendSettings,
}

pub(crate) fn pool(name: Located<String>, fields: &Fields<'_>, report: &mut Report) -> PoolDraft {
    PoolDraft {
        name,
        targets: targets(fields, report),
        place: fields.place().clone(),
    }
}

pub(crate) fn settings(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> SettingsDraft {
    let default = BackendSettings::default();
    SettingsDraft {
        name,
        port: fields.short("port").map(|port| port.value),
        settings: BackendSettings {
            host: fields.text("host").and_then(|text| host(text, report)),
            request_timeout: fields
                .seconds("request_timeout")
                .unwrap_or(default.request_timeout),
        },
    }
}

fn host(text: Located<String>, report: &mut Report) -> Option<Located<HostName>> {
    match HostName::parse(&text.value) {
        Ok(host) => Some(Located::new(host, text.place)),
        Err(source) => {
            let found = excerpt(&text);
            report.push(text.place, Problem::InvalidHost { found, source });
            None
        }
    }
}

fn targets(fields: &Fields<'_>, report: &mut Report) -> Option<Vec<Located<Target>>> {
    let texts = fields.texts("targets", report)?.into_iter();
    let targets: Vec<Option<_>> = texts
        .map(|text| match target(&text) {
            Ok(target) => Some(Located::new(target, text.place)),
            Err(source) => {
                let found = excerpt(&text);
                report.push(text.place, Problem::InvalidHost { found, source });
                None
            }
        })
        .collect();
    targets.into_iter().collect()
}

/// Reads `host`, `host:port`, an address, or `address:port`.
fn target(text: &str) -> Result<Target, HostError> {
    if let Ok(address) = text.parse::<IpAddr>() {
        let host = TargetHost::Address(address);
        return Ok(Target { host, port: None });
    }
    if let Ok(address) = text.parse::<SocketAddr>()
        && address.port() != 0
    {
        let host = TargetHost::Address(address.ip());
        let port = Some(address.port());
        return Ok(Target { host, port });
    }
    let (host, port) = split_authority(text)?;
    if port == Some(0) {
        return Err(HostError::Port);
    }
    let host = match literal(host.as_str()) {
        Some(address) => TargetHost::Address(address),
        None => TargetHost::Name(host),
    };
    Ok(Target { host, port })
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
