//! W3C Trace Context, Level 1: `traceparent` and `tracestate`.

use std::fmt::{self, Write as _};

use http::{HeaderMap, HeaderName, HeaderValue};

use super::Settings;
use crate::trace_id::TraceId;

static TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");
static TRACESTATE: HeaderName = HeaderName::from_static("tracestate");

/// The octets of all `tracestate` fields that are passed on (section 3.3.1.5: at least 512), and their
/// members (section 3.3.1.1).
const STATE_OCTETS: usize = 512;
const STATE_MEMBERS: usize = 32;
/// The octets of a `traceparent` of version 00 (section 3.2.2).
const PARENT: usize = 55;

/// 64 random bits, shown as 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SpanId(u64);

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The trace of one request.
#[derive(Clone, Debug)]
pub(crate) struct Context {
    pub(crate) trace: TraceId,
    /// The span that caused the request, where its client told one.
    pub(crate) parent: Option<SpanId>,
    /// This hop, where it takes part.
    own: Option<SpanId>,
    sampled: bool,
}

impl Context {
    /// The trace that the headers name, or a new one where the gateway takes part in traces. `None`
    /// where neither is so.
    ///
    /// What the client says not to sample is not. What it says to sample is held against the ratio all
    /// the same: a client decides about its trace and not about how many there are.
    pub(crate) fn of(
        headers: &HeaderMap,
        settings: Option<&Settings>,
        transaction: TraceId,
    ) -> Option<Self> {
        let received = Received::of(headers);
        let Some(settings) = settings else {
            return received.map(|received| Self {
                trace: received.trace,
                parent: Some(received.span),
                own: None,
                sampled: false,
            });
        };
        let trace = received.as_ref().map_or(transaction, |found| found.trace);
        let wanted = received.as_ref().is_none_or(|found| found.sampled);
        Some(Self {
            trace,
            parent: received.map(|received| received.span),
            own: Some(SpanId(random())),
            sampled: wanted && within(trace, settings.sample_ratio),
        })
    }

    /// Whether the span of this hop is to be sent.
    pub(crate) fn is_sampled(&self) -> bool {
        self.sampled
    }

    /// The span of this hop, where it takes part.
    pub(crate) fn own_span(&self) -> Option<SpanId> {
        self.own
    }

    /// Tells the next hop. Where the gateway takes no part a good `traceparent` stays as it is, as a
    /// span that nobody writes down would tear the trace; a bad one goes in any case.
    pub(crate) fn pass_on(context: Option<&Self>, headers: &mut HeaderMap) {
        let continued = context.is_some_and(|context| context.parent.is_some());
        if !continued || !is_state(headers) {
            headers.remove(&TRACESTATE);
        }
        match context {
            None => {
                headers.remove(&TRACEPARENT);
            }
            Some(context) => {
                if let Some(value) = context.traceparent() {
                    headers.insert(TRACEPARENT.clone(), value);
                }
            }
        }
    }

    fn traceparent(&self) -> Option<HeaderValue> {
        let own = self.own?;
        let mut value = String::with_capacity(PARENT);
        let flags = u8::from(self.sampled);
        write!(value, "00-{}-{own}-{flags:02x}", self.trace).ok()?;
        HeaderValue::try_from(value).ok()
    }
}

/// What a `traceparent` says.
struct Received {
    trace: TraceId,
    span: SpanId,
    sampled: bool,
}

impl Received {
    /// The only one there is, if it is in order. Of a version to come the part that is known is taken
    /// (section 3.2.4).
    fn of(headers: &HeaderMap) -> Option<Self> {
        let mut values = headers.get_all(&TRACEPARENT).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return None;
        };
        let value = value.to_str().ok()?;
        let (known, rest) = value.split_at_checked(PARENT)?;
        let mut parts = known.split('-');
        let version = parts.next().and_then(|part| number(part, 2))?;
        let trace = parts.next().and_then(|part| number(part, 32))?;
        let span = parts.next().and_then(|part| number(part, 16))?;
        let flags = parts.next().and_then(|part| number(part, 2))?;
        let ends = match version {
            0 => rest.is_empty(),
            0xff => false,
            _ => rest.is_empty() || rest.starts_with('-'),
        };
        let span = u64::try_from(span).ok()?;
        let fine = ends && parts.next().is_none() && trace != 0 && span != 0;
        fine.then_some(Self {
            trace: TraceId(trace.to_be_bytes()),
            span: SpanId(span),
            sampled: flags & 1 == 1,
        })
    }
}

/// So many hexadecimal digits in lower case.
fn number(text: &str, digits: usize) -> Option<u128> {
    let lower = |octet: u8| matches!(octet, b'0'..=b'9' | b'a'..=b'f');
    let fine = text.len() == digits && text.bytes().all(lower);
    u128::from_str_radix(text, 16).ok().filter(|_| fine)
}

/// Whether `tracestate` may be passed on: short, text, and a list of keys with values.
fn is_state(headers: &HeaderMap) -> bool {
    let (mut octets, mut members): (usize, usize) = (0, 0);
    for value in headers.get_all(&TRACESTATE) {
        let Ok(text) = value.to_str() else {
            return false;
        };
        octets = octets.saturating_add(text.len());
        for member in text.split(',').map(str::trim) {
            members = members.saturating_add(1);
            let pair = member.split_once('=');
            if !member.is_empty() && pair.is_none_or(|(key, value)| !is_pair(key, value)) {
                return false;
            }
        }
    }
    octets <= STATE_OCTETS && members <= STATE_MEMBERS
}

fn is_pair(key: &str, value: &str) -> bool {
    let of_key = |octet: u8| {
        octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"_-*/@".contains(&octet)
    };
    !key.is_empty()
        && key.len() <= 256
        && key.bytes().all(of_key)
        && !value.is_empty()
        && value.len() <= 256
        && !value.contains('=')
}

/// Whether a trace is of the share that is sampled, which its own random bits decide, as with
/// OpenTelemetry's samplers, so that every hop of the same ratio decides alike.
fn within(trace: TraceId, ratio: f64) -> bool {
    let [_, _, _, _, _, _, _, _, a, b, c, d, ..] = trace.0;
    f64::from(u32::from_be_bytes([a, b, c, d])) < ratio * (f64::from(u32::MAX) + 1.0)
}

/// Not zero, which names no span.
fn random() -> u64 {
    getrandom::u64().unwrap_or(1).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let fields = fields
            .iter()
            .map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value);
        }
        headers
    }

    fn received(values: &[&str]) -> Option<Received> {
        let fields: Vec<_> = values.iter().map(|value| ("traceparent", *value)).collect();
        Received::of(&headers(&fields))
    }

    #[test]
    fn a_traceparent_in_order_is_taken() {
        let found = received(&[GOOD]).unwrap();
        assert_eq!(found.trace.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(found.span.to_string(), "00f067aa0ba902b7");
        assert!(found.sampled);
        assert!(!received(&[&GOOD.replace("-01", "-fe")]).unwrap().sampled);
        for later in ["", "-", "-anything"] {
            let later = format!("{}{later}", GOOD.replacen("00", "cc", 1));
            assert!(received(&[&later]).is_some(), "{later}");
        }
    }

    #[test]
    fn what_is_out_of_order_is_none() {
        let cut = GOOD.get(..54).unwrap();
        for bad in [
            "",
            cut,
            &GOOD.to_uppercase(),
            &format!("{GOOD}-00"),
            &format!("{GOOD} "),
            &GOOD.replacen("00", "ff", 1),
            &GOOD.replace("4bf92f3577b34da6a3ce929d0e0e4736", &"0".repeat(32)),
            &GOOD.replace("00f067aa0ba902b7", &"0".repeat(16)),
            &GOOD.replace('-', "_"),
            &GOOD.replace("4b", "+4"),
            &format!("{}.x", GOOD.replacen("00", "cc", 1)),
        ] {
            // A field's value is trimmed by whoever reads it.
            if bad.trim() != GOOD {
                assert!(received(&[bad]).is_none(), "{bad:?}");
            }
        }
        assert!(received(&[GOOD, GOOD]).is_none());
        assert!(received(&[]).is_none());
    }

    #[test]
    fn a_tracestate_is_short_and_a_list() {
        for (state, fine) in [
            ("rojo=00f067aa0ba902b7,congo=t61rcWkgMzE", true),
            ("a@b=1, c/d=2,,", true),
            ("no pairs", false),
            ("a=b=c", false),
            ("A=b", false),
        ] {
            assert_eq!(
                is_state(&headers(&[("tracestate", state)])),
                fine,
                "{state}"
            );
        }
        let half = format!("a={}", "x".repeat(254));
        assert!(is_state(&headers(&[
            ("tracestate", &half),
            ("tracestate", &half)
        ])));
        let more = [
            ("tracestate", &*half),
            ("tracestate", &half),
            ("tracestate", "b=1"),
        ];
        assert!(!is_state(&headers(&more)));
        assert!(!is_state(&headers(&[("tracestate", &"a=1,".repeat(33))])));
    }

    #[test]
    fn the_ratio_decides_by_the_trace() {
        let low = TraceId([0; 16]);
        let high = TraceId([0xff; 16]);
        assert!(within(low, 1.0) && within(high, 1.0));
        assert!(!within(low, 0.0) && !within(high, 0.0));
        assert!(within(low, 0.5) && !within(high, 0.5));
    }
}
