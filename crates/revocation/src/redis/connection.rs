//! One connection, and as much of the protocol (RESP2) as two commands need: no reply makes it read more than it asked for.

use std::io;

use rustls_pki_types::ServerName;
use tokio::io::{
    AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, BufStream,
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::Redis;

/// What octets go through.
trait Octets: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Octets for T {}

/// A connection on which nothing is under way. Whoever gives up in the middle of a command has to drop it.
pub(super) struct Connection(BufStream<Box<dyn Octets>>);

/// What is replied.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// A word, such as `OK`.
    Word,
    /// A value, or nothing where there is none.
    Value(Option<Vec<u8>>),
    /// An error that leaves the connection in order. It is shown, so that it is printable.
    Refused(String),
}

/// Octets of a line of the protocol, which is a length, a word or an error.
const LINE: u64 = 512;

impl Connection {
    /// Connects, and says who this is and which database is meant.
    pub(super) async fn open(redis: &Redis) -> io::Result<Self> {
        let stream = TcpStream::connect((redis.host.as_str(), redis.port)).await?;
        stream.set_nodelay(true)?;
        let octets: Box<dyn Octets> = match (redis.is_secure, &redis.tls) {
            (false, _) => Box::new(stream),
            (true, Some(config)) => {
                let name = ServerName::try_from(redis.host.clone()).map_err(io::Error::other)?;
                let connector = TlsConnector::from(config.clone());
                Box::new(connector.connect(name, stream).await?)
            }
            // Never without TLS what was meant to be with it.
            (true, None) => return Err(io::Error::other("there is nothing to speak TLS with")),
        };
        let mut connection = Self(BufStream::new(octets));
        match (&redis.user, &redis.password) {
            (Some(user), Some(password)) => {
                connection
                    .must(&[b"AUTH", user.as_bytes(), password.as_bytes()])
                    .await?;
            }
            (None, Some(password)) => connection.must(&[b"AUTH", password.as_bytes()]).await?,
            (_, None) => (),
        }
        if redis.database != 0 {
            let database = redis.database.to_string();
            connection.must(&[b"SELECT", database.as_bytes()]).await?;
        }
        Ok(connection)
    }

    async fn must(&mut self, words: &[&[u8]]) -> io::Result<()> {
        match self.command(words, 0).await? {
            Reply::Word => Ok(()),
            Reply::Refused(error) => Err(io::Error::new(io::ErrorKind::PermissionDenied, error)),
            Reply::Value(_) => Err(nonsense()),
        }
    }

    /// Says a command and takes its reply, a value of at most so many octets.
    pub(super) async fn command(&mut self, words: &[&[u8]], most: usize) -> io::Result<Reply> {
        let mut request = format!("*{}\r\n", words.len()).into_bytes();
        for word in words {
            request.extend_from_slice(format!("${}\r\n", word.len()).as_bytes());
            request.extend_from_slice(word);
            request.extend_from_slice(b"\r\n");
        }
        self.0.write_all(&request).await?;
        self.0.flush().await?;
        let line = self.line().await?;
        match line.split_first() {
            Some((b'+', _)) => Ok(Reply::Word),
            Some((b'-', error)) => Ok(Reply::Refused(error.escape_ascii().to_string())),
            Some((b'$', b"-1")) => Ok(Reply::Value(None)),
            Some((b'$', length)) => {
                let length = str::from_utf8(length).ok();
                let length: Option<usize> = length.and_then(|length| length.parse().ok());
                let length = length.filter(|length| *length <= most);
                let length = length.ok_or_else(nonsense)?;
                Ok(Reply::Value(Some(self.value(length).await?)))
            }
            _ => Err(nonsense()),
        }
    }

    /// A line without its end.
    async fn line(&mut self) -> io::Result<Vec<u8>> {
        let mut line = Vec::new();
        (&mut self.0)
            .take(LINE)
            .read_until(b'\n', &mut line)
            .await?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(line.to_vec()),
            None => Err(nonsense()),
        }
    }

    async fn value(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut value = vec![0; length];
        self.0.read_exact(&mut value).await?;
        let mut end = [0; 2];
        self.0.read_exact(&mut end).await?;
        match end == *b"\r\n" {
            true => Ok(value),
            false => Err(nonsense()),
        }
    }
}

fn nonsense() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "this is not what a Redis says")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What comes of a command that is replied to by this.
    async fn reply(octets: &[u8]) -> io::Result<Reply> {
        let (mine, mut theirs) = tokio::io::duplex(1 << 16);
        theirs.write_all(octets).await?;
        theirs.shutdown().await?;
        let octets: Box<dyn Octets> = Box::new(mine);
        let mut connection = Connection(BufStream::new(octets));
        let reply = connection.command(&[b"GET", b"a\r\nb"], 5).await;
        let mut said = vec![0; 23];
        theirs.read_exact(&mut said).await?;
        assert_eq!(said, b"*2\r\n$3\r\nGET\r\n$4\r\na\r\nb\r\n");
        reply
    }

    #[tokio::test]
    async fn replies_are_understood_and_bounded() {
        let value = |octets: &[u8]| Reply::Value(Some(octets.to_vec()));
        assert_eq!(reply(b"+OK\r\n").await.unwrap(), Reply::Word);
        assert_eq!(reply(b"$-1\r\n").await.unwrap(), Reply::Value(None));
        assert_eq!(reply(b"$0\r\n\r\n").await.unwrap(), value(b""));
        assert_eq!(
            reply(b"$5\r\na\r\nbc\r\n").await.unwrap(),
            value(b"a\r\nbc")
        );
        let refused = Reply::Refused("WRONGTYPE \\x1b".to_owned());
        assert_eq!(reply(b"-WRONGTYPE \x1b\r\n").await.unwrap(), refused);
        let long = [b"+".to_vec(), vec![b'a'; 1 << 12], b"\r\n".to_vec()].concat();
        for nonsense in [
            &b""[..],
            b"+OK",
            b"+OK\n",
            b"$6\r\nabcdef\r\n",
            b"$99999999999999999999\r\n",
            b"$-2\r\n",
            b"$3\r\nabcd\r\n",
            b"$3\r\nab",
            b"*1\r\n+OK\r\n",
            b"HTTP/1.1 400 Bad Request\r\n",
            &long,
        ] {
            assert!(
                reply(nonsense).await.is_err(),
                "{}",
                nonsense.escape_ascii()
            );
        }
    }
}
