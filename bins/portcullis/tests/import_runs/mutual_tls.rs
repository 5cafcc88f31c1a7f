//! `mutual-tls.json`: a chain, an issuer, and headers with the certificate.

use serde_json::json;

use crate::backends::{self, Backends};
use crate::client::{Client, To};
use crate::document::{document, replace, set_backend_port};
use crate::gateway::Gateway;

#[test]
fn the_sample_serves_whom_its_profile_trusts() {
    let backends = Backends::start(1, "");
    let mut sample = document(include_str!("../../../../examples/arm/mutual-tls.json"));
    let auth = "/properties/sslProfiles/0/properties/clientAuthConfiguration";
    let revocation = format!("{auth}/verifyClientRevocation");
    replace(&mut sample, &revocation, json!("None"));
    let addresses = "/properties/backendAddressPools/0/properties/backendAddresses";
    let address = json!([{ "ipAddress": backends::address(0) }]);
    replace(&mut sample, addresses, address);
    let settings = "/properties/backendHttpSettingsCollection";
    set_backend_port(&mut sample, settings, backends.port);
    for pointer in [settings, "/properties/probes"] {
        let protocol = format!("{pointer}/0/properties/protocol");
        replace(&mut sample, &protocol, json!("Http"));
    }
    let (_gateway, [port]) = Gateway::start(&sample, None, |sample, [port]| {
        let pointer = "/properties/frontendPorts/0/properties/port";
        replace(sample, pointer, json!(port));
    });
    let to = To::site(port, "api.contoso.com");

    let refused = Client::anonymous().get(to, "/", "");
    assert_eq!(refused.status(), 400);
    let words = "No required SSL certificate was sent";
    assert!(refused.0.contains(words), "{}", refused.0);

    let served = Client::known().get(to, "/", "X-Client-Cert-Verify: FORGED\r\n");
    assert_eq!(served.status(), 200);
    assert_eq!(
        served.headers("strict-transport-security"),
        ["max-age=31536000"]
    );
    assert_eq!(served.got("x-client-cert-verify"), ["SUCCESS"]);
    assert_eq!(served.got("host"), ["app.internal"]);
    let certificate = served.got("x-client-cert");
    assert!(certificate[0].starts_with("-----BEGIN%20CERTIFICATE-----%0A"));
}
