use crate::certificate::Certificate;
use crate::extension::KeyUsage;
use crate::general_name::GeneralName;

/// Octets of a SPIFFE ID (SPIFFE ID section 2.3).
const MAX_LENGTH: usize = 2_048;

/// The SPIFFE ID of a workload: `spiffe://contoso.com/billing`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpiffeId<'a> {
    uri: &'a str,
    trust_domain: &'a str,
}

impl<'a> SpiffeId<'a> {
    /// Reads a URI: a trust domain of lower-case letters, digits, dots, hyphens and underscores, without user, port,
    /// query and fragment, and a path of segments that are none of them empty or dots (SPIFFE ID section 2).
    #[must_use]
    pub fn parse(uri: &'a str) -> Option<Self> {
        let (scheme, rest) = uri.split_at_checked("spiffe://".len())?;
        let (trust_domain, path) = rest.split_once('/')?;
        let sound = uri.len() <= MAX_LENGTH
            && scheme.eq_ignore_ascii_case("spiffe://")
            && Self::is_trust_domain(trust_domain)
            && path.split('/').all(is_segment);
        sound.then_some(Self { uri, trust_domain })
    }

    /// That of a certificate, where it is a workload's: the only URI among its alternative names, and no
    /// authority's (X.509-SVID sections 2, 4 and 5.2). What cannot be read is not one.
    #[must_use]
    pub fn of(certificate: &Certificate<'a>) -> Option<Self> {
        let names = certificate.subject_alternative_name().ok()??;
        let mut uris = names.iter().filter_map(|name| match name {
            GeneralName::Uri(uri) => Some(uri),
            _ => None,
        });
        let (Some(only), None) = (uris.next(), uris.next()) else {
            return None;
        };
        let constraints = certificate.basic_constraints().ok()?;
        let usage = certificate.key_usage().ok()?;
        let is_authority = constraints.is_some_and(|found| found.ca) || usage.is_some_and(signs);
        (!is_authority).then(|| Self::parse(only)).flatten()
    }

    /// The whole of it.
    #[must_use]
    pub fn uri(&self) -> &'a str {
        self.uri
    }

    /// `contoso.com`
    #[must_use]
    pub fn trust_domain(&self) -> &'a str {
        self.trust_domain
    }

    /// Whether a text can be the name of a trust domain.
    #[must_use]
    pub fn is_trust_domain(text: &str) -> bool {
        let allowed = |octet: u8| {
            octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"-._".contains(&octet)
        };
        matches!(text.len(), 1..=255) && text.bytes().all(allowed)
    }
}

fn is_segment(segment: &str) -> bool {
    let allowed = |octet: u8| octet.is_ascii_alphanumeric() || b"-._".contains(&octet);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(allowed)
}

/// What the certificate of a workload is not for (X.509-SVID section 4.3).
fn signs(usage: KeyUsage) -> bool {
    usage.contains(KeyUsage::KEY_CERT_SIGN) || usage.contains(KeyUsage::CRL_SIGN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spiffe_id_names_a_workload_of_a_trust_domain() {
        for (uri, domain) in [
            ("spiffe://contoso.com/billing", "contoso.com"),
            ("SPIFFE://a_b-1.c/X/y.z", "a_b-1.c"),
        ] {
            let id = SpiffeId::parse(uri).unwrap();
            assert_eq!((id.uri(), id.trust_domain()), (uri, domain));
        }
        for uri in [
            "",
            "spiffe://",
            "spiffe://contoso.com",
            "spiffe://contoso.com/",
            "spiffe:///billing",
            "spiffe://Contoso.com/billing",
            "spiffe://contoso.com:1/billing",
            "spiffe://a@contoso.com/billing",
            "spiffe://contoso.com/a//b",
            "spiffe://contoso.com/a/../b",
            "spiffe://contoso.com/a?b",
            "spiffe://contoso.com/a%20b",
            "https://contoso.com/billing",
        ] {
            assert!(SpiffeId::parse(uri).is_none(), "{uri}");
        }
    }
}
