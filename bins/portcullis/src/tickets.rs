//! `portcullis tickets`: the keys of session tickets that gateways share.

use std::error::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use portcullis_tls::{TICKET_KEYS, TicketKeys};

/// Keys for session tickets, which gateways share by `[tls] ticket_keys`.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Tickets {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Rotate(Rotate),
}

/// Puts a new random key before those of a file, which is made where there is none. Gateways take it up when they reload.
#[derive(Args)]
struct Rotate {
    /// The file.
    file: PathBuf,
    /// How many keys to keep, the new one included.
    #[arg(long, value_name = "COUNT", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=most()))]
    keep: u8,
}

const EXAMPLES: &str =
    "Example, from cron every 6 hours, before the file is copied to the other gateways:
  portcullis tickets rotate /etc/portcullis/ticket.keys

Exit status: 0 done, 2 unusable file.";

/// Octets that are read of a file: more than all keys that it may have.
const FILE_SIZE: u64 = 16 * 1024;

/// Random octets of a key.
const KEY: usize = 48;

fn most() -> i64 {
    i64::try_from(TICKET_KEYS).unwrap_or(i64::MAX)
}

/// Does what is asked.
pub(crate) fn run(tickets: Tickets) -> Result<ExitCode, Box<dyn Error>> {
    match tickets.command {
        Command::Rotate(rotate) => rotate.run(),
    }
}

impl Rotate {
    fn run(&self) -> Result<ExitCode, Box<dyn Error>> {
        let former = match File::open(&self.file) {
            Ok(file) => Some(former(file)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error.into()),
        };
        let mut fresh = [0; KEY];
        aws_lc_rs::rand::fill(&mut fresh).map_err(|_| "the system gives no randomness")?;
        let keys = TicketKeys::rotated(former.as_ref(), &fresh, usize::from(self.keep))?;
        replace(&self.file, &keys)?;
        let count = keys.lines().count();
        writeln!(
            io::stdout(),
            "{} has {count} keys, the first of them new",
            self.file.display()
        )?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The keys of a file. Those that others could read are not kept.
fn former(file: File) -> Result<TicketKeys, Box<dyn Error>> {
    let mode = file.metadata()?.mode() & 0o777;
    if mode & 0o077 != 0 {
        let told = format!(
            "others than its owner may read or write the file (mode {mode:04o}): remove it, and new keys are made"
        );
        return Err(told.into());
    }
    let mut content = Vec::new();
    file.take(FILE_SIZE).read_to_end(&mut content)?;
    Ok(TicketKeys::parse(&content)?)
}

/// All or nothing: whoever reads the file meanwhile finds the former keys or the new ones. It is for its owner alone from
/// the beginning.
fn replace(path: &Path, content: &str) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = PathBuf::from(beside);
    // What another process left there is not whole.
    let _ = fs::remove_file(&beside);
    let mut options = OpenOptions::new();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)?;
    let written = file
        .write_all(content.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written?;
    // The new name of the file lasts when its folder is written.
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}
