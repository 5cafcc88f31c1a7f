//! Answers in a file, across restarts.

mod line;

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::hash::BuildHasher as _;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write as _};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;

use line::Line;

pub(crate) use line::{Kept, Stored};

/// A file of answers, for the time after a restart. Nothing in it is believed: see
/// [`Settings::store`](crate::Settings::store).
///
/// The file is a line an answer, the newest of a certificate last. It is rewritten when more than half of it is out of
/// date. Whoever has it open holds a lock on it.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    /// How many certificates there are answers about at most.
    most: usize,
    index: Mutex<Index>,
    /// Taken before the index by whoever writes.
    writer: Mutex<Writer>,
    /// One permit for each answer that may be on its way to the file.
    pub(crate) turns: Arc<Semaphore>,
}

/// Where what stands. Held for a look and no longer.
#[derive(Debug)]
struct Index {
    file: Arc<File>,
    /// By a number of the certificate. Two of one number only cost a question.
    places: HashMap<u64, Place>,
    /// Octets of the lines that count.
    live: u64,
}

#[derive(Debug)]
struct Writer {
    file: Arc<File>,
    length: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    at: u64,
    length: u64,
    kept: Kept,
}

/// What a file of answers begins with.
const HEADING: &[u8] = b"portcullis-ocsp-answers 1\n";

/// The longest line that is written and read: a response in base64, and a CertID, a URL and the like, which together stay
/// far below the rest.
const MAX_LINE: u64 = 0x1_8000;

/// Octets of a file for each certificate that it may have an answer about: one and a half times those of a usual response
/// with its delegate's certificate.
const OCTETS_EACH: u64 = 0x1000;

/// Answers that may be on their way to the file at once: each holds a thread that may wait for the disk.
const WRITING: usize = 64;

/// Octets that are out of date before it is worth while to rewrite the file.
const WORTH_REWRITING: u64 = 0x10_0000;

impl Store {
    /// Opens the file, or makes it, readable by its owner alone, and finds the answers in it.
    /// Lines in it that are none are left out, but the first one has to say what kind of file it is.
    pub(crate) fn open(path: &Path, most: usize) -> io::Result<Self> {
        let file = options().create(true).open(path)?;
        lock(&file)?;
        let store = Self {
            path: path.to_owned(),
            most,
            index: Mutex::new(Index {
                file: Arc::new(file.try_clone()?),
                places: HashMap::new(),
                live: 0,
            }),
            writer: Mutex::new(Writer {
                file: Arc::new(file.try_clone()?),
                length: 0,
            }),
            turns: Arc::new(Semaphore::new(WRITING)),
        };
        store.read(file)?;
        Ok(store)
    }

    fn read(&self, file: File) -> io::Result<()> {
        let (mut index, mut writer) = (self.index(), self.writer());
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while let Some(complete) = read_line(&mut reader, &mut line)? {
            let (at, length) = (writer.length, length_of(&line));
            if at == 0 && line != HEADING {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the file is not one of OCSP answers",
                ));
            }
            writer.length = at.saturating_add(length);
            if !complete && length < MAX_LINE {
                // Cut off when it was written: what comes next begins on a line of its own.
                writer.append(b"\n")?;
                break;
            }
            if let Some(found) = Line::parse(&line)
                && let Some(cert_id) = found.cert_id()
            {
                let kept = found.kept;
                index.put(number(&cert_id), Place { at, length, kept }, self.most);
            }
        }
        if writer.length == 0 {
            writer.append(HEADING)?;
        }
        Ok(())
    }

    /// What is kept about a certificate.
    pub(crate) fn find(&self, cert_id: &[u8]) -> io::Result<Option<Stored>> {
        let index = self.index();
        let Some(place) = index.places.get(&number(cert_id)).copied() else {
            return Ok(None);
        };
        let file = Arc::clone(&index.file);
        drop(index);
        let line = place.line(&file)?;
        Ok(Line::parse(&line).and_then(|line| line.stored(cert_id)))
    }

    /// Keeps an answer, unless a newer one is kept, or there are too many already that still hold.
    pub(crate) fn keep(
        &self,
        cert_id: &[u8],
        url: &str,
        response: &[u8],
        kept: Kept,
        now: UnixTime,
    ) -> io::Result<()> {
        let line = Line::encode(cert_id, url, response, kept);
        let length = length_of(line.as_bytes());
        if length > MAX_LINE {
            return Ok(());
        }
        let mut writer = self.writer();
        let number = number(cert_id);
        if !self
            .index()
            .makes_room(number, length, kept, self.most, now)
        {
            return Ok(());
        }
        let at = writer.length;
        writer.append(line.as_bytes())?;
        let mut index = self.index();
        index.put(number, Place { at, length, kept }, self.most);
        let stale = writer.length.saturating_sub(index.live);
        let worth_it = stale > index.live.max(WORTH_REWRITING);
        drop(index);
        if worth_it {
            self.rewrite(&mut writer)?;
        }
        Ok(())
    }

    /// Writes what is not out of date to a new file, which takes the place of this one when it is whole. What is looked for
    /// meanwhile is found in the old one.
    fn rewrite(&self, writer: &mut Writer) -> io::Result<()> {
        let beside = beside(&self.path);
        // What another process left there is not whole.
        let _ = fs::remove_file(&beside);
        let file = options().create_new(true).open(&beside)?;
        lock(&file)?;
        let mut places: Vec<(u64, Place)> = {
            let index = self.index();
            index
                .places
                .iter()
                .map(|(number, place)| (*number, *place))
                .collect()
        };
        places.sort_by_key(|(_, place)| place.at);
        let mut output = BufWriter::new(file);
        output.write_all(HEADING)?;
        let mut length = length_of(HEADING);
        for (_, place) in &mut places {
            let line = place.line(&writer.file)?;
            output.write_all(&line)?;
            place.at = length;
            length = length.saturating_add(length_of(&line));
        }
        let file = output
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&beside, &self.path)?;
        let file = Arc::new(file);
        *writer = Writer {
            file: Arc::clone(&file),
            length,
        };
        let mut index = self.index();
        index.file = file;
        index.places = places.into_iter().collect();
        Ok(())
    }

    // Both are whole after every statement, also after one that panicked.

    fn index(&self) -> MutexGuard<'_, Index> {
        self.index.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Index {
    /// Whether an answer is to be written, for which answers that have ended may be forgotten. That a certificate was
    /// revoked is not among what is forgotten.
    fn makes_room(
        &mut self,
        number: u64,
        length: u64,
        kept: Kept,
        most: usize,
        now: UnixTime,
    ) -> bool {
        if let Some(known) = self.places.get(&number) {
            return known.kept.this_update <= kept.this_update;
        }
        if self.is_full(length, most) {
            self.places
                .retain(|_, place| place.kept.revoked || now <= place.kept.until);
            let lengths = self.places.values().map(|place| place.length);
            self.live = lengths.fold(0, u64::saturating_add);
        }
        !self.is_full(length, most)
    }

    fn is_full(&self, length: u64, most: usize) -> bool {
        let octets = u64::try_from(most)
            .unwrap_or(u64::MAX)
            .saturating_mul(OCTETS_EACH);
        self.places.len() >= most || self.live.saturating_add(length) > octets.max(MAX_LINE)
    }

    /// Takes the place of an older answer, or has one of its own while there is room.
    fn put(&mut self, number: u64, place: Place, most: usize) {
        match self.places.get(&number) {
            Some(known) if place.kept.this_update < known.kept.this_update => return,
            Some(known) => self.live = self.live.saturating_sub(known.length),
            None if self.is_full(place.length, most) => return,
            None => (),
        }
        self.live = self.live.saturating_add(place.length);
        self.places.insert(number, place);
    }
}

impl Writer {
    /// All or nothing: what was written of it when the disk was full is taken back.
    fn append(&mut self, octets: &[u8]) -> io::Result<()> {
        let written = (&*self.file).write_all(octets);
        match written {
            Ok(()) => self.length = self.length.saturating_add(length_of(octets)),
            Err(_) => self.file.set_len(self.length)?,
        }
        written
    }
}

impl Place {
    fn line(&self, file: &File) -> io::Result<Vec<u8>> {
        let length = usize::try_from(self.length.min(MAX_LINE)).unwrap_or_default();
        let mut line = vec![0; length];
        file.read_exact_at(&mut line, self.at)?;
        Ok(line)
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).mode(0o600);
    options
}

/// Nobody else writes to the file as long as it is open here.
fn lock(file: &File) -> io::Result<()> {
    file.try_lock().map_err(|error| match error {
        TryLockError::Error(error) => error,
        TryLockError::WouldBlock => io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another process keeps its answers there",
        ),
    })
}

/// Beside a file, for what takes its place.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(".new");
    name.into()
}

/// The number of a certificate in this process.
fn number(cert_id: &[u8]) -> u64 {
    static HASHER: std::sync::OnceLock<RandomState> = std::sync::OnceLock::new();
    HASHER.get_or_init(RandomState::new).hash_one(cert_id)
}

fn length_of(octets: &[u8]) -> u64 {
    u64::try_from(octets.len()).unwrap_or(u64::MAX)
}

/// Reads a line with its end, or the rest of the file without one: whether it is complete. Nothing at the end.
fn read_line(reader: &mut BufReader<File>, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    reader.by_ref().take(MAX_LINE).read_until(b'\n', line)?;
    Ok((!line.is_empty()).then(|| line.ends_with(b"\n")))
}

#[cfg(test)]
mod tests;
