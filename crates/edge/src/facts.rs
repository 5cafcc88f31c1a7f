//! What a certificate says, in the words that backends read.

use std::net::IpAddr;

use portcullis_rewrite::facts::{
    AlternativeNames, CertificateFacts, Fact, base64, date, days_left, escape_pem, fingerprint,
    hexadecimal, validity as validity_of,
};
use portcullis_tls::VerifiedClient;
use portcullis_x509::{Certificate, GeneralName, Malformed, SpiffeId};
use rustls_pki_types::{CertificateDer, UnixTime};
use sha1::{Digest, Sha1};
use sha2::Sha256;

/// What a proven certificate says, its path, and what responders say of it, as far as it is asked.
pub(crate) fn proven(
    client: &VerifiedClient,
    asked: &[Fact],
    now: UnixTime,
) -> Result<CertificateFacts, Malformed> {
    let leaf = client.certificate();
    let (_anchor, issuers) = client.issuers().split_last().unzip();
    let issuers = issuers.unwrap_or_default();
    let chain = || std::iter::once(leaf).chain(issuers);
    let status = client.revocation().map(|verdict| verdict.code());
    Ok(CertificateFacts {
        issuers: match asked.contains(&Fact::Issuers) {
            true => issuers.iter().map(|der| base64(der)).collect(),
            false => Vec::new(),
        },
        chain_escaped: told(asked, Fact::ChainEscaped, || {
            chain().map(|der| escape_pem(der)).collect()
        }),
        revocation_status: status.unwrap_or_default().to_owned(),
        ..of(leaf, asked, now)?
    })
}

/// What a certificate says by itself, as far as it is asked.
pub(crate) fn of(
    der: &CertificateDer<'_>,
    asked: &[Fact],
    now: UnixTime,
) -> Result<CertificateFacts, Malformed> {
    let certificate = Certificate::parse(der)?;
    let validity = certificate.validity();
    let (not_before, not_after) = (validity.not_before.as_secs(), validity.not_after.as_secs());
    let told = |fact, text: &dyn Fn() -> String| told(asked, fact, text);
    Ok(CertificateFacts {
        pem_escaped: told(Fact::PemEscaped, &|| escape_pem(der)),
        subject: told(Fact::Subject, &|| certificate.subject().to_string()),
        issuer: told(Fact::Issuer, &|| certificate.issuer().to_string()),
        serial: told(Fact::Serial, &|| certificate.serial().to_string()),
        fingerprint_sha1: told(Fact::FingerprintSha1, &|| {
            fingerprint(&Sha1::digest(der).into())
        }),
        not_before: told(Fact::NotBefore, &|| date(not_before)),
        not_after: told(Fact::NotAfter, &|| date(not_after)),
        validity: told(Fact::Validity, &|| validity_of(not_before, not_after)),
        days_left: told(Fact::DaysLeft, &|| days_left(not_after, now.as_secs())),
        der: told(Fact::Der, &|| base64(der)),
        fingerprint_sha256: told(Fact::FingerprintSha256, &|| {
            hexadecimal(&Sha256::digest(der))
        }),
        spki_sha256: told(Fact::SpkiSha256, &|| {
            hexadecimal(&Sha256::digest(certificate.subject_public_key_info().der()))
        }),
        spiffe_id: told(Fact::SpiffeId, &|| {
            let id = SpiffeId::of(&certificate);
            id.map(|id| id.uri().to_owned()).unwrap_or_default()
        }),
        names: match asked.contains(&Fact::Names) {
            true => names(&certificate),
            false => AlternativeNames::default(),
        },
        ..CertificateFacts::default()
    })
}

fn told(asked: &[Fact], fact: Fact, text: impl Fn() -> String) -> String {
    match asked.contains(&fact) {
        true => text(),
        false => String::new(),
    }
}

/// The alternative names, none where the extension cannot be read: a proven certificate has none such, and one that is
/// not judged says nothing by it.
fn names(certificate: &Certificate<'_>) -> AlternativeNames {
    let mut names = AlternativeNames::default();
    let found = certificate.subject_alternative_name().ok().flatten();
    for name in found.iter().flat_map(|found| found.iter()) {
        match name {
            GeneralName::DnsName(name) => names.dns.push(name.to_owned()),
            GeneralName::Rfc822Name(name) => names.email.push(name.to_owned()),
            GeneralName::Uri(name) => names.uri.push(name.to_owned()),
            GeneralName::IpAddress(octets) => names.ip.extend(address(octets)),
            name => names
                .upn
                .extend(name.user_principal_name().map(str::to_owned)),
        }
    }
    names
}

fn address(octets: &[u8]) -> Option<String> {
    let v4 = <[u8; 4]>::try_from(octets).map(IpAddr::from);
    let v6 = <[u8; 16]>::try_from(octets).map(IpAddr::from);
    v4.or(v6).ok().map(|address| address.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_four_or_sixteen_octets() {
        assert_eq!(address(&[192, 0, 2, 1]).as_deref(), Some("192.0.2.1"));
        assert_eq!(address(&[0; 16]).as_deref(), Some("::"));
        assert_eq!(address(&[0; 8]), None);
    }
}
