//! How one set of backend settings reaches backends: what secures a connection, and what is spoken on it.

mod verifier;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use portcullis_model::host::HostName;
use portcullis_model::{BackendHttpVersion, BackendProtocol, BackendSettings, TargetHost};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;

pub(crate) use verifier::BackendVerifier;

/// What connections to backends have in common. Those of two transports never stand in for each other:
/// what one trusts, the other may not. One that [takes the place](Self::take_over) of its like goes on with them.
pub(crate) struct Transport {
    line: ArcSwap<Line>,
    /// How TLS is spoken; none over plain connections.
    pub(crate) tls: Option<BackendTls>,
    pub(crate) http_version: BackendHttpVersion,
    /// Whether a client connection shares its backend connections with no other.
    pub(crate) dedicated: bool,
}

/// A transport and those that took its place, one after the other. It is gone when none of them is configured any more.
pub(crate) struct Line {
    /// Differs from that of every other of the process.
    pub(crate) id: u64,
}

impl Transport {
    /// `tls` is there exactly where the settings ask for it.
    pub(crate) fn new(settings: &BackendSettings, tls: Option<BackendTls>) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Self {
            line: ArcSwap::from_pointee(Line { id }),
            tls,
            http_version: settings.http_version,
            dedicated: settings.dedicated_connections,
        }
    }

    /// Whose connections it uses.
    pub(crate) fn line(&self) -> Arc<Line> {
        self.line.load_full()
    }

    /// Goes on with the connections of one that it takes the place of, where both trust, show and speak the same.
    pub(crate) fn take_over(&self, former: &Self) {
        let secured_by = |one: &Self| one.tls.as_ref().map(|tls| tls.digest);
        let alike = secured_by(self) == secured_by(former)
            && self.http_version == former.http_version
            && self.dedicated == former.dedicated;
        if alike {
            self.line.store(former.line());
        }
    }

    pub(crate) fn is_http2(&self) -> bool {
        self.http_version == BackendHttpVersion::Http2
    }
}

/// How TLS is spoken to backends.
pub(crate) struct BackendTls {
    /// To those of one name.
    pub(crate) named: Arc<ClientConfig>,
    /// To those whose name is not known, which prove everything else: for probes alone.
    pub(crate) of_any_name: Arc<ClientConfig>,
    /// Of what is trusted and shown.
    pub(crate) digest: [u8; 32],
}

/// Where a request goes, and by which way.
#[derive(Clone)]
pub(crate) struct Destination {
    pub(crate) address: SocketAddr,
    pub(crate) transport: Arc<Transport>,
    /// Whom the backend's certificate has to name, and what is sent of it: a name, or nothing where it
    /// is an address (RFC 6066 section 3). Over TLS there is no connection without it.
    pub(crate) server_name: Option<ServerName<'static>>,
}

/// Whom a backend's certificate has to name: the explicit `sni`, the settings' host, the name that the
/// pool has for the target, or the host that the client asks for, in this order. None over plain
/// connections, and where that host can be in no certificate.
pub(crate) fn server_name(
    settings: &BackendSettings,
    target: &TargetHost,
    incoming_host: &str,
) -> Option<ServerName<'static>> {
    let BackendProtocol::Https(tls) = &settings.protocol else {
        return None;
    };
    let configured = tls.sni.as_ref().or_else(|| settings.host.named());
    match (configured, target) {
        (Some(host), _) => as_server_name(&host.value),
        (None, TargetHost::Name(name)) => as_server_name(name),
        (None, TargetHost::Address(_)) => {
            as_server_name(&HostName::from_authority(incoming_host).ok()?)
        }
    }
}

/// A host as TLS has it: an address is one, in brackets or not.
pub(crate) fn as_server_name(host: &HostName) -> Option<ServerName<'static>> {
    let host = host.as_str();
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'))
        .unwrap_or(host);
    match bare.parse::<IpAddr>() {
        Ok(address) => Some(ServerName::from(address)),
        Err(_) => ServerName::try_from(bare.to_owned()).ok(),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn settings(lines: &str) -> Arc<BackendSettings> {
        let text = format!("[backend_settings.b]\n{lines}");
        let settings = portcullis_model::diagnose(&text).gateway.backend_settings;
        assert_eq!(settings.len(), 1, "{text} {}", Path::new(".").display());
        Arc::clone(&settings[0])
    }

    fn name(lines: &str, target: &str, host: &str) -> Option<String> {
        let target = match target.parse() {
            Ok(address) => TargetHost::Address(address),
            Err(_) => TargetHost::Name(HostName::parse(target).unwrap()),
        };
        let name = server_name(&settings(lines), &target, host)?;
        Some(match name {
            ServerName::DnsName(name) => name.as_ref().to_owned(),
            ServerName::IpAddress(address) => format!("{:?}", IpAddr::from(address)),
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn the_most_explicit_name_wins() {
        let https = "protocol = \"https\"\n";
        let host = format!("{https}host = \"host.internal\"\n");
        let sni = format!("{host}sni = \"sni.internal\"\n");
        let pick = format!("{https}pick_host = true\n");
        for (lines, target, expected) in [
            (&*sni, "pool.internal", "sni.internal"),
            (&*host, "pool.internal", "host.internal"),
            (&*pick, "pool.internal", "pool.internal"),
            (https, "pool.internal", "pool.internal"),
            (&*sni, "10.0.0.1", "sni.internal"),
            (&*host, "10.0.0.1", "host.internal"),
            (&*pick, "10.0.0.1", "www.contoso.com"),
            (https, "10.0.0.1", "www.contoso.com"),
        ] {
            let found = name(lines, target, "WWW.contoso.com:8443");
            assert_eq!(found.as_deref(), Some(expected), "{lines} {target}");
        }
    }

    #[test]
    fn an_address_is_one_and_what_no_certificate_can_have_is_nothing() {
        let https = "protocol = \"https\"\n";
        let found = name(https, "10.0.0.1", "[2001:db8::1]:443");
        assert_eq!(found.as_deref(), Some("2001:db8::1"));
        let found = name(
            "protocol = \"https\"\nhost = \"10.1.2.3\"\n",
            "10.0.0.1",
            "a",
        );
        assert_eq!(found.as_deref(), Some("10.1.2.3"));
        assert_eq!(name(https, "10.0.0.1", "-a-.example"), None);
        assert_eq!(name("", "pool.internal", "www.contoso.com"), None);
    }
}
