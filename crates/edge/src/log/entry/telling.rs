//! From what became known of a request to what its line says.

use std::borrow::Cow;

use http::uri::PathAndQuery;
use http::{HeaderValue, Version};
use portcullis_rewrite::Fact;
use portcullis_rewrite::facts::fingerprint;
use portcullis_tls::Refusal;
use portcullis_x509::{Certificate, MAX_SHOWN, Shown};
use sha1::{Digest as _, Sha1};

use super::super::{Line, reason};
use super::{CLIENT_CLOSED_REQUEST, Ending, Entry, Outcome};
use crate::backend::SourcePort;
use crate::identity::Identity;

/// What lines tell of a certificate.
pub(crate) const FACTS: [Fact; 3] = [Fact::FingerprintSha1, Fact::Subject, Fact::Issuer];

impl Entry {
    pub(super) fn line(&self) -> Line<'_> {
        let mut line = Line {
            began: self.began,
            method: self.method.as_str(),
            original_uri: self.uri.path_and_query().map_or("", PathAndQuery::as_str),
            path: self.uri.path(),
            query: self.uri.query().unwrap_or_default(),
            user_agent: self.user_agent.as_ref().map_or(b"", HeaderValue::as_bytes),
            version: version(self.version),
            received: self.head,
            sent: self.sent,
            taken: self.started.elapsed(),
            tls: self.connection.tls,
            original_host: self.original_host(),
            host: self.original_host(),
            trace: self
                .context
                .as_ref()
                .map(|context| (context.trace, context.own_span())),
            ..Line::named(self.connection.peer, self.transaction)
        };
        self.tell_outcome(&mut line);
        self.tell_client(&mut line);
        self.tell_backend(&mut line);
        line
    }

    fn original_host(&self) -> &[u8] {
        match (self.uri.authority(), &self.host) {
            (Some(authority), _) => authority.as_str().as_bytes(),
            (None, Some(host)) => host.as_bytes(),
            (None, None) => b"",
        }
    }

    fn tell_outcome<'a>(&'a self, line: &mut Line<'a>) {
        (line.reason, line.class) = match &self.outcome {
            Outcome::Undecided => ("client_closed_request", "client"),
            Outcome::Served(name) => (*name, ""),
            Outcome::Tunnelled(end) => {
                line.detail = Some(end.to_string());
                ("switched", "")
            }
            Outcome::Refused(refused) => {
                line.error_info = reason::error_info(refused, &self.method);
                line.detail = reason::detail(refused);
                (refused.code(), reason::class(refused))
            }
        };
        match &self.answer {
            Some(answer) => {
                line.status = answer.status.as_u16();
                line.content_type = answer
                    .content_type
                    .as_ref()
                    .map_or(b"", HeaderValue::as_bytes);
            }
            None => line.status = CLIENT_CLOSED_REQUEST,
        }
        // What broke a response off is told of one that is not a refusal already.
        if line.error_info == reason::NO_ERROR {
            line.error_info = match self.ending {
                Ending::Whole => line.error_info,
                Ending::ClientLeft => reason::CLIENT_CLOSED_REQUEST,
                Ending::BackendClosed => reason::UPSTREAM_CLOSED_CONNECTION,
                Ending::BackendTimedOut => reason::UPSTREAM_TIMED_OUT,
            };
        }
    }

    fn tell_client<'a>(&'a self, line: &mut Line<'a>) {
        let Some(admission) = &self.admission else {
            return;
        };
        let site = self.site.as_ref().unwrap_or(&admission.site);
        (line.listener, line.rule) = (&site.name, &site.rule);
        if line.tls.is_none() {
            return;
        }
        line.verify = reason::verification(admission);
        line.verify_time = Some(admission.took);
        match &admission.outcome {
            Ok(identity) => {
                line.revocation = identity
                    .revocation()
                    .map(|verdict| (verdict.code(), verdict.source().name()));
                self.tell_certificate(identity, line);
            }
            Err(refusal) => {
                if let Refusal::Revocation(refused) = &**refusal {
                    line.revocation = Some((refused.code(), refused.origin().name()));
                }
                self.tell_presented(line, Told::NoSubject);
            }
        }
    }

    fn tell_certificate<'a>(&'a self, identity: &'a Identity, line: &mut Line<'a>) {
        let Some(facts) = identity.client().facts() else {
            return;
        };
        if facts.fingerprint_sha1.is_empty() {
            // The log was off when the client was judged.
            return self.tell_presented(line, Told::Subject);
        }
        line.fingerprint = Cow::Borrowed(&facts.fingerprint_sha1);
        line.subject = shown(&facts.subject);
        line.issuer = shown(&facts.issuer);
    }

    fn tell_presented(&self, line: &mut Line<'_>, told: Told) {
        let Some(leaf) = self.connection.presented.first() else {
            return;
        };
        line.fingerprint = Cow::Owned(fingerprint(&Sha1::digest(leaf).into()));
        if let Ok(certificate) = Certificate::parse(leaf) {
            line.issuer = Cow::Owned(certificate.issuer().shown().to_string());
            if told == Told::Subject {
                line.subject = Cow::Owned(certificate.subject().shown().to_string());
            }
        }
    }

    fn tell_backend<'a>(&'a self, line: &mut Line<'a>) {
        let Some(asked) = &self.asked else {
            return;
        };
        line.pool = &asked.way.name;
        line.settings = &asked.way.settings.name;
        line.received = self.head.saturating_add(asked.body.octets());
        line.host = asked.host.as_ref().map_or(line.host, HeaderValue::as_bytes);
        if let Some(target) = &asked.target {
            line.path = target.path();
            line.query = target.query().unwrap_or_default();
        }
        line.server_routed = &asked.endpoint.shown;
        let Some(heard) = &self.heard else {
            return;
        };
        line.server_status = Some(heard.status.as_u16());
        line.server_latency = Some(heard.at.saturating_duration_since(asked.at));
        let before = heard.at.saturating_duration_since(self.started);
        line.client_response = line.taken.saturating_sub(before);
        line.source_port = heard.source_port.map(|SourcePort(port)| port);
    }
}

/// Whether it is told whose certificate it claims to be, which it is not of a client that was refused.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    Subject,
    NoSubject,
}

/// A name up to [`MAX_SHOWN`] characters.
fn shown(name: &str) -> Cow<'_, str> {
    match name.len() <= MAX_SHOWN {
        true => Cow::Borrowed(name),
        false => Cow::Owned(Shown::new(name).to_string()),
    }
}

/// In the words of the variable `http_version`.
fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP/1.1",
    }
}
