//! What holds for HTTP on every listener, and the pages for the gateway's own errors.

use std::collections::BTreeMap;

use super::FileSource;
use crate::diagnostic::Located;

/// What holds for HTTP on every listener. The defaults are those that Application Gateway documents
/// (sections 3.1 and 3.2 of its behaviour reference), except that HTTP/2 is on.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpSettings {
    /// Whether listeners with TLS offer HTTP/2.
    pub http2: bool,
    /// The bytes of a request's URL at most.
    pub url_bytes: usize,
    /// The bytes of a request's header section at most.
    pub header_bytes: usize,
    /// The bytes of one header field over HTTP/2 at most.
    pub http2_field_bytes: usize,
    /// The bytes of a request's header section over HTTP/2 at most.
    pub http2_header_bytes: usize,
    /// The bytes of a request's body at most.
    pub body_bytes: u64,
    /// The requests of one HTTP/2 connection at most.
    pub http2_requests: u64,
}

impl HttpSettings {
    /// The bytes of a URL (section 3.2: 32 KB).
    pub const URL_BYTES: usize = 32 * 1024;
    /// The bytes of a header section (section 3.2: 32 KB).
    pub const HEADER_BYTES: usize = 32 * 1024;
    /// The bytes of a header field over HTTP/2 (section 3.2: 8 KB).
    pub const HTTP2_FIELD_BYTES: usize = 8 * 1024;
    /// The bytes of a header section over HTTP/2 (section 3.2: 16 KB).
    pub const HTTP2_HEADER_BYTES: usize = 16 * 1024;
    /// The bytes of a body (section 3.2: 4 GB).
    pub const BODY_BYTES: u64 = 4 * 1024 * 1024 * 1024;
    /// The requests of an HTTP/2 connection (section 3.1).
    pub const HTTP2_REQUESTS: u64 = 1_000;
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            http2: true,
            url_bytes: Self::URL_BYTES,
            header_bytes: Self::HEADER_BYTES,
            http2_field_bytes: Self::HTTP2_FIELD_BYTES,
            http2_header_bytes: Self::HTTP2_HEADER_BYTES,
            body_bytes: Self::BODY_BYTES,
            http2_requests: Self::HTTP2_REQUESTS,
        }
    }
}

/// The pages for errors that the gateway itself answers, by status: 400, 403, 404, 405, 408, 500,
/// 502, 503 and 504 can have one. What a backend answers passes unchanged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ErrorPages(BTreeMap<u16, ErrorPage>);

/// The HTML file of one status.
pub type ErrorPage = Located<FileSource>;

impl ErrorPages {
    /// The bytes of a page (section 3.5: less than 1 MB). Whoever reads one from a path has to see
    /// to it.
    pub const PAGE_BYTES: usize = 1024 * 1024;

    pub(crate) fn new(pages: BTreeMap<u16, ErrorPage>) -> Self {
        Self(pages)
    }

    /// The page of a status.
    #[must_use]
    pub fn page(&self, status: u16) -> Option<&ErrorPage> {
        self.0.get(&status)
    }

    /// Whether there is no page.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The pages by status.
    pub fn iter(&self) -> impl Iterator<Item = (u16, &ErrorPage)> {
        self.0.iter().map(|(status, page)| (*status, page))
    }
}
