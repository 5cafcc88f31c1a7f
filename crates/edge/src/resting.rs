//! HTTP/1.1 connections on which nothing happens: they give back the room that requests take.
//!
//! hyper keeps some 16 KiB of buffers a connection, and most connections of most gateways are idle. Those of HTTP/2 do
//! not rest: there is no way to take a connection back that has streams.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

use crate::connection::Connection;

/// How long nothing happens before a connection rests: to rest and to awake take less than half the time of a request.
const AFTER: Duration = Duration::from_millis(500);

/// A connection that can be taken away from hyper and given to it again.
pub(crate) struct Resumable<S> {
    stream: S,
    /// Octets that were read already.
    unread: Bytes,
    rest: Rest,
}

/// What is to be known of a connection that hyper has, before it may rest.
#[derive(Clone, Default)]
pub(crate) struct Rest(Arc<State>);

#[derive(Default)]
struct State {
    /// Whether hyper is being asked to give it back: then it says no farewell.
    asked: AtomicBool,
    /// Whether the client does not take what it is sent.
    blocked: AtomicBool,
    /// Whether a request has begun to come that is not complete.
    begun: AtomicBool,
}

impl Rest {
    /// Returns when nothing has happened for long enough.
    pub(crate) async fn is_due(&self, connection: &Connection) {
        let before = connection.requests.load(Ordering::Relaxed);
        loop {
            connection.activity.rests_for(AFTER).await;
            let begun = self.0.begun.load(Ordering::Relaxed);
            let partial = begun && connection.requests.load(Ordering::Relaxed) == before;
            if !partial && !self.0.blocked.load(Ordering::Relaxed) {
                return;
            }
            tokio::time::sleep(AFTER).await;
        }
    }

    pub(crate) fn begin(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }

    pub(crate) fn end(&self) {
        self.0.asked.store(false, Ordering::Relaxed);
    }
}

impl<S> Resumable<S> {
    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        let State { blocked, .. } = &*self.rest.0;
        blocked.store(written.is_pending(), Ordering::Relaxed);
    }
}

impl<S: AsyncRead + Unpin> Resumable<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self {
            stream,
            unread: Bytes::new(),
            rest: Rest::default(),
        }
    }

    pub(crate) fn rest(&self) -> Rest {
        self.rest.clone()
    }

    /// Takes back octets of a request that is not complete.
    pub(crate) fn take_back(&mut self, octets: Bytes) {
        self.rest = Rest::default();
        self.rest
            .0
            .begun
            .store(!octets.is_empty(), Ordering::Relaxed);
        // Empty, they would still hold the buffer that they are of.
        self.unread = match octets.is_empty() {
            true => Bytes::new(),
            false => octets,
        };
    }

    /// Waits until the client says something; false where it has ended instead.
    pub(crate) async fn awakes(&mut self) -> bool {
        if !self.unread.is_empty() {
            return true;
        }
        let mut first = [0];
        let read = self.stream.read(&mut first).await;
        self.take_back(Bytes::copy_from_slice(&first));
        read.is_ok_and(|octets| octets > 0)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Resumable<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.unread.is_empty() {
            return Pin::new(&mut self.stream).poll_read(cx, buffer);
        }
        let octets = self.unread.len().min(buffer.remaining());
        if let Some(octets) = self.unread.get(..octets) {
            buffer.put_slice(octets);
        }
        self.unread.advance(octets);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Resumable<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, octets);
        self.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.wrote(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.rest.0.asked.load(Ordering::Relaxed) {
            true => Poll::Ready(Ok(())),
            false => Pin::new(&mut self.stream).poll_shutdown(cx),
        }
    }
}
