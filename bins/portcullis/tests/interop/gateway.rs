//! The gateway: the built binary with a configuration.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;

use crate::program::{Mark, Program};
use crate::scratch::Scratch;

/// The built binary.
pub(crate) fn portcullis() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.env_remove("RUST_LOG");
    command
}

/// What a client must know of a gateway.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) host: &'static str,
    /// The root that the gateway's certificate chains to.
    pub(crate) root: PathBuf,
}

/// A running gateway. It is ended by SIGTERM, and its test fails when that does not go well.
pub(crate) struct Gateway {
    program: Program,
    configuration: PathBuf,
}

impl Gateway {
    /// Runs a configuration, written down in the test's folder.
    pub(crate) fn start(scratch: &Scratch, configuration: &str) -> Self {
        let file = scratch.write("portcullis.toml", configuration);
        let mut command = portcullis();
        command.args(["run", "--drain", "10", "-c"]).arg(&file);
        Self {
            program: Program::start(&mut command),
            configuration: file,
        }
    }

    /// Where it listens, once it does.
    #[track_caller]
    pub(crate) fn address(&self) -> SocketAddr {
        let line = self
            .program
            .wait_for(Mark::START, &["listening on https://"]);
        let (_, address) = line.split_once("https://").unwrap();
        address.trim().parse().unwrap()
    }

    /// Where the log is now.
    pub(crate) fn mark(&self) -> Mark {
        self.program.mark()
    }

    /// The line of the log after `mark` that holds all these words.
    #[track_caller]
    pub(crate) fn log(&self, mark: Mark, words: &[&str]) -> String {
        self.program.wait_for(mark, words)
    }

    /// Has the gateway read its configuration and files again.
    #[track_caller]
    pub(crate) fn reload(&self) {
        let mark = self.mark();
        self.program.signal("HUP");
        self.log(mark, &["the configuration was replaced"]);
    }

    /// As [`Gateway::reload`], with another limit of how old OCSP answers may be: what is remembered
    /// was judged by the old one and is forgotten.
    #[track_caller]
    pub(crate) fn reload_with_another_max_age(&self) {
        const MAX_AGE: &str = "[ocsp]\nmax_age = 86400\n";
        let text = fs::read_to_string(&self.configuration).unwrap();
        let changed = match text.contains(MAX_AGE) {
            true => text.replace(MAX_AGE, "[ocsp]\n"),
            false => text.replace("[ocsp]\n", MAX_AGE),
        };
        assert_ne!(changed, text);
        fs::write(&self.configuration, changed).unwrap();
        self.reload();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let status = self.program.end();
        if !std::thread::panicking() {
            assert!(status.success(), "the gateway ended with {status}");
        }
    }
}
