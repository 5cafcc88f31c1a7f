use std::time::Duration;

use rustls_pki_types::UnixTime;

use crate::verdict::Source;

/// Is told what happens, for counters and logs.
///
/// Called on the way of every check and of every question: it must not wait, and it must not panic.
pub trait Observer: Send + Sync {
    /// Something happened.
    fn observe(&self, event: &Event<'_>);
}

/// What happened.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A check of one certificate came to an end.
    Checked {
        /// `good`, or the [code](crate::Failure::code) of the failure, tolerated or not.
        code: &'static str,
        /// Whether the certificate passed.
        passed: bool,
        /// Where the answer came from: [`Source::Cached`] is a hit of the memory.
        source: Source,
    },
    /// A check waits for a question that another one asked.
    Joined,
    /// A question is put to a responder.
    Asked {
        /// Its URL, escaped.
        responder: &'a str,
    },
    /// A question came to an end.
    Answered {
        /// The responder's URL, escaped.
        responder: &'a str,
        /// `good`, `revoked`, `unknown`, the [code](crate::Failure::code) of the failure, or `about_delegate` for an
        /// answer about a responder's delegate.
        code: &'static str,
        /// How long it took.
        latency: Duration,
    },
    /// An answer that still holds, and is in use, is asked for ahead of its end.
    Refreshing,
    /// A responder failed so often that it is left alone.
    Suspended {
        /// Its URL, escaped.
        responder: &'a str,
        /// Until when.
        until: UnixTime,
    },
    /// The store answered instead of a responder.
    Restored,
    /// Another gateway's answer served instead of a responder's.
    Shared,
    /// Answers cannot be shared with other gateways. The responder is asked.
    SharedFailed {
        /// What happened.
        error: &'a std::io::Error,
    },
    /// The store cannot be read or written. The responder is asked, or asked again after a restart.
    StoreFailed {
        /// What the system says.
        error: &'a std::io::Error,
    },
}
