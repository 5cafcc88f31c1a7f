//! What keeps a document from being imported, each at its place.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use portcullis_arm::{Certificates, Fate, Import, Options, Unreadable, import};
use serde_json::{Value, json};

const SAMPLE: &str = include_str!("../../../examples/arm/mutual-tls.json");

fn sample() -> Value {
    serde_json::from_str(SAMPLE).unwrap()
}

/// The sample with something at a JSON pointer below `properties` replaced, or, by null, removed.
fn with(pointer: &str, value: Value) -> Value {
    let mut sample = sample();
    let properties = &mut sample["properties"];
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = properties.pointer_mut(parent).unwrap();
    match parent {
        Value::Object(members) if value.is_null() => drop(members.remove(name)),
        Value::Object(members) => drop(members.insert(name.to_owned(), value)),
        Value::Array(elements) => elements[name.parse::<usize>().unwrap()] = value,
        _ => panic!("{pointer}"),
    }
    sample
}

fn imported(document: &Value) -> Import {
    import(&document.to_string(), &Options::default()).unwrap()
}

fn problems(document: &Value) -> Vec<String> {
    let imported = imported(document);
    let problems = imported
        .findings
        .iter()
        .filter_map(|finding| match &finding.fate {
            Fate::Problem(problem) => Some(format!("{}: {problem}", finding.path)),
            _ => None,
        });
    problems.collect()
}

/// A JSON pointer below `properties`, what to put there, and the problem.
const PROBLEMS: [(&str, &str, &str); 23] = [
    (
        "/sslPolicy",
        r#"{ "policyType": "Predefined" }"#,
        "$.properties.sslPolicy: \"policyName\" is missing",
    ),
    (
        "/sslPolicy",
        r#"{ "minProtocolVersion": "TLSv1_2" }"#,
        "$.properties.sslPolicy: the configuration has a problem at tls.default_policy: \"cipher_suites\" is missing (accepted: IANA or OpenSSL names, the preferred first; those of TLS 1.3 need not be named)",
    ),
    (
        "/rewriteRuleSets/0/properties/rewriteRules/0/actionSet/requestHeaderConfigurations/1/headerName",
        r#""x-client-cert""#,
        "$.properties.rewriteRuleSets[0].properties.rewriteRules[0].actionSet.requestHeaderConfigurations[1]: another of the headers of this rule has the name \"x-client-cert\"",
    ),
    (
        "/httpListeners/0/properties/sslProfile",
        r#"{ "id": "/x/sslProfiles/absent" }"#,
        "$.properties.httpListeners[0].properties.sslProfile.id: there is no \"absent\" among the sslProfiles",
    ),
    (
        "/httpListeners/0/properties/sslCertificate",
        r#"{ "id": "/x/sslProfiles/absent" }"#,
        "$.properties.httpListeners[0].properties.sslCertificate.id: \"/x/sslProfiles/absent\" is not the id of one of the sslCertificates",
    ),
    (
        "/httpListeners/0/properties/sslProfile",
        "{}",
        "$.properties.httpListeners[0].properties.sslProfile: \"id\" is missing",
    ),
    (
        "/httpListeners/0/properties/sslCertificate",
        "null",
        "$.properties.httpListeners[0]: \"sslCertificate\" is missing",
    ),
    (
        "/httpListeners/0/properties/protocol",
        r#""Tcp""#,
        "$.properties.httpListeners[0].properties.protocol: \"Tcp\" is not Http or Https",
    ),
    (
        "/httpListeners/0/properties/hostName",
        r#""other.contoso.com""#,
        "$.properties.httpListeners[0]: it has both hostName and hostNames",
    ),
    (
        "/frontendPorts/0/properties/port",
        r#""https""#,
        "$.properties.frontendPorts[0].properties.port: found text, expected a whole number",
    ),
    (
        "/frontendPorts/0/properties/port",
        "65536",
        "$.properties.frontendPorts[0].properties.port: 65536 is not a port, 1 to 65535",
    ),
    (
        "/sslProfiles/0/properties/trustedClientCertificates",
        "[]",
        "$.properties.sslProfiles[0]: it demands client certificates and trusts none; name trustedClientCertificates",
    ),
    (
        "/sslProfiles/0/properties/clientAuthConfiguration/verifyClientRevocation",
        r#""CRL""#,
        "$.properties.sslProfiles[0].properties.clientAuthConfiguration.verifyClientRevocation: \"CRL\" is not None or OCSP",
    ),
    (
        "/sslProfiles/0/properties/clientAuthConfiguration/verifyClientAuthMode",
        r#""Optional""#,
        "$.properties.sslProfiles[0].properties.clientAuthConfiguration.verifyClientAuthMode: \"Optional\" is not Strict or Passthrough",
    ),
    (
        "/sslProfiles/0/properties/clientAuthConfiguration/verifyClientCertIssuerDN",
        "1",
        "$.properties.sslProfiles[0].properties.clientAuthConfiguration.verifyClientCertIssuerDN: found a whole number, expected true or false",
    ),
    (
        "/trustedClientCertificates/0/properties/data",
        r#""""#,
        "$.properties.trustedClientCertificates[0].properties.data: the certificate is empty",
    ),
    (
        "/trustedClientCertificates/0/properties/data",
        r#""-----BEGIN PRIVATE KEY-----\n""#,
        "$.properties.trustedClientCertificates[0].properties.data: the certificate comes with a private key, which does not belong there",
    ),
    (
        "/sslCertificates/0/properties/data",
        r#""%""#,
        "$.properties.sslCertificates[0].properties.data: the certificate is neither base64 nor PEM",
    ),
    (
        "/backendAddressPools/0/properties/backendAddresses",
        "[]",
        "$.properties.backendAddressPools[0]: the pool has no addresses to forward to; those of network interfaces are known only to Azure",
    ),
    (
        "/requestRoutingRules",
        "[]",
        "$.properties.httpListeners[0]: no rule names this listener",
    ),
    (
        "/requestRoutingRules/0/properties/ruleType",
        r#""AdvancedRouting""#,
        "$.properties.requestRoutingRules[0].properties.ruleType: \"AdvancedRouting\" is not Basic or PathBasedRouting",
    ),
    (
        "/requestRoutingRules/0/properties/priority",
        "20001",
        "$.properties.requestRoutingRules[0]: the configuration has a problem at rule[0].priority: 20001 is out of range (accepted: 1 to 20000)",
    ),
    (
        "/HttpListeners",
        "[]",
        "$.properties.httpListeners: \"httpListeners\" stands here twice",
    ),
];

#[test]
fn each_problem_is_told_at_its_place() {
    for (pointer, value, problem) in PROBLEMS {
        let document = with(pointer, serde_json::from_str(value).unwrap());
        let problems = problems(&document);
        assert!(
            problems.iter().any(|one| one == problem),
            "{problem}: {problems:#?}"
        );
        assert_eq!(imported(&document).toml, None, "{problem}");
    }
}

#[test]
fn two_of_one_name_and_two_rules_of_one_listener_are_problems() {
    let mut document = sample();
    let mut rule = document["properties"]["requestRoutingRules"][0].clone();
    rule["name"] = json!("R");
    rule["properties"]["priority"] = json!(11);
    let rules = document["properties"]["requestRoutingRules"]
        .as_array_mut()
        .unwrap();
    rules.push(rule);
    let problems = problems(&document);
    for problem in [
        "$.properties.requestRoutingRules[1]: another of the requestRoutingRules has the name \"R\"",
        "$.properties.requestRoutingRules[1]: the rule \"r\" names the same listener",
    ] {
        assert!(
            problems.iter().any(|one| one == problem),
            "{problem}: {problems:#?}"
        );
    }
}

#[test]
fn keys_that_azure_does_not_give_out_are_named_as_files() {
    let mut document = with("/sslCertificates/0/properties/data", Value::Null);
    let certificate = &mut document["properties"]["sslCertificates"][0]["properties"];
    certificate["keyVaultSecretId"] = json!("https://vault/secrets/srv");
    let certificates = Certificates::Files {
        folder: "keys/".to_owned(),
    };
    let options = Options {
        certificates,
        ..Options::default()
    };
    let imported = import(&document.to_string(), &options).unwrap();
    assert!(imported.has_problems());
    let toml = imported.toml.unwrap();
    let line = "certificate = { pfx = \"keys/ssl-certificate-srv.pfx\", password_file = \"keys/ssl-certificate-srv.password\" }";
    assert!(toml.contains(line), "{toml}");
    let findings: Vec<String> = imported
        .findings
        .iter()
        .map(|one| one.fate.message())
        .collect();
    assert_eq!(
        findings[0],
        "the certificate and its key are not in the document but in a key vault; \
         put them into keys/ssl-certificate-srv.pfx and their password into keys/ssl-certificate-srv.password"
    );
    assert!(findings.contains(&"not carried over: key vaults are not opened".to_owned()));
    let names: Vec<&str> = imported
        .files
        .iter()
        .map(|file| file.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "trusted-client-certificate-client-ca.pem",
            "trusted-root-certificate-be-root.pem"
        ]
    );
}

#[test]
fn a_secret_parameter_without_a_value_is_named() {
    let document = json!({
        "parameters": { "pfxPassword": { "type": "SecureString" } },
        "resources": [with("/sslCertificates/0/properties/password", json!("[parameters('pfxPassword')]"))],
    });
    assert_eq!(
        problems(&document),
        [
            "$.resources[0].properties.sslCertificates[0].properties.password: \
          [parameters('pfxPassword')] cannot be evaluated: parameter \"pfxPassword\" (securestring) \
          has no value; give one with a parameter file (--parameters)"
        ]
    );
}

#[test]
fn what_only_a_deployment_knows_is_refused_where_it_matters() {
    let host = json!(["[concat(resourceGroup().name, '.contoso.com')]"]);
    let document = json!({ "resources": [with("/httpListeners/0/properties/hostNames", host)] });
    assert_eq!(
        problems(&document),
        [
            "$.resources[0].properties.httpListeners[0].properties.hostNames[0]: \
          [resourceGroup().name].contoso.com cannot be evaluated: it depends on \
          [resourceGroup().name].contoso.com, which only a deployment knows"
        ]
    );
}

#[test]
fn one_gateway_of_several_is_chosen_by_name() {
    let mut other = sample();
    other["name"] = json!("other");
    let document = json!([sample(), other]).to_string();
    let error = import(&document, &Options::default()).unwrap_err();
    assert!(matches!(&error, Unreadable::SeveralGateways { names } if names == &["gw", "other"]));
    let named = |name| Options {
        name: Some(name),
        ..Options::default()
    };
    let imported = import(&document, &named("OTHER")).unwrap();
    let first = imported
        .findings
        .iter()
        .find(|finding| finding.path == "$[0]")
        .unwrap();
    assert_eq!(
        first.fate.message(),
        "not carried over: it is another gateway; choose with --name"
    );
    let error = import(&document, &named("third")).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the document has not one gateway \"third\" but: gw, other"
    );
}

#[test]
fn what_is_no_document_says_so() {
    let none = |text: &str| import(text, &Options::default()).unwrap_err().to_string();
    assert_eq!(none("{"), "the document is not JSON");
    let no_gateway = "the document has no Microsoft.Network/applicationGateways";
    assert_eq!(none("{}"), no_gateway);
    assert_eq!(none("[]"), no_gateway);
    assert_eq!(none(r#"{ "resources": [] }"#), no_gateway);
    for (file, message) in [
        ("{", "parameter file 2 is not JSON"),
        ("{}", "parameter file 2 has no \"parameters\""),
    ] {
        let parameters = [r#"{ "parameters": {} }"#.to_owned(), file.to_owned()];
        let options = Options {
            parameters: &parameters,
            ..Options::default()
        };
        assert_eq!(import(SAMPLE, &options).unwrap_err().to_string(), message);
    }
}
