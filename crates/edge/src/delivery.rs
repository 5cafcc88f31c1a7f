//! One request on its way to an endpoint of a pool, and to another where it could not be sent.

use std::net::SocketAddr;

use http::header::HOST;
use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use portcullis_model::{BackendHost, TargetHost};
use portcullis_rewrite::Exchange;
use tokio::time::Instant;

use crate::affinity::Token;
use crate::backend::{CONNECT_TIMEOUT, RequestBody};
use crate::connection::Connection;
use crate::log::Entry;
use crate::plan::Forward;
use crate::pool::{Asked, Endpoint, Visit};
use crate::refused::Refused;

/// Endpoints that one request is tried at.
const ATTEMPTS: usize = 3;

/// A request that has an endpoint to go to.
pub(crate) struct Delivery<'a> {
    forward: &'a Forward,
    exchange: &'a Exchange<'a>,
    session: Session<'a>,
    visit: Visit,
    begun: Instant,
}

/// What a client's cookies say, and what they are to say.
pub(crate) struct Session<'a> {
    forward: &'a Forward,
    tokens: Vec<Token>,
}

impl<'a> Delivery<'a> {
    /// Chooses an endpoint. Where its pool has none yet because a name is being resolved, that is waited for.
    pub(crate) async fn begin(
        forward: &'a Forward,
        exchange: &'a Exchange<'a>,
        received: &HeaderMap,
    ) -> Result<Self, Refused> {
        let begun = Instant::now();
        let pool = &forward.pool;
        let affinity = pool.affinity();
        let session = Session {
            forward,
            tokens: affinity.map_or_else(Vec::new, |affinity| affinity.asked(received)),
        };
        let mut visit = session.choose(exchange, &[]);
        if visit.is_none() {
            let patience = CONNECT_TIMEOUT.min(forward.settings.request_timeout);
            // What is not resolved in time is not there.
            drop(tokio::time::timeout(patience, pool.settled()).await);
            visit = session.choose(exchange, &[]);
        }
        Ok(Self {
            visit: visit.ok_or_else(|| match pool.endpoints().is_empty() {
                true => Refused::BackendUnreachable,
                false => Refused::BackendUnhealthy,
            })?,
            forward,
            exchange,
            session,
            begun,
        })
    }

    /// The target whose endpoint was chosen.
    pub(crate) fn target(&self) -> &TargetHost {
        &self.visit.endpoint().host
    }

    /// Sends the request. As long as nothing of it was sent, and its time is not over, another endpoint may have
    /// it; what was sent is never sent again.
    pub(crate) async fn send(
        mut self,
        connection: &Connection,
        mut request: Request<RequestBody>,
        entry: &mut Entry,
    ) -> Result<(Response<Incoming>, Visit, Session<'a>), Refused> {
        let timeout = self.forward.settings.request_timeout;
        let backends = connection.backends(&self.forward.transport);
        let mut tried: Vec<SocketAddr> = Vec::new();
        loop {
            let endpoint = self.visit.endpoint();
            let to = self.forward.destination(endpoint, self.exchange.authority);
            entry.asks(self.forward, endpoint, &mut request);
            let sent = tokio::select! {
                biased;
                sent = backends.send(&to, request, timeout) => sent,
                () = endpoint.cut() => return Err(Refused::BackendFailed),
            };
            let error = match sent {
                Ok(response) => {
                    endpoint.reached();
                    entry.hears(&response);
                    return Ok((response, self.visit, self.session));
                }
                Err(error) => error,
            };
            let Some(unsent) = error.unsent.filter(|_| is_of_endpoint(&error.refused)) else {
                return Err(error.refused);
            };
            // A client may have chosen the name that a certificate does not have: no reason for others to stay away.
            if !matches!(error.refused, Refused::BackendTls(_)) {
                endpoint.failed();
            }
            tracing::debug!(endpoint = %endpoint.address, code = error.refused.code(), "not sent");
            tried.push(endpoint.address);
            let may_try = tried.len() < ATTEMPTS && self.begun.elapsed() < timeout;
            let next = may_try.then(|| self.session.choose(self.exchange, &tried));
            let Some(next) = next.flatten() else {
                return Err(error.refused);
            };
            request = *unsent;
            self.host_of(next.endpoint(), &mut request)?;
            self.visit = next;
        }
    }

    /// A request whose `Host` is that of its target has that of the next one, unless a rule set another.
    fn host_of(&self, next: &Endpoint, request: &mut Request<RequestBody>) -> Result<(), Refused> {
        if self.forward.settings.host != BackendHost::FromTarget {
            return Ok(());
        }
        let authority = self.exchange.authority;
        let before = self.forward.host(self.target(), authority)?;
        if request.headers().get(HOST) == Some(&before) {
            let host = self.forward.host(&next.host, authority)?;
            request.headers_mut().insert(HOST, host);
        }
        Ok(())
    }
}

impl Session<'_> {
    fn choose(&self, exchange: &Exchange<'_>, tried: &[SocketAddr]) -> Option<Visit> {
        self.forward.pool.choose(&Asked {
            client: exchange.peer().ip(),
            tokens: &self.tokens,
            tried,
        })
    }

    /// Tells the client where its session is, unless it knows.
    pub(crate) fn tell(&self, visit: &Visit, headers: &mut HeaderMap) {
        let pool = &self.forward.pool;
        if let Some(affinity) = pool.affinity()
            && let Some(token) = pool.token(visit.endpoint())
            && self.tokens.first() != Some(&token)
        {
            affinity.tell(&token, headers);
        }
    }
}

/// Whether another endpoint could have what this one could not.
fn is_of_endpoint(refused: &Refused) -> bool {
    matches!(
        refused,
        Refused::BackendUnreachable
            | Refused::BackendFailed
            | Refused::BackendTimedOut
            | Refused::BackendTls(_)
    )
}
