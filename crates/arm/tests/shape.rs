//! Every property of `Microsoft.Network/applicationGateways` is known: it is carried over, or not for a
//! reason of its own.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_arm::{Fate, Options, Reason, import};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../examples/arm/mutual-tls.json");

/// Adds members to an object.
fn add(object: &mut Value, members: Value) {
    let Value::Object(members) = members else {
        unreachable!("members are an object")
    };
    object.as_object_mut().unwrap().extend(members);
}

/// What the elements of collections have beside what the sample says.
fn members() -> [(&'static str, Value); 10] {
    let reference = json!({ "id": "elsewhere" });
    [
        (
            "frontendIPConfigurations",
            json!({
                "privateIPAddress": "10.0.0.1", "privateIPAllocationMethod": "Static",
                "subnet": reference, "privateLinkConfiguration": reference,
            }),
        ),
        (
            "sslCertificates",
            json!({ "publicCertData": "x", "keyVaultSecretId": "x", "hsm": { "keyId": "x" } }),
        ),
        (
            "trustedRootCertificates",
            json!({ "keyVaultSecretId": "x" }),
        ),
        (
            "trustedClientCertificates",
            json!({ "validatedCertData": "x", "clientCertIssuerDN": "CN=x" }),
        ),
        (
            "sslProfiles",
            json!({ "sslPolicy": {
                "policyType": "Predefined", "policyName": "AppGwSslPolicy20220101",
                "disabledSslProtocols": ["TLSv1_0"],
            } }),
        ),
        ("httpListeners", json!({ "firewallPolicy": reference })),
        (
            "probes",
            json!({
                "pickHostNameFromBackendSettings": true, "minServers": 1, "port": 81,
                "enableProbeProxyProtocolHeader": true,
            }),
        ),
        (
            "backendAddressPools",
            json!({ "backendIPConfigurations": [reference] }),
        ),
        (
            "backendHttpSettingsCollection",
            json!({
                "dedicatedBackendConnection": true, "affinityCookieName": "x", "path": "/x/",
                "sniName": "app.internal", "probeEnabled": true,
                "authenticationCertificates": [reference],
            }),
        ),
        (
            "requestRoutingRules",
            json!({
                "advancedRoutingMap": reference, "loadDistributionPolicy": reference,
                "entraJWTValidationConfig": reference, "authConfigs": [reference],
            }),
        ),
    ]
}

/// A gateway that has all of it.
fn everything() -> Value {
    let mut document: Value = serde_json::from_str(SAMPLE).unwrap();
    add(
        &mut document,
        json!({ "etag": "x", "zones": ["1"], "identity": { "type": "UserAssigned" } }),
    );
    let gateway = &mut document["properties"];
    add(
        gateway,
        json!({
            "autoscaleConfiguration": { "minCapacity": 1 },
            "customErrorConfigurations": [{ "statusCode": "HttpStatus502" }],
            "defaultPredefinedSslPolicy": "AppGwSslPolicy20220101",
            "enableFips": true,
            "firewallPolicy": { "id": "elsewhere" },
            "forceFirewallPolicyAssociation": true,
            "globalConfiguration": {
                "enableRequestBuffering": true, "enableResponseBuffering": true,
                "disableDefaultServerHeaderInResponse": true,
            },
            "operationalState": "Running",
            "resourceGuid": "x",
            "webApplicationFirewallConfiguration": { "enabled": true },
        }),
    );
    for collection in [
        "advancedRoutingMaps",
        "advancedRoutingConditionSets",
        "backendSettingsCollection",
        "entraJWTValidationConfigs",
        "listeners",
        "loadDistributionPolicies",
        "privateEndpointConnections",
        "privateLinkConfigurations",
        "routingRules",
    ] {
        gateway[collection] = json!([{ "name": "x", "properties": { "protocol": "Tcp" } }]);
    }
    for (collection, members) in members() {
        add(&mut gateway[collection][0]["properties"], members);
    }
    for collection in gateway.as_object_mut().unwrap().values_mut() {
        let elements = collection.as_array_mut().into_iter().flatten();
        for element in elements {
            add(element, json!({ "id": "x", "etag": "x", "type": "x" }));
            let properties = element.get_mut("properties").into_iter();
            properties.for_each(|own| add(own, json!({ "provisioningState": "Succeeded" })));
        }
    }
    document
}

#[test]
fn every_property_is_known() {
    let imported = import(&everything().to_string(), &Options::default()).unwrap();
    assert!(!imported.has_problems(), "{:#?}", imported.findings);
    let unknown = imported
        .findings
        .iter()
        .filter(|finding| finding.fate == Fate::NotCarried(Reason::Unknown));
    let unknown: Vec<&str> = unknown.map(|finding| finding.path.as_str()).collect();
    assert_eq!(unknown, [""; 0]);
}
