//! Issuing certificates.

use std::time::Duration;

use portcullis_x509::Certificate;
use rcgen::{Issuer, KeyPair};
use rustls_pki_types::{CertificateDer, UnixTime};

use super::{Authority, INDEX, ISSUING, ISSUING_KEY, read_key};
use crate::certificate::{CLIENT_VALIDITY, SERVER_VALIDITY, Template};
use crate::folder::Access;
use crate::label::Label;
use crate::{AlternativeName, AuthorityError, Entry, Index, Issued, KeyAlgorithm, Serial, Status};

/// How a certificate is to be issued.
#[derive(Clone, Debug, Default)]
pub struct IssueOptions {
    validity: Option<Duration>,
    alternative_names: Vec<AlternativeName>,
}

impl IssueOptions {
    /// A year for clients, 397 days for servers, no alternative names beyond a server's own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Valid for so long, and never longer than the issuing authority.
    #[must_use]
    pub fn validity(mut self, validity: Duration) -> Self {
        self.validity = Some(validity);
        self
    }

    /// One more alternative name.
    #[must_use]
    pub fn alternative_name(mut self, name: AlternativeName) -> Self {
        self.alternative_names.push(name);
        self
    }
}

impl Authority {
    /// Issues a client certificate with a fresh key, and writes `NAME.pem` and `NAME.key`.
    ///
    /// # Errors
    /// [`AuthorityError::Name`] when the name is not fit for a file; [`AuthorityError::AlreadyIssued`] when
    /// it has a certificate that still stands; else the folder cannot be read or written.
    pub fn issue_client(
        &self,
        name: &str,
        options: &IssueOptions,
        now: UnixTime,
    ) -> Result<Issued, AuthorityError> {
        let label = Label::parse(name)?;
        let validity = options.validity.unwrap_or(CLIENT_VALIDITY);
        let template = Template::client(name, validity, now)?;
        self.issue(
            &label,
            template.alternative_names(&options.alternative_names)?,
            now,
        )
    }

    /// Issues a server certificate for DNS names and IP addresses, and writes `FIRST.pem` and `FIRST.key`
    /// after the first of them, where `*` is written as `_wildcard` and `:` as `_`.
    ///
    /// # Errors
    /// [`AuthorityError::NoNames`], [`AuthorityError::AlternativeName`] when one is neither a DNS name nor an
    /// address, and those of [`Authority::issue_client`].
    pub fn issue_server(
        &self,
        names: &[&str],
        options: &IssueOptions,
        now: UnixTime,
    ) -> Result<Issued, AuthorityError> {
        let first = names.first().ok_or(AuthorityError::NoNames)?;
        let own = names.iter().map(|name| AlternativeName::of_server(name));
        let mut alternative_names = own.collect::<Result<Vec<_>, _>>()?;
        alternative_names.extend(options.alternative_names.iter().cloned());
        let label = Label::of_server(first)?;
        let validity = options.validity.unwrap_or(SERVER_VALIDITY);
        let template = Template::server(first, validity, now)?;
        self.issue(&label, template.alternative_names(&alternative_names)?, now)
    }

    fn issue(
        &self,
        label: &Label,
        template: Template,
        now: UnixTime,
    ) -> Result<Issued, AuthorityError> {
        let lock = self.folder.lock()?;
        let mut index = self.index()?;
        check_not_issued(&index, label, now)?;
        let signed = self.sign(template.responder(self.responder_url.as_deref()), now)?;
        let (entry, key) = (
            Entry::issued(label, signed.serial, signed.not_after),
            &signed.key,
        );
        let issued = Issued::new(
            &self.folder,
            entry.clone(),
            [signed.certificate, self.issuing.clone()],
            key,
        );
        let path = self.folder.file(INDEX);
        index.push(entry).map_err(|problem| AuthorityError::Index {
            path,
            line: 0,
            problem,
        })?;
        let key = self.folder.stage(
            &label.file("key"),
            issued.key_pem().as_bytes(),
            Access::Private,
            &lock,
        )?;
        let certificates = issued.certificate_pem();
        let certificate = self.folder.stage(
            &label.file("pem"),
            certificates.as_bytes(),
            Access::Public,
            &lock,
        )?;
        // First the index: no certificate leaves this function that a revocation would not find.
        self.write_index(&index, &lock)?;
        key.publish()?;
        certificate.publish()?;
        self.folder.sync()?;
        Ok(issued)
    }

    /// Signs a template with the issuing key, for a fresh key of the same kind.
    pub(crate) fn sign(&self, template: Template, now: UnixTime) -> Result<Signed, AuthorityError> {
        let path = self.folder.file(ISSUING);
        let issuer = Certificate::parse(&self.issuing)
            .map_err(|_| AuthorityError::UnreadableCertificate { path })?;
        let not_after = issuer.validity().not_after;
        if not_after < now {
            return Err(AuthorityError::IssuerExpired { not_after });
        }
        let issuing_key = read_key(&self.folder, ISSUING_KEY, &issuer)?;
        let algorithm = KeyAlgorithm::of(&issuing_key).unwrap_or_default();
        let key = algorithm.generate()?;
        let template = template.no_longer_than(&issuer)?;
        let issuing = Issuer::from_ca_cert_der(&self.issuing, issuing_key)
            .map_err(AuthorityError::Certificate)?;
        let certificate = template.signed_by(&key, &issuing)?;
        let named = Certificate::parse(&certificate)
            .is_ok_and(|leaf| leaf.issuer().der() == issuer.subject().der());
        if !named {
            return Err(AuthorityError::IssuerName);
        }
        let Template {
            serial, not_after, ..
        } = template;
        Ok(Signed {
            certificate,
            key,
            serial,
            not_after,
        })
    }
}

/// A certificate just signed, with its key.
pub(crate) struct Signed {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: KeyPair,
    serial: Serial,
    not_after: UnixTime,
}

fn check_not_issued(index: &Index, label: &Label, now: UnixTime) -> Result<(), AuthorityError> {
    let stands = |entry: &&Entry| {
        entry.status == Status::Valid && entry.not_after >= now && label.collides_with(&entry.name)
    };
    match index.entries().iter().find(stands) {
        None => Ok(()),
        Some(entry) => {
            let (name, serial) = (entry.name.clone(), entry.serial.clone());
            Err(AuthorityError::AlreadyIssued { name, serial })
        }
    }
}
