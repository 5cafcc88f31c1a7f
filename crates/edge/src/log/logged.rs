//! A response's body on its way to the client, with the request that it is written down for.

use std::error::Error;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::Entry;
use super::entry::Ending;
use crate::relay::Stalled;

/// Counts what passes, and tells how it ended.
pub(crate) struct Logged<B: Body> {
    body: B,
    /// None where the request goes on in another way.
    entry: Option<Box<Entry>>,
}

impl<B: Body> Logged<B> {
    pub(super) fn new(body: B, entry: Box<Entry>) -> Self {
        Self {
            body,
            entry: Some(entry),
        }
    }

    /// A body that is not what its request is about.
    pub(crate) fn aside(body: B) -> Self {
        Self { body, entry: None }
    }
}

impl<B> Body for Logged<B>
where
    B: Body<Data = Bytes, Error = Box<dyn Error + Send + Sync>> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        let frame = std::task::ready!(Pin::new(&mut this.body).poll_frame(cx));
        if let Some(entry) = &mut this.entry {
            match &frame {
                Some(Ok(frame)) => entry.sends(frame.data_ref().map_or(0, Bytes::len)),
                Some(Err(error)) if error.is::<Stalled>() => {
                    entry.ending = Ending::BackendTimedOut;
                }
                Some(Err(_)) => entry.ending = Ending::BackendClosed,
                None => entry.ending = Ending::Whole,
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: Body> Drop for Logged<B> {
    fn drop(&mut self) {
        // Whoever knows that nothing follows does not ask for more.
        if let Some(entry) = &mut self.entry
            && entry.ending == Ending::ClientLeft
            && self.body.is_end_stream()
        {
            entry.ending = Ending::Whole;
        }
    }
}
