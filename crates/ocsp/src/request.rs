//! What an `OCSPRequest` says: the responder's side of the question.

use alloc::vec::Vec;

use portcullis_x509::Extension;
use portcullis_x509::der::{Reader, Tag};

use crate::cert_id::CertIdRef;
use crate::malformed::{Malformed, Part};
use crate::nonce::Nonce;
use crate::{MAX_LENGTH, extensions, version};

/// A borrowed view of an `OCSPRequest`.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    cert_ids: Vec<CertIdRef<'a>>,
    extensions: Vec<Extension<'a>>,
    signed: Signed,
}

/// Whether a request carries a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// It does; nothing here verifies it.
    Present,
    /// It does not, as is usual.
    Absent,
}

impl<'a> Request<'a> {
    /// The certificates asked about, at least one, in the order of the request.
    pub fn cert_ids(&self) -> &[CertIdRef<'a>] {
        &self.cert_ids
    }

    /// The nonce to be repeated in the answer.
    ///
    /// # Errors
    /// [`Malformed`] when it is not an OCTET STRING of 1 to 128 octets.
    pub fn nonce(&self) -> Result<Option<Nonce<'a>>, Malformed> {
        extensions::nonce(&self.extensions)
    }

    /// The `requestExtensions`.
    pub fn extensions(&self) -> &[Extension<'a>] {
        &self.extensions
    }

    /// Whether the request is signed.
    pub fn signed(&self) -> Signed {
        self.signed
    }
}

/// Reads an `OCSPRequest` that fills `der` entirely. Its ASN.1 stands at [`request`](crate::request).
///
/// A signature and the requestor's name are checked for form and otherwise ignored.
///
/// # Errors
/// [`Malformed`] when it is larger than [`MAX_LENGTH`], not strict DER, of another version than
/// v1, asks about nothing, or repeats an extension.
pub fn parse_request(der: &[u8]) -> Result<Request<'_>, Malformed> {
    if der.len() > MAX_LENGTH {
        return Err(Malformed::TooLong {
            found: der.len(),
            limit: MAX_LENGTH,
        });
    }
    let at = Malformed::encoding(Part::Request);
    let mut outer = Reader::new(der);
    let mut reader = Reader::new(outer.expect(Tag::SEQUENCE).map_err(at)?);
    outer.finish().map_err(at)?;
    let tbs = reader.expect(Tag::SEQUENCE).map_err(at)?;
    let signature = reader.optional(Tag::context_constructed(0)).map_err(at)?;
    reader.finish().map_err(at)?;
    let (cert_ids, extensions) = read_tbs(tbs)?;
    let signed = if signature.is_some() {
        Signed::Present
    } else {
        Signed::Absent
    };
    Ok(Request {
        cert_ids,
        extensions,
        signed,
    })
}

fn read_tbs(content: &[u8]) -> Result<(Vec<CertIdRef<'_>>, Vec<Extension<'_>>), Malformed> {
    let at = Malformed::encoding(Part::TbsRequest);
    let mut reader = Reader::new(content);
    version::read(&mut reader, Part::TbsRequest)?;
    reader.optional(Tag::context_constructed(1)).map_err(at)?;
    let mut list = Reader::new(reader.expect(Tag::SEQUENCE).map_err(at)?);
    let mut cert_ids = Vec::new();
    loop {
        cert_ids.push(read_single(&mut list)?);
        if list.is_empty() {
            break;
        }
    }
    let extensions = extensions::read(&mut reader, 2, Part::RequestExtensions)?;
    reader.finish().map_err(at)?;
    Ok((cert_ids, extensions))
}

fn read_single<'a>(list: &mut Reader<'a>) -> Result<CertIdRef<'a>, Malformed> {
    let at = Malformed::encoding(Part::RequestList);
    let mut single = Reader::new(list.expect(Tag::SEQUENCE).map_err(at)?);
    let cert_id = CertIdRef::read(&mut single).map_err(at)?;
    extensions::read(&mut single, 0, Part::SingleRequestExtensions)?;
    single.finish().map_err(at)?;
    Ok(cert_id)
}
