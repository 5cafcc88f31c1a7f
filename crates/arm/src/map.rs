//! The mapping: what each property of a gateway is in the words of the configuration.

mod backends;
mod cookies;
mod leftovers;
mod listeners;
mod paths;
mod rewrites;
mod rules;
mod settings;
mod tls;

use std::net::IpAddr;

use crate::certificates::{Certificates, File, Files};
use crate::collection::Collection;
use crate::finding::{Adaptation, Fate, Reason, Report};
use crate::item::Item;
use crate::node::Node;
use crate::place::Place;
use crate::toml_text::{Document, Table};
use tls::Profiles;

/// The configuration, and the files beside it.
pub(crate) struct Mapped {
    pub(crate) document: Document,
    pub(crate) files: Vec<File>,
}

/// A gateway on its way.
struct Mapping<'a> {
    gateway: Item<'a>,
    report: &'a Report,
    bind: IpAddr,
    files: Files<'a>,
    document: Document,
    of: Collections<'a>,
}

/// What can be referred to.
struct Collections<'a> {
    frontends: Collection<'a>,
    ports: Collection<'a>,
    certificates: Collection<'a>,
    roots: Collection<'a>,
    chains: Collection<'a>,
    profiles: Collection<'a>,
    listeners: Collection<'a>,
    probes: Collection<'a>,
    pools: Collection<'a>,
    settings: Collection<'a>,
    rules: Collection<'a>,
    path_maps: Collection<'a>,
    rewrite_sets: Collection<'a>,
    redirects: Collection<'a>,
}

impl<'a> Collections<'a> {
    fn open(gateway: &Item<'a>) -> Self {
        let open = |name| Collection::open(gateway, name);
        Self {
            frontends: open("frontendIPConfigurations"),
            ports: open("frontendPorts"),
            certificates: open("sslCertificates"),
            roots: open("trustedRootCertificates"),
            chains: open("trustedClientCertificates"),
            profiles: open("sslProfiles"),
            listeners: open("httpListeners"),
            probes: open("probes"),
            pools: open("backendAddressPools"),
            settings: open("backendHttpSettingsCollection"),
            rules: open("requestRoutingRules"),
            path_maps: open("urlPathMaps"),
            rewrite_sets: open("rewriteRuleSets"),
            redirects: open("redirectConfigurations"),
        }
    }
}

/// Maps a gateway. What was not used is in the report afterwards.
pub(crate) fn map<'a>(
    node: &'a Node,
    bind: IpAddr,
    certificates: &'a Certificates,
    report: &'a Report,
) -> Option<Mapped> {
    let gateway = Item::open(node, report)?;
    let mut mapping = Mapping {
        gateway,
        report,
        bind,
        files: Files::new(certificates),
        document: Document::default(),
        of: Collections::open(&gateway),
    };
    mapping.everything();
    leftovers::report(node, report);
    Some(Mapped {
        document: mapping.document,
        files: mapping.files.finish(),
    })
}

/// What says where a gateway lives and what it costs, not what it does.
const METADATA: [&str; 8] = [
    "name",
    "location",
    "tags",
    "zones",
    "sku",
    "apiVersion",
    "id",
    "comments",
];

impl<'a> Mapping<'a> {
    fn everything(&mut self) {
        self.metadata();
        self.gateway_wide();
        self.frontends();
        let profiles = Profiles::of(self);
        self.listeners(&profiles);
        self.tls_profiles(&profiles);
        self.rules();
        self.path_maps();
        self.redirects();
        self.rewrite_sets();
        self.pools();
        self.backend_settings();
        self.probes();
        self.unreferenced();
    }

    /// As comments: nothing here acts on it, and whoever reads it may want it.
    fn metadata(&mut self) {
        self.document
            .comment("Imported from Azure Application Gateway by `portcullis import arm`.");
        if !self.files.are_beside() && !self.of.certificates.elements.is_empty() {
            self.document.comment(
                "It holds private keys and passwords: nobody else should be able to read it.",
            );
        }
        for name in METADATA {
            if let Some(node) = self.gateway.find(name) {
                node.used_up();
                self.report.push(&node.place, Fate::Metadata);
                self.document.comment(format!("{name}: {}", node.shown()));
            }
        }
        // It was found by its type. It is here because its condition holds, or cannot be told.
        if let Some(node) = self.gateway.find("type") {
            node.used_up();
        }
        let _ = self.gateway.switch("condition");
    }

    /// Frontends of Azure are addresses of its network; here there is one for all.
    fn frontends(&self) {
        for frontend in &self.of.frontends.elements {
            let bind = self.bind;
            let fate = Fate::Adapted(Adaptation::Frontend { bind });
            self.report.push(frontend.place(), fate);
        }
    }

    /// Certificates and profiles that no listener uses.
    fn unreferenced(&self) {
        let collections = [
            &self.of.certificates,
            &self.of.roots,
            &self.of.chains,
            &self.of.profiles,
        ];
        for element in collections
            .iter()
            .flat_map(|collection| &collection.elements)
        {
            if !element.is_referred() {
                element.item.used_up();
                self.report
                    .push(element.place(), Fate::NotCarried(Reason::Unreferenced));
            }
        }
    }

    fn push_filled(&mut self, table: Table) {
        if !table.is_empty() {
            self.document.push(table);
        }
    }

    fn not_carried(&self, place: &Place, reason: Reason) {
        self.report.push(place, Fate::NotCarried(reason));
    }
}
