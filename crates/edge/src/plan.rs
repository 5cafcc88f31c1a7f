//! What becomes of the requests of a listener.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use http::header::LOCATION;
use http::uri::Authority;
use http::{HeaderValue, Response, StatusCode, Uri};
use portcullis_model::{self as model, BackendSettings, Include, PathMap, RedirectTarget};
use portcullis_rewrite::RuleSet;

use crate::authorization::Authorization;
use crate::refused::Refused;

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
    /// The name of its pool.
    pub(crate) pool: Arc<str>,
    backends: Vec<Authority>,
    next: AtomicUsize,
    pub(crate) settings: Arc<BackendSettings>,
    pub(crate) rewrites: Arc<RuleSet>,
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
    pub(crate) fn new(
        pool: &str,
        backends: Vec<Authority>,
        settings: Arc<BackendSettings>,
        rewrites: Arc<RuleSet>,
    ) -> Self {
        Self {
            pool: pool.into(),
            backends,
            next: AtomicUsize::new(0),
            settings,
            rewrites,
        }
    }

    /// The `Host` to send: the configured one, or the client's.
    pub(crate) fn host(&self, authority: &str) -> Result<HeaderValue, Refused> {
        let host = match self.settings.host.named() {
            Some(host) => host.value.as_str(),
            None => authority,
        };
        HeaderValue::from_str(host).map_err(|_| Refused::HostInvalid)
    }

    /// The next backend, round robin. None speaks plain HTTP where TLS was asked for.
    pub(crate) fn backend(&self) -> Result<&Authority, Refused> {
        if let model::BackendProtocol::Https(_) = self.settings.protocol {
            return Err(Refused::BackendUnreachable);
        }
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        turn.checked_rem(self.backends.len())
            .and_then(|turn| self.backends.get(turn))
            .ok_or(Refused::BackendUnreachable)
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
