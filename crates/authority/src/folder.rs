//! The folder: files that are there whole or not at all, and one writer at a time.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::AuthorityError;

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody whom the umask lets.
    Public,
    /// The owner.
    Private,
}

impl Access {
    fn mode(self) -> u32 {
        match self {
            Self::Public => 0o644,
            Self::Private => 0o600,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(crate) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Makes the folder, the owner's alone. One that is there stays as open as it is.
    pub(crate) fn create(&self) -> Result<(), AuthorityError> {
        if let Some(parent) = self.path.parent() {
            fs::create_dir_all(parent).map_err(at(parent))?;
        }
        match DirBuilder::new().mode(FOLDER_MODE).create(&self.path) {
            Err(_) if self.path.is_dir() => Ok(()),
            created => created.map_err(at(&self.path)),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, AuthorityError> {
        let path = self.file(name);
        fs::read(&path).map_err(at(&path))
    }

    /// Waits until no other command writes, and keeps others from writing until dropped.
    ///
    /// The lock is the system's (`flock`): it ends with the process that holds it, however that ends.
    pub(crate) fn lock(&self) -> Result<Lock, AuthorityError> {
        let path = self.file(LOCK);
        let mut options = OpenOptions::new();
        let file = options
            .write(true)
            .create(true)
            .truncate(false)
            .mode(Access::Private.mode());
        let file = file.open(&path).map_err(at(&path))?;
        file.lock().map_err(at(&path))?;
        Ok(Lock { _file: file })
    }

    /// Writes what `name` will hold beside it. The lock makes sure that nobody else does.
    pub(crate) fn stage(
        &self,
        name: &str,
        content: &[u8],
        access: Access,
        _lock: &Lock,
    ) -> Result<Staged, AuthorityError> {
        let temporary = self.file(&format!(".{name}.new"));
        match fs::remove_file(&temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at(&temporary)(error));
            }
            Ok(()) | Err(_) => {}
        }
        let staged = Staged {
            temporary,
            target: self.file(name),
        };
        write(&staged.temporary, content, access).map_err(at(&staged.temporary))?;
        Ok(staged)
    }

    /// Makes renames last through a power cut.
    pub(crate) fn sync(&self) -> Result<(), AuthorityError> {
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(at(&self.path))
    }
}

const LOCK: &str = ".lock";

/// Nobody else even sees which names there are, whatever the umask lets.
const FOLDER_MODE: u32 = 0o700;

/// Held by the command that writes.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// A file that is written but not yet under its name. Dropped, it is removed.
#[derive(Debug)]
pub(crate) struct Staged {
    temporary: PathBuf,
    target: PathBuf,
}

impl Staged {
    /// Puts it under its name, over what was there.
    pub(crate) fn publish(self) -> Result<(), AuthorityError> {
        fs::rename(&self.temporary, &self.target).map_err(at(&self.target))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // After publish there is nothing left to remove; a failure leaves a hidden file and no harm.
        let _ = fs::remove_file(&self.temporary);
    }
}

fn write(path: &Path, content: &[u8], access: Access) -> io::Result<()> {
    // create_new follows no link that somebody put there, and the mode holds from the first byte.
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(access.mode())
        .open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Says at which file an error happened.
pub(crate) fn at(path: &Path) -> impl Fn(io::Error) -> AuthorityError + use<> {
    let path = path.to_owned();
    move |source| AuthorityError::Io {
        path: path.clone(),
        source,
    }
}
