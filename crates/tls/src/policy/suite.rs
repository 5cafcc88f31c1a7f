//! The cipher suites that a policy may name.

use rustls::CipherSuite;

use super::Unsupported;

/// A cipher suite by its names.
#[derive(Debug)]
pub(super) struct Suite {
    /// In the registry of IANA.
    pub(super) name: &'static str,
    openssl: &'static str,
    pub(super) kind: Kind,
}

/// Whether a provider may have a suite.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Tls13(CipherSuite),
    Tls12(CipherSuite),
    /// No provider of rustls does.
    Never(Unsupported),
}

impl Suite {
    pub(super) fn is(&self, id: CipherSuite) -> bool {
        match self.kind {
            Kind::Tls13(own) | Kind::Tls12(own) => own == id,
            Kind::Never(_) => false,
        }
    }
}

/// The suite of this name: IANA's, with or without `TLS_` and `_WITH_`, or OpenSSL's.
pub(super) fn find(name: &str) -> Option<&'static Suite> {
    let short = shortened(name);
    SUITES
        .iter()
        .find(|suite| shortened(suite.name) == short || suite.openssl.eq_ignore_ascii_case(name))
}

/// The suite of this number.
pub(super) fn of(id: CipherSuite) -> Option<&'static Suite> {
    SUITES.iter().find(|suite| suite.is(id))
}

/// The name of a cipher suite in OpenSSL (`ECDHE-RSA-AES256-GCM-SHA384`), otherwise in the registry of IANA. `None` where it
/// is in neither, as for what clients send to keep servers from choking on news (RFC 8701).
#[must_use]
pub fn cipher_suite_name(id: CipherSuite) -> Option<&'static str> {
    let iana = id.as_str();
    let named = |suite: &&Suite| suite.is(id) || iana == Some(suite.name);
    SUITES
        .iter()
        .find(named)
        .map(|suite| suite.openssl)
        .or(iana)
}

/// How Application Gateway's documents write a suite: `ECDHE_RSA_AES_256_GCM_SHA384`.
fn shortened(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    let name = name.strip_prefix("TLS_").unwrap_or(&name);
    name.replacen("_WITH_", "_", 1)
}

const fn row(name: &'static str, openssl: &'static str, kind: Kind) -> Suite {
    Suite {
        name,
        openssl,
        kind,
    }
}

const CBC: Kind = Kind::Never(Unsupported::Cbc);
const DHE: Kind = Kind::Never(Unsupported::Dhe);
const RSA: Kind = Kind::Never(Unsupported::RsaKeyExchange);
const DES3: Kind = Kind::Never(Unsupported::TripleDes);

/// What Application Gateway names, and what rustls has.
#[rustfmt::skip]
static SUITES: [Suite; 39] = [
    row("TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", Kind::Tls13(CipherSuite::TLS13_AES_128_GCM_SHA256)),
    row("TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384", Kind::Tls13(CipherSuite::TLS13_AES_256_GCM_SHA384)),
    row("TLS_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256", Kind::Tls13(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256)),
    row("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", Kind::Tls12(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256)),
    row("TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", Kind::Tls12(CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384)),
    row("TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305", Kind::Tls12(CipherSuite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256)),
    row("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", Kind::Tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)),
    row("TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384", Kind::Tls12(CipherSuite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384)),
    row("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305", Kind::Tls12(CipherSuite::TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256)),
    row("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA", CBC),
    row("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA", CBC),
    row("TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", "ECDHE-ECDSA-AES128-SHA256", CBC),
    row("TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", "ECDHE-ECDSA-AES256-SHA384", CBC),
    row("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA", CBC),
    row("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA", CBC),
    row("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", "ECDHE-RSA-AES128-SHA256", CBC),
    row("TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", "ECDHE-RSA-AES256-SHA384", CBC),
    row("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", "DHE-RSA-AES128-GCM-SHA256", DHE),
    row("TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "DHE-RSA-AES256-GCM-SHA384", DHE),
    row("TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "DHE-RSA-CHACHA20-POLY1305", DHE),
    row("TLS_DHE_RSA_WITH_AES_128_CBC_SHA", "DHE-RSA-AES128-SHA", DHE),
    row("TLS_DHE_RSA_WITH_AES_256_CBC_SHA", "DHE-RSA-AES256-SHA", DHE),
    row("TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", "DHE-RSA-AES128-SHA256", DHE),
    row("TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", "DHE-RSA-AES256-SHA256", DHE),
    row("TLS_DHE_DSS_WITH_AES_128_CBC_SHA", "DHE-DSS-AES128-SHA", DHE),
    row("TLS_DHE_DSS_WITH_AES_256_CBC_SHA", "DHE-DSS-AES256-SHA", DHE),
    row("TLS_DHE_DSS_WITH_AES_128_CBC_SHA256", "DHE-DSS-AES128-SHA256", DHE),
    row("TLS_DHE_DSS_WITH_AES_256_CBC_SHA256", "DHE-DSS-AES256-SHA256", DHE),
    row("TLS_RSA_WITH_AES_128_GCM_SHA256", "AES128-GCM-SHA256", RSA),
    row("TLS_RSA_WITH_AES_256_GCM_SHA384", "AES256-GCM-SHA384", RSA),
    row("TLS_RSA_WITH_AES_128_CBC_SHA", "AES128-SHA", RSA),
    row("TLS_RSA_WITH_AES_256_CBC_SHA", "AES256-SHA", RSA),
    row("TLS_RSA_WITH_AES_128_CBC_SHA256", "AES128-SHA256", RSA),
    row("TLS_RSA_WITH_AES_256_CBC_SHA256", "AES256-SHA256", RSA),
    row("TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA", DES3),
    row("TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA", "DHE-DSS-DES-CBC3-SHA", DES3),
    row("TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA", "DHE-RSA-DES-CBC3-SHA", DES3),
    row("TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-RSA-DES-CBC3-SHA", DES3),
    row("TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA", "ECDHE-ECDSA-DES-CBC3-SHA", DES3),
];
