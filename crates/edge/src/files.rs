//! The files that a configuration was made of, and what was in them.

use std::collections::BTreeMap;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use sha2::{Digest as _, Sha256};

/// How long a file must have rested for its times to tell that nobody has written to it since: times of files are as
/// coarse as 2 s on some file systems.
const REST: Duration = Duration::from_secs(3);

/// What was read, and found, at the places that a configuration names.
///
/// Two are equal where they have the same files with the same contents. A file that cannot be read is one of them: that
/// it can be read now is a change too.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<PathBuf, Seen>);

impl Files {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads a file, and no more of it than one byte more than `limit`, and remembers what was in it.
    ///
    /// Of a file that is read again, the first content counts: where the two differ, what was made of the first is out of
    /// date.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn read(&mut self, path: &Path, limit: u64) -> io::Result<Vec<u8>> {
        let read = read(path, limit);
        let (content, stamp) = match &read {
            Ok((bytes, stamp)) => (Content::of(bytes), *stamp),
            Err(error) => (Content::Unreadable(error.kind()), None),
        };
        let seen = Seen {
            limit,
            content,
            stamp,
        };
        self.0.entry(path.to_owned()).or_insert(seen);
        read.map(|(bytes, _)| bytes)
    }

    /// The paths, in their own order.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.0.keys().map(PathBuf::as_path)
    }

    /// What these files hold now. Only those are read whose metadata do not prove that they are as they were.
    ///
    /// What is neither a file nor a folder, such as a pipe, holds for ever what was read from it.
    #[must_use]
    pub fn look_again(&self) -> Self {
        let again = |(path, seen): (&PathBuf, &Seen)| (path.clone(), seen.look_again(path));
        Self(self.0.iter().map(again).collect())
    }

    /// Also those of `other`.
    pub(crate) fn add(&mut self, other: Self) {
        for (path, seen) in other.0 {
            self.0.entry(path).or_insert(seen);
        }
    }

    /// The digest of what was in a file.
    pub(crate) fn digest(&self, path: &Path) -> Option<[u8; 32]> {
        match self.0.get(path)?.content {
            Content::Sha256(digest) => Some(digest),
            Content::Unreadable(_) => None,
        }
    }
}

impl PartialEq for Files {
    fn eq(&self, other: &Self) -> bool {
        let contents = |(path, seen): (_, &Seen)| (path, seen.content);
        let others = other.0.iter().map(contents);
        self.0.iter().map(contents).eq(others)
    }
}

impl Eq for Files {}

/// One file as it was.
#[derive(Clone, Copy, Debug)]
struct Seen {
    /// Bytes that count.
    limit: u64,
    content: Content,
    /// What its metadata are for as long as nobody writes to it, where they are to be trusted.
    stamp: Option<Stamp>,
}

impl Seen {
    fn look_again(&self, path: &Path) -> Self {
        let unreadable = |error: io::Error| Self {
            content: Content::Unreadable(error.kind()),
            stamp: None,
            ..*self
        };
        // Through links: what they lead to is what counts, however they came to lead there.
        let metadata = match fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => return unreadable(error),
        };
        let special = !metadata.is_file() && !metadata.is_dir();
        if special || (self.stamp.is_some() && self.stamp == Stamp::of(&metadata)) {
            return *self;
        }
        match read(path, self.limit) {
            Ok((bytes, stamp)) => Self {
                content: Content::of(&bytes),
                stamp,
                ..*self
            },
            Err(error) => unreadable(error),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Content {
    Sha256([u8; 32]),
    Unreadable(io::ErrorKind),
}

impl Content {
    fn of(bytes: &[u8]) -> Self {
        Self::Sha256(Sha256::digest(bytes).into())
    }
}

/// What changes with every write to a file, and where another takes its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stamp {
    /// Nothing where the file was written to so lately that another write might not show.
    fn of(metadata: &Metadata) -> Option<Self> {
        let modified = metadata.modified().ok()?;
        let seconds = u64::try_from(metadata.ctime()).ok()?;
        let changed = SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds))?;
        // In the future is not long ago either.
        let rested = SystemTime::now().duration_since(modified.max(changed));
        rested.ok().filter(|rested| *rested >= REST)?;
        Some(Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        })
    }
}

/// The metadata are those from before the first byte: what is written while it is read shows in the next ones.
fn read(path: &Path, limit: u64) -> io::Result<(Vec<u8>, Option<Stamp>)> {
    let file = File::open(path)?;
    let stamp = Stamp::of(&file.metadata()?);
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok((bytes, stamp))
}

#[cfg(test)]
mod tests;
