//! The pages for errors that the gateway itself answers.

use std::collections::HashMap;

use bytes::Bytes;
use http::StatusCode;

/// HTML by status.
#[derive(Debug, Default)]
pub(crate) struct Pages(HashMap<StatusCode, Bytes>);

impl Pages {
    pub(crate) fn new(pages: HashMap<StatusCode, Bytes>) -> Self {
        Self(pages)
    }

    pub(crate) fn page(&self, status: StatusCode) -> Option<&Bytes> {
        self.0.get(&status)
    }
}
