//! What each crate may see. ARCHITECTURE.md draws the same as a picture.

/// One crate's row.
pub(super) struct Layer {
    pub(super) name: &'static str,
    /// The workspace crates it may depend on.
    pub(super) sees: &'static [&'static str],
    /// The only crates of others it may depend on itself; `None` leaves that open.
    pub(super) third_parties: Option<&'static [&'static str]>,
    /// Bytes and time in, verdict out: nothing of [`NO_RUNTIME_OR_TLS`] may be reached, however indirectly.
    pub(super) pure: bool,
    /// Its caller injects the crypto provider: none of [`PROVIDERS`] in its own manifest.
    pub(super) provider_free: bool,
    /// Its lib.rs says `#![no_std]`.
    pub(super) no_std: bool,
}

const X509: &str = "portcullis-x509";
const CHAIN: &str = "portcullis-chain";
const OCSP: &str = "portcullis-ocsp";
const REVOCATION: &str = "portcullis-revocation";
const REWRITE: &str = "portcullis-rewrite";
const MODEL: &str = "portcullis-model";
const ARM: &str = "portcullis-arm";
const TLS: &str = "portcullis-tls";
const EDGE: &str = "portcullis-edge";
const AUTHORITY: &str = "portcullis-authority";

/// The crate that every test may use and nothing else.
pub(super) const TEST_PKI: &str = "portcullis-test-pki";

/// What opens sockets, speaks TLS or computes signatures.
pub(super) const NO_RUNTIME_OR_TLS: &[&str] = &[
    "tokio",
    "hyper",
    "rustls",
    "ring",
    "aws-lc-rs",
    "aws-lc-sys",
];

/// Crypto providers.
pub(super) const PROVIDERS: &[&str] = &["ring", "aws-lc-rs", "aws-lc-sys"];

/// The features by which rustls, rustls-webpki and rcgen choose a provider.
pub(super) const PROVIDER_FEATURES: &[&str] = &["ring", "aws_lc_rs", "aws-lc-rs"];

const OPEN: Layer = Layer {
    name: "",
    sees: &[],
    third_parties: None,
    pure: false,
    provider_free: false,
    no_std: false,
};
const PURE: Layer = Layer {
    pure: true,
    provider_free: true,
    ..OPEN
};
const CORE: Layer = Layer {
    no_std: true,
    ..PURE
};
const DRIVER: Layer = Layer {
    provider_free: true,
    ..OPEN
};

/// The table, from the bottom up. Binaries, examples, benches and fuzz targets may use what they like.
pub(super) const LAYERS: &[Layer] = &[
    Layer {
        name: X509,
        third_parties: Some(&["rustls-pki-types", "der", "const-oid", "thiserror"]),
        ..CORE
    },
    Layer {
        name: CHAIN,
        sees: &[X509],
        ..CORE
    },
    Layer {
        name: OCSP,
        sees: &[X509],
        ..CORE
    },
    Layer {
        name: REVOCATION,
        sees: &[CHAIN, OCSP, X509],
        ..DRIVER
    },
    Layer {
        name: REWRITE,
        ..PURE
    },
    Layer {
        name: MODEL,
        ..PURE
    },
    Layer {
        name: ARM,
        sees: &[MODEL],
        ..PURE
    },
    Layer {
        name: TLS,
        sees: &[REVOCATION, CHAIN, X509],
        ..DRIVER
    },
    Layer {
        name: EDGE,
        sees: &[TLS, REWRITE, MODEL, REVOCATION, CHAIN, OCSP, X509],
        ..DRIVER
    },
    Layer {
        name: AUTHORITY,
        sees: &[OCSP, X509],
        ..OPEN
    },
    Layer {
        name: TEST_PKI,
        ..OPEN
    },
];
