//! What TLS sessions were made under: whether a profile that replaces another may go on with them.

use std::path::Path;

use portcullis_model::{ClientAuth, FileSource, Revocation, TlsProfile};
use sha2::{Digest as _, Sha256};

use crate::files::Files;

/// A profile's name, what it asks of clients, and a digest of everything that it judges them by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Resumable {
    name: String,
    asks_responders: bool,
    digest: [u8; 32],
}

impl Resumable {
    /// Of a profile whose files were read.
    pub(crate) fn of(profile: &TlsProfile, base: &Path, files: &Files) -> Self {
        let mut digest = Sha256::new();
        digest.update(match profile.client_auth {
            ClientAuth::Off => "off ",
            ClientAuth::Passthrough => "passthrough ",
            ClientAuth::Optional(_) => "optional ",
            ClientAuth::Required(_) => "required ",
        });
        let mut asks_responders = false;
        if let Some(trust) = profile.client_auth.trust() {
            asks_responders = trust.revocation != Revocation::Off;
            digest.update(format!(
                "{:?} {:?} {:?} ",
                trust.immediate_issuer, trust.revocation, trust.on_failure
            ));
            for file in &trust.certificates {
                digest.update(match &file.value {
                    FileSource::Path(path) => files.digest(&base.join(path)).unwrap_or_default(),
                    FileSource::Inline(inline) => Sha256::digest(inline.bytes()).into(),
                });
            }
        }
        Self {
            name: profile.name.clone(),
            asks_responders,
            digest: digest.finalize().into(),
        }
    }

    /// Whether responders are asked about clients.
    pub(crate) fn asks_responders(&self) -> bool {
        self.asks_responders
    }
}
