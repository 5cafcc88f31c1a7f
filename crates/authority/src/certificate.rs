//! What the authority's certificates say.

use std::time::Duration;

use portcullis_x509::Certificate;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose, PublicKeyData, SerialNumber,
};
use rustls_pki_types::{CertificateDer, UnixTime};

use crate::{AlternativeName, AuthorityError, Serial, date};

const DAY: u64 = 86_400;

/// Ten years for what is hard to replace: every gateway holds it.
pub(crate) const ROOT_VALIDITY: Duration = Duration::from_secs(3650 * DAY);

/// Five years, half of the root's.
pub(crate) const ISSUING_VALIDITY: Duration = Duration::from_secs(1825 * DAY);

/// A year.
pub(crate) const CLIENT_VALIDITY: Duration = Duration::from_secs(365 * DAY);

/// A year and a month: browsers refuse more than 398 days.
pub(crate) const SERVER_VALIDITY: Duration = Duration::from_secs(397 * DAY);

/// Ninety days: nobody can revoke what carries `id-pkix-ocsp-nocheck`, so it is short-lived
/// (RFC 6960 section 4.2.2.2.1).
pub(crate) const OCSP_VALIDITY: Duration = Duration::from_secs(90 * DAY);

/// The last third of that, in which it is renewed.
pub(crate) const OCSP_RENEWAL: Duration = Duration::from_secs(30 * DAY);

/// Certificates begin an hour before they are made, for peers whose clocks are late.
const BACKDATED: Duration = Duration::from_secs(3600);

/// A certificate about to be signed.
pub(crate) struct Template {
    params: CertificateParams,
    pub(crate) serial: Serial,
    pub(crate) not_after: UnixTime,
}

impl Template {
    fn new(
        common_name: Option<&str>,
        validity: Duration,
        now: UnixTime,
    ) -> Result<Self, AuthorityError> {
        let serial = Serial::random()?;
        let not_after = date::after(now, validity);
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        if let Some(common_name) = common_name {
            params
                .distinguished_name
                .push(DnType::CommonName, common_name);
        }
        params.serial_number = Some(SerialNumber::from_slice(serial.as_bytes()));
        params.not_before = date::offset_date_time(date::before(now, BACKDATED))?;
        params.not_after = date::offset_date_time(not_after)?;
        params.use_authority_key_identifier_extension = true;
        Ok(Self {
            params,
            serial,
            not_after,
        })
    }

    fn authority(mut self, constraints: BasicConstraints) -> Self {
        self.params.is_ca = IsCa::Ca(constraints);
        self.params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        self
    }

    fn leaf(mut self, purpose: ExtendedKeyUsagePurpose) -> Self {
        self.params.is_ca = IsCa::ExplicitNoCa;
        self.params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        self.params.extended_key_usages = vec![purpose];
        self
    }

    pub(crate) fn root(name: &str, now: UnixTime) -> Result<Self, AuthorityError> {
        let root = Self::new(Some(&format!("{name} Root CA")), ROOT_VALIDITY, now)?;
        let mut root = root.authority(BasicConstraints::Constrained(1));
        // Its key identifier would say only what the certificate says already.
        root.params.use_authority_key_identifier_extension = false;
        Ok(root)
    }

    pub(crate) fn issuing(name: &str, now: UnixTime) -> Result<Self, AuthorityError> {
        let issuing = Self::new(Some(&format!("{name} Issuing CA")), ISSUING_VALIDITY, now)?;
        Ok(issuing.authority(BasicConstraints::Constrained(0)))
    }

    pub(crate) fn client(
        name: &str,
        validity: Duration,
        now: UnixTime,
    ) -> Result<Self, AuthorityError> {
        Ok(Self::new(Some(name), validity, now)?.leaf(ExtendedKeyUsagePurpose::ClientAuth))
    }

    pub(crate) fn server(
        name: &str,
        validity: Duration,
        now: UnixTime,
    ) -> Result<Self, AuthorityError> {
        Ok(Self::new(Some(name), validity, now)?.leaf(ExtendedKeyUsagePurpose::ServerAuth))
    }

    pub(crate) fn ocsp_signer(now: UnixTime) -> Result<Self, AuthorityError> {
        let signer = Self::new(Some("OCSP responder"), OCSP_VALIDITY, now)?;
        let mut signer = signer.leaf(ExtendedKeyUsagePurpose::OcspSigning);
        let nocheck = CustomExtension::from_oid_content(&OCSP_NOCHECK, NULL.to_vec());
        signer.params.custom_extensions.push(nocheck);
        Ok(signer)
    }

    /// Ends no later than its issuer.
    pub(crate) fn no_longer_than(
        mut self,
        issuer: &Certificate<'_>,
    ) -> Result<Self, AuthorityError> {
        let limit = issuer.validity().not_after;
        if self.not_after > limit {
            self.not_after = limit;
            self.params.not_after = date::offset_date_time(limit)?;
        }
        Ok(self)
    }

    pub(crate) fn alternative_names(
        mut self,
        names: &[AlternativeName],
    ) -> Result<Self, AuthorityError> {
        self.params.subject_alt_names = names
            .iter()
            .map(AlternativeName::to_rcgen)
            .collect::<Result<_, _>>()?;
        Ok(self)
    }

    /// Names the OCSP responder in the authority information access extension.
    pub(crate) fn responder(mut self, url: Option<&str>) -> Self {
        let access = url.map(|url| {
            let location = tlv(URI, url.as_bytes());
            let description = tlv(SEQUENCE, &[AD_OCSP, &location].concat());
            CustomExtension::from_oid_content(
                &AUTHORITY_INFORMATION_ACCESS,
                tlv(SEQUENCE, &description),
            )
        });
        self.params.custom_extensions.extend(access);
        self
    }

    pub(crate) fn self_signed(
        &self,
        key: &KeyPair,
    ) -> Result<CertificateDer<'static>, AuthorityError> {
        let certificate = self
            .params
            .self_signed(key)
            .map_err(AuthorityError::Certificate)?;
        Ok(certificate.into())
    }

    pub(crate) fn signed_by(
        &self,
        key: &impl PublicKeyData,
        issuer: &Issuer<'_, KeyPair>,
    ) -> Result<CertificateDer<'static>, AuthorityError> {
        let certificate = self
            .params
            .signed_by(key, issuer)
            .map_err(AuthorityError::Certificate)?;
        Ok(certificate.into())
    }
}

/// `id-pe-authorityInfoAccess`
const AUTHORITY_INFORMATION_ACCESS: [u64; 9] = [1, 3, 6, 1, 5, 5, 7, 1, 1];
/// `id-pkix-ocsp-nocheck`
const OCSP_NOCHECK: [u64; 10] = [1, 3, 6, 1, 5, 5, 7, 48, 1, 5];
/// `id-ad-ocsp`, encoded.
const AD_OCSP: &[u8] = &[0x06, 0x08, 0x2B, 0x06, 0x01, 0x05, 0x05, 0x07, 0x30, 0x01];
const NULL: &[u8] = &[0x05, 0x00];
const SEQUENCE: u8 = 0x30;
/// `uniformResourceIdentifier [6] IA5String`
const URI: u8 = 0x86;

/// One element of at most 65,535 octets of content, which [`MOST_URL_OCTETS`] keeps it below.
fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let [high, low] = u16::try_from(content.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    let header = match (high, low) {
        (0, low @ ..0x80) => vec![tag, low],
        (0, low) => vec![tag, 0x81, low],
        (high, low) => vec![tag, 0x82, high, low],
    };
    [&header, content].concat()
}

/// The longest URL of a responder. RFC 5019 section 5 asks for less than 255 with the request.
pub(crate) const MOST_URL_OCTETS: usize = 200;
