//! OCSP answers (RFC 6960), right and wrong in every way.
//!
//! [`good`], [`revoked`] and [`unknown`] start an answer that a correct client believes at
//! [`NOW`]; each knob makes it wrong in one way.

use rustls_pki_types::UnixTime;
use sha1::{Digest as _, Sha1};
use sha2::{Sha256, Sha384};

#[cfg(doc)]
use crate::NOW;
use crate::{Certified, Criticality, Key, after, before, der};

/// The certificate is good, says its issuer.
#[must_use]
pub fn good(certificate: &Certified, issuer: &Certified) -> Response {
    Response::new(issuer).answer(Answer::good(certificate, issuer))
}

/// The certificate is revoked since `at`, says its issuer.
#[must_use]
pub fn revoked(certificate: &Certified, issuer: &Certified, at: UnixTime) -> Response {
    Response::new(issuer).answer(Answer::revoked(certificate, issuer, at))
}

/// The certificate is not known, says its issuer.
#[must_use]
pub fn unknown(certificate: &Certified, issuer: &Certified) -> Response {
    Response::new(issuer).answer(Answer::unknown(certificate, issuer))
}

/// A response without any answer but this status: 1 malformedRequest, 2 internalError, 3 tryLater,
/// 5 sigRequired, 6 unauthorized, or a number that no standard knows.
#[must_use]
pub fn error(status: u8) -> Vec<u8> {
    der::sequence(&[der::enumerated(status)])
}

/// Status successful, but nothing follows.
#[must_use]
pub fn successful_without_bytes() -> Vec<u8> {
    error(0)
}

/// The nonce of an OCSP request, found by its extension's identifier.
#[must_use]
pub fn nonce_of(request: &[u8]) -> Option<Vec<u8>> {
    let oid = der::oid(NONCE);
    let at = request
        .windows(oid.len())
        .position(|window| window == oid)?
        + oid.len();
    // OCTET STRING, its length, then the nonce as an OCTET STRING of its own.
    let length = usize::from(*request.get(at + 3)?);
    request.get(at + 4..at + 4 + length).map(<[u8]>::to_vec)
}

/// What a CertID is hashed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Hash {
    Sha1,
    Sha256,
    Sha384,
}

impl Hash {
    fn oid(self) -> &'static str {
        match self {
            Self::Sha1 => "1.3.14.3.2.26",
            Self::Sha256 => "2.16.840.1.101.3.4.2.1",
            Self::Sha384 => "2.16.840.1.101.3.4.2.2",
        }
    }

    fn of(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Self::Sha1 => Sha1::digest(bytes).to_vec(),
            Self::Sha256 => Sha256::digest(bytes).to_vec(),
            Self::Sha384 => Sha384::digest(bytes).to_vec(),
        }
    }
}

/// How the hash's parameters are written. Responders differ; they mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum HashParameters {
    Null,
    Absent,
}

/// One `SingleResponse`.
#[derive(Clone, Debug)]
pub struct Answer {
    hash: Hash,
    parameters: HashParameters,
    issuer_name_hash: Vec<u8>,
    issuer_key_hash: Vec<u8>,
    issuer: (Vec<u8>, Vec<u8>),
    serial: Vec<u8>,
    status: Vec<u8>,
    this_update: UnixTime,
    next_update: Option<UnixTime>,
    extensions: Vec<Vec<u8>>,
}

impl Answer {
    /// Good.
    #[must_use]
    pub fn good(certificate: &Certified, issuer: &Certified) -> Self {
        Self::new(certificate, issuer, der::context_primitive(0, &[]))
    }

    /// Revoked since `at`, without a reason.
    #[must_use]
    pub fn revoked(certificate: &Certified, issuer: &Certified, at: UnixTime) -> Self {
        Self::new(certificate, issuer, revoked_info(at, None))
    }

    /// Revoked since `at` with a `CRLReason`.
    #[must_use]
    pub fn revoked_for(
        certificate: &Certified,
        issuer: &Certified,
        at: UnixTime,
        reason: u8,
    ) -> Self {
        Self::new(certificate, issuer, revoked_info(at, Some(reason)))
    }

    /// Unknown.
    #[must_use]
    pub fn unknown(certificate: &Certified, issuer: &Certified) -> Self {
        Self::new(certificate, issuer, der::context_primitive(2, &[]))
    }

    fn new(certificate: &Certified, issuer: &Certified, status: Vec<u8>) -> Self {
        let now = issuer.around();
        let names = (
            issuer.subject().der().to_vec(),
            issuer.key.public_key().to_vec(),
        );
        Self {
            hash: Hash::Sha1,
            parameters: HashParameters::Null,
            issuer_name_hash: Hash::Sha1.of(&names.0),
            issuer_key_hash: Hash::Sha1.of(&names.1),
            issuer: names,
            serial: certificate.serial().to_vec(),
            status,
            this_update: before(now, 3600),
            next_update: Some(after(now, 3600)),
            extensions: Vec::new(),
        }
    }

    /// Hashes the issuer's name and key with this.
    #[must_use]
    pub fn hash(mut self, hash: Hash) -> Self {
        self.hash = hash;
        self.issuer_name_hash = hash.of(&self.issuer.0);
        self.issuer_key_hash = hash.of(&self.issuer.1);
        self
    }

    /// Writes the hash's parameters so.
    #[must_use]
    pub fn hash_parameters(mut self, parameters: HashParameters) -> Self {
        self.parameters = parameters;
        self
    }

    /// The content octets of another serial number.
    #[must_use]
    pub fn serial(mut self, content: &[u8]) -> Self {
        self.serial = content.to_vec();
        self
    }

    /// Another issuer name hash.
    #[must_use]
    pub fn issuer_name_hash(mut self, hash: &[u8]) -> Self {
        self.issuer_name_hash = hash.to_vec();
        self
    }

    /// Another issuer key hash.
    #[must_use]
    pub fn issuer_key_hash(mut self, hash: &[u8]) -> Self {
        self.issuer_key_hash = hash.to_vec();
        self
    }

    /// thisUpdate, an hour ago unless said.
    #[must_use]
    pub fn this_update(mut self, time: UnixTime) -> Self {
        self.this_update = time;
        self
    }

    /// nextUpdate, in an hour unless said.
    #[must_use]
    pub fn next_update(mut self, time: UnixTime) -> Self {
        self.next_update = Some(time);
        self
    }

    /// No nextUpdate: newer information is available all the time (RFC 6960 4.2.2.1).
    #[must_use]
    pub fn no_next_update(mut self) -> Self {
        self.next_update = None;
        self
    }

    /// One more singleExtension.
    #[must_use]
    pub fn extension(mut self, oid: &str, criticality: Criticality, value: &[u8]) -> Self {
        self.extensions
            .push(der::extension(oid, criticality, value));
        self
    }

    fn encode(&self) -> Vec<u8> {
        let hash = match self.parameters {
            HashParameters::Null => der::algorithm_with_null(self.hash.oid()),
            HashParameters::Absent => der::algorithm(self.hash.oid()),
        };
        let cert_id = der::sequence(&[
            hash,
            der::octet_string(&self.issuer_name_hash),
            der::octet_string(&self.issuer_key_hash),
            der::integer(&self.serial),
        ]);
        let mut parts = vec![
            cert_id,
            self.status.clone(),
            der::generalized_time(self.this_update),
        ];
        parts.extend(
            self.next_update
                .map(|at| der::context(0, &der::generalized_time(at))),
        );
        if !self.extensions.is_empty() {
            parts.push(der::context(1, &der::sequence(&self.extensions)));
        }
        der::sequence(&parts)
    }
}

fn revoked_info(at: UnixTime, reason: Option<u8>) -> Vec<u8> {
    let mut parts = vec![der::generalized_time(at)];
    parts.extend(reason.map(|reason| der::context(0, &der::enumerated(reason))));
    der::context(1, &der::concat(&parts))
}

/// How the responder names itself.
#[derive(Clone, Debug, PartialEq, Eq)]
enum ResponderId {
    Name(Vec<u8>),
    Key(Vec<u8>),
}

/// A response in the making. [`issue`](Self::issue) gives its DER.
#[derive(Clone, Debug)]
pub struct Response {
    responder: Certified,
    signer: Key,
    id: ResponderId,
    answers: Vec<Answer>,
    version: Option<u8>,
    produced_at: Vec<u8>,
    extensions: Vec<Vec<u8>>,
    certificates: Vec<Vec<u8>>,
    signature_algorithm: Option<Vec<u8>>,
    response_type: &'static str,
    flip_signature: bool,
}

impl Response {
    /// A response signed and named by `responder`, with no answer yet.
    #[must_use]
    pub fn new(responder: &Certified) -> Self {
        Self {
            responder: responder.clone(),
            signer: responder.key.clone(),
            id: ResponderId::Name(responder.subject().der().to_vec()),
            answers: Vec::new(),
            version: None,
            produced_at: der::generalized_time(before(responder.around(), 1800)),
            extensions: Vec::new(),
            certificates: Vec::new(),
            signature_algorithm: None,
            response_type: BASIC,
            flip_signature: false,
        }
    }

    /// One more answer.
    #[must_use]
    pub fn answer(mut self, answer: Answer) -> Self {
        self.answers.push(answer);
        self
    }

    /// Changes every answer so far, as in `.each(|answer| answer.no_next_update())`.
    #[must_use]
    pub fn each(mut self, change: impl Fn(Answer) -> Answer) -> Self {
        self.answers = self.answers.into_iter().map(change).collect();
        self
    }

    /// thisUpdate of every answer so far.
    #[must_use]
    pub fn this_update(self, time: UnixTime) -> Self {
        self.each(|answer| answer.this_update(time))
    }

    /// nextUpdate of every answer so far.
    #[must_use]
    pub fn next_update(self, time: UnixTime) -> Self {
        self.each(|answer| answer.next_update(time))
    }

    /// No nextUpdate in any answer so far.
    #[must_use]
    pub fn no_next_update(self) -> Self {
        self.each(Answer::no_next_update)
    }

    /// Named and signed by this delegate, whose certificate goes along.
    #[must_use]
    pub fn delegate(mut self, delegate: &Certified) -> Self {
        self.id = ResponderId::Name(delegate.subject().der().to_vec());
        self.signer = delegate.key.clone();
        self.certificates.push(delegate.der.to_vec());
        self.responder = delegate.clone();
        self
    }

    /// Names the responder by the SHA-1 of its key instead of its name.
    #[must_use]
    pub fn by_key(self) -> Self {
        let hash = self.responder.key_identifier();
        self.by_key_hash(&hash)
    }

    /// Names the responder by any key hash.
    #[must_use]
    pub fn by_key_hash(mut self, hash: &[u8]) -> Self {
        self.id = ResponderId::Key(hash.to_vec());
        self
    }

    /// Names the responder so, whoever signs.
    #[must_use]
    pub fn by_name(mut self, name: impl Into<crate::Name>) -> Self {
        self.id = ResponderId::Name(name.into().der().to_vec());
        self
    }

    /// Signed by this key, whoever is named.
    #[must_use]
    pub fn signed_by(mut self, key: &Key) -> Self {
        self.signer = key.clone();
        self
    }

    /// Writes the version although it is the DEFAULT when 0: not DER, but sent by real responders.
    #[must_use]
    pub fn version(mut self, number: u8) -> Self {
        self.version = Some(number);
        self
    }

    /// producedAt, half an hour ago unless said.
    #[must_use]
    pub fn produced_at(mut self, time: UnixTime) -> Self {
        self.produced_at = der::generalized_time(time);
        self
    }

    /// producedAt by its text, such as `20260601000000.5Z`.
    #[must_use]
    pub fn produced_at_text(mut self, text: &str) -> Self {
        self.produced_at = der::tlv(0x18, text.as_bytes());
        self
    }

    /// The nonce, an OCTET STRING in the extension as RFC 9654 wants.
    #[must_use]
    pub fn nonce(self, nonce: &[u8]) -> Self {
        self.extension(NONCE, Criticality::NonCritical, &der::octet_string(nonce))
    }

    /// One more responseExtension.
    #[must_use]
    pub fn extension(mut self, oid: &str, criticality: Criticality, value: &[u8]) -> Self {
        self.extensions
            .push(der::extension(oid, criticality, value));
        self
    }

    /// One more certificate along.
    #[must_use]
    pub fn certificate(mut self, der: &[u8]) -> Self {
        self.certificates.push(der.to_vec());
        self
    }

    /// No certificate along, not even the delegate's.
    #[must_use]
    pub fn without_certificates(mut self) -> Self {
        self.certificates.clear();
        self
    }

    /// Names this `AlgorithmIdentifier`, whatever it is signed with.
    #[must_use]
    pub fn signature_algorithm(mut self, identifier: &[u8]) -> Self {
        self.signature_algorithm = Some(identifier.to_vec());
        self
    }

    /// Another responseType than `id-pkix-ocsp-basic`.
    #[must_use]
    pub fn response_type(mut self, dotted: &'static str) -> Self {
        self.response_type = dotted;
        self
    }

    /// One bit of the signature is wrong.
    #[must_use]
    pub fn wrong_signature(mut self) -> Self {
        self.flip_signature = true;
        self
    }

    /// The encoded `OCSPResponse`.
    #[must_use]
    pub fn issue(self) -> Vec<u8> {
        let tbs = self.tbs();
        let mut signature = self.signer.sign(&tbs);
        if self.flip_signature {
            let last = signature.len() - 1;
            signature[last] ^= 1;
        }
        let algorithm = self
            .signature_algorithm
            .unwrap_or_else(|| self.signer.algorithm().identifier());
        let mut parts = vec![tbs, algorithm, der::bit_string(&signature)];
        if !self.certificates.is_empty() {
            parts.push(der::context(0, &der::sequence(&self.certificates)));
        }
        let basic = der::octet_string(&der::sequence(&parts));
        let bytes = der::sequence(&[der::oid(self.response_type), basic]);
        der::sequence(&[der::enumerated(0), der::context(0, &bytes)])
    }

    fn tbs(&self) -> Vec<u8> {
        let mut parts = Vec::new();
        parts.extend(
            self.version
                .map(|number| der::context(0, &der::number(number.into()))),
        );
        parts.push(match &self.id {
            ResponderId::Name(name) => der::context(1, name),
            ResponderId::Key(hash) => der::context(2, &der::octet_string(hash)),
        });
        parts.push(self.produced_at.clone());
        let answers: Vec<_> = self.answers.iter().map(Answer::encode).collect();
        parts.push(der::sequence(&answers));
        if !self.extensions.is_empty() {
            parts.push(der::context(1, &der::sequence(&self.extensions)));
        }
        der::sequence(&parts)
    }
}

const BASIC: &str = "1.3.6.1.5.5.7.48.1.1";
const NONCE: &str = "1.3.6.1.5.5.7.48.1.2";
