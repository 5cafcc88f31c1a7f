//! What becomes known of one request, until its response has ended.

mod telling;

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use http::header::{CONTENT_TYPE, HOST, USER_AGENT};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body;

use super::Logged;
use crate::admission::Admission;
use crate::backend::{Passage, RequestBody, SourcePort};
use crate::connection::Connection;
use crate::framing::octets_of_fields;
use crate::gateway::Site;
use crate::plan::Forward;
use crate::pool::{Endpoint, Pool};
use crate::refused::Refused;
use crate::respond::Served;
use crate::trace_id::TraceId;
use crate::traces::Context;
use crate::tunnel::{End, Passed};

pub(crate) use telling::FACTS;

/// nginx's status of a request whose client left before it was answered.
const CLIENT_CLOSED_REQUEST: u16 = 499;

/// One request. It is logged when this is dropped, which is when its response has ended or its client
/// has left, whatever becomes first.
pub(crate) struct Entry {
    connection: Arc<Connection>,
    method: Method,
    uri: Uri,
    version: Version,
    user_agent: Option<HeaderValue>,
    host: Option<HeaderValue>,
    began: SystemTime,
    started: Instant,
    transaction: TraceId,
    context: Option<Context>,
    /// Octets of the request's head, as HTTP/1.1 has it.
    head: u64,
    admission: Option<Arc<Admission>>,
    site: Option<Arc<Site>>,
    asked: Option<Asked>,
    heard: Option<Heard>,
    outcome: Outcome,
    answer: Option<Answer>,
    /// Octets of the response.
    sent: u64,
    pub(super) ending: Ending,
}

/// What a backend was asked.
struct Asked {
    way: Arc<Pool>,
    endpoint: Arc<Endpoint>,
    target: Option<PathAndQuery>,
    host: Option<HeaderValue>,
    body: Arc<Passage>,
    at: Instant,
}

/// That a backend has answered.
struct Heard {
    status: StatusCode,
    at: Instant,
    source_port: Option<SourcePort>,
}

struct Answer {
    status: StatusCode,
    content_type: Option<HeaderValue>,
}

enum Outcome {
    Undecided,
    /// As [`Served::name`] says.
    Served(&'static str),
    /// What was switched to has ended.
    Tunnelled(End),
    Refused(Refused),
}

/// How a response ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// Nobody wanted the rest.
    ClientLeft,
    Whole,
    BackendClosed,
    BackendTimedOut,
}

impl Entry {
    /// A request that has just come.
    pub(crate) fn begin(connection: &Arc<Connection>, parts: &Parts) -> Box<Self> {
        let transaction = TraceId::random();
        let context = {
            let gateway = connection.core.shared.gateway.load();
            Context::of(&parts.headers, gateway.traces(), transaction)
        };
        let first = parts.method.as_str().len().saturating_add(target(parts));
        Box::new(Self {
            connection: Arc::clone(connection),
            method: parts.method.clone(),
            uri: parts.uri.clone(),
            version: parts.version,
            user_agent: parts.headers.get(USER_AGENT).cloned(),
            host: parts.headers.get(HOST).cloned(),
            began: SystemTime::now(),
            started: Instant::now(),
            transaction,
            context,
            head: octets(first.saturating_add(" HTTP/1.1\r\n ".len()), &parts.headers),
            admission: None,
            site: None,
            asked: None,
            heard: None,
            outcome: Outcome::Undecided,
            answer: None,
            sent: 0,
            ending: Ending::ClientLeft,
        })
    }

    pub(crate) fn admitted(&mut self, admission: Option<&Arc<Admission>>) {
        self.admission = admission.cloned();
    }

    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// The name of the request for the backend.
    pub(crate) fn name(&self) -> TraceId {
        self.transaction
    }

    /// The listener that answers was found.
    pub(crate) fn served_by(&mut self, site: &Arc<Site>) {
        self.site = Some(Arc::clone(site));
    }

    /// A backend is about to be asked, which is told the trace.
    pub(crate) fn asks(
        &mut self,
        way: &Forward,
        endpoint: &Arc<Endpoint>,
        request: &mut Request<RequestBody>,
    ) {
        Context::pass_on(self.context.as_ref(), request.headers_mut());
        self.heard = None;
        self.asked = Some(Asked {
            way: Arc::clone(&way.pool),
            endpoint: Arc::clone(endpoint),
            target: request.uri().path_and_query().cloned(),
            host: request.headers().get(HOST).cloned(),
            body: Arc::clone(request.body().passage()),
            at: Instant::now(),
        });
    }

    /// It has answered.
    pub(crate) fn hears<B>(&mut self, response: &Response<B>) {
        self.heard = Some(Heard {
            status: response.status(),
            at: Instant::now(),
            source_port: response.extensions().get().copied(),
        });
    }

    /// It is known what becomes of the request.
    pub(crate) fn decided(&mut self, result: &Result<Served, Refused>) {
        self.outcome = match result {
            Ok(served) => Outcome::Served(served.name()),
            Err(refused) => Outcome::Refused(refused.clone()),
        };
    }

    /// Goes with the response until it has ended.
    pub(crate) fn follow<B: Body>(
        mut self: Box<Self>,
        response: Response<B>,
    ) -> Response<Logged<B>> {
        self.answers(&response);
        response.map(|body| Logged::new(body, self))
    }

    /// This is the head of the response.
    pub(crate) fn answers<B>(&mut self, response: &Response<B>) {
        // The line of status, whose phrase the client has of the gateway.
        let phrase = response.status().canonical_reason().unwrap_or_default();
        let first = "HTTP/1.1 200 \r\n".len().saturating_add(phrase.len());
        self.sent = octets(first, response.headers());
        self.answer = Some(Answer {
            status: response.status(),
            content_type: response.headers().get(CONTENT_TYPE).cloned(),
        });
    }

    /// What began as this request has ended, and was no HTTP any more.
    pub(crate) fn tunnelled(&mut self, end: End, passed: Passed) {
        self.head = self.head.saturating_add(passed.from_client);
        self.sent = self.sent.saturating_add(passed.from_backend);
        self.outcome = Outcome::Tunnelled(end);
        self.ending = Ending::Whole;
    }

    /// More of the body was handed to the connection.
    pub(super) fn sends(&mut self, octets: usize) {
        let octets = u64::try_from(octets).unwrap_or(u64::MAX);
        self.sent = self.sent.saturating_add(octets);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let shared = &self.connection.core.shared;
        let sampled = self.context.as_ref().is_some_and(Context::is_sampled);
        if !shared.log.is_on() && !sampled {
            return;
        }
        let line = self.line();
        shared.log.write(&line);
        if let Some(context) = self.context.as_ref().filter(|_| sampled) {
            shared.traces.export(context, &line);
        }
    }
}

/// Octets of the target and of the host, where that is not a field.
fn target(parts: &Parts) -> usize {
    let path = parts.uri.path_and_query();
    let path = path.map_or(0, |path| path.as_str().len());
    match parts.uri.authority() {
        Some(authority) if parts.version >= Version::HTTP_2 => {
            let host = "host: \r\n".len().saturating_add(authority.as_str().len());
            path.saturating_add(host)
        }
        Some(authority) => path.saturating_add(authority.as_str().len()),
        None => path,
    }
}

/// Octets of a head as HTTP/1.1 has it, after the first line.
fn octets(first: usize, headers: &HeaderMap) -> u64 {
    let all = first.saturating_add(octets_of_fields(headers));
    u64::try_from(all.saturating_add("\r\n".len())).unwrap_or(u64::MAX)
}
