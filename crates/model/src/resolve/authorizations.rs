//! Authorizations where nobody could pass.

use crate::diagnostic::{Place, Problem};
use crate::gateway::{Action, Authorization, Listener};
use crate::read::Report;

/// Only a verified certificate authorizes. Where none is verified, an authorization lets nobody pass,
/// and must not be taken for a judgement of what was merely presented.
pub(super) fn check(listener: &Listener, report: &mut Report) {
    let profile = listener.tls_profile();
    if profile.is_some_and(|profile| profile.client_auth.trust().is_some()) {
        return;
    }
    let rule = &listener.rule;
    let mut push = |authorization: &Authorization, place: &Place| {
        let authorization = authorization.name.clone();
        let listener = listener.name.value.clone();
        let problem = Problem::Unproven {
            authorization,
            listener,
        };
        report.push(place.clone(), problem);
    };
    if let Some(authorization) = &rule.authorization {
        push(authorization, &rule.place);
    }
    if let Action::Paths(map) = &rule.action {
        for path_rule in &map.rules {
            if let Some(authorization) = &path_rule.authorization {
                push(authorization, &path_rule.place);
            }
        }
    }
}
