//! The built binary, run in a folder of its own.
#![allow(dead_code, reason = "every test target uses another part")]

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_test_pki::NOW;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Finished {
    /// The exit code.
    pub code: i32,
    /// What a script reads.
    pub stdout: String,
    /// What a person is told.
    pub stderr: String,
}

impl Finished {
    /// The one JSON object on stdout.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Every JSON object on stdout.
    pub(crate) fn json_lines(&self) -> Vec<serde_json::Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Fails unless this was the exit code.
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }
}

/// A folder that goes when the test does.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes a new one.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-test-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes a file; commands that run here find it by its name.
    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.0.join(name), bytes).unwrap();
    }

    /// Runs `portcullis` here.
    pub(crate) fn portcullis(&self, arguments: &[&str]) -> Finished {
        self.portcullis_with(arguments, b"")
    }

    /// Runs `portcullis` here, with something on stdin.
    pub(crate) fn portcullis_with(&self, arguments: &[&str], input: &[u8]) -> Finished {
        let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
        command.args(arguments).current_dir(&self.0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that ends without reading is no failure of the test.
        let _ = child.stdin.take().unwrap().write_all(input);
        let output = child.wait_with_output().unwrap();
        Finished {
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// [`NOW`] as `--at` takes it.
pub(crate) fn now() -> String {
    rfc3339(NOW.as_secs())
}

/// Seconds since the epoch as the command shows them.
pub(crate) fn rfc3339(seconds: u64) -> String {
    let instant = OffsetDateTime::from_unix_timestamp(seconds.try_into().unwrap()).unwrap();
    instant.format(&Rfc3339).unwrap()
}
