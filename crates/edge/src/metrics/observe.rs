//! What the way of a connection tells to be counted: the one place that knows both.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use portcullis_x509::Certificate;
use rustls::{HandshakeKind, ServerConnection};
use rustls_pki_types::CertificateDer;

use super::{Metrics, Seen, Stopwatch, addresses, listener};
use crate::admission::Admission;
use crate::connection::Connection;
use crate::doors::Door;
use crate::gateway::Site;
use crate::identity::Identity;
use crate::log;
use crate::refused::Refused;
use crate::respond::Served;

impl Metrics {
    /// A handshake failed.
    pub(crate) fn handshake_failed(&self, door: &Door, client: SocketAddr, error: &io::Error) {
        let reason = addresses::reason(error);
        door.counts.failed(reason);
        if addresses::is_refusal(error) {
            self.refusals.push(Seen {
                at: SystemTime::now(),
                client,
                listener: None,
                subject: None,
                status: None,
                class: "alert",
                reason,
                detail: Some(log::with_causes(error)),
            });
        }
    }

    /// Somebody spoke HTTP where TLS is spoken.
    pub(crate) fn spoke_without_tls(&self, door: &Door, client: SocketAddr) {
        let refused = Refused::PlainHttp;
        door.counts.failed(refused.code());
        self.refusals.push(Seen {
            at: SystemTime::now(),
            client,
            listener: None,
            subject: None,
            status: Some(refused.status().as_u16()),
            class: log::class(&refused),
            reason: refused.code(),
            detail: None,
        });
    }

    /// A request was answered, by `site` where that is known. Its time is measured for as long as what is
    /// returned lives.
    pub(crate) fn answered(
        &self,
        connection: &Connection,
        site: Option<&Arc<Site>>,
        result: &Result<Served, Refused>,
        started: Instant,
    ) -> Option<Stopwatch> {
        let (status, reason) = match result {
            Ok(served) => (served.status(), served.name()),
            Err(refused) => (refused.status(), refused.code()),
        };
        if let Err(refused) = result {
            self.refused(connection, site, refused);
        }
        let counts = site?.counts.get()?;
        counts.count(|counts| counts.requests.count((listener::class(status), reason)));
        // How long something lasts that is no HTTP any more says nothing about requests.
        let is_request = !matches!(result, Ok(Served::Switched(_)));
        is_request.then(|| Stopwatch::new(counts, started))
    }

    fn refused(&self, connection: &Connection, site: Option<&Arc<Site>>, refused: &Refused) {
        self.refusals.push(Seen {
            at: SystemTime::now(),
            client: connection.peer,
            listener: site.map(|site| site.name.clone()),
            subject: subject(&connection.presented),
            status: Some(refused.status().as_u16()),
            class: log::class(refused),
            reason: refused.code(),
            detail: log::detail(refused),
        });
    }
}

impl Site {
    /// A handshake for this listener was finished.
    pub(crate) fn handshake_made(&self, session: &ServerConnection) {
        let kind = match session.handshake_kind() {
            Some(HandshakeKind::Resumed) => "resumed",
            Some(HandshakeKind::FullWithHelloRetryRequest) => "full_after_retry",
            _ => "full",
        };
        let protocol = crate::session::protocol(session);
        if let Some(counts) = self.counts.get() {
            counts.count(|counts| counts.handshakes.count((protocol, kind)));
        }
    }

    /// The head of a backend's response is here, for a request that was begun then.
    pub(crate) fn first_byte(&self, begun: Instant) {
        if let Some(counts) = self.counts.get() {
            listener::first_byte(counts, begun.elapsed());
        }
    }
}

impl Admission {
    /// Counts this judgement.
    pub(crate) fn count(&self) {
        let (outcome, class, code) = match &self.outcome {
            Ok(Identity::Absent) => ("anonymous", "none", "none"),
            Ok(Identity::Unverified(_)) => ("unverified", "none", "none"),
            Ok(Identity::Verified { .. }) => ("verified", "none", "none"),
            Err(refusal) => ("refused", refusal.class(), refusal.code()),
        };
        if let Some(counts) = self.site.counts.get() {
            counts.count(|counts| counts.verifications.count((outcome, class, code)));
        }
    }
}

/// The subject of the certificate that was presented, up to what logs show.
fn subject(presented: &[CertificateDer<'_>]) -> Option<String> {
    let certificate = Certificate::parse(presented.first()?).ok()?;
    Some(certificate.subject().shown().to_string())
}
