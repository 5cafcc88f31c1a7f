//! What the mapping did not use, and why.

use crate::finding::{Fate, Reason, Report};
use crate::node::{Node, Value};

/// Reports everything in a gateway that was not used.
pub(super) fn report(gateway: &Node, report: &Report) {
    walk(gateway, None, report);
}

/// `reason` is that of the collection or table it stands in, where all of that has one.
fn walk(node: &Node, reason: Option<Reason>, report: &Report) {
    if node.is_empty() {
        return;
    }
    if !node.is_touched() {
        let reason = reason.unwrap_or(Reason::Unknown);
        return report.push(&node.place, Fate::NotCarried(reason));
    }
    match &node.value {
        Value::List(elements) => elements.iter().for_each(|one| walk(one, reason, report)),
        Value::Table(members) => {
            for (name, member) in members {
                walk(member, of(name).or(reason), report);
            }
        }
        _ => {}
    }
}

/// Why a property is not carried over, by its name.
fn of(name: &str) -> Option<Reason> {
    let lower = name.to_ascii_lowercase();
    let mut rows = REASONS.iter();
    let found = rows.find(|(_, names)| names.contains(&lower.as_str()));
    found.map(|(reason, _)| *reason)
}

/// In lower case, as names are compared.
const REASONS: &[(Reason, &[&str])] = &[
    (
        Reason::Record,
        &[
            "id",
            "etag",
            "type",
            "provisioningstate",
            "operationalstate",
            "resourceguid",
            "resourcegroup",
            "publiccertdata",
            "validatedcertdata",
            "clientcertissuerdn",
            "defaultpredefinedsslpolicy",
            "dependson",
            "managedby",
            "systemdata",
            "scale",
            // In an element: who refers to it. Those of the gateway itself are always read.
            "httplisteners",
            "requestroutingrules",
            "urlpathmaps",
            "pathrules",
        ],
    ),
    (
        Reason::Firewall,
        &[
            "webapplicationfirewallconfiguration",
            "firewallpolicy",
            "forcefirewallpolicyassociation",
        ],
    ),
    (
        Reason::Tokens,
        &[
            "entrajwtvalidationconfigs",
            "entrajwtvalidationconfig",
            "authconfigs",
        ],
    ),
    (Reason::KeyVault, &["keyvaultsecretid"]),
    (Reason::Hsm, &["hsm"]),
    (Reason::Scale, &["autoscaleconfiguration"]),
    (
        Reason::Network,
        &[
            "gatewayipconfigurations",
            "subnet",
            "publicipaddress",
            "privateipaddress",
            "privateipallocationmethod",
            "privatelinkconfiguration",
            "privatelinkconfigurations",
            "privateendpointconnections",
            "virtualnetwork",
            "networksecuritygroup",
        ],
    ),
    (Reason::Interfaces, &["backendipconfigurations"]),
    (Reason::Access, &["identity"]),
    (
        Reason::LoadDistribution,
        &[
            "loaddistributionpolicies",
            "loaddistributionpolicy",
            "defaultloaddistributionpolicy",
        ],
    ),
    (
        Reason::AdvancedRouting,
        &[
            "advancedroutingmaps",
            "advancedroutingmap",
            "advancedroutingconditionsets",
        ],
    ),
    (
        Reason::Layer4,
        &[
            "listeners",
            "routingrules",
            "backendsettingscollection",
            "enablel4clientippreservation",
            "pickhostnamefrombackendsettings",
        ],
    ),
    (Reason::Fips, &["enablefips"]),
    (
        Reason::Buffering,
        &["enablerequestbuffering", "enableresponsebuffering"],
    ),
    (Reason::ProxyProtocol, &["enableprobeproxyprotocolheader"]),
    (Reason::Protocols, &["disabledsslprotocols"]),
    (Reason::Version1, &["authenticationcertificates"]),
    // Known properties that are only left where another one counts.
    (
        Reason::Overridden,
        &[
            "minprotocolversion",
            "ciphersuites",
            "policyname",
            "affinitycookiename",
            "urlpathmap",
            "backendaddresspool",
            "backendhttpsettings",
            "redirectconfiguration",
            "rewriteruleset",
        ],
    ),
];
