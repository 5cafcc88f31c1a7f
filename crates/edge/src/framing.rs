//! Where a message ends, said once and in one way (RFC 9112 section 6).

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Response, Version};
use http_body::Body as _;
use http_body_util::Full;
use portcullis_rewrite::remove_hop_by_hop;

use crate::refused::Refused;

/// Octets of header fields as HTTP/1.1 writes them: each with a colon, a space and an end of line.
pub(crate) fn octets_of_fields(headers: &HeaderMap) -> usize {
    let fields = headers.iter().map(|(name, value)| {
        let field = name.as_str().len().saturating_add(value.len());
        field.saturating_add(": \r\n".len())
    });
    fields.fold(0, usize::saturating_add)
}

/// Says the length of a client's request once. HTTP/2 lets it say equal lengths several times, and
/// the server has refused lengths that differ.
pub(crate) fn settle_request(headers: &mut HeaderMap) {
    if let Some(length) = headers.get(CONTENT_LENGTH).cloned() {
        headers.insert(CONTENT_LENGTH, length);
    }
}

/// Makes the framing of a backend's response that of the gateway's: HTTP/1.1, by length or in
/// chunks, never both. The client has decoded the response by the coding, so that a length beside
/// it is not the body's (RFC 9112 section 6.3).
///
/// # Errors
/// When there is another coding, which nobody undoes, or more than one length.
pub(crate) fn settle_response<B>(response: &mut Response<B>) -> Result<(), Refused> {
    *response.version_mut() = Version::HTTP_11; // of this hop, not of the backend's
    let headers = response.headers_mut();
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    match (codings.next(), codings.next()) {
        (None, _) => settle_length(headers),
        (Some(coding), None) if coding.as_bytes().eq_ignore_ascii_case(b"chunked") => {
            headers.remove(CONTENT_LENGTH);
            Ok(())
        }
        _ => Err(Refused::BackendFailed),
    }
}

/// Gives each value memory of its own. Those of a message over HTTP/1.1 are parts of what was read at once, and the
/// header table of an HTTP/2 connection (RFC 7541 section 2.3.2) keeps values long after: with each it would keep 8 KiB or more.
pub(crate) fn detach(headers: &mut HeaderMap) {
    for value in headers.values_mut() {
        // Invariant: what was a value is one.
        if let Ok(own) = HeaderValue::from_bytes(value.as_bytes()) {
            *value = own;
        }
    }
}

/// Leaves out of a backend's trailers what would frame or end at this hop (RFC 9110 section 6.5.1): over HTTP/2
/// they would make the whole response malformed.
pub(crate) fn settle_trailers(trailers: &mut HeaderMap) {
    remove_hop_by_hop(trailers);
    for name in [CONTENT_LENGTH, TE] {
        trailers.remove(name);
    }
}

/// Makes the response to a GET that to a HEAD: over HTTP/2 a body would be sent as it is, which is an
/// error of the stream.
pub(crate) fn leave_out_body(response: &mut Response<Full<Bytes>>) {
    if let Some(length) = response.body().size_hint().exact() {
        let headers = response.headers_mut();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    *response.body_mut() = Full::default();
}

/// Leaves one length of several equal ones, in one field or more (RFC 9110 section 8.6).
fn settle_length(headers: &mut HeaderMap) -> Result<(), Refused> {
    let mut lengths = headers
        .get_all(CONTENT_LENGTH)
        .iter()
        .flat_map(|field| field.as_bytes().split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii);
    let Some(first) = lengths.next() else {
        return Ok(());
    };
    let is_length = !first.is_empty() && first.iter().all(u8::is_ascii_digit);
    if !is_length || lengths.any(|other| other != first) {
        return Err(Refused::BackendFailed);
    }
    let length = HeaderValue::from_bytes(first).map_err(|_| Refused::BackendFailed)?;
    headers.insert(CONTENT_LENGTH, length);
    Ok(())
}
