//! A request out and octets back, over a connection that stands.

use std::pin::pin;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use portcullis_ocsp::MAX_LENGTH;

use super::connect::Stream;
use super::{Fault, RESPONSE_TYPE};
use crate::failure::HttpFault;

/// Octets of an HTTP response's head that are read. Responders send less than 1 KiB.
pub(super) const MAX_HEAD_LENGTH: usize = 0x4000;

/// Characters of an unexpected content type that are reported: enough to recognise any.
const MAX_TYPE_SHOWN: usize = 100;

/// Sends the request and reads the answer. Connection and exchange share one task, so that giving
/// up on one ends both.
pub(super) async fn exchange(
    stream: Stream,
    request: Request<Full<Bytes>>,
) -> Result<Vec<u8>, Fault> {
    let mut builder = http1::Builder::new();
    builder.max_buf_size(MAX_HEAD_LENGTH);
    let Stream { octets, proxy } = stream;
    let _proxy = proxy;
    let (mut sender, connection) = builder.handshake(TokioIo::new(octets)).await?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async {
        let response = sender.send_request(request).await?;
        read(response).await
    });
    tokio::select! {
        biased;
        outcome = &mut answer => outcome,
        // The connection is done, or broken; what it has read is still to be taken.
        _ = &mut connection => answer.await,
    }
}

async fn read(response: Response<Incoming>) -> Result<Vec<u8>, Fault> {
    check_head(response.status(), response.headers())?;
    let too_long = HttpFault::TooLong { limit: MAX_LENGTH };
    let mut body = response.into_body();
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_LENGTH {
        return Err(too_long.into());
    }
    let mut octets = Vec::with_capacity(announced);
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        if octets.len().saturating_add(data.len()) > MAX_LENGTH {
            return Err(too_long.into());
        }
        octets.extend_from_slice(&data);
    }
    Ok(octets)
}

fn check_head(status: StatusCode, headers: &HeaderMap) -> Result<(), HttpFault> {
    if status != StatusCode::OK {
        return Err(HttpFault::Status {
            found: status.as_u16(),
        });
    }
    let found = headers
        .get(CONTENT_TYPE)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = found.as_deref().and_then(|found| found.split(';').next());
    if essence.is_some_and(|essence| essence.trim().eq_ignore_ascii_case(RESPONSE_TYPE)) {
        return Ok(());
    }
    let found = found.map(|found| found.escape_debug().take(MAX_TYPE_SHOWN).collect());
    Err(HttpFault::ContentType { found })
}
