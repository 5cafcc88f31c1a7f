//! For which hosts the listener for operators answers.

use std::net::IpAddr;

use http::header::HOST;
use http::{HeaderMap, HeaderValue, Uri};
use portcullis_model::host::HostName;

/// Whether a request is for this listener: for `localhost`, an address of loopback, the address it came in on,
/// or a name that is configured.
///
/// A page that a browser was lured to can have the name of its own site resolve to this machine (DNS rebinding),
/// and could then read everything here; its requests are for that name.
pub(super) fn is_own(uri: &Uri, headers: &HeaderMap, local: IpAddr, names: &[HostName]) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let target = uri.authority().map(|authority| authority.as_str());
    is_name(host, local, names) && target.is_none_or(|target| is_of(target, local, names))
}

fn is_name(host: &HeaderValue, local: IpAddr, names: &[HostName]) -> bool {
    host.to_str().is_ok_and(|host| is_of(host, local, names))
}

fn is_of(authority: &str, local: IpAddr, names: &[HostName]) -> bool {
    let Ok(name) = HostName::from_authority(authority) else {
        return false;
    };
    if name.as_str() == "localhost" || names.contains(&name) {
        return true;
    }
    let literal = name.as_str().trim_start_matches('[').trim_end_matches(']');
    literal.parse::<IpAddr>().is_ok_and(|address| {
        let address = address.to_canonical();
        address.is_loopback() || address == local.to_canonical()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_other_site_is_answered_for() {
        let names = [HostName::parse("gateway.contoso.com").unwrap()];
        let local: IpAddr = "10.0.0.5".parse().unwrap();
        for (host, own) in [
            ("localhost", true),
            ("LOCALHOST.:9901", true),
            ("127.0.0.1:9901", true),
            ("127.9.9.9", true),
            ("[::1]:9901", true),
            ("[::ffff:127.0.0.1]", true),
            ("10.0.0.5:80", true),
            ("[::ffff:10.0.0.5]", true),
            ("Gateway.Contoso.com:9901", true),
            ("10.0.0.6", false),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("evil-localhost", false),
            ("gateway.contoso.com.evil.example", false),
            ("", false),
            ("localhost@evil.example", false),
            ("2130706433", false),
            ("0x7f.1", false),
        ] {
            let headers = HeaderMap::from_iter([(HOST, host.parse().unwrap())]);
            assert_eq!(
                is_own(&Uri::default(), &headers, local, &names),
                own,
                "{host}"
            );
        }
    }

    #[test]
    fn one_host_is_said_and_the_target_is_no_other() {
        let local = IpAddr::from([127, 0, 0, 1]);
        let is = |uri: &'static str, hosts: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for host in hosts {
                headers.append(HOST, HeaderValue::from_static(host));
            }
            is_own(&Uri::from_static(uri), &headers, local, &[])
        };
        assert!(is("/", &["localhost"]));
        assert!(is("http://localhost/", &["localhost"]));
        assert!(!is("/", &[]));
        assert!(!is("/", &["localhost", "localhost"]));
        assert!(!is("http://evil.example/", &["localhost"]));
        assert!(!is("http://localhost/", &["evil.example"]));
    }
}
