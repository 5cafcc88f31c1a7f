//! The file of ticket keys that gateways share.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use portcullis_model::{FileSource, Located};
use portcullis_tls::TicketKeys;

use super::Loader;
use crate::files::Files;

/// Most bytes of the file: all the keys that it may have, with a line about each.
const FILE_SIZE: u64 = 16 * 1024;

/// Why a file of secrets is not read.
#[derive(Debug, thiserror::Error)]
#[error(
    "others than its owner may read or write it (mode {mode:04o}): `chmod 600` it and make new keys"
)]
struct Exposed {
    mode: u32,
}

impl Loader<'_> {
    /// The keys of the configured file. Where there is a problem with it, nothing runs.
    pub(super) fn ticket_keys(&mut self) -> Option<TicketKeys> {
        let file = self.model.ticket_keys.as_ref()?;
        let read = read(&self.base.join(&file.value), &mut self.files);
        let source = FileSource::Path(file.value.clone());
        let file = Located::new(source, file.place.clone());
        let content = self.usable(&file, read)?;
        self.usable(&file, TicketKeys::parse(&content))
    }
}

fn read(path: &Path, files: &mut Files) -> io::Result<Vec<u8>> {
    let read = files.read(path, FILE_SIZE);
    let metadata = fs::metadata(path)?;
    let mode = metadata.mode() & 0o777;
    if mode & forbidden(&metadata) != 0 {
        return Err(io::Error::new(
            io::ErrorKind::PermissionDenied,
            Exposed { mode },
        ));
    }
    let content = read?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= FILE_SIZE) {
        return Ok(content);
    }
    Err(io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("the file has more than {FILE_SIZE} bytes"),
    ))
}

/// What nobody else may do. A file of somebody else's can be given to this process through its group alone, as systemd
/// and Kubernetes give secrets; then the group may read it, and nothing more.
fn forbidden(file: &Metadata) -> u32 {
    let own = fs::metadata("/proc/self").map_or(true, |process| process.uid() == file.uid());
    match own {
        true => 0o077,
        false => 0o037,
    }
}
