use portcullis_test_pki::{Ca, Certified, ocsp};
use rustls_pki_types::CertificateDer;

use super::chain::ALGORITHMS;

/// A response that a client's issuer, or a delegate of the issuer, signed.
pub(crate) struct Answer {
    pub(crate) name: String,
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) issuer: CertificateDer<'static>,
    /// Comes along in the response.
    pub(crate) delegate: Option<CertificateDer<'static>>,
    pub(crate) response: Vec<u8>,
}

impl Answer {
    /// Every algorithm, by the issuer and by a delegate.
    pub(crate) fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for (name, algorithm) in ALGORITHMS {
            let issuer = Ca::root("Contoso Client CA").algorithm(algorithm).issue();
            let delegate = issuer
                .ocsp_responder("Contoso OCSP")
                .algorithm(algorithm)
                .issue();
            all.push(Self::of(format!("{name}/issuer"), &issuer, None));
            all.push(Self::of(
                format!("{name}/delegate"),
                &issuer,
                Some(&delegate),
            ));
        }
        all
    }

    fn of(name: String, issuer: &Ca, delegate: Option<&Certified>) -> Self {
        let certificate = issuer.client("alice").issue();
        let good = ocsp::good(&certificate, issuer);
        let response = match delegate {
            Some(delegate) => good.delegate(delegate),
            None => good,
        };
        Self {
            name,
            certificate: certificate.der,
            issuer: issuer.der.clone(),
            delegate: delegate.map(|delegate| delegate.der.clone()),
            response: response.issue(),
        }
    }
}
