//! What is known of a TLS session, in the words of server variables.

use std::sync::OnceLock;

use portcullis_tls::cipher_suite_name;
use rustls::server::ClientHello;
use rustls::{CipherSuite, ProtocolVersion, ServerConnection};

/// Most cipher suites of a client's list that are kept: common clients offer some 30.
const CIPHERS: usize = 128;

/// The cipher suites that a client offered.
#[derive(Default)]
pub(crate) struct Offered {
    suites: Box<[CipherSuite]>,
    names: OnceLock<String>,
}

impl Offered {
    pub(crate) fn of(hello: &ClientHello<'_>) -> Self {
        let suites = hello.cipher_suites().iter().take(CIPHERS);
        Self {
            suites: suites.copied().collect(),
            names: OnceLock::new(),
        }
    }

    /// Their names with colons between them, as OpenSSL writes lists. One that has no name is a number, `0x4a4a`.
    pub(crate) fn names(&self) -> &str {
        self.names.get_or_init(|| {
            let names: Vec<String> = self.suites.iter().copied().map(name).collect();
            names.join(":")
        })
    }
}

fn name(suite: CipherSuite) -> String {
    cipher_suite_name(suite).map_or_else(|| format!("{:#06x}", u16::from(suite)), str::to_owned)
}

pub(crate) fn protocol(session: &ServerConnection) -> &'static str {
    match session.protocol_version() {
        Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
        Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
        _ => "",
    }
}

/// The name of the cipher suite in OpenSSL, `ECDHE-RSA-AES256-GCM-SHA384`.
pub(crate) fn cipher(session: &ServerConnection) -> &'static str {
    session
        .negotiated_cipher_suite()
        .and_then(|suite| cipher_suite_name(suite.suite()))
        .unwrap_or_default()
}
