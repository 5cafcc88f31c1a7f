//! What holds for any octets that somebody calls an OCSP message.

pub mod request;
pub mod response;

use std::sync::LazyLock;

use portcullis_x509::Certificate;

/// The certificate that the corpus is about, and its issuer, whose key nobody has any more.
struct Pair {
    certificate: Certificate<'static>,
    issuer: Certificate<'static>,
}

const CERTIFICATE: &[u8] = include_bytes!("../fixtures/ocsp/certificate.der");
const ISSUER: &[u8] = include_bytes!("../fixtures/ocsp/issuer.der");

fn pair() -> Option<&'static Pair> {
    static PAIR: LazyLock<Option<Pair>> = LazyLock::new(|| {
        let certificate = Certificate::parse(CERTIFICATE).ok()?;
        let issuer = Certificate::parse(ISSUER).ok()?;
        Some(Pair {
            certificate,
            issuer,
        })
    });
    assert!(PAIR.is_some(), "a fixture is refused");
    PAIR.as_ref()
}

/// Whether `part` lies within `whole`, not only looks the same.
fn is_part_of(part: &[u8], whole: &[u8]) -> bool {
    let (part, whole) = (part.as_ptr_range(), whole.as_ptr_range());
    whole.start <= part.start && part.end <= whole.end
}
