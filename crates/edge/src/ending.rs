//! When a connection has to end before its client ends it.

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::header::{CONNECTION, HeaderValue};
use http::{Response, StatusCode, Version};
use tokio::sync::watch;

use crate::connection::{Connection, KEEP_ALIVE};

/// How long a client that has just connected over HTTP/1.1 has for its first request when the gateway
/// drains. HTTP/1.1 has no way to say that a connection ends before a request: the client would take it for a failure.
const FIRST_REQUEST: Duration = Duration::from_secs(1);

/// What is spoken on a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Http {
    One,
    Two,
}

/// Returns when the gateway drains, when the address that the connection came in by is no longer listened on, when this
/// client was refused, and when it has done nothing for too long: neither asked for anything nor taken what it asked for.
pub(crate) async fn has_to_end(
    http: Http,
    connection: &Connection,
    stopped: watch::Receiver<Option<Duration>>,
) {
    let drained = async {
        drains(http, connection, stopped).await;
        let none_yet = connection.requests.load(Ordering::Relaxed) == 0;
        if http == Http::One && none_yet {
            connection.activity.quiet_for(FIRST_REQUEST).await;
        }
    };
    tokio::select! {
        () = drained => {}
        () = connection.close.notified() => {}
        () = connection.activity.quiet_for(KEEP_ALIVE) => {}
    }
}

async fn drains(
    http: Http,
    connection: &Connection,
    mut stopped: watch::Receiver<Option<Duration>>,
) {
    let mut door = connection.door.clone();
    let mut leaving = connection.core.shared.leaving.subscribe();
    // HTTP/1.1 says it with the next response, where no request can cross it on the way. Who comes
    // while the gateway leaves, because a balancer does not know yet, is served until it drains.
    let leaves = http == Http::Two && !*leaving.borrow();
    tokio::select! {
        _ = stopped.wait_for(Option::is_some) => {}
        () = door.shut() => {}
        _ = leaving.wait_for(|leaving| *leaving), if leaves => {}
    }
}

/// Says in a response that it is the last of its connection, where that has to end soon. HTTP/2 says it in frames.
pub(crate) fn say_so<B>(connection: &Connection, version: Version, response: &mut Response<B>) {
    let ends = *connection.core.shared.leaving.borrow() || connection.door.is_shut();
    let switches = response.status() == StatusCode::SWITCHING_PROTOCOLS;
    if ends && version < Version::HTTP_2 && !switches {
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
}
