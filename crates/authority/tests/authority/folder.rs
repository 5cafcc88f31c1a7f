//! A folder that a test works in, and the authority in it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_authority::{Authority, InitOptions, IssueOptions, Issued};
use portcullis_test_pki::NOW;
use rustls_pki_types::UnixTime;

/// Removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-authority-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.file(name)).unwrap()
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    /// An authority in it, at `now`.
    pub(crate) fn authority_at(&self, now: UnixTime) -> Authority {
        let options = InitOptions::new("Contoso").responder_url(RESPONDER_URL);
        Authority::init(&self.0, &options, now).unwrap()
    }

    pub(crate) fn authority(&self) -> Authority {
        self.authority_at(NOW)
    }
}

pub(crate) const RESPONDER_URL: &str = "http://127.0.0.1:8888/ocsp";

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn client(authority: &Authority, name: &str) -> Issued {
    authority
        .issue_client(name, &IssueOptions::new(), NOW)
        .unwrap()
}
