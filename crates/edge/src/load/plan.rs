//! What becomes of requests, from the model to what runs.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use portcullis_model as model;
use portcullis_model::path::PathPattern;

use super::Loader;
use crate::affinity;
use crate::authorization::Authorization;
use crate::pages::Pages;
use crate::plan::{Forward, PathWay, Plan, Way};
use crate::pool::Pool;

impl<'a> Loader<'a> {
    pub(super) fn load_authorizations(&mut self) {
        for authorization in &self.model.authorizations {
            match Authorization::of(authorization) {
                Ok(loaded) => {
                    self.authorizations
                        .insert(&authorization.name, Arc::new(loaded));
                }
                Err((place, error)) => self.setup(&place, error),
            }
        }
    }

    /// The authorization of a rule, if it has one. Nothing where that had a problem: it never means everybody.
    #[expect(
        clippy::option_option,
        reason = "having none and lacking it are two answers"
    )]
    pub(super) fn authorization(
        &self,
        authorization: Option<&Arc<model::Authorization>>,
    ) -> Option<Option<Arc<Authorization>>> {
        let Some(authorization) = authorization else {
            return Some(None);
        };
        let loaded = self.authorizations.get(authorization.name.as_str());
        loaded.cloned().map(Some)
    }

    pub(super) fn pages(&mut self, pages: &model::ErrorPages) -> Option<Arc<Pages>> {
        let mut loaded = HashMap::new();
        for (status, file) in pages.iter() {
            let content = self.read(file)?;
            loaded.insert(StatusCode::from_u16(status).ok()?, Bytes::from(content));
        }
        Some(Arc::new(Pages::new(loaded)))
    }

    pub(super) fn plan(&mut self, rule: &model::Rule) -> Option<Plan> {
        match &rule.action {
            model::Action::Route(route) => self.way(route, Vec::new(), &rule.place).map(Plan::One),
            model::Action::Paths(map) => {
                let default = self.way(&map.default, Vec::new(), &map.place)?;
                let mut rules = HashMap::new();
                for path in &map.rules {
                    let patterns = path.paths.iter().map(|path| path.value.clone());
                    let way = PathWay {
                        authorization: self.authorization(path.authorization.as_ref())?,
                        way: self.way(&path.route, patterns.collect(), &path.place)?,
                    };
                    rules.insert(path.name.value.clone(), way);
                }
                Some(Plan::Paths {
                    map: Arc::clone(map),
                    default,
                    rules,
                })
            }
        }
    }

    /// `patterns` are those of the path rule, none where it is not one.
    fn way(
        &mut self,
        route: &model::Route,
        patterns: Vec<PathPattern>,
        place: &model::Place,
    ) -> Option<Way> {
        let forward = match route {
            model::Route::Redirect(redirect) => return Some(Way::Redirect(Arc::clone(redirect))),
            model::Route::Forward(forward) => forward,
        };
        let rewrites = match &forward.rewrite_set {
            Some(set) => Arc::clone(self.rewrite_sets.get(set.name.as_str())?),
            None => Arc::default(),
        };
        if forward.backend_settings.affinity.is_some()
            && let Err(error) = affinity::prepare()
        {
            self.setup(place, error);
            return None;
        }
        let pool = self.pool(forward)?;
        Some(Way::Forward(Forward::new(pool, rewrites, patterns)))
    }

    /// The pool of a rule, the same for all rules that have the same pool under the same settings.
    fn pool(&mut self, forward: &model::Forward) -> Option<Arc<Pool>> {
        let (name, settings) = (&forward.pool.name, &forward.backend_settings);
        let mut pools = self.pools.iter();
        let found = pools.find(|pool| pool.name == *name && pool.settings.name == settings.name);
        if let Some(pool) = found {
            return Some(Arc::clone(pool));
        }
        let transport = self.transport(settings)?;
        let balance = forward.pool.balance;
        let pool = Pool::new(name, settings, transport, balance, &forward.backends);
        let pool = Arc::new(pool);
        self.pools.push(Arc::clone(&pool));
        Some(pool)
    }
}
