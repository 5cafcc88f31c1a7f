//! What is said to a client that speaks HTTP where TLS is spoken.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::log::{self, AccessLog};
use crate::outgoing::Stream;
use crate::refused::Refused;

/// Bytes that are looked at: they tell the HTTP/2 preface and HEAD from all else.
const LOOKED_AT: usize = 5;
/// How long the answer and the farewell may take together, as with nginx's `lingering_timeout`.
const LINGER: Duration = Duration::from_secs(5);
/// Most bytes of the request that are read, to no purpose but that the client may read the answer: a
/// connection closed with bytes unread is reset, and what was sent on it may be lost.
const LINGER_BYTES: usize = 64 * 1024;

/// What a client without TLS speaks, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PlainHttp {
    /// A request of HTTP/1.
    Request,
    /// A HEAD request, whose answer has no body.
    Head,
    /// The preface of HTTP/2 with prior knowledge (RFC 9113 section 3.4).
    Http2,
}

impl PlainHttp {
    /// Looks at the first bytes of a connection and leaves them there.
    ///
    /// A TLS connection begins with the type of a record, 22, and SSL 2 with a bit that no text has. A
    /// letter begins a method, a line break may precede it (RFC 9112 section 2.2). One byte decides, so
    /// that nobody is waited for twice.
    pub(crate) async fn recognise(stream: &mut Stream) -> io::Result<Option<Self>> {
        let mut bytes = [0; LOOKED_AT];
        let found = stream.peek(&mut bytes).await?;
        Ok(Self::of(bytes.get(..found).unwrap_or_default()))
    }

    fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            b"HEAD " => Some(Self::Head),
            b"PRI *" => Some(Self::Http2),
            [first, ..] if first.is_ascii_alphabetic() => Some(Self::Request),
            [b'\r' | b'\n', ..] => Some(Self::Request),
            _ => None,
        }
    }

    /// Answers and closes. The answer is of HTTP/1.1 whatever was spoken: a client of HTTP/2 learns from
    /// it that there is none here. The request is not read, and none of it is kept.
    pub(crate) async fn refuse(self, mut stream: Stream, peer: SocketAddr, log: &AccessLog) {
        let refused = Refused::PlainHttp;
        log::without_tls(log, peer, &refused);
        let octets = refused.octets(self != Self::Head);
        // Whether the client takes it is the client's affair.
        let _ = tokio::time::timeout(LINGER, farewell(&mut stream, &octets)).await;
    }
}

async fn farewell(stream: &mut Stream, answer: &[u8]) -> io::Result<()> {
    stream.write_all(answer).await?;
    stream.shutdown().await?;
    let mut unread = LINGER_BYTES;
    let mut bytes = [0; 1024];
    while unread > 0 {
        match stream.read(&mut bytes).await? {
            0 => break,
            read => unread = unread.saturating_sub(read),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_tls_is_no_http() {
        for first in (0..=u8::MAX).filter(|byte| !byte.is_ascii_alphabetic()) {
            let text = matches!(first, b'\r' | b'\n');
            assert_eq!(PlainHttp::of(&[first, 3, 1]).is_some(), text, "{first}");
        }
        assert_eq!(PlainHttp::of(&[]), None);
    }

    #[test]
    fn one_byte_of_a_request_suffices() {
        for (bytes, expected) in [
            (&b"G"[..], PlainHttp::Request),
            (b"GET /", PlainHttp::Request),
            (b"\r\nGET", PlainHttp::Request),
            (b"H", PlainHttp::Request),
            (b"HEAD ", PlainHttp::Head),
            (b"HEADS", PlainHttp::Request),
            (b"PRI *", PlainHttp::Http2),
            (b"POST ", PlainHttp::Request),
        ] {
            assert_eq!(PlainHttp::of(bytes), Some(expected));
        }
    }
}
