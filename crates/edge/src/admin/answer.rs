//! One request of an operator.

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    SERVER, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;

use super::{api, host, page};
use crate::framing;
use crate::metrics::scrape;
use crate::running::Shared;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What a response says.
struct Said {
    status: StatusCode,
    content_type: &'static str,
    body: String,
}

impl Said {
    fn fine(content_type: &'static str, body: String) -> Self {
        Self {
            status: StatusCode::OK,
            content_type,
            body,
        }
    }

    fn text(status: StatusCode, text: &str) -> Self {
        Self {
            status,
            content_type: TEXT,
            body: format!("{text}\n"),
        }
    }
}

/// Answers a request that came in at this address.
pub(super) fn answer<B>(
    shared: &Arc<Shared>,
    local: IpAddr,
    request: &Request<B>,
) -> Response<Full<Bytes>> {
    let gateway = shared.gateway.load();
    let names = gateway.admin().map(|admin| admin.hosts.as_slice());
    let names = names.unwrap_or_default();
    let said = match *request.method() {
        _ if !host::is_own(request.uri(), request.headers(), local, names) => Said::text(
            StatusCode::MISDIRECTED_REQUEST,
            "this host is not among those of [admin] hosts",
        ),
        Method::GET | Method::HEAD => about(shared, request.uri().path()),
        _ => Said::text(
            StatusCode::METHOD_NOT_ALLOWED,
            "nothing can be changed here",
        ),
    };
    let mut response = Response::new(Full::from(said.body));
    *response.status_mut() = said.status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(said.content_type));
    headers.extend(GUARDS.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if let Ok(policy) = HeaderValue::from_str(page::content_security_policy()) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if said.status == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    }
    if request.method() == Method::HEAD {
        framing::leave_out_body(&mut response);
    }
    response
}

/// What keeps browsers from doing more with a response than show it.
const GUARDS: [(HeaderName, &str); 6] = [
    (CACHE_CONTROL, "no-store"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (X_FRAME_OPTIONS, "DENY"),
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
    (SERVER, "Portcullis"),
];

fn about(shared: &Arc<Shared>, path: &str) -> Said {
    match path {
        "/" => Said::fine(HTML, page::page(shared)),
        "/healthz" => Said::text(StatusCode::OK, "alive"),
        "/readyz" => match shared.is_draining() {
            false => Said::text(StatusCode::OK, "ready"),
            true => Said::text(StatusCode::SERVICE_UNAVAILABLE, "draining"),
        },
        "/metrics" => match scrape(shared) {
            Ok(text) => Said::fine(OPEN_METRICS, text),
            Err(_) => Said::text(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics cannot be written",
            ),
        },
        path => match api::about(shared, path) {
            Some(json) => Said::fine(JSON, format!("{json:#}\n")),
            None => Said::text(StatusCode::NOT_FOUND, "there is nothing here"),
        },
    }
}
