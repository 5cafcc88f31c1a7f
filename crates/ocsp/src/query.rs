//! The asking half: a question and its encoding.

use alloc::string::String;
use alloc::vec::Vec;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_x509::{Certificate, Serial};

use crate::cert_id::{CertId, HashAlgorithm};
use crate::encode;
use crate::nonce::Nonce;

/// A question: does this certificate, issued by that one, still stand?
#[derive(Clone, Debug)]
pub struct Query<'a> {
    certificate: &'a Certificate<'a>,
    issuer: &'a Certificate<'a>,
    hash: HashAlgorithm,
    nonce: Option<Nonce<'a>>,
    /// The certificate for the sake of which this one, a delegate's, is asked about.
    outer: Option<Serial<'a>>,
}

impl<'a> Query<'a> {
    /// Asks about `certificate` in the words of `issuer`, with SHA-1 and without a nonce, as
    /// RFC 5019 prescribes for answers that may be cached.
    ///
    /// The caller has proven that `issuer` issued `certificate` and is to be trusted, which is
    /// what path validation does: the answer is believed on the word of `issuer`'s key.
    pub fn new(certificate: &'a Certificate<'a>, issuer: &'a Certificate<'a>) -> Self {
        Self {
            certificate,
            issuer,
            hash: HashAlgorithm::Sha1,
            nonce: None,
            outer: None,
        }
    }

    /// Identifies the certificate with this hash. Answers are understood in either.
    #[must_use]
    pub fn hash(mut self, hash: HashAlgorithm) -> Self {
        self.hash = hash;
        self
    }

    /// Sends this nonce and wants it back.
    #[must_use]
    pub fn nonce(mut self, nonce: Nonce<'a>) -> Self {
        self.nonce = Some(nonce);
        self
    }

    /// The identifier that the request carries.
    pub fn cert_id(&self) -> CertId {
        CertId::new(self.certificate, self.issuer, self.hash)
    }

    /// The question about a delegate of the same issuer that answered this one.
    pub(crate) fn about_delegate<'b>(&self, delegate: &'b Certificate<'b>) -> Query<'b>
    where
        'a: 'b,
    {
        Query {
            outer: Some(self.certificate.serial()),
            ..Query::new(delegate, self.issuer)
        }
    }

    /// Whether a certificate of the issuer with this number is what is asked about, so that it has
    /// no say: neither of itself nor, through a delegate that it vouches for, of itself in the end.
    pub(crate) fn is_in_question(&self, serial: Serial<'_>) -> bool {
        self.certificate.serial() == serial || self.outer == Some(serial)
    }

    pub(crate) fn certificate(&self) -> &'a Certificate<'a> {
        self.certificate
    }

    pub(crate) fn issuer(&self) -> &'a Certificate<'a> {
        self.issuer
    }

    pub(crate) fn sent_nonce(&self) -> Option<Nonce<'a>> {
        self.nonce
    }
}

/// Questions about several certificates in one request: one nonce, one way to hash, one answer.
///
/// ```
/// # use portcullis_ocsp::{Query, Questions};
/// # use portcullis_x509::{Certificate, Malformed};
/// # fn main() -> Result<(), Malformed> {
/// # let root = portcullis_test_pki::Ca::root("Root").issue();
/// # let (alice, bob) = (root.client("alice").issue(), root.client("bob").issue());
/// # let (alice, bob) = (Certificate::parse(&alice.der)?, Certificate::parse(&bob.der)?);
/// # let issuer = Certificate::parse(&root.der)?;
/// let questions = Questions::new(Query::new(&alice, &issuer)).and(&bob, &issuer);
/// let sent = questions.request();
/// assert_eq!(portcullis_ocsp::parse_request(&sent).unwrap().cert_ids().len(), 2);
/// # Ok(())
/// # }
/// ```
///
/// Each of [`Questions::queries`] is judged on its own, against the same response, by
/// [`status`](crate::status). Responders that sign ahead answer one question at a time
/// (RFC 5019 section 2.1.1).
#[derive(Clone, Debug)]
pub struct Questions<'a> {
    // Invariant: never empty, and all with the nonce and the hash of the first.
    queries: Vec<Query<'a>>,
    nonce: Option<Nonce<'a>>,
}

impl<'a> Questions<'a> {
    /// Begins with this question, whose hash and nonce are those of the request.
    pub fn new(first: Query<'a>) -> Self {
        Self {
            nonce: first.nonce,
            queries: alloc::vec![first],
        }
    }

    /// Asks about `certificate` too, issued by `issuer` as [`Query::new`] demands. Issuers may
    /// differ, as long as the one responder answers for all.
    #[must_use]
    pub fn and(mut self, certificate: &'a Certificate<'a>, issuer: &'a Certificate<'a>) -> Self {
        if let Some(first) = self.queries.first() {
            let next = Query {
                certificate,
                issuer,
                ..first.clone()
            };
            self.queries.push(next);
        }
        self
    }

    /// The questions in their order, at least one, each to be judged against the response.
    pub fn queries(&self) -> &[Query<'a>] {
        &self.queries
    }

    /// The DER of the unsigned `OCSPRequest`. Its ASN.1 stands at [`request`].
    pub fn request(&self) -> Vec<u8> {
        encode_request(&self.queries, self.nonce)
    }
}

/// The DER of an unsigned `OCSPRequest` (RFC 6960 section 4.1.1).
///
/// ```text
/// OCSPRequest     ::=     SEQUENCE {
///     tbsRequest                  TBSRequest,
///     optionalSignature   [0]     EXPLICIT Signature OPTIONAL }
///
/// TBSRequest      ::=     SEQUENCE {
///     version             [0]     EXPLICIT Version DEFAULT v1,
///     requestorName       [1]     EXPLICIT GeneralName OPTIONAL,
///     requestList                 SEQUENCE OF Request,
///     requestExtensions   [2]     EXPLICIT Extensions OPTIONAL }
///
/// Request         ::=     SEQUENCE {
///     reqCert                     CertID,
///     singleRequestExtensions     [0] EXPLICIT Extensions OPTIONAL }
/// ```
pub fn request(query: &Query<'_>) -> Vec<u8> {
    encode_request(core::slice::from_ref(query), query.nonce)
}

fn encode_request(queries: &[Query<'_>], nonce: Option<Nonce<'_>>) -> Vec<u8> {
    let mut request_list = Vec::new();
    for query in queries {
        request_list.extend(encode::sequence(&[&query.cert_id().to_der()]));
    }
    let request_list = encode::sequence(&[&request_list]);
    let extensions = match nonce {
        Some(nonce) => encode::explicit(2, &encode::sequence(&[&nonce.to_extension()])),
        None => Vec::new(),
    };
    encode::sequence(&[&encode::sequence(&[&request_list, &extensions])])
}

/// The longest URL that asks by GET, in octets (RFC 5019 section 5, RFC 9654 section 5).
pub const MAX_GET_URL_LENGTH: usize = 255;

/// The URL that puts `request` to `responder` by GET, or nothing when it is longer than
/// [`MAX_GET_URL_LENGTH`] and the request has to be sent by POST.
///
/// The base64 of the request, percent-encoded, is appended to the responder's URL after a slash
/// (RFC 6960 appendix A.1).
pub fn get_url(responder: &str, request: &[u8]) -> Option<String> {
    let mut url = String::from(responder.strip_suffix('/').unwrap_or(responder));
    url.push('/');
    for character in STANDARD.encode(request).chars() {
        match character {
            '+' => url.push_str("%2B"),
            '/' => url.push_str("%2F"),
            '=' => url.push_str("%3D"),
            other => url.push(other),
        }
    }
    (url.len() <= MAX_GET_URL_LENGTH).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_get_url_escapes_what_base64_has_beyond_letters_and_digits() {
        let url = get_url("http://ocsp.example", &[0xfb, 0xff, 0xbf, 0xff]).unwrap();
        assert_eq!(url, "http://ocsp.example/%2B%2F%2B%2F%2Fw%3D%3D");
    }

    #[test]
    fn a_slash_at_the_end_of_the_responders_url_is_not_doubled() {
        assert_eq!(
            get_url("http://a/ocsp/", &[0]),
            get_url("http://a/ocsp", &[0])
        );
    }

    #[test]
    fn a_url_of_255_octets_is_the_longest() {
        let responder = "h".repeat(MAX_GET_URL_LENGTH - 5);
        assert_eq!(
            get_url(&responder, &[0, 0, 0]).map(|url| url.len()),
            Some(255)
        );
        assert_eq!(get_url(&(responder + "h"), &[0, 0, 0]), None);
    }
}
