//! `multi-site.json`: listeners by host and wildcard, two certificates, two client policies.

use serde_json::{Value, json};

use crate::backends::{Backends, address};
use crate::client::{Client, To};
use crate::document::{at, document, replace, set_backend_port};
use crate::gateway::Gateway;

const GATEWAY: &str = "/resources/1/properties";

/// The pools in the document's order and which backends they have.
const SUPPORT: u8 = 2;
const TENANTS: u8 = 3;
const APPS: u8 = 4;
const PARTNERS: u8 = 5;
const BACKENDS: u8 = 6;

struct Scene {
    _gateway: Gateway,
    /// The port of all sites but one.
    https: u16,
    /// The port of `partners`.
    partners: u16,
}

fn scene(change: impl Fn(&mut Value)) -> Scene {
    let backends = Backends::start(BACKENDS, "");
    let parameters = include_str!("../../../../examples/arm/multi-site.parameters.json");
    let mut parameters = document(parameters);
    let values = at(&mut parameters, "/parameters");
    values["checkRevocation"] = json!({ "value": false });
    let shop = json!([{ "ipAddress": address(0) }, { "ipAddress": address(1) }]);
    values["backends"] = json!({ "value": shop });
    let mut sample = document(include_str!("../../../../examples/arm/multi-site.json"));
    let gateway = at(&mut sample, GATEWAY);
    for (pool, number) in [(1, SUPPORT), (2, TENANTS), (3, APPS), (4, PARTNERS)] {
        let pointer = format!("/backendAddressPools/{pool}/properties/backendAddresses");
        let addresses = json!([{ "ipAddress": address(number) }]);
        replace(gateway, &pointer, addresses);
    }
    set_backend_port(gateway, "/backendHttpSettingsCollection", backends.port);
    change(gateway);
    let (gateway, [https, partners]) =
        Gateway::start(&sample, Some(&parameters), |sample, ports: [u16; 2]| {
            for (index, port) in ports.iter().enumerate() {
                let pointer = format!("{GATEWAY}/frontendPorts/{index}/properties/port");
                replace(sample, &pointer, json!(port));
            }
        });
    Scene {
        _gateway: gateway,
        https,
        partners,
    }
}

#[test]
fn every_host_and_wildcard_reaches_its_pool() {
    let scene = scene(|_| {});
    let client = Client::known();
    for (host, backend) in [
        // Before the wildcard that it matches too, as its rule has the lower number.
        ("support-eu.contoso.com", SUPPORT),
        ("help.contoso.com", SUPPORT),
        ("HELP.contoso.com", SUPPORT),
        ("fabrikam.contoso.com", TENANTS),
        ("contoso-apps.net", APPS),
        ("mail.eu-01.contoso-apps.net", APPS),
        ("mail.us-01.contoso-apps.net", APPS),
    ] {
        let answer = client.get(To::site(scene.https, host), "/", "");
        assert_eq!(answer.backend(), address(backend), "{host}");
        assert_eq!(answer.got("host"), [host]);
    }
    let partners = To::site(scene.partners, "partners.contoso.com");
    assert_eq!(client.get(partners, "/", "").backend(), address(PARTNERS));
    // `*` is any number of labels, and the port of an authority is none of its host.
    let deep = To {
        host: "a.b.contoso.com:8443",
        ..To::site(scene.https, "fabrikam.contoso.com")
    };
    assert_eq!(client.get(deep, "/", "").backend(), address(TENANTS));
}

#[test]
fn both_backends_of_a_pool_have_their_turn() {
    let scene = scene(|_| {});
    let shop = To::site(scene.https, "shop.contoso.com");
    let client = Client::anonymous();
    let answers: Vec<String> = (0..4)
        .map(|_| client.get(shop, "/", "").backend().to_owned())
        .collect();
    for number in [0, 1] {
        let turns = answers.iter().filter(|answer| **answer == address(number));
        assert_eq!(turns.count(), 2, "{answers:?}");
    }
}

#[test]
fn a_client_with_its_cookies_stays_at_its_backend() {
    let scene = scene(|_| {});
    let shop = To::site(scene.https, "shop.contoso.com");
    let client = Client::anonymous();
    let first = client.get(shop, "/", "");
    let set = first.headers("set-cookie");
    let names: Vec<&str> = set
        .iter()
        .filter_map(|cookie| Some(cookie.split_once('=')?.0))
        .collect();
    assert_eq!(names, ["contoso", "contosoCORS"]);
    let cookies: Vec<&str> = set
        .iter()
        .filter_map(|cookie| cookie.split(';').next())
        .collect();
    let cookies = format!("Cookie: {}\r\n", cookies.join("; "));
    for _ in 0..4 {
        let again = client.get(shop, "/", &cookies);
        assert_eq!(again.backend(), first.backend());
        assert!(again.headers("set-cookie").is_empty());
    }
}

#[test]
fn a_host_that_no_other_listener_has_is_for_the_basic_one_or_for_none() {
    let scene = scene(|_| {});
    let client = Client::known();
    for host in [
        "www.example.com",
        "mail.eu-001.contoso-apps.net",
        "10.0.0.1",
    ] {
        let to = To {
            host,
            ..To::site(scene.https, "shop.contoso.com")
        };
        let backend = client.get(to, "/", "").backend().to_owned();
        assert!([address(0), address(1)].contains(&backend), "{host}");
    }
    let elsewhere = To {
        host: "www.example.com",
        ..To::site(scene.partners, "partners.contoso.com")
    };
    assert_eq!(client.get(elsewhere, "/", "").status(), 404);
}

#[test]
fn the_priority_of_the_rule_decides_and_not_the_exactness_of_the_host() {
    let scene = scene(|gateway| {
        replace(
            gateway,
            "/requestRoutingRules/0/properties/priority",
            json!(250),
        );
    });
    let shop = To::site(scene.https, "shop.contoso.com");
    assert_eq!(
        Client::known().get(shop, "/", "").backend(),
        address(TENANTS)
    );
    assert_eq!(Client::anonymous().get(shop, "/", "").status(), 400);
}

#[test]
fn a_connection_of_one_client_policy_cannot_ask_for_a_host_of_another() {
    let scene = scene(|_| {});
    for client in [Client::anonymous(), Client::known()] {
        let smuggled = To {
            host: "fabrikam.contoso.com",
            ..To::site(scene.https, "shop.contoso.com")
        };
        assert_eq!(client.get(smuggled, "/", "").status(), 421);
    }
    let back = To {
        host: "shop.contoso.com",
        ..To::site(scene.https, "fabrikam.contoso.com")
    };
    assert_eq!(Client::known().get(back, "/", "").status(), 421);
    // Neither asks for a certificate.
    let other = To {
        host: "help.contoso.com",
        ..To::site(scene.https, "shop.contoso.com")
    };
    let backend = Client::anonymous().get(other, "/", "").backend().to_owned();
    assert_eq!(backend, address(SUPPORT));
}

#[test]
fn certificates_are_demanded_and_told_where_the_profile_says_so() {
    let scene = scene(|_| {});
    let forged = "X-Client-Subject: CN=root\r\n";
    let subject = "CN=example-client,O=Portcullis example";
    for to in [
        To::site(scene.https, "fabrikam.contoso.com"),
        To::site(scene.partners, "partners.contoso.com"),
    ] {
        assert_eq!(Client::anonymous().get(to, "/", forged).status(), 400);
        let answer = Client::known().get(to, "/", forged);
        assert_eq!(answer.got("x-client-subject"), [subject]);
    }
    let shop = To::site(scene.https, "shop.contoso.com");
    let answer = Client::anonymous().get(shop, "/", forged);
    assert_eq!(answer.got("x-client-subject"), [""; 0]);
}

#[test]
fn the_server_name_chooses_the_certificate() {
    let scene = scene(|_| {});
    let client = Client::anonymous();
    let (site, apps) = ("api.contoso.com", "contoso-apps.net");
    for (port, server_name, name, other) in [
        (scene.https, "shop.contoso.com", site, apps),
        (scene.https, "help.contoso.com", site, apps),
        (scene.https, "contoso-apps.net", apps, site),
        (scene.https, "mail.eu-01.contoso-apps.net", apps, site),
        (scene.https, "mail.us-99.contoso-apps.net", apps, site),
        // No listener has these, and a client that asks for an address sends no server name.
        (scene.https, "mail.eu-001.contoso-apps.net", site, apps),
        (scene.https, "www.example.com", site, apps),
        (scene.https, "127.0.0.1", site, apps),
        (scene.partners, "www.example.com", site, apps),
        (scene.partners, "127.0.0.1", site, apps),
    ] {
        let is_shown = |name| client.is_shown(port, server_name, name);
        assert!(is_shown(name), "{server_name}");
        assert!(!is_shown(other), "{server_name}");
    }
}
