//! HTTP/1.1 written and read by hand, so that a test can say what no library would.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Tls, patiently};

/// Header fields in their order, names in lower case.
pub(crate) type Fields = Vec<(String, String)>;

/// A response.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Fields,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    /// The values of a header, in lower case asked.
    pub(crate) fn header(&self, name: &str) -> Vec<&str> {
        values(&self.headers, name)
    }

    /// The names of its headers, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    /// The reason of a refusal in JSON, empty when the body is none.
    pub(crate) fn reason(&self) -> String {
        serde_json::from_slice::<serde_json::Value>(&self.body)
            .ok()
            .and_then(|json| Some(json.get("reason")?.as_str()?.to_owned()))
            .unwrap_or_default()
    }
}

/// The values of a header by its name in lower case.
pub(super) fn values<'a>(headers: &'a [(String, String)], name: &str) -> Vec<&'a str> {
    headers
        .iter()
        .filter(|(found, _)| found.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.as_str())
        .collect()
}

/// A connection on which bytes are bytes.
pub(crate) struct Raw {
    tls: Tls,
    received: Vec<u8>,
}

impl Raw {
    pub(crate) fn new(tls: Tls) -> Self {
        Self {
            tls,
            received: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.tls.write_all(bytes.as_ref()).await.unwrap();
        self.tls.flush().await.unwrap();
    }

    /// Sends as much as the peer takes.
    pub(crate) async fn try_send(&mut self, bytes: impl AsRef<[u8]>) {
        if self.tls.write_all(bytes.as_ref()).await.is_ok() {
            let _ = self.tls.flush().await;
        }
    }

    /// The next response, interim or final, of a request that was no HEAD.
    pub(crate) async fn answer(&mut self) -> Answer {
        loop {
            if let Some((answer, length)) = parse(&self.received, false) {
                self.received.drain(..length);
                return answer;
            }
            assert_ne!(self.read().await, 0, "closed before a whole response");
        }
    }

    /// Waits until these bytes have come, and forgets all up to them.
    pub(crate) async fn until(&mut self, wanted: &[u8]) {
        loop {
            if let Some(at) = find(&self.received, wanted) {
                self.received.drain(..at + wanted.len());
                return;
            }
            assert_ne!(
                self.read().await,
                0,
                "closed before {}",
                wanted.escape_ascii()
            );
        }
    }

    /// Has nothing more to say, and goes on listening.
    pub(crate) async fn finish(&mut self) {
        self.tls.shutdown().await.unwrap();
    }

    /// Everything until the connection ends.
    pub(crate) async fn rest(mut self) -> Vec<u8> {
        while self.read().await > 0 {}
        self.received
    }

    /// Whatever comes next; 0 when the connection has ended, cleanly or not.
    async fn read(&mut self) -> usize {
        let read = patiently(self.tls.read_buf(&mut self.received));
        read.await.unwrap_or(0)
    }
}

/// All final responses in these bytes, which must be nothing else.
pub(crate) fn answers(mut bytes: &[u8]) -> Vec<Answer> {
    let mut answers = Vec::new();
    while !bytes.is_empty() {
        let parsed = parse(bytes, true);
        let (answer, length) = parsed.unwrap_or_else(|| panic!("{}", bytes.escape_ascii()));
        bytes = &bytes[length..];
        if answer.status >= 200 {
            answers.push(answer);
        }
    }
    answers
}

/// A message's head: its first line and its fields, and its length. Strict: CRLF alone ends a line,
/// no line is folded, no name has a space.
pub(super) fn head(bytes: &[u8]) -> Option<(String, Fields, usize)> {
    let end = find(bytes, b"\r\n\r\n")?;
    let text: String = bytes[..end].iter().map(|byte| char::from(*byte)).collect();
    let mut lines = text.split("\r\n");
    let first = lines.next().unwrap().to_owned();
    let fields = lines.map(field).collect();
    Some((first, fields, end + 4))
}

/// One field line.
pub(super) fn field(line: &str) -> (String, String) {
    let (name, value) = line.split_once(':').expect("a field has a colon");
    let is_token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    assert!(!name.is_empty() && name.bytes().all(is_token), "{line:?}");
    assert!(!value.contains(['\r', '\n', '\0']), "{line:?}");
    (name.to_ascii_lowercase(), value.trim().to_owned())
}

fn parse(bytes: &[u8], ended: bool) -> Option<(Answer, usize)> {
    let (first, headers, start) = head(bytes)?;
    let status = first.split(' ').nth(1).unwrap().parse().unwrap();
    let rest = &bytes[start..];
    let (body, length) = match (
        values(&headers, "content-length").first(),
        values(&headers, "transfer-encoding").first(),
    ) {
        _ if status < 200 || status == 204 || status == 304 => (Vec::new(), 0),
        (None, Some(&"chunked")) => {
            let (body, _, length) = dechunk(rest)?;
            (body, length)
        }
        (Some(length), None) => {
            let length = length.parse().unwrap();
            (rest.get(..length)?.to_vec(), length)
        }
        (None, None) if ended => (rest.to_vec(), rest.len()),
        (None, None) => return None,
        framing => panic!("two framings: {framing:?}"),
    };
    let answer = Answer {
        status,
        headers,
        body,
    };
    Some((answer, start + length))
}

/// A chunked body with its trailers and its length, once it is whole.
pub(super) fn dechunk(bytes: &[u8]) -> Option<(Vec<u8>, Fields, usize)> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let size = std::str::from_utf8(&bytes[at..at + line]).unwrap();
        let size = usize::from_str_radix(size, 16).expect("a size without extensions");
        at += line + 2;
        if size == 0 {
            break;
        }
        body.extend_from_slice(bytes.get(at..at + size)?);
        assert_eq!(bytes.get(at + size..at + size + 2)?, b"\r\n");
        at += size + 2;
    }
    let mut trailers = Vec::new();
    loop {
        let line = find(&bytes[at..], b"\r\n")?;
        let text = std::str::from_utf8(&bytes[at..at + line]).unwrap();
        at += line + 2;
        if text.is_empty() {
            return Some((body, trailers, at));
        }
        trailers.push(field(text));
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}
