//! Reading a TOML document by the shapes of its tables, without stopping at a problem.

mod admin;
mod authorization;
mod backend;
mod dns;
mod fields;
mod file;
mod form;
mod http;
mod listener;
mod ocsp;
mod place;
mod policy;
mod probe;
mod record;
mod report;
mod rewrite;
mod route;
mod shown;
mod tls_profile;

use std::net::SocketAddr;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Located, Place};
use crate::gateway::{
    AccessLogSettings, Admin, ErrorPages, HttpSettings, Limits, OcspSettings, TlsPolicy,
    TraceSettings,
};
use crate::shape::ROOT;

pub(crate) use fields::Fields;
pub(crate) use place::excerpt;
pub(crate) use report::Report;

pub(crate) use authorization::AuthorizationDraft;
pub(crate) use backend::{PoolDraft, SettingsDraft};
pub(crate) use listener::{ListenerDraft, ProtocolDraft, RuleDraft};
pub(crate) use probe::ProbeDraft;
pub(crate) use rewrite::RewriteSetDraft;
pub(crate) use route::{
    ForwardDraft, PathMapDraft, PathRuleDraft, RedirectDraft, RouteDraft, TargetDraft,
};
pub(crate) use tls_profile::TlsProfileDraft;

/// Everything a document says, its references not resolved yet. What is `None` had a problem.
#[derive(Default)]
pub(crate) struct Document {
    pub(crate) listeners: Vec<ListenerDraft>,
    pub(crate) tls_profiles: Vec<TlsProfileDraft>,
    pub(crate) pools: Vec<PoolDraft>,
    pub(crate) backend_settings: Vec<SettingsDraft>,
    pub(crate) rules: Vec<RuleDraft>,
    pub(crate) rewrite_sets: Vec<RewriteSetDraft>,
    pub(crate) redirects: Vec<RedirectDraft>,
    pub(crate) path_maps: Vec<PathMapDraft>,
    pub(crate) authorizations: Vec<AuthorizationDraft>,
    pub(crate) probes: Vec<ProbeDraft>,
    pub(crate) error_pages: ErrorPages,
    pub(crate) http: HttpSettings,
    pub(crate) default_policy: Drafted<Located<TlsPolicy>>,
    pub(crate) limits: Limits,
    pub(crate) ocsp: OcspSettings,
    pub(crate) dns_servers: Vec<SocketAddr>,
    pub(crate) access_log: AccessLogSettings,
    pub(crate) traces: Option<TraceSettings>,
    pub(crate) admin: Option<Admin>,
    pub(crate) shown: serde_json::Value,
}

/// What an optional key says.
#[derive(Clone, Debug, Default)]
pub(crate) enum Drafted<T> {
    /// The key is absent.
    #[default]
    Absent,
    /// It was reported: a mistake must not turn into what its absence means.
    Reported,
    /// It is in order.
    Present(T),
}

impl<T> Drafted<T> {
    /// The value, where there is one; `None` for what was reported.
    pub(crate) fn known(self) -> Option<Option<T>> {
        match self {
            Self::Absent => Some(None),
            Self::Reported => None,
            Self::Present(value) => Some(Some(value)),
        }
    }
}

/// Reads a document; what is wrong with it goes to the report.
pub(crate) fn document(text: &str, report: &mut Report) -> Document {
    let (table, errors) = DeTable::parse_recoverable(text);
    report.syntax(&errors);
    let span = table.span();
    let table = Spanned::new(span, DeValue::Table(table.into_inner()));
    match Fields::open(&table, &ROOT, Place::default(), report) {
        Some(root) => Document {
            shown: shown::document(&table),
            ..root_table(&root, report)
        },
        None => Document::default(),
    }
}

fn root_table(root: &Fields<'_>, report: &mut Report) -> Document {
    Document {
        listeners: root.tables("listener", report, listener::listener),
        tls_profiles: root.tables_by_name("tls_profile", report, tls_profile::tls_profile),
        pools: root.tables_by_name("pool", report, backend::pool),
        backend_settings: root.tables_by_name("backend_settings", report, backend::settings),
        rules: root.tables("rule", report, listener::rule),
        rewrite_sets: root.tables_by_name("rewrite_set", report, rewrite::rewrite_set),
        redirects: root.tables_by_name("redirect", report, route::redirect),
        path_maps: root.tables_by_name("path_map", report, route::path_map),
        authorizations: root.tables_by_name("authorization", report, authorization::authorization),
        probes: root.tables_by_name("probe", report, probe::probe),
        error_pages: http::error_pages(root, report).unwrap_or_default(),
        http: root
            .table("http", report)
            .map_or_else(HttpSettings::default, |fields| http::http(&fields)),
        default_policy: root.table("tls", report).map_or(Drafted::Absent, |fields| {
            policy::policy("default_policy", &fields, report)
        }),
        limits: root
            .table("limits", report)
            .map_or_else(Limits::default, |fields| http::limits(&fields)),
        ocsp: match root.table("ocsp", report) {
            Some(fields) => ocsp::ocsp(&fields, report),
            None => OcspSettings::default(),
        },
        dns_servers: root
            .table("dns", report)
            .map_or_else(Vec::new, |fields| dns::servers(&fields, report)),
        access_log: match root.table("access_log", report) {
            Some(fields) => record::access_log(&fields, report),
            None => AccessLogSettings::default(),
        },
        traces: root
            .table("traces", report)
            .map(|fields| record::traces(&fields, report)),
        admin: root
            .table("admin", report)
            .and_then(|fields| admin::admin(&fields, report)),
        shown: serde_json::Value::Null,
    }
}
