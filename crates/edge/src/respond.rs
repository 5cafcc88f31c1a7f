//! One request: who asks, for which host, forwarded to where, or refused and why.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, EXPECT, HOST, TE, TRANSFER_ENCODING};
use http::request::Parts;
use http::uri::{Authority, PathAndQuery};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use portcullis_model::HttpSettings;
use portcullis_model::host::HostName;
use portcullis_rewrite::{Exchange, Passage, RuleSet, TlsFacts, to_client_by};

use crate::activity::{InFlight, Turn};
use crate::admission::Admission;
use crate::backend::{RequestBody, announce_trailers};
use crate::connection::Connection;
use crate::delivery::Delivery;
use crate::framing;
use crate::gateway::Site;
use crate::identity::Identity;
use crate::log::{Entry, Logged};
use crate::plan::{self, Forward};
use crate::pool::Visit;
use crate::refused::Refused;
use crate::relay::Relay;
use crate::route::{Forwards, Route, route};
use crate::tunnel::Tunnel;
use crate::upgrade::{self, Sides, Wanted};

/// What a client is answered with: a backend's body as it comes, or a page of the gateway. It is
/// logged when it ends.
pub(crate) type ResponseBody = Logged<Either<Relay, Full<Bytes>>>;

/// Answers one request.
pub(crate) async fn respond(
    connection: &Arc<Connection>,
    request: Request<Incoming>,
) -> Response<ResponseBody> {
    let mut in_flight = InFlight::new(&connection.activity);
    let (parts, body) = request.into_parts();
    let mut entry = Entry::begin(connection, &parts);
    count(connection, parts.version);
    in_flight.turn(Turn::Backend); // a responder may have to be asked, then a backend
    let admission = Admission::current(connection).await;
    entry.admitted(admission.as_ref());
    let result = match &admission {
        Some(admission) => forward(connection, admission, &parts, body, &mut entry).await,
        None => Err(Refused::NoListener),
    };
    in_flight.turn(Turn::Client);
    entry.decided(&result);
    let asked = admission
        .as_deref()
        .map(|admission| asked(connection, admission, &parts));
    let metrics = &connection.core.shared.metrics;
    in_flight.measured_by(metrics.answered(connection, asked, &result, entry.started()));
    let response = match result {
        Ok(Served::Forwarded(Forwarded {
            mut response,
            timeout,
            visit,
        })) => {
            let lease = response.extensions_mut().remove();
            response.map(|body| Either::Left(Relay::new(body, in_flight, timeout, lease, visit)))
        }
        Ok(Served::Switched(Switched {
            response,
            sides,
            visit,
        })) => {
            entry.answers(&response);
            if let Some(admission) = admission {
                Tunnel::new(connection, parts, admission, in_flight, visit, entry).start(sides);
            }
            return response.map(|()| Logged::aside(Either::Right(Full::default())));
        }
        Ok(Served::Redirected(response)) => response.map(|()| Either::Right(Full::default())),
        Err(refused) => {
            let pages = asked.map(|site| &*site.pages);
            let mut response = refused.answer(&parts.headers, pages);
            if matches!(refused, Refused::Client(_)) {
                end(connection, parts.version, response.headers_mut());
            }
            if parts.method == Method::HEAD {
                framing::leave_out_body(&mut response);
            }
            response.map(Either::Right)
        }
    };
    entry.follow(response)
}

/// Ends an HTTP/2 connection that has had as many requests as it may have.
fn count(connection: &Connection, version: Version) {
    let before = connection.requests.fetch_add(1, Ordering::Relaxed);
    let most = connection.core.shared.gateway.load().http().http2_requests;
    if version == Version::HTTP_2 && most <= before.saturating_add(1) {
        connection.close.notify_one();
    }
}

/// Whether a request is as long as may be, as far as its head tells, and its body in a coding that is understood.
fn check_message(http: &HttpSettings, parts: &Parts, body: &Incoming) -> Result<(), Refused> {
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
    if body.size_hint().lower() > http.body_bytes {
        return Err(Refused::BodyTooLong);
    }
    check_transfer_coding(&parts.headers)
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
    Switched(Switched),
}

impl Served {
    pub(crate) fn status(&self) -> StatusCode {
        match self {
            Self::Forwarded(forwarded) => forwarded.response.status(),
            Self::Redirected(response) => response.status(),
            Self::Switched(switched) => switched.response.status(),
        }
    }

    /// What became of the request, for the log and the metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Forwarded(_) => "forwarded",
            Self::Redirected(_) => "redirected",
            Self::Switched(_) => "switched",
        }
    }
}

/// The listener that the request is for, or that of the connection: whose error pages and counters are used.
fn asked<'a>(connection: &Connection, admission: &'a Admission, parts: &Parts) -> &'a Arc<Site> {
    let asked = authority(parts).and_then(|authority| site(connection, admission, authority));
    asked.unwrap_or(&admission.site)
}

/// A backend's response.
pub(crate) struct Forwarded {
    response: Response<Incoming>,
    /// How long the rest of the response may be waited for at a time.
    timeout: Duration,
    visit: Visit,
}

/// A backend's agreement to speak something else, for the client that asked for it.
pub(crate) struct Switched {
    response: Response<()>,
    sides: Sides,
    visit: Visit,
}

async fn forward(
    connection: &Connection,
    admission: &Admission,
    parts: &Parts,
    body: Incoming,
    entry: &mut Entry,
) -> Result<Served, Refused> {
    let identity = match &admission.outcome {
        Ok(identity) => identity,
        Err(refusal) => return Err(Refused::Client(Arc::clone(refusal))),
    };
    let wanted = Wanted::of(parts, &body)?;
    check_message(admission.gateway.http(), parts, &body)?;
    let authority = authority(parts)?;
    let site = site(connection, admission, authority)?;
    entry.served_by(site);
    let exchange = exchange(connection, admission, identity, parts, authority);
    let mut headers = parts.headers.clone();
    headers.remove(EXPECT); // answered here: the body is read as the backend takes it
    framing::settle_request(&mut headers);
    entry.name().tell(&mut headers);
    let mut passage = Passage::begin(&mut headers, admission.gateway.strip(), &exchange);
    let Forwards { before, last } = match route(site, identity, &parts.uri, &mut passage)? {
        Route::Forward(forwards) => forwards,
        Route::Redirect(redirect) => {
            return plan::redirect(redirect, &parts.uri, authority).map(Served::Redirected);
        }
    };
    let delivery = Delivery::begin(last, &exchange, &parts.headers).await?;
    let target = target(last, &parts.uri, passage.target())?;
    let remembered = passage.finish(last.host(delivery.target(), authority)?);
    announce_trailers(&parts.headers, &mut headers, &last.transport);

    let gateway = Arc::clone(&admission.gateway);
    let mut request = Request::new(RequestBody::new(body, parts.version, gateway));
    *request.method_mut() = parts.method.clone();
    *request.uri_mut() = target;
    *request.headers_mut() = headers;
    if let Some(identity_headers) = site.identity_headers {
        identity_headers.set(request.headers_mut(), exchange.client)?;
    }
    announce(&mut request, wanted.as_ref());

    let begun = Instant::now();
    let (mut response, visit, session) = delivery.send(connection, request, entry).await?;
    site.first_byte(begun);
    let status = response.status();
    let sides = upgrade::settle(wanted.as_ref(), &mut response)?;
    framing::settle_response(&mut response)?;
    let met = before.iter().chain([&last]);
    let sets: Vec<&RuleSet> = met.map(|met| &*met.rewrites).collect();
    let fields = response.headers_mut();
    to_client_by(status, fields, &sets, &exchange, &remembered);
    session.tell(&visit, response.headers_mut());
    Ok(match wanted.zip(sides) {
        Some((wanted, sides)) => Served::Switched(Switched {
            response: wanted.answer(response),
            sides,
            visit,
        }),
        None => Served::Forwarded(Forwarded {
            response,
            timeout: last.settings.request_timeout,
            visit,
        }),
    })
}

/// Whether a request that was forwarded would be again, by what is known and configured now.
pub(crate) fn would_forward(connection: &Connection, admission: &Admission, parts: &Parts) -> bool {
    let Ok(identity) = &admission.outcome else {
        return false;
    };
    let Ok(authority) = authority(parts) else {
        return false;
    };
    let Ok(site) = site(connection, admission, authority) else {
        return false;
    };
    let exchange = exchange(connection, admission, identity, parts, authority);
    let mut headers = parts.headers.clone();
    let mut passage = Passage::begin(&mut headers, admission.gateway.strip(), &exchange);
    let route = route(site, identity, &parts.uri, &mut passage);
    matches!(route, Ok(Route::Forward(_)))
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

/// Says to the backend what else the request is for, and how its body is framed where hyper would not: it leaves
/// out a body of unknown length when the method is GET or HEAD, unless a header announces it.
fn announce(request: &mut Request<RequestBody>, wanted: Option<&Wanted>) {
    if let Some(wanted) = wanted {
        wanted.ask(request);
    }
    if request.headers().contains_key(TE) {
        // It is about this hop, and says so (RFC 9110 section 10.1.4).
        let options = if wanted.is_some() {
            "upgrade, te"
        } else {
            "te"
        };
        let options = HeaderValue::from_static(options);
        request.headers_mut().insert(CONNECTION, options);
    }
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
    admission: &'a Admission,
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
        tls: connection.tls.map(|(protocol, cipher)| TlsFacts {
            protocol,
            cipher,
            ciphers_offered: match admission.gateway.lists_ciphers() {
                true => connection.offered.names(),
                false => "",
            },
        }),
        round_trip_time: connection.round_trip_time,
        received_bytes: received_bytes(parts),
    }
}

/// Octets of a request as HTTP/1.1 writes it: its head, and its body where the head says how long that is.
fn received_bytes(parts: &Parts) -> u64 {
    // Two spaces, the version, an end of line, and another one at the end of the head.
    const AROUND: usize = " ".len() + " HTTP/1.1\r\n".len() + "\r\n".len();
    let target = parts.uri.path_and_query();
    let target = target.map_or("/".len(), |target| target.as_str().len());
    let fields = framing::octets_of_fields(&parts.headers);
    let head = [parts.method.as_str().len(), target, AROUND, fields];
    let head = head.into_iter().fold(0, usize::saturating_add);
    let body = parts.headers.get(CONTENT_LENGTH);
    let body = body.and_then(|length| length.to_str().ok()?.parse().ok());
    let body: u64 = body.unwrap_or(0);
    u64::try_from(head).unwrap_or(u64::MAX).saturating_add(body)
}

/// The rewritten path and query, or the received ones, with what the backend settings put in the place of the path.
fn target(forward: &Forward, uri: &Uri, rewritten: Option<&PathAndQuery>) -> Result<Uri, Refused> {
    let target = rewritten.or(uri.path_and_query()).cloned();
    let target = target.unwrap_or_else(|| PathAndQuery::from_static("/"));
    let Some(path) = forward.path.as_ref().filter(|_| target.path() != "*") else {
        return Ok(Uri::from(target));
    };
    let mut path = path.apply(target.path())?;
    if let Some(query) = target.query() {
        path.push('?');
        path.push_str(query);
    }
    let target = PathAndQuery::try_from(path).map_err(|_| Refused::RequestUnsendable)?;
    Ok(Uri::from(target))
}
