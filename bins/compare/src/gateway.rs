//! A gateway that runs, and is ended when nobody needs it any more.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::net::TcpStream;

use crate::cpus::Cpus;
use crate::failure::{Failure, Outcome};
use crate::peers::{Peer, Setting};

/// Where gateways are started.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) backend: u16,
    pub(crate) cpus: Cpus,
}

/// A process, its children, and the address at which it listens.
pub(crate) struct Gateway {
    pub(crate) peer: Peer,
    pub(crate) address: SocketAddr,
    child: Child,
}

impl Gateway {
    /// Returns when it accepts connections.
    pub(crate) async fn start(peer: Peer, program: &Path, place: &Place) -> Outcome<Self> {
        let (configuration, arguments) = (
            |setting: &Setting<'_>| peer.configuration(setting),
            |file: &Path| peer.arguments(file),
        );
        Self::start_with(peer, program, place, configuration, arguments).await
    }

    /// The same with another configuration and other arguments than the peer's.
    pub(crate) async fn start_with(
        peer: Peer,
        program: &Path,
        place: &Place,
        text: impl FnOnce(&Setting<'_>) -> String,
        arguments: impl FnOnce(&Path) -> Vec<OsString>,
    ) -> Outcome<Self> {
        let port = free_port()?;
        let run = place.folder.join(format!("{}-{port}", peer.name()));
        fs::create_dir(&run)?;
        let configuration = run.join("configuration");
        let setting = Setting {
            port,
            backend: place.backend,
            pki: &place.folder,
            run: &run,
        };
        fs::write(&configuration, text(&setting))?;
        let log = run.join("log");
        let mut command = place.cpus.command_for_gateway(program);
        command
            .args(arguments(&configuration))
            .env("RUST_LOG", "error")
            .stdin(Stdio::null())
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            // Ctrl-C is for this program alone, which then ends the gateways.
            .process_group(0);
        let child = command.spawn().map_err(Failure::at(program.display()))?;
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut gateway = Self {
            peer,
            address,
            child,
        };
        gateway.listening(&log).await?;
        Ok(gateway)
    }

    /// The process that was started; others may be below it.
    pub(crate) fn process(&self) -> u32 {
        self.child.id()
    }

    async fn listening(&mut self, log: &Path) -> Outcome<()> {
        let start = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.child.try_wait()?;
            if ended.is_some() || start.elapsed() > STARTING {
                let said = fs::read_to_string(log).unwrap_or_default();
                return Err(Failure::new(format!(
                    "{} does not listen: {}",
                    self.peer.name(),
                    said.trim()
                )));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            let _ = kill_process_group(group, signal);
        }
    }

    fn has_ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if self.has_ended() {
            return;
        }
        self.signal(Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < ENDING {
            if self.has_ended() {
                return;
            }
            thread::sleep(POLL);
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }
}

/// How long a gateway may take until it listens.
const STARTING: Duration = Duration::from_secs(15);

/// How long it may take to end when it is asked to.
const ENDING: Duration = Duration::from_secs(3);

const POLL: Duration = Duration::from_millis(20);

fn free_port() -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}
