//! HTTP/2 frames written by hand, so that a test can send what no library would.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::Tls;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;

const END_STREAM: u8 = 1;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// What became of a stream.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Outcome {
    /// The status, if a response began.
    pub(crate) status: Option<u16>,
    pub(crate) body: Vec<u8>,
    /// The code of a RST_STREAM or GOAWAY that ended it.
    pub(crate) error: Option<u32>,
}

impl Outcome {
    /// Whether the gateway would have none of it: the stream is reset, or answered with 4xx.
    pub(crate) fn is_refused(&self) -> bool {
        self.error.is_some_and(|code| code != 0)
            || self
                .status
                .is_some_and(|status| (400..500).contains(&status))
    }
}

/// A connection after its preface.
pub(crate) struct Frames {
    tls: Tls,
}

impl Frames {
    /// Says the preface, with a header table of size 0, so that every response is readable alone.
    pub(crate) async fn over(tls: Tls) -> Self {
        Self::with_settings(tls, &[0, 1, 0, 0, 0, 0]).await
    }

    /// The same, for a client that takes no byte of any body.
    pub(crate) async fn taking_nothing(tls: Tls) -> Self {
        Self::with_settings(tls, &[0, 1, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0]).await
    }

    async fn with_settings(mut tls: Tls, settings: &[u8]) -> Self {
        tls.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
            .await
            .unwrap();
        let mut frames = Self { tls };
        frames.frame(SETTINGS, 0, 0, settings).await;
        frames
    }

    /// Reads until the gateway ends the connection.
    pub(crate) async fn closed(mut self) {
        while self.read().await.is_some() {}
    }

    /// HEADERS with every field literal and never indexed.
    pub(crate) async fn headers(&mut self, stream: u32, fields: &[(&str, &str)], end: End) {
        let mut block = Vec::new();
        for (name, value) in fields {
            block.push(0x10);
            for text in [name, value] {
                string(text.as_bytes(), &mut block);
            }
        }
        let flags = END_HEADERS | end.flag();
        self.frame(HEADERS, flags, stream, &block).await;
    }

    /// A request with the usual pseudo-headers before these fields.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        authority: &str,
        fields: &[(&str, &str)],
        end: End,
    ) {
        let pseudo = [
            (":method", method),
            (":scheme", "https"),
            (":path", "/"),
            (":authority", authority),
            ("accept", "application/json"),
        ];
        self.headers(1, &[&pseudo, fields].concat(), end).await;
    }

    pub(crate) async fn data(&mut self, stream: u32, bytes: &[u8], end: End) {
        self.frame(DATA, end.flag(), stream, bytes).await;
    }

    pub(crate) async fn reset(&mut self, stream: u32, code: u32) {
        self.frame(RST_STREAM, 0, stream, &code.to_be_bytes()).await;
    }

    async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
        frame.extend([kind, flags]);
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        // The gateway may have ended the connection over an earlier frame.
        if self.tls.write_all(&frame).await.is_ok() {
            let _ = self.tls.flush().await;
        }
    }

    /// Reads until the stream has ended in one way or another.
    pub(crate) async fn outcome(&mut self, stream: u32) -> Outcome {
        let mut outcome = Outcome::default();
        loop {
            let Some((kind, flags, of, payload)) = self.read().await else {
                outcome.error.get_or_insert(u32::MAX);
                return outcome;
            };
            let ends = flags & END_STREAM != 0;
            match kind {
                HEADERS if of == stream => {
                    outcome.status = outcome.status.or_else(|| status(&payload));
                    if ends {
                        return outcome;
                    }
                }
                DATA if of == stream => {
                    outcome.body.extend(payload);
                    if ends {
                        return outcome;
                    }
                }
                RST_STREAM if of == stream => {
                    outcome.error = Some(number(&payload[..4]));
                    return outcome;
                }
                GOAWAY if number(&payload[4..8]) != 0 => {
                    outcome.error = Some(number(&payload[4..8]));
                    return outcome;
                }
                SETTINGS if flags & ACK == 0 => self.frame(SETTINGS, ACK, 0, &[]).await,
                PING if flags & ACK == 0 => self.frame(PING, ACK, 0, &payload).await,
                _ => {}
            }
        }
    }

    async fn read(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.tls.read_exact(&mut head).await.ok()?;
        let length = usize::try_from(number(&[0, head[0], head[1], head[2]])).unwrap();
        let mut payload = vec![0; length];
        self.tls.read_exact(&mut payload).await.ok()?;
        Some((head[3], head[4], number(&head[5..9]), payload))
    }
}

/// Whether a frame is the last of its stream.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Stream,
    Open,
}

impl End {
    fn flag(self) -> u8 {
        match self {
            Self::Stream => END_STREAM,
            Self::Open => 0,
        }
    }
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_be_bytes(bytes.try_into().unwrap())
}

/// A string literal without Huffman coding (RFC 7541 section 5.2).
fn string(text: &[u8], block: &mut Vec<u8>) {
    match u8::try_from(text.len()).unwrap_or(u8::MAX) {
        short @ 0..127 => block.push(short),
        _ => {
            block.push(127);
            let mut rest = text.len() - 127;
            while rest >= 128 {
                block.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            block.push(u8::try_from(rest).unwrap());
        }
    }
    block.extend_from_slice(text);
}

/// The status, which is the first field: indexed, or a literal with the name of index 8.
fn status(block: &[u8]) -> Option<u16> {
    // A change of the table's size may come first.
    let start = block.iter().position(|byte| byte & 0xE0 != 0x20)?;
    let block = &block[start..];
    let indexed = [200, 204, 206, 304, 400, 404, 500];
    match block {
        [index @ 0x88..=0x8E, ..] => Some(indexed[usize::from(index - 0x88)]),
        [0x08 | 0x18 | 0x48, 3, digits @ ..] => {
            std::str::from_utf8(&digits[..3]).ok()?.parse().ok()
        }
        [0x08 | 0x18 | 0x48, length, coded @ ..] if length & 0x80 != 0 => {
            digits(&coded[..usize::from(length & 0x7F)])
        }
        _ => None,
    }
}

/// Huffman-coded digits (RFC 7541 appendix B): 0 to 2 are 5 bits, the others 6.
fn digits(coded: &[u8]) -> Option<u16> {
    let bits: String = coded.iter().map(|byte| format!("{byte:08b}")).collect();
    let mut rest = bits.as_str();
    let mut value = 0;
    for _ in 0..3 {
        let short = u16::from_str_radix(rest.get(..5)?, 2).ok()?;
        let (digit, length) = match short {
            0..=2 => (short, 5),
            _ => (
                u16::from_str_radix(rest.get(..6)?, 2).ok()? - 0b01_1001 + 3,
                6,
            ),
        };
        value = value * 10 + digit;
        rest = &rest[length..];
    }
    Some(value)
}
