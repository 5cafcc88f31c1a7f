//! Where the bytes of a file come from.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where the bytes of a file come from: everything that names a file may hold it instead.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FileSource {
    /// A path. A relative one is relative to the folder of the configuration.
    Path(PathBuf),
    /// The bytes themselves, from a `data:;base64,` URL (RFC 2397).
    Inline(InlineFile),
}

impl FileSource {
    /// The path, where there is one.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Inline(_) => None,
        }
    }

    /// The bytes, where they stand in the configuration.
    #[must_use]
    pub fn inline(&self) -> Option<&[u8]> {
        match self {
            Self::Path(_) => None,
            Self::Inline(file) => Some(file.bytes()),
        }
    }
}

impl From<PathBuf> for FileSource {
    fn from(path: PathBuf) -> Self {
        Self::Path(path)
    }
}

impl From<&Path> for FileSource {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

/// The path, or how many bytes stand in the configuration.
impl fmt::Display for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Inline(file) => write!(f, "an inline file of {} bytes", file.bytes().len()),
        }
    }
}

/// Bytes that stand in the configuration. `Debug` does not show them: they may be a private key.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct InlineFile(Arc<[u8]>);

impl InlineFile {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    /// The bytes; at least one.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for InlineFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InlineFile({} bytes)", self.0.len())
    }
}
