//! Headers that tell backends who the client is.

/// Headers that tell backends who the client is, by one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityHeaders {
    /// Which headers.
    pub form: IdentityForm,
    /// What becomes of a request whose identity headers are too large for a backend.
    pub oversize: Oversize,
}

impl IdentityHeaders {
    pub(crate) fn new(form: IdentityForm, oversize: Oversize) -> Self {
        Self { form, oversize }
    }
}

/// A set of identity headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum IdentityForm {
    /// `Client-Cert` and `Client-Cert-Chain` (RFC 9440).
    Rfc9440,
    /// `X-Forwarded-Client-Cert`, as Envoy writes it.
    Xfcc,
    /// `X-Amzn-Mtls-Clientcert` and its kin, as the load balancers of AWS write them.
    Aws,
    /// `X-ARR-ClientCert`, as Azure App Service writes it.
    AppService,
    /// `X-SSL-Client-Cert` and its kin, as configurations of nginx name them.
    Nginx,
}

/// What becomes of a request whose identity headers are too large for a backend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Oversize {
    /// It is refused.
    #[default]
    Refuse,
    /// It is forwarded without them.
    Omit,
}
