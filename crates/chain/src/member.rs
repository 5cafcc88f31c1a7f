//! A certificate of a path, with what is asked about it again and again.

use portcullis_x509::{Certificate, KnownExtensions, Malformed};

use crate::reason::Reason;

/// A certificate whose extensions were read.
pub(crate) struct Member<'a> {
    pub(crate) certificate: Certificate<'a>,
    known: Result<KnownExtensions<'a>, Malformed>,
    pub(crate) is_self_issued: bool,
}

impl<'a> Member<'a> {
    pub(crate) fn new(certificate: Certificate<'a>, is_self_issued: bool) -> Self {
        Self {
            known: certificate.known_extensions(),
            certificate,
            is_self_issued,
        }
    }

    /// The extensions, or the reason not to accept the certificate. That some certificate of a pool
    /// cannot be read is no reason to refuse a path without it.
    pub(crate) fn known(&self) -> Result<&KnownExtensions<'a>, Reason> {
        self.known.as_ref().map_err(|malformed| Reason::Malformed {
            source: malformed.clone(),
        })
    }
}
