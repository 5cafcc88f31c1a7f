//! What becomes of the requests of a listener.

use std::collections::HashMap;
use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderValue, Response, StatusCode, Uri};
use portcullis_model::path::PathPattern;
use portcullis_model::{
    self as model, BackendHost, BackendSettings, Include, PathMap, RedirectTarget, TargetHost,
};
use portcullis_rewrite::RuleSet;

use crate::authorization::Authorization;
use crate::path_override::PathOverride;
use crate::pool::{Endpoint, Pool};
use crate::refused::Refused;
use crate::transport::{Destination, Transport, server_name};

/// What becomes of requests, by their path where it says so.
pub(crate) enum Plan {
    One(Way),
    Paths {
        map: Arc<PathMap>,
        default: Way,
        /// By the names of the map's rules.
        rules: HashMap<String, PathWay>,
    },
}

/// What becomes of requests with certain paths, and who may send them.
pub(crate) struct PathWay {
    pub(crate) authorization: Option<Arc<Authorization>>,
    pub(crate) way: Way,
}

/// One thing that becomes of requests.
pub(crate) enum Way {
    Forward(Forward),
    Redirect(Arc<model::Redirect>),
}

/// How requests go to a backend.
pub(crate) struct Forward {
    pub(crate) pool: Arc<Pool>,
    pub(crate) settings: Arc<BackendSettings>,
    pub(crate) transport: Arc<Transport>,
    pub(crate) rewrites: Arc<RuleSet>,
    /// What the settings put in the place of the path.
    pub(crate) path: Option<PathOverride>,
}

impl Plan {
    /// What becomes of a request with this path, and who may send it beside what the listener demands.
    pub(crate) fn choose(&self, path: &str) -> Result<(Option<&Authorization>, &Way), Refused> {
        match self {
            Self::One(way) => Ok((None, way)),
            Self::Paths {
                map,
                default,
                rules,
            } => match map.choose(path).rule {
                None => Ok((None, default)),
                Some(rule) => {
                    // Every rule of the map is among them; nothing else may stand in for one that is not.
                    let way = rules
                        .get(&rule.name.value)
                        .ok_or(Refused::RequestUnsendable)?;
                    Ok((way.authorization.as_deref(), &way.way))
                }
            },
        }
    }
}

impl Forward {
    pub(crate) fn new(pool: Arc<Pool>, rewrites: Arc<RuleSet>, patterns: Vec<PathPattern>) -> Self {
        let settings = Arc::clone(&pool.settings);
        let path = settings.path.as_ref();
        Self {
            path: path.map(|path| PathOverride::new(&path.value, patterns)),
            transport: Arc::clone(&pool.transport),
            pool,
            settings,
            rewrites,
        }
    }

    /// The `Host` to send: the configured one, that of the target, or the client's.
    pub(crate) fn host(
        &self,
        target: &TargetHost,
        authority: &str,
    ) -> Result<HeaderValue, Refused> {
        let host = match &self.settings.host {
            BackendHost::Named(host) => HeaderValue::from_str(host.as_str()),
            BackendHost::FromTarget => HeaderValue::from_str(&target.to_string()),
            BackendHost::FromClient => HeaderValue::from_str(authority),
        };
        host.map_err(|_| Refused::HostInvalid)
    }

    /// How to reach an endpoint, for a client that asks for this host.
    pub(crate) fn destination(&self, endpoint: &Endpoint, authority: &str) -> Destination {
        Destination {
            address: endpoint.address,
            transport: Arc::clone(&self.transport),
            server_name: server_name(&self.settings, &endpoint.host, authority),
        }
    }
}

/// The answer that sends a client elsewhere. `authority` is that of the request, whose host stands in for one that the
/// target does not name.
pub(crate) fn redirect(
    redirect: &model::Redirect,
    uri: &Uri,
    authority: &str,
) -> Result<Response<()>, Refused> {
    let mut location = match &redirect.target {
        RedirectTarget::Url(url) => url.value.clone(),
        RedirectTarget::Listener {
            scheme, host, port, ..
        } => {
            let host = match host {
                Some(host) => host.as_str(),
                None => host_of(authority),
            };
            match (*scheme, *port) {
                ("https", 443) | ("http", 80) => format!("{scheme}://{host}"),
                (scheme, port) => format!("{scheme}://{host}:{port}"),
            }
        }
    };
    if redirect.path == Include::Yes {
        let base = location.trim_end_matches('/').len();
        location.truncate(base);
        location.push_str(uri.path());
    }
    if redirect.query == Include::Yes
        && let Some(query) = uri.query()
    {
        location.push(if location.contains('?') { '&' } else { '?' });
        location.push_str(query);
    }
    let status =
        StatusCode::from_u16(redirect.kind.status()).map_err(|_| Refused::RequestUnsendable)?;
    let location = HeaderValue::from_str(&location).map_err(|_| Refused::RequestUnsendable)?;
    let mut response = Response::new(());
    *response.status_mut() = status;
    response.headers_mut().insert(LOCATION, location);
    Ok(response)
}

/// Without the port.
fn host_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|octet| octet.is_ascii_digit()) => host,
        _ => authority,
    }
}
