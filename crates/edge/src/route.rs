//! Which way a request takes: by the path it has, and by those that rewrites give it.

use std::ptr;
use std::sync::Arc;

use http::Uri;
use portcullis_model::Redirect;
use portcullis_rewrite::{Passage, Reroute, UrlError};

use crate::authorization::Authorization;
use crate::gateway::Site;
use crate::identity::Identity;
use crate::paths;
use crate::plan::{Forward, Plan, Way};
use crate::refused::Refused;

/// How often rewrites may have the path map asked again for one request.
const REROUTES: usize = 8;

/// Where a request has arrived.
pub(crate) enum Route<'a> {
    Forward(Forwards<'a>),
    Redirect(&'a Redirect),
}

/// The ways that forward a request whose rewrites count, in the order in which it met them. The last one has the backend.
pub(crate) struct Forwards<'a> {
    /// All but the last.
    pub(crate) before: Vec<&'a Forward>,
    pub(crate) last: &'a Forward,
}

/// What becomes of the request, if its client may send it: by the listener's rule, by that of its path, and by that of
/// every path that rewrites give it, whether the path map is asked again or not.
///
/// Each set of rewrites is judged on the request as it was received, so a way met twice would be met for ever.
pub(crate) fn route<'a>(
    site: &'a Site,
    identity: &Identity,
    uri: &Uri,
    passage: &mut Passage<'_, 'a>,
) -> Result<Route<'a>, Refused> {
    if let Some(authorization) = &site.authorization {
        authorise(authorization, identity)?;
    }
    let mut way = permitted(&site.plan, identity, uri.path())?;
    let mut before: Vec<&Forward> = Vec::new();
    loop {
        let forward = match way {
            Way::Forward(forward) => forward,
            Way::Redirect(redirect) => return Ok(Route::Redirect(redirect)),
        };
        if before.len() > REROUTES || before.iter().any(|met| ptr::eq(*met, forward)) {
            return Err(Refused::RewriteLoop);
        }
        let reroute = passage.judge(&forward.rewrites).map_err(|error| {
            tracing::debug!(%error, "rewrite failed");
            match error {
                UrlError::DotSegment => Refused::PathInvalid,
                UrlError::TooLong { .. } => Refused::UrlTooLong,
                _ => Refused::RequestUnsendable,
            }
        })?;
        let next = match passage.target() {
            Some(target) => Some(permitted(&site.plan, identity, target.path())?),
            None => None,
        };
        match (next, reroute) {
            (Some(next), Reroute::Again) => {
                before.push(forward);
                way = next;
            }
            _ => {
                let last = forward;
                return Ok(Route::Forward(Forwards { before, last }));
            }
        }
    }
}

/// What becomes of requests for this path, if the client may send them.
fn permitted<'a>(plan: &'a Plan, identity: &Identity, path: &str) -> Result<&'a Way, Refused> {
    let normal = paths::normal(path)?;
    let (authorization, way) = plan.choose(&normal)?;
    if let Some(authorization) = authorization {
        authorise(authorization, identity)?;
    }
    // The backend may be one that sees no parameters.
    if let Some(bare) = paths::without_parameters(&normal)
        && let Ok((Some(authorization), _)) = plan.choose(&bare)
    {
        authorise(authorization, identity)?;
    }
    Ok(way)
}

/// Whether the client may pass. Without a proven certificate nobody does.
fn authorise(authorization: &Authorization, identity: &Identity) -> Result<(), Refused> {
    let proven = identity.proven().ok_or(Refused::CertificateRequired)?;
    authorization
        .check(proven)
        .map_err(|lacking| Refused::NotAuthorised(Arc::new(lacking)))
}
