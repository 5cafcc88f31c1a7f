//! The whole way of the headers, in the only order that is safe.

use http::StatusCode;
use http::header::{COOKIE, HOST, HeaderMap, HeaderValue};
use http::uri::PathAndQuery;

use crate::exchange::Exchange;
use crate::hop_by_hop::remove_hop_by_hop;
use crate::rules::{Change, Remembered, Reroute, RuleSet, apply};
use crate::strip::StripList;
use crate::url::{UrlChange, UrlError};
use crate::{forwarded, variable};

/// A client's request on its way to the backend: its headers, its target, and the rules it meets.
///
/// 1. [`begin`](Self::begin): [`remove_hop_by_hop`], what the client said to the gateway alone, before anything
///    is set; [`StripList::strip`], what would claim an identity, before any condition can look at it; several
///    `Cookie` fields become one (RFC 9113 section 8.2.3);
/// 2. [`judge`](Self::judge): rules are judged on what is left. More sets may follow, when the path map is asked
///    again: each is judged on the request as it was received, and the last one to name something decides it;
/// 3. [`finish`](Self::finish): [`forwarded::apply`], then the rules' changes, so that a rule has the last word
///    on forwarding headers. `x-original-url` is what was received.
///
/// A rewritten target is no proof of anything: a client can ask for it itself. Who may pass by a path must be
/// asked about it as about the received one.
#[derive(Debug)]
pub struct Passage<'p, 'r> {
    headers: &'p mut HeaderMap,
    exchange: &'p Exchange<'p>,
    changes: Vec<Change<'r>>,
    remembered: Remembered,
    url: UrlChange,
    target: Option<PathAndQuery>,
}

impl<'p, 'r> Passage<'p, 'r> {
    /// Removes from a client's headers what must not reach rules nor backends.
    pub fn begin(
        headers: &'p mut HeaderMap,
        strip: &StripList,
        exchange: &'p Exchange<'p>,
    ) -> Self {
        remove_hop_by_hop(headers);
        strip.strip(headers);
        join_cookies(headers);
        Self {
            headers,
            exchange,
            changes: Vec::new(),
            remembered: Remembered::default(),
            url: UrlChange::default(),
            target: None,
        }
    }

    /// Judges the rules of one set, and says whether the path map is to be asked again by the path of
    /// [`target`](Self::target). It is not where the set leaves the target as it was before.
    ///
    /// # Errors
    ///
    /// The new target cannot be sent.
    pub fn judge(&mut self, rules: &'r RuleSet) -> Result<Reroute, UrlError> {
        let (changes, remembered) = rules.decide_request(self.headers, self.exchange);
        self.changes.extend(changes);
        self.remembered.merge(remembered);
        let url = rules.decide_url(self.headers, self.exchange);
        let reroute = url.reroute();
        self.url.overlay(url);
        let target = self.url.target(self.exchange.uri)?;
        let same = target == self.target;
        self.target = target;
        Ok(if same { Reroute::Stay } else { reroute })
    }

    /// The target that rules have given the request so far, `None` where it is the received one.
    pub fn target(&self) -> Option<&PathAndQuery> {
        self.target.as_ref()
    }

    /// Sets the backend's `Host`, which a rule may change, and makes all changes of the headers.
    pub fn finish(self, host: HeaderValue) -> Remembered {
        drop(self.headers.try_insert(HOST, host));
        self.end()
    }

    fn end(self) -> Remembered {
        forwarded::apply(self.headers, self.exchange);
        apply(self.changes, self.headers);
        self.remembered
    }
}

/// Makes the headers of a client's request those of the request to the backend, in the order of [`Passage`].
///
/// The caller sets the backend's `Host` before the call, so that a rule may change it. This is about headers
/// alone: rules for the URL are not asked.
pub fn to_backend(
    headers: &mut HeaderMap,
    strip: &StripList,
    rules: &RuleSet,
    exchange: &Exchange<'_>,
) -> Remembered {
    let mut passage = Passage::begin(headers, strip, exchange);
    let (changes, remembered) = rules.decide_request(passage.headers, exchange);
    passage.changes = changes;
    passage.remembered = remembered;
    passage.end()
}

/// Makes the headers of a backend's response those of the response to the client.
///
/// Only for what a backend answered: rules do not apply to the gateway's own answers.
pub fn to_client(
    status: StatusCode,
    headers: &mut HeaderMap,
    rules: &RuleSet,
    exchange: &Exchange<'_>,
    remembered: &Remembered,
) {
    to_client_by(status, headers, &[rules], exchange, remembered);
}

/// The same for a request that met several sets, in the order in which they were judged: all see the response as
/// the backend sent it, and the last one to name a header decides it.
pub fn to_client_by(
    status: StatusCode,
    headers: &mut HeaderMap,
    sets: &[&RuleSet],
    exchange: &Exchange<'_>,
    remembered: &Remembered,
) {
    remove_hop_by_hop(headers);
    let mut changes = Vec::new();
    for set in sets {
        changes.extend(set.decide_response(status, headers, exchange, remembered));
    }
    apply(changes, headers);
}

/// One `Cookie` field instead of several.
fn join_cookies(headers: &mut HeaderMap) {
    if headers.get_all(COOKIE).iter().nth(1).is_none() {
        return;
    }
    match HeaderValue::from_bytes(&variable::field(headers, &COOKIE)) {
        Ok(joined) => drop(headers.try_insert(COOKIE, joined)),
        Err(_) => drop(headers.remove(COOKIE)), // no field value joins to a bad one
    }
}
