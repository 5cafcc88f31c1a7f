//! Transports that cut up what a client sends.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Sends one byte a segment.
pub(crate) struct ByteByByte(TcpStream);

impl ByteByByte {
    pub(crate) fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self(stream)
    }
}

impl AsyncRead for ByteByByte {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(cx, buf)
    }
}

impl AsyncWrite for ByteByByte {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let one = buf.get(..1).unwrap_or_default();
        Pin::new(&mut self.0).poll_write(cx, one)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }
}

/// Cuts the ClientHello into records of so many bytes.
pub(crate) struct Fragmented {
    stream: TcpStream,
    size: usize,
    /// The first record, until it is whole; then nothing more is cut.
    hello: Option<Vec<u8>>,
    /// What is cut and not sent yet.
    pending: Vec<u8>,
}

/// Type, version and length of a TLS record.
const RECORD_HEADER: usize = 5;

impl Fragmented {
    pub(crate) fn over(stream: TcpStream, size: usize) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            size,
            hello: Some(Vec::new()),
            pending: Vec::new(),
        }
    }

    fn take(&mut self, bytes: &[u8]) {
        let Some(hello) = &mut self.hello else {
            self.pending.extend_from_slice(bytes);
            return;
        };
        hello.extend_from_slice(bytes);
        let Some([_, _, _, high, low]) = hello.get(..RECORD_HEADER) else {
            return;
        };
        let end = RECORD_HEADER + usize::from(u16::from_be_bytes([*high, *low]));
        if hello.len() < end {
            return;
        }
        for part in hello[RECORD_HEADER..end].chunks(self.size) {
            let length = u16::try_from(part.len()).unwrap();
            self.pending.extend_from_slice(&hello[..3]);
            self.pending.extend_from_slice(&length.to_be_bytes());
            self.pending.extend_from_slice(part);
        }
        self.pending.extend_from_slice(&hello[end..]);
        self.hello = None;
    }

    fn poll_pending(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.pending.is_empty() {
            let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, &self.pending))?;
            self.pending.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Fragmented {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Fragmented {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_pending(cx))?;
        self.take(buf);
        Poll::Ready(Ok(buf.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_pending(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Holds back everything after the ClientHello until it is released.
pub(crate) struct Held {
    stream: TcpStream,
    hello_is_sent: bool,
    released: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
}

impl Held {
    pub(crate) fn over(
        stream: TcpStream,
        released: impl Future<Output = ()> + Send + 'static,
    ) -> Self {
        Self {
            stream,
            hello_is_sent: false,
            released: Some(Box::pin(released)),
        }
    }
}

impl AsyncRead for Held {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Held {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.hello_is_sent
            && let Some(released) = &mut self.released
        {
            ready!(released.as_mut().poll(cx));
            self.released = None;
        }
        let sent = ready!(Pin::new(&mut self.stream).poll_write(cx, buf))?;
        self.hello_is_sent = true;
        Poll::Ready(Ok(sent))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
