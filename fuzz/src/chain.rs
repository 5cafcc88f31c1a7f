//! What holds for any octets that somebody calls certificates of one chain.
//!
//! A fuzzer cannot forge signatures. Both validators get the same toy algorithms instead, so
//! that whether a signature holds is one more octet to mutate, and what is compared is
//! everything else: building paths and judging them.

mod narrower;
mod path;
mod toy;
mod wider;

use portcullis_chain::{
    AnchorConstraints, AnchorValidity, Anchors, PartialChain, Policy, Purpose, Rejection, verify,
};
use portcullis_x509::{Certificate, MAX_SHOWN};
use rustls_pki_types::{CertificateDer, UnixTime};

use self::path::Path;

/// Reads `data` as a leaf, an anchor and intermediates, and has the leaf verified for client
/// authentication by this project and by rustls-webpki.
///
/// ```text
/// data         = leaf anchor *8intermediate     ; what comes after is not read
/// leaf, anchor, intermediate = length octets    ; two octets, big-endian; cut short at the end of data
/// ```
///
/// - Both find the same verdict, or the difference is one that `wider` or `narrower` lists. A path
///   that one of them found is put to the other alone, so that the difference is in the judgement
///   and not in the order of the search.
/// - Paths that both accept begin with the leaf and end in the anchor; when they are as long as each
///   other, they have the same certificates.
/// - A path that one accepts alone is refused among other certificates only when a limit was reached.
/// - Whatever the names hold, a refusal is shown as printable ASCII and is short.
pub fn property(data: &[u8]) {
    let certificates = split(data);
    let [leaf, anchor, intermediates @ ..] = &*certificates else {
        return;
    };
    let Ok(configured) = Anchors::new(vec![CertificateDer::from(anchor.to_vec())], vec![]) else {
        return;
    };
    let (Ok(leaf), Ok(anchor)) = (Certificate::parse(leaf), Certificate::parse(anchor)) else {
        return;
    };
    let case = Case {
        leaf,
        anchor,
        configured: &configured,
        intermediates,
    };
    case.compare();
}

/// The most intermediates that are read: two more than rustls-webpki takes.
const MOST_INTERMEDIATES: usize = 8;

fn split(mut data: &[u8]) -> Vec<&[u8]> {
    let mut certificates = Vec::new();
    while let Some((length, rest)) = data.split_first_chunk() {
        let length = usize::from(u16::from_be_bytes(*length));
        let (certificate, rest) = rest.split_at(length.min(rest.len()));
        certificates.push(certificate);
        data = rest;
        if certificates.len() == MOST_INTERMEDIATES.saturating_add(2) {
            break;
        }
    }
    certificates
}

/// A leaf to verify, and what there is to verify it with.
struct Case<'a> {
    leaf: Certificate<'a>,
    anchor: Certificate<'a>,
    /// The anchor.
    configured: &'a Anchors,
    intermediates: &'a [&'a [u8]],
}

/// Why rustls-webpki refused.
enum Refusal {
    /// It cannot read the anchor.
    Anchor(webpki::Error),
    /// It accepts no path.
    Path(webpki::Error),
}

impl<'a> Case<'a> {
    fn compare(&self) {
        let ours = self.ours(self.intermediates);
        let theirs = self.theirs(self.intermediates);
        if let Ok(path) = &ours {
            self.theirs_agrees(path, &theirs);
        }
        if let Ok(intermediates) = &theirs {
            self.ours_agrees(intermediates, &ours);
        }
        if let Err(rejection) = &ours {
            is_shown_briefly(rejection);
        }
    }

    /// What rustls-webpki says about a path that was accepted here.
    fn theirs_agrees(&self, path: &Path<'a>, among_others: &Result<Vec<&[u8]>, Refusal>) {
        match self.theirs(&path.intermediate_ders()) {
            Ok(found) => {
                path.is_as_good_as(&found);
                assert!(
                    !matches!(among_others, Err(refusal) if !wider::is_limit(refusal)),
                    "rustls-webpki found no way to {path:?}"
                );
            }
            Err(Refusal::Anchor(error)) => assert!(
                wider::explains_unread_anchor(path),
                "only rustls-webpki cannot read the anchor: {error:?}, {path:?}"
            ),
            Err(Refusal::Path(error)) => assert!(
                wider::explains(&error, path),
                "rustls-webpki refuses: {error:?}, {path:?}"
            ),
        }
    }

    /// What this project says about a path that rustls-webpki accepted.
    fn ours_agrees(
        &self,
        intermediates: &[&'a [u8]],
        among_others: &Result<Path<'a>, Box<Rejection>>,
    ) {
        let Some(path) = self.path(intermediates) else {
            return; // It holds what is no certificate here; the target `certificate` compares the parsers.
        };
        match self.ours(intermediates) {
            Ok(found) => {
                found.is_as_good_as(intermediates);
                assert!(
                    !matches!(among_others, Err(rejection) if !narrower::is_limit(rejection)),
                    "no way was found to {path:?}"
                );
            }
            Err(rejection) => assert!(
                narrower::explains(&rejection, &path),
                "only rustls-webpki accepts: {rejection}, {path:?}"
            ),
        }
    }

    /// The path that is accepted here.
    fn ours(&self, intermediates: &[&'a [u8]]) -> Result<Path<'a>, Box<Rejection>> {
        let offered: Vec<_> = intermediates
            .iter()
            .filter_map(|der| Certificate::parse(der).ok())
            .collect();
        let policy = Policy::new(Purpose::ClientAuth, toy::ALGORITHMS)
            .anchor_validity(AnchorValidity::Ignore)
            .anchor_constraints(AnchorConstraints::Ignore)
            .partial_chain(PartialChain::Allow)
            .least_rsa_bits(0)
            .most_rsa_bits(usize::MAX);
        let chain =
            verify(&self.leaf, &offered, self.configured, &policy, NOW).map_err(Box::new)?;
        assert_eq!(chain.leaf(), &self.leaf);
        assert_eq!(chain.certificates().first(), Some(&self.leaf));
        assert_eq!(chain.anchor().der(), self.anchor.der());
        Ok(Path::new(chain.certificates().to_vec()))
    }

    /// The intermediates of the path that rustls-webpki accepts.
    fn theirs(&self, intermediates: &[&'a [u8]]) -> Result<Vec<&'a [u8]>, Refusal> {
        let anchor = CertificateDer::from(self.anchor.der());
        let anchors = [webpki::anchor_from_trusted_cert(&anchor).map_err(Refusal::Anchor)?];
        let leaf = CertificateDer::from(self.leaf.der());
        let leaf = webpki::EndEntityCert::try_from(&leaf).map_err(Refusal::Path)?;
        let offered: Vec<_> = intermediates
            .iter()
            .map(|der| CertificateDer::from(*der))
            .collect();
        let usage = webpki::KeyUsage::client_auth();
        let path = leaf
            .verify_for_usage(toy::ALGORITHMS, &anchors, &offered, NOW, usage, None, None)
            .map_err(Refusal::Path)?;
        let found = path.intermediate_certificates();
        let found = found.filter_map(|found| {
            let mut given = intermediates.iter();
            given.find(|der| **der == &*found.der()).copied()
        });
        Ok(found.collect())
    }

    fn path(&self, intermediates: &[&'a [u8]]) -> Option<Path<'a>> {
        let intermediates: Result<Vec<_>, _> = intermediates
            .iter()
            .map(|der| Certificate::parse(der))
            .collect();
        let mut certificates = vec![self.leaf.clone()];
        certificates.extend(intermediates.ok()?);
        certificates.push(self.anchor.clone());
        Some(Path::new(certificates))
    }
}

fn is_shown_briefly(rejection: &Rejection) {
    let shown = rejection.to_string();
    assert!(shown.len() < 4 * MAX_SHOWN, "{shown}");
    let candidates = rejection.candidates().iter();
    for text in candidates.map(ToString::to_string).chain([shown]) {
        let printable = text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        assert!(printable, "{text:?}");
    }
}

/// A moment at which the corpus is valid: 2026-06-01T00:00:00Z.
const NOW: UnixTime = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_780_272_000));
