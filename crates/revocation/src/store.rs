//! Answers in a file, across restarts.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fs::{self, File, OpenOptions};
use std::hash::BuildHasher as _;
use std::io::{
    self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write as _,
};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_ocsp::MAX_LENGTH;
use rustls_pki_types::UnixTime;
use tokio::sync::Semaphore;

use crate::responder::Responder;

/// A file of answers, for the time after a restart. Nothing in it is believed: see
/// [`Settings::store`](crate::Settings::store).
///
/// The file is a line an answer, the newest of a certificate last: the CertID and the response in base64, when the
/// answer ends, and who gave it. It is rewritten when more than half of it is out of date.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    most: usize,
    inner: Mutex<Inner>,
    /// One permit for each answer that may be on its way to the file.
    pub(crate) turns: Arc<Semaphore>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    /// Where the line of a certificate stands. Two certificates of one number only cost a question.
    index: HashMap<u64, Place>,
    hasher: RandomState,
    length: u64,
    live: u64,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    at: u64,
    length: u64,
    /// When the answer ends, as the line says.
    until: u64,
}

/// An answer as it was kept.
pub(crate) struct Stored {
    pub(crate) url: String,
    pub(crate) response: Vec<u8>,
}

/// What a file of answers begins with.
const HEADING: &[u8] = b"portcullis-ocsp-answers 1\n";

/// The longest line that is read: a response in base64, and a CertID, a URL and a moment, which together stay far below
/// the rest.
const MAX_LINE: u64 = 0x1_8000;

/// Answers that may be on their way to the file at once: each holds a thread that may wait for the disk.
const WRITING: usize = 64;

/// Octets that are out of date before it is worth while to rewrite the file.
const WORTH_REWRITING: u64 = 0x10_0000;

impl Store {
    /// Opens the file, or makes it, readable by its owner alone, and finds the answers in it.
    /// Lines in it that are none are left out, but the first one has to say what kind of file it is.
    pub(crate) fn open(path: &Path, most: usize) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        let inner = Inner::read(file, most)?;
        Ok(Self {
            path: path.to_owned(),
            most,
            inner: Mutex::new(inner),
            turns: Arc::new(Semaphore::new(WRITING)),
        })
    }

    /// What is kept about a certificate. Nothing while the file is written: a responder is as quick.
    pub(crate) fn find(&self, cert_id: &[u8]) -> io::Result<Option<Stored>> {
        let mut inner = match self.inner.try_lock() {
            Ok(inner) => inner,
            Err(TryLockError::Poisoned(inner)) => inner.into_inner(),
            Err(TryLockError::WouldBlock) => return Ok(None),
        };
        let Some(place) = inner.place_of(cert_id) else {
            return Ok(None);
        };
        let line = inner.line(place)?;
        drop(inner);
        Ok(Line::parse(&line).and_then(|line| line.stored(cert_id)))
    }

    /// Keeps an answer. Nothing happens when there are too many already that still hold.
    pub(crate) fn keep(
        &self,
        cert_id: &[u8],
        url: &str,
        response: &[u8],
        until: UnixTime,
        now: UnixTime,
    ) -> io::Result<()> {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.index.len() >= self.most && inner.place_of(cert_id).is_none() {
            inner.forget_ended(now);
            if inner.index.len() >= self.most {
                return Ok(());
            }
        }
        let line = Line::encode(cert_id, url, response, until);
        inner.append(cert_id, line.as_bytes(), until.as_secs())?;
        let stale = inner.length.saturating_sub(inner.live);
        if stale > inner.live.max(WORTH_REWRITING) {
            inner.rewrite(&self.path)?;
        }
        Ok(())
    }
}

impl Inner {
    fn read(mut file: File, most: usize) -> io::Result<Self> {
        let mut inner = Self {
            file: file.try_clone()?,
            index: HashMap::new(),
            hasher: RandomState::new(),
            length: 0,
            live: 0,
        };
        file.seek(SeekFrom::Start(0))?;
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while let Some(complete) = read_line(&mut reader, &mut line)? {
            let (at, length) = (inner.length, u64::try_from(line.len()).unwrap_or(u64::MAX));
            if at == 0 && line != HEADING {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "the file is not one of OCSP answers",
                ));
            }
            inner.length = at.saturating_add(length);
            if !complete && length < MAX_LINE {
                // Cut off when it was written: what comes next begins on a line of its own.
                inner.write(b"\n")?;
                break;
            }
            if let Some(found) = Line::parse(&line)
                && let Some(cert_id) = found.cert_id()
                && (inner.index.len() < most || inner.place_of(&cert_id).is_some())
            {
                let until = found.until;
                inner.put(&cert_id, Place { at, length, until });
            }
        }
        if inner.length == 0 {
            inner.write(HEADING)?;
        }
        Ok(inner)
    }

    fn number(&self, cert_id: &[u8]) -> u64 {
        self.hasher.hash_one(cert_id)
    }

    fn place_of(&self, cert_id: &[u8]) -> Option<Place> {
        self.index.get(&self.number(cert_id)).copied()
    }

    fn put(&mut self, cert_id: &[u8], place: Place) {
        let number = self.number(cert_id);
        self.live = self.live.saturating_add(place.length);
        if let Some(replaced) = self.index.insert(number, place) {
            self.live = self.live.saturating_sub(replaced.length);
        }
    }

    fn forget_ended(&mut self, now: UnixTime) {
        self.index.retain(|_, place| now.as_secs() <= place.until);
        let lengths = self.index.values().map(|place| place.length);
        self.live = lengths.fold(0, u64::saturating_add);
    }

    fn line(&mut self, place: Place) -> io::Result<Vec<u8>> {
        self.file.seek(SeekFrom::Start(place.at))?;
        let mut line = Vec::new();
        (&self.file)
            .take(place.length.min(MAX_LINE))
            .read_to_end(&mut line)?;
        Ok(line)
    }

    fn write(&mut self, octets: &[u8]) -> io::Result<()> {
        self.file.write_all(octets)?;
        let length = u64::try_from(octets.len()).unwrap_or(u64::MAX);
        self.length = self.length.saturating_add(length);
        Ok(())
    }

    fn append(&mut self, cert_id: &[u8], line: &[u8], until: u64) -> io::Result<()> {
        // The file is appended to, wherever it was read last, and its end is where this says.
        let at = self.file.seek(SeekFrom::End(0))?;
        self.length = at;
        self.write(line)?;
        let length = self.length.saturating_sub(at);
        self.put(cert_id, Place { at, length, until });
        Ok(())
    }

    /// Writes what is not out of date to a new file, which takes the place of this one when it is whole.
    fn rewrite(&mut self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("new");
        // A file that another process left there is not whole.
        let _ = fs::remove_file(&beside);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut writer = BufWriter::new(options.open(&beside)?);
        writer.write_all(HEADING)?;
        let mut length = u64::try_from(HEADING.len()).unwrap_or(u64::MAX);
        let mut places: Vec<(u64, Place)> = self
            .index
            .iter()
            .map(|(number, place)| (*number, *place))
            .collect();
        places.sort_by_key(|(_, place)| place.at);
        for (_, place) in &mut places {
            let line = self.line(*place)?;
            writer.write_all(&line)?;
            place.at = length;
            length = length.saturating_add(place.length);
        }
        let file = writer
            .into_inner()
            .map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        self.file = file;
        self.index = places.into_iter().collect();
        self.length = length;
        Ok(())
    }
}

/// Reads a line with its end, or the rest of the file without one: whether it is complete. Nothing at the end.
fn read_line(reader: &mut BufReader<File>, line: &mut Vec<u8>) -> io::Result<Option<bool>> {
    line.clear();
    reader.by_ref().take(MAX_LINE).read_until(b'\n', line)?;
    Ok((!line.is_empty()).then(|| line.ends_with(b"\n")))
}

/// The fields of a line, as they are written.
struct Line<'a> {
    cert_id: &'a str,
    until: u64,
    url: &'a str,
    response: &'a str,
}

impl<'a> Line<'a> {
    fn encode(cert_id: &[u8], url: &str, response: &[u8], until: UnixTime) -> String {
        let (cert_id, response) = (STANDARD.encode(cert_id), STANDARD.encode(response));
        format!("{cert_id} {} {url} {response}\n", until.as_secs())
    }

    fn parse(line: &'a [u8]) -> Option<Self> {
        let line = str::from_utf8(line).ok()?.strip_suffix('\n')?;
        let mut fields = line.split(' ');
        let (cert_id, until) = (fields.next()?, fields.next()?.parse().ok()?);
        let (url, response) = (fields.next()?, fields.next()?);
        fields.next().is_none().then_some(Self {
            cert_id,
            until,
            url,
            response,
        })
    }

    fn cert_id(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.cert_id).ok()
    }

    /// What is kept, where it is about this certificate.
    fn stored(&self, cert_id: &[u8]) -> Option<Stored> {
        if self.cert_id()? != cert_id {
            return None;
        }
        // It will be shown in logs.
        Responder::parse(self.url).ok()?;
        let response = STANDARD.decode(self.response).ok()?;
        (response.len() <= MAX_LENGTH).then(|| Stored {
            url: self.url.to_owned(),
            response,
        })
    }
}

#[cfg(test)]
mod tests;
