//! The whole way of the headers, in the only order that is safe.

use http::StatusCode;
use http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::exchange::Exchange;
use crate::hop_by_hop::remove_hop_by_hop;
use crate::rules::{Remembered, RuleSet, apply};
use crate::strip::StripList;
use crate::{forwarded, variable};

/// Makes the headers of a client's request those of the request to the backend.
///
/// 1. [`remove_hop_by_hop`]: what the client said to the gateway alone, before anything is set;
/// 2. [`StripList::strip`]: what would claim an identity, before any condition can look at it;
/// 3. several `Cookie` fields become one (RFC 9113 section 8.2.3);
/// 4. the rules are judged on what is left;
/// 5. [`forwarded::apply`];
/// 6. the rules' changes are made, so that a rule has the last word on forwarding headers.
///
/// The caller sets the backend's `Host` before the call, so that a rule may change it, and changes
/// the method and the request target after it if at all.
pub fn to_backend(
    headers: &mut HeaderMap,
    strip: &StripList,
    rules: &RuleSet,
    exchange: &Exchange<'_>,
) -> Remembered {
    remove_hop_by_hop(headers);
    strip.strip(headers);
    join_cookies(headers);
    let (changes, remembered) = rules.decide_request(headers, exchange);
    forwarded::apply(headers, exchange);
    apply(changes, headers);
    remembered
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
    remove_hop_by_hop(headers);
    rules.rewrite_response(status, headers, exchange, remembered);
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
