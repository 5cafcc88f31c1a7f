//! What becomes of requests, from the model to what runs.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use http::uri::Authority;
use portcullis_model as model;

use super::Loader;
use crate::authorization::Authorization;
use crate::pages::Pages;
use crate::plan::{Forward, PathWay, Plan, Way};

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
            model::Action::Route(route) => self.way(route, &rule.place).map(Plan::One),
            model::Action::Paths(map) => {
                let default = self.way(&map.default, &map.place)?;
                let mut rules = HashMap::new();
                for path in &map.rules {
                    let way = PathWay {
                        authorization: self.authorization(path.authorization.as_ref())?,
                        way: self.way(&path.route, &path.place)?,
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

    fn way(&mut self, route: &model::Route, place: &model::Place) -> Option<Way> {
        let forward = match route {
            model::Route::Redirect(redirect) => return Some(Way::Redirect(Arc::clone(redirect))),
            model::Route::Forward(forward) => forward,
        };
        let rewrites = match &forward.rewrite_set {
            Some(set) => Arc::clone(self.rewrite_sets.get(set.name.as_str())?),
            None => Arc::default(),
        };
        let backends = forward
            .backends
            .iter()
            .map(|backend| backend.to_string().parse::<Authority>())
            .collect::<Result<_, _>>();
        match backends {
            Ok(backends) => {
                let settings = Arc::clone(&forward.backend_settings);
                Some(Way::Forward(Forward::new(
                    &forward.pool.name,
                    backends,
                    settings,
                    rewrites,
                )))
            }
            Err(error) => {
                self.setup(place, error);
                None
            }
        }
    }
}
