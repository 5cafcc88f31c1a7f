//! Where lines go: a channel with a bound, and a thread that writes what comes out of it.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use portcullis_model::{AccessLogSettings, LogOutput};

/// Lines that wait to be written at most: those of a second or so of a busy gateway.
const QUEUE: usize = 16 * 1024;
/// Octets of them at most.
const QUEUE_OCTETS: usize = 16 * 1024 * 1024;
/// Octets that are written at once, about.
const BATCH: usize = 64 * 1024;
/// How long the writer rests when it has written everything. Lines that come meanwhile wake nobody,
/// which would cost a request more than all the rest of its line.
const REST: Duration = Duration::from_millis(5);
/// How often it is told that lines were lost.
const REPORT: Duration = Duration::from_secs(10);
/// How long the last lines may take to be written when the gateway ends.
const FLUSH: Duration = Duration::from_secs(2);

/// The way to a writer.
pub(super) struct Output {
    pub(super) settings: AccessLogSettings,
    sender: SyncSender<String>,
    state: Arc<State>,
    /// Disconnected when the writer has ended.
    ended: std::sync::Mutex<Receiver<()>>,
}

/// What both ends know.
struct State {
    queued: AtomicUsize,
    reopen: AtomicBool,
    dropped: Arc<AtomicU64>,
}

impl Output {
    /// Opens what the settings name; nothing where the log is off.
    pub(super) fn open(
        settings: &AccessLogSettings,
        dropped: &Arc<AtomicU64>,
    ) -> io::Result<Option<Self>> {
        let Some(file) = open(&settings.output)? else {
            return Ok(None);
        };
        let (sender, lines) = sync_channel(QUEUE);
        let (alive, ended) = channel();
        let state = Arc::new(State {
            queued: AtomicUsize::new(0),
            reopen: AtomicBool::new(false),
            dropped: Arc::clone(dropped),
        });
        let writer = Writer {
            output: settings.output.clone(),
            file,
            lines,
            state: Arc::clone(&state),
            batch: Vec::with_capacity(BATCH),
            torn: false,
            failing: false,
            reported: (Instant::now(), dropped.load(Ordering::Relaxed)),
            _alive: alive,
        };
        thread::Builder::new()
            .name("portcullis-log".into())
            .spawn(move || writer.run())?;
        Ok(Some(Self {
            settings: settings.clone(),
            sender,
            state,
            ended: std::sync::Mutex::new(ended),
        }))
    }

    /// Hands a line over, or drops and counts it: never waits.
    pub(super) fn submit(&self, line: String) {
        let octets = line.len();
        let before = self.state.queued.fetch_add(octets, Ordering::Relaxed);
        let fits = before.saturating_add(octets) <= QUEUE_OCTETS;
        if !fits || self.sender.try_send(line).is_err() {
            self.state.queued.fetch_sub(octets, Ordering::Relaxed);
            self.state.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Has the file opened anew before the next line is written.
    pub(super) fn reopen(&self) {
        self.state.reopen.store(true, Ordering::Relaxed);
        // Nothing, but it wakes the writer; where the channel is full it is awake.
        let _ = self.sender.try_send(String::new());
    }

    /// Waits, not for ever, until everything is written.
    pub(super) fn close(self) {
        let Self { sender, ended, .. } = self;
        drop(sender);
        if let Ok(ended) = ended.into_inner() {
            let _ = ended.recv_timeout(FLUSH);
        }
    }
}

/// Opens the end of the file. A named pipe is opened for both directions, so that nobody waits for its
/// reader.
fn open(output: &LogOutput) -> io::Result<Option<File>> {
    let descriptor = match output {
        LogOutput::Off => return Ok(None),
        LogOutput::Stdout => io::stdout().as_fd().try_clone_to_owned()?,
        LogOutput::Stderr => io::stderr().as_fd().try_clone_to_owned()?,
        LogOutput::File(path) => {
            return OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o640)
                .read(is_pipe(path))
                .open(path)
                .map(Some);
        }
    };
    Ok(Some(File::from(descriptor)))
}

fn is_pipe(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

struct Writer {
    output: LogOutput,
    file: File,
    lines: Receiver<String>,
    state: Arc<State>,
    batch: Vec<u8>,
    /// Whether the last thing written was a part of a line.
    torn: bool,
    /// Whether the last thing could not be written.
    failing: bool,
    /// When it was told last that lines were lost, and how many until then.
    reported: (Instant, u64),
    _alive: Sender<()>,
}

impl Writer {
    fn run(mut self) {
        while let Ok(line) = self.lines.recv() {
            self.take(&line);
            while let Ok(line) = self.lines.try_recv() {
                self.take(&line);
                if self.batch.len() >= BATCH {
                    self.write();
                }
            }
            self.write();
            self.report();
            thread::sleep(REST);
        }
    }

    fn take(&mut self, line: &str) {
        self.state.queued.fetch_sub(line.len(), Ordering::Relaxed);
        self.batch.extend_from_slice(line.as_bytes());
    }

    fn write(&mut self) {
        if self.state.reopen.swap(false, Ordering::Relaxed) {
            self.reopen();
        }
        if self.torn && !self.batch.is_empty() {
            self.batch.insert(0, b'\n');
        }
        let mut written: usize = 0;
        while let Some(rest) = self.batch.get(written..).filter(|rest| !rest.is_empty()) {
            match self.file.write(rest) {
                Ok(0) => return self.fail(written, &ErrorKind::WriteZero.into()),
                Ok(more) => written = written.saturating_add(more),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Somebody made a stream that we share one that does not wait.
                Err(error) if error.kind() == ErrorKind::WouldBlock => thread::sleep(REST),
                Err(error) => return self.fail(written, &error),
            }
        }
        if written > 0 {
            (self.torn, self.failing) = (false, false);
        }
        self.batch.clear();
    }

    /// Counts what is lost, and tells it once until something can be written again.
    fn fail(&mut self, written: usize, error: &io::Error) {
        let (done, rest) = self.batch.split_at_checked(written).unwrap_or_default();
        let lost = rest.iter().filter(|octet| **octet == b'\n').count();
        // The end of the torn line was counted when that was lost.
        let counted = usize::from(self.torn && written == 0);
        let lost = u64::try_from(lost.saturating_sub(counted)).unwrap_or(u64::MAX);
        self.state.dropped.fetch_add(lost, Ordering::Relaxed);
        if let Some(last) = done.last() {
            self.torn = *last != b'\n';
        }
        if !self.failing {
            tracing::error!(%error, "the access log cannot be written");
            self.failing = true;
        }
        self.batch.clear();
    }

    fn reopen(&mut self) {
        if !matches!(self.output, LogOutput::File(_)) {
            return;
        }
        match open(&self.output) {
            Ok(Some(file)) => (self.file, self.torn) = (file, false),
            Ok(None) => {}
            Err(error) => tracing::error!(%error, "the access log cannot be opened anew"),
        }
    }

    fn report(&mut self) {
        let (last, before) = self.reported;
        let dropped = self.state.dropped.load(Ordering::Relaxed);
        let lost = dropped.saturating_sub(before);
        if lost > 0 && last.elapsed() >= REPORT {
            tracing::warn!(lost, "lines of the access log were lost");
            self.reported = (Instant::now(), dropped);
        }
    }
}

#[cfg(test)]
mod tests;
