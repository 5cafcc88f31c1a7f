//! One request: who asks, for which host, forwarded to where, or refused and why.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONNECTION, EXPECT, HOST, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery, Scheme};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use portcullis_model::HttpSettings;
use portcullis_model::host::HostName;
use portcullis_rewrite::{Exchange, Passage, RuleSet, TlsFacts, to_client_by};

use crate::activity::{InFlight, Turn};
use crate::admission::Admission;
use crate::backend::RequestBody;
use crate::connection::Connection;
use crate::framing;
use crate::gateway::Site;
use crate::identity::Identity;
use crate::log;
use crate::pages::Pages;
use crate::plan;
use crate::refused::Refused;
use crate::relay::Relay;
use crate::route::{Forwards, Route, route};

/// What a client is answered with: a backend's body as it comes, or a page of the gateway.
pub(crate) type ResponseBody = Either<Relay, Full<Bytes>>;

/// Answers one request.
pub(crate) async fn respond(
    connection: &Connection,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    let started = Instant::now();
    let mut in_flight = InFlight::new(&connection.activity);
    let (parts, body) = request.into_parts();
    count(connection, parts.version);
    in_flight.turn(Turn::Backend); // a responder may have to be asked, then a backend
    let admission = Admission::current(connection).await;
    let result = match &admission {
        Some(admission) => forward(connection, admission, &parts, body).await,
        None => Err(Refused::NoListener),
    };
    in_flight.turn(Turn::Client);
    log::request(connection, admission.as_deref(), &parts, &result, started);
    match result {
        Ok(Served::Forwarded(Forwarded {
            response, timeout, ..
        })) => response.map(|body| Either::Left(Relay::new(body, in_flight, timeout))),
        Ok(Served::Redirected(response)) => response.map(|()| Either::Right(Full::default())),
        Err(refused) => {
            let pages = admission
                .as_ref()
                .map(|admission| pages(connection, admission, &parts));
            let mut response = refused.answer(&parts.headers, pages.as_deref());
            if matches!(refused, Refused::Client(_)) {
                end(connection, parts.version, response.headers_mut());
            }
            if parts.method == Method::HEAD {
                framing::leave_out_body(&mut response);
            }
            response.map(Either::Right)
        }
    }
}

/// Ends an HTTP/2 connection that has had as many requests as it may have.
fn count(connection: &Connection, version: Version) {
    let before = connection.requests.fetch_add(1, Ordering::Relaxed);
    let most = connection.core.shared.gateway.load().http().http2_requests;
    if version == Version::HTTP_2 && most <= before.saturating_add(1) {
        connection.close.notify_one();
    }
}

/// Whether a request is as long as may be, as far as its head tells.
fn check_length(http: &HttpSettings, parts: &Parts) -> Result<(), Refused> {
    let target = parts
        .uri
        .path_and_query()
        .map_or(0, |target| target.as_str().len());
    if target > http.url_bytes {
        return Err(Refused::UrlTooLong);
    }
    let mut all: usize = 0;
    for (name, value) in &parts.headers {
        let field = name.as_str().len().saturating_add(value.len());
        if parts.version == Version::HTTP_2 && field > http.http2_field_bytes {
            return Err(Refused::HeadersTooLong);
        }
        // As HTTP/1.1 writes it: a colon, a space, an end of line.
        all = all.saturating_add(field).saturating_add(4);
    }
    if all > http.header_bytes {
        return Err(Refused::HeadersTooLong);
    }
    Ok(())
}

/// Ends the connection after this response. HTTP/1.1 says so in the response itself, so that not
/// even a request that is already there is read; HTTP/2 has no such field (RFC 9113 section 8.2.2).
fn end(connection: &Connection, version: Version, headers: &mut HeaderMap) {
    connection.close.notify_one();
    if version < Version::HTTP_2 {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
}

/// What a request is answered with, where it is not refused.
pub(crate) enum Served {
    Forwarded(Forwarded),
    Redirected(Response<()>),
}

impl Served {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Forwarded(forwarded) => forwarded.response.status(),
            Self::Redirected(response) => response.status(),
        }
    }
}

/// The error pages of the listener that the request is for, or of that of the connection.
fn pages(connection: &Connection, admission: &Admission, parts: &Parts) -> Arc<Pages> {
    let asked = authority(parts).and_then(|authority| site(connection, admission, authority));
    Arc::clone(&asked.unwrap_or(&admission.site).pages)
}

/// A backend's response and how it was come by.
pub(crate) struct Forwarded {
    pub(crate) response: Response<Incoming>,
    pub(crate) backend: Authority,
    /// How long the rest of the response may be waited for at a time.
    timeout: Duration,
}

async fn forward(
    connection: &Connection,
    admission: &Admission,
    parts: &Parts,
    body: Incoming,
) -> Result<Served, Refused> {
    let identity = match &admission.outcome {
        Ok(identity) => identity,
        Err(refusal) => return Err(Refused::Client(Arc::clone(refusal))),
    };
    if matches!(parts.method, Method::CONNECT | Method::TRACE) {
        return Err(Refused::MethodNotAllowed);
    }
    check_length(admission.gateway.http(), parts)?;
    if body.size_hint().lower() > admission.gateway.http().body_bytes {
        return Err(Refused::BodyTooLong);
    }
    check_transfer_coding(&parts.headers)?;
    let authority = authority(parts)?;
    let site = site(connection, admission, authority)?;
    let exchange = exchange(connection, identity, parts, authority);
    let mut headers = parts.headers.clone();
    headers.remove(EXPECT); // answered here: the body is read as the backend takes it
    framing::settle_request(&mut headers);
    let mut passage = Passage::begin(&mut headers, admission.gateway.strip(), &exchange);
    let Forwards { before, last } = match route(site, identity, &parts.uri, &mut passage)? {
        Route::Forward(forwards) => forwards,
        Route::Redirect(redirect) => {
            return plan::redirect(redirect, &parts.uri, authority).map(Served::Redirected);
        }
    };
    let backend = last.backend()?.clone();
    let target = target(&backend, &parts.uri, passage.target())?;
    let remembered = passage.finish(last.host(authority)?);

    let gateway = Arc::clone(&admission.gateway);
    let mut request = Request::new(RequestBody::new(body, parts.version, gateway));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = headers;
    if let Some(identity_headers) = site.identity_headers {
        identity_headers.set(request.headers_mut(), exchange.client)?;
    }
    frame(&mut request);

    let timeout = last.settings.request_timeout;
    let mut response = connection.core.backends.send(request, timeout).await?;
    let status = response.status();
    if status == StatusCode::SWITCHING_PROTOCOLS {
        return Err(Refused::BackendFailed); // no Upgrade was sent, so there is nothing to switch to
    }
    framing::settle_response(&mut response)?;
    let mut sets: Vec<&RuleSet> = before.iter().map(|met| &*met.rewrites).collect();
    sets.push(&last.rewrites);
    to_client_by(
        status,
        response.headers_mut(),
        &sets,
        &exchange,
        &remembered,
    );
    Ok(Served::Forwarded(Forwarded {
        response,
        backend,
        timeout,
    }))
}

/// Chunks are decoded here and nothing else is: the backend would be told of no other coding, as
/// the field ends at this hop.
fn check_transfer_coding(headers: &HeaderMap) -> Result<(), Refused> {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => Ok(()),
        (Some(only), None) if only.as_bytes().eq_ignore_ascii_case(b"chunked") => Ok(()),
        _ => Err(Refused::CodingNotSupported),
    }
}

/// Says how the body is framed where hyper would not: it leaves out a body of unknown length when
/// the method is GET or HEAD, unless a header announces it.
fn frame(request: &mut Request<RequestBody>) {
    if !request.body().is_end_stream() && request.body().size_hint().exact().is_none() {
        let chunked = HeaderValue::from_static("chunked");
        request.headers_mut().insert(TRANSFER_ENCODING, chunked);
    }
}

/// The one host that the request is for, as it was sent (RFC 9112 section 3.2, RFC 9113 section
/// 8.3.1). Two that differ, even where a rule would let one win, are refused.
fn authority(parts: &Parts) -> Result<&str, Refused> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts
        .next()
        .map(HeaderValue::to_str)
        .transpose()
        .map_err(|_| Refused::HostInvalid)?;
    let target = parts.uri.authority().map(Authority::as_str);
    match (target, host, hosts.next()) {
        (Some(target), Some(host), None) if target.eq_ignore_ascii_case(host) => Ok(target),
        (Some(only), None, None) | (None, Some(only), None) => Ok(only),
        _ => Err(Refused::HostMissing),
    }
}

/// The listener that answers for the host, if this connection may speak to it.
fn site<'a>(
    connection: &Connection,
    admission: &'a Admission,
    authority: &str,
) -> Result<&'a Arc<Site>, Refused> {
    let host = HostName::from_authority(authority).map_err(|_| Refused::HostInvalid)?;
    let site = admission
        .gateway
        .bind(&connection.door)
        .and_then(|bind| bind.site(&host))
        .ok_or(Refused::NoListener)?;
    // A connection from before a reload may speak what is not spoken here any more.
    let same_protocol = site.profile.is_some() == connection.tls.is_some();
    if same_protocol && site.asks_the_same_as(&admission.site) {
        Ok(site)
    } else {
        Err(Refused::Misdirected)
    }
}

fn exchange<'a>(
    connection: &'a Connection,
    identity: &'a Identity,
    parts: &'a Parts,
    authority: &'a str,
) -> Exchange<'a> {
    Exchange {
        client: identity.client(),
        client_address: connection.peer,
        server_port: connection.port,
        method: &parts.method,
        version: parts.version,
        uri: &parts.uri,
        authority,
        tls: connection
            .tls
            .map(|(protocol, cipher)| TlsFacts { protocol, cipher }),
    }
}

/// The rewritten path and query, or the received ones, at the backend.
fn target(
    backend: &Authority,
    uri: &Uri,
    rewritten: Option<&PathAndQuery>,
) -> Result<Uri, Refused> {
    let path = rewritten
        .or(uri.path_and_query())
        .cloned()
        .unwrap_or_else(|| PathAndQuery::from_static("/"));
    Uri::builder()
        .scheme(Scheme::HTTP)
        .authority(backend.clone())
        .path_and_query(path)
        .build()
        .map_err(|_| Refused::RequestUnsendable)
}
