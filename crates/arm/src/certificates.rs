//! Certificates of the document as files: inside of the configuration, or beside it.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{GeneralPurposeConfig, STANDARD};
use std::cell::RefCell;

use crate::finding::CertificateProblem;

/// A file to write beside the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// Its name, without a folder.
    pub name: String,
    /// What to write.
    pub bytes: Vec<u8>,
    /// Whether only its owner may read it.
    pub is_secret: bool,
}

/// Where certificates go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Certificates {
    /// Into the configuration, as `data:;base64,` URLs.
    #[default]
    Inline,
    /// Into files; the configuration names them in this folder.
    Files {
        /// As the configuration is to name it.
        folder: String,
    },
}

/// Collects the files.
pub(crate) struct Files<'a> {
    certificates: &'a Certificates,
    written: RefCell<Vec<File>>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(certificates: &'a Certificates) -> Self {
        let written = RefCell::default();
        Self {
            certificates,
            written,
        }
    }

    /// What the configuration has in place of the file.
    pub(crate) fn put(&self, name: &str, bytes: Vec<u8>, is_secret: bool) -> String {
        match self.certificates {
            Certificates::Inline => format!("data:;base64,{}", STANDARD.encode(bytes)),
            Certificates::Files { .. } => {
                let path = self.path(name);
                let name = safe(name);
                let mut written = self.written.borrow_mut();
                if written.iter().all(|file| file.name != name) {
                    written.push(File {
                        name,
                        bytes,
                        is_secret,
                    });
                }
                path
            }
        }
    }

    /// Whether files are written beside the configuration.
    pub(crate) fn are_beside(&self) -> bool {
        matches!(self.certificates, Certificates::Files { .. })
    }

    /// As the configuration names a file that somebody else puts there.
    pub(crate) fn path(&self, name: &str) -> String {
        match self.certificates {
            Certificates::Inline => safe(name),
            Certificates::Files { folder } if folder.is_empty() => safe(name),
            Certificates::Files { folder } => {
                format!(
                    "{}/{}",
                    folder.strip_suffix('/').unwrap_or(folder),
                    safe(name)
                )
            }
        }
    }

    pub(crate) fn finish(self) -> Vec<File> {
        self.written.into_inner()
    }
}

/// A name that stays in its folder, whatever the document says.
fn safe(name: &str) -> String {
    let letters = name.chars().map(|letter| match letter {
        letter if letter.is_ascii_alphanumeric() => letter,
        '-' | '_' | '.' => letter,
        _ => '_',
    });
    letters.collect()
}

/// The bytes of a PFX.
pub(crate) fn pfx(data: &str) -> Result<Vec<u8>, CertificateProblem> {
    let bytes = decode(data)?;
    match bytes.first() {
        Some(0x30) => Ok(bytes),
        Some(_) => Err(CertificateProblem::Form),
        None => Err(CertificateProblem::Empty),
    }
}

/// Certificates as PEM: base64 of PEM or of DER, or PEM as it is.
pub(crate) fn chain(data: &str) -> Result<Vec<u8>, CertificateProblem> {
    let bytes = if data.contains(BEGIN) {
        data.as_bytes().to_vec()
    } else {
        decode(data)?
    };
    if bytes.is_empty() {
        return Err(CertificateProblem::Empty);
    }
    if bytes.first() == Some(&0x30) {
        return Ok(pem(&bytes).into_bytes());
    }
    let text = str::from_utf8(&bytes).map_err(|_| CertificateProblem::Form)?;
    if text.contains("PRIVATE KEY-----") {
        return Err(CertificateProblem::PrivateKey);
    }
    if text.contains(BEGIN) {
        return Ok(bytes);
    }
    // A .cer is often base64 itself, without the lines around it.
    match decode(text)? {
        der if der.first() == Some(&0x30) => Ok(pem(&der).into_bytes()),
        _ => Err(CertificateProblem::Form),
    }
}

const BEGIN: &str = "-----BEGIN ";

/// Lines and padding are as whoever encoded it left them.
fn decode(text: &str) -> Result<Vec<u8>, CertificateProblem> {
    let config =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let engine = GeneralPurpose::new(&base64::alphabet::STANDARD, config);
    let letters: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    engine
        .decode(letters)
        .map_err(|_| CertificateProblem::Encoding)
}

fn pem(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in STANDARD.encode(der).as_bytes().chunks(64) {
        text.extend(line.iter().map(|letter| char::from(*letter)));
        text.push('\n');
    }
    text.push_str("-----END CERTIFICATE-----\n");
    text
}

#[cfg(test)]
mod tests {
    use super::{CertificateProblem, chain, pfx, safe};

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";

    #[test]
    fn pem_base64_of_pem_and_base64_of_der_are_one_chain() {
        let encoded =
            "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCk1BQT0KLS0tLS1FTkQgQ0VSVElGSUNBVEUtLS0tLQo=";
        for data in [PEM, encoded, "MAA=", "MAA", "M A\r\nA="] {
            assert_eq!(chain(data), Ok(PEM.as_bytes().to_vec()), "{data}");
        }
    }

    #[test]
    fn what_is_no_chain_says_why() {
        for (data, problem) in [
            ("", CertificateProblem::Empty),
            ("%", CertificateProblem::Encoding),
            ("AAAA", CertificateProblem::Encoding),
            (
                "-----BEGIN PRIVATE KEY-----",
                CertificateProblem::PrivateKey,
            ),
        ] {
            assert_eq!(chain(data), Err(problem), "{data}");
        }
        assert_eq!(pfx(PEM), Err(CertificateProblem::Encoding));
        assert_eq!(pfx("AAAA"), Err(CertificateProblem::Form));
    }

    #[test]
    fn a_name_of_a_file_stays_in_its_folder() {
        assert_eq!(safe("pfx-../../etc/passwd"), "pfx-.._.._etc_passwd");
    }
}
