//! Reading a TOML document by the shapes of its tables, without stopping at a problem.

mod backend;
mod fields;
mod form;
mod listener;
mod ocsp;
mod place;
mod report;
mod rewrite;
mod tls_profile;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::Place;
use crate::gateway::OcspSettings;
use crate::shape::ROOT;

pub(crate) use fields::Fields;
pub(crate) use place::excerpt;
pub(crate) use report::Report;

pub(crate) use backend::{PoolDraft, SettingsDraft};
pub(crate) use listener::{ListenerDraft, RuleDraft};
pub(crate) use rewrite::RewriteSetDraft;
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
    pub(crate) ocsp: OcspSettings,
}

/// Reads a document; what is wrong with it goes to the report.
pub(crate) fn document(text: &str, report: &mut Report) -> Document {
    let (table, errors) = DeTable::parse_recoverable(text);
    report.syntax(&errors);
    let span = table.span();
    let table = Spanned::new(span, DeValue::Table(table.into_inner()));
    match Fields::open(&table, &ROOT, Place::default(), report) {
        Some(root) => root_table(&root, report),
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
        ocsp: match root.table("ocsp", report) {
            Some(fields) => ocsp::ocsp(&fields, report),
            None => OcspSettings::default(),
        },
    }
}
