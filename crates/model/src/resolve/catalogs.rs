//! Everything that can be referred to, each made of what it refers to itself.

use std::sync::Arc;

use super::catalog::Catalog;
use super::{redirects, routes};
use crate::diagnostic::{Diagnostic, Item, Located, Problem};
use crate::gateway::{
    Authorization, BackendProtocol, BackendSettings, PathMap, Pool, Probe, Redirect, RewriteSet,
    TlsPolicy, TlsProfile,
};
use crate::read::{Document, Drafted, Report, SettingsDraft};

/// What can be referred to.
pub(super) struct Catalogs {
    pub(super) tls_profiles: Catalog<TlsProfile>,
    pub(super) pools: Catalog<Pool>,
    pub(super) backend_settings: Catalog<BackendSettings>,
    pub(super) probes: Catalog<Probe>,
    pub(super) rewrite_sets: Catalog<RewriteSet>,
    pub(super) redirects: Catalog<Redirect>,
    pub(super) path_maps: Catalog<PathMap>,
    pub(super) authorizations: Catalog<Authorization>,
}

impl Catalogs {
    pub(super) fn new(document: &Document, report: &mut Report) -> Self {
        let mut catalogs = Self {
            tls_profiles: tls_profiles(document),
            pools: pools(document),
            backend_settings: Catalog::new(Item::BackendSettings),
            probes: Catalog::new(Item::Probe),
            rewrite_sets: rewrite_sets(document),
            redirects: redirects::redirects(document, report),
            path_maps: Catalog::new(Item::PathMap),
            authorizations: Catalog::new(Item::Authorization),
        };
        for draft in &document.authorizations {
            let authorization = draft.authorization.clone();
            catalogs.authorizations.push(&draft.name, authorization);
        }
        for draft in &document.probes {
            catalogs.probes.push(&draft.name, draft.probe.clone());
        }
        for draft in &document.backend_settings {
            let settings = settings(draft, &mut catalogs.probes, report);
            catalogs.backend_settings.push(&draft.name, settings);
        }
        for draft in &document.path_maps {
            let map = routes::path_map(draft, &mut catalogs, report);
            catalogs.path_maps.push(&draft.name, map);
        }
        catalogs
    }

    pub(super) fn unreferenced(&self) -> Vec<Diagnostic> {
        let mut warnings = self.tls_profiles.unreferenced();
        warnings.extend(self.pools.unreferenced());
        warnings.extend(self.backend_settings.unreferenced());
        warnings.extend(self.probes.unreferenced());
        warnings.extend(self.rewrite_sets.unreferenced());
        warnings.extend(self.redirects.unreferenced());
        warnings.extend(self.path_maps.unreferenced());
        warnings.extend(self.authorizations.unreferenced());
        warnings
    }

    /// What an optional reference means; `None` when it, or what it means, was reported.
    pub(super) fn optional<T>(
        catalog: &mut Catalog<T>,
        reference: &Drafted<Located<String>>,
        report: &mut Report,
    ) -> Option<Option<Arc<T>>> {
        match reference {
            Drafted::Absent => Some(None),
            Drafted::Reported => None,
            Drafted::Present(name) => catalog.find(name, report).map(Some),
        }
    }
}

fn tls_profiles(document: &Document) -> Catalog<TlsProfile> {
    let mut profiles = Catalog::new(Item::TlsProfile);
    for draft in &document.tls_profiles {
        let profile = || {
            Some(TlsProfile {
                name: draft.name.value.clone(),
                certificate: draft.certificate.clone()?,
                client_auth: draft.client_auth.clone()?,
                ocsp_stapling: draft.ocsp_stapling,
                policy: policy(&draft.policy, &document.default_policy)?,
                place: draft.place.clone(),
            })
        };
        profiles.push(&draft.name, profile());
    }
    profiles
}

/// A profile's own, or the default.
fn policy(
    own: &Drafted<Located<TlsPolicy>>,
    default: &Drafted<Located<TlsPolicy>>,
) -> Option<Option<Located<TlsPolicy>>> {
    match own.clone().known()? {
        Some(policy) => Some(Some(policy)),
        None => default.clone().known(),
    }
}

fn pools(document: &Document) -> Catalog<Pool> {
    let mut pools = Catalog::new(Item::Pool);
    for draft in &document.pools {
        let targets = draft.targets.clone().zip(draft.balance);
        let pool = targets.map(|(targets, balance)| Pool {
            name: draft.name.value.clone(),
            targets,
            balance,
            place: draft.place.clone(),
        });
        pools.push(&draft.name, pool);
    }
    pools
}

fn rewrite_sets(document: &Document) -> Catalog<RewriteSet> {
    let mut sets = Catalog::new(Item::RewriteSet);
    for draft in &document.rewrite_sets {
        let set = RewriteSet {
            name: draft.name.value.clone(),
            rules: draft.rules.clone(),
            place: draft.place.clone(),
        };
        sets.push(&draft.name, Some(set));
    }
    sets
}

/// The settings with their probe, which speaks what they speak.
fn settings(
    draft: &SettingsDraft,
    probes: &mut Catalog<Probe>,
    report: &mut Report,
) -> Option<BackendSettings> {
    let probe = Catalogs::optional(probes, &draft.probe, report)?;
    let settings = draft.settings.clone()?;
    let https = matches!(settings.protocol, BackendProtocol::Https(_));
    if let (Some(found), Drafted::Present(name)) = (&probe, &draft.probe)
        && found.https.is_some_and(|probe| probe != https)
    {
        let probe = name.value.clone();
        report.push(name.place.clone(), Problem::ProbeProtocol { probe });
    }
    Some(BackendSettings { probe, ..settings })
}
