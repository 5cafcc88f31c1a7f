//! Whom to ask about the certificates of an issuer.

use std::sync::Arc;

use portcullis_x509::{Certificate, Malformed};
use rustls_pki_types::CertificateDer;

use crate::failure::{Failure, PolicyFault};
use crate::key::Issuer;
use crate::responder::Responder;

/// Whom to ask about the certificates of one issuer, or of all, and whom to believe: what the operator knows beside
/// what certificates say. The first of several that is about an issuer counts for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Responders {
    issuer: Option<Arc<Issuer>>,
    instead: Vec<Arc<str>>,
    fallback: Vec<Arc<str>>,
    trusted: Vec<CertificateDer<'static>>,
}

impl Responders {
    /// About certificates of any issuer.
    #[must_use]
    pub fn of_all() -> Self {
        Self {
            issuer: None,
            instead: Vec::new(),
            fallback: Vec::new(),
            trusted: Vec::new(),
        }
    }

    /// About the certificates that the holder of this one issued, known by its name and its key.
    ///
    /// # Errors
    /// When it is not a certificate.
    pub fn of(issuer: &[u8]) -> Result<Self, Malformed> {
        let issuer = Issuer::of(&Certificate::parse(issuer)?);
        Ok(Self {
            issuer: Some(Arc::new(issuer)),
            ..Self::of_all()
        })
    }

    /// One more responder that is asked instead of those that certificates name.
    #[must_use]
    pub fn instead(mut self, url: &str) -> Self {
        self.instead.push(url.into());
        self
    }

    /// Whether a responder at this URL could be asked, as far as the URL tells.
    ///
    /// # Errors
    /// Why not.
    pub fn check_url(url: &str) -> Result<(), PolicyFault> {
        Responder::parse(url).map(drop)
    }

    /// One more responder that is asked after the others failed, or where a certificate names none.
    #[must_use]
    pub fn fallback(mut self, url: &str) -> Self {
        self.fallback.push(url.into());
        self
    }

    /// One more responder whose word counts about these certificates, whoever certified it (RFC 6960 section
    /// 4.2.2.2, number 1).
    ///
    /// # Errors
    /// When it is not a certificate.
    pub fn trusted(mut self, certificate: &[u8]) -> Result<Self, Malformed> {
        Certificate::parse(certificate)?;
        self.trusted.push(certificate.to_vec().into());
        Ok(self)
    }

    fn is_about(&self, issuer: &Certificate<'_>) -> bool {
        self.issuer
            .as_ref()
            .is_none_or(|expected| expected.is(issuer))
    }
}

/// Responders of one certificate that are asked. Certificates name one, rarely two.
const MAX_NAMED: usize = 4;

/// Whom to ask about one certificate, the first first, and whom to believe besides those who may sign by themselves.
pub(crate) struct Whom {
    pub(crate) urls: Vec<Arc<str>>,
    pub(crate) trusted: Vec<CertificateDer<'static>>,
}

impl Whom {
    pub(crate) fn of(
        certificate: &Certificate<'_>,
        issuer: &Certificate<'_>,
        known: &[Responders],
    ) -> Result<Self, Failure> {
        let known = known.iter().find(|known| known.is_about(issuer));
        let mut urls: Vec<Arc<str>> = match known {
            Some(known) if !known.instead.is_empty() => known.instead.clone(),
            _ => named(certificate)?,
        };
        urls.extend(known.iter().flat_map(|known| &known.fallback).cloned());
        if urls.is_empty() {
            return Err(Failure::ResponderNotNamed);
        }
        Ok(Self {
            urls,
            trusted: known.map(|known| known.trusted.clone()).unwrap_or_default(),
        })
    }
}

fn named(certificate: &Certificate<'_>) -> Result<Vec<Arc<str>>, Failure> {
    let responders = certificate
        .ocsp_responders()
        .map_err(Failure::CertificateMalformed)?;
    let all: Vec<&str> = responders.collect();
    let is_http = |url: &&str| {
        let scheme = url.split("://").next().unwrap_or_default();
        scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")
    };
    // Other schemes do not hide those that can be asked; where there is nothing else, they are refused by name.
    let can_be_asked: Vec<&str> = all.iter().copied().filter(is_http).collect();
    let chosen = if can_be_asked.is_empty() {
        all
    } else {
        can_be_asked
    };
    Ok(chosen.into_iter().take(MAX_NAMED).map(Arc::from).collect())
}
