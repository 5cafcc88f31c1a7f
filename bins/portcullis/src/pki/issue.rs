//! `portcullis pki issue`

use std::error::Error;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand};
use portcullis_authority::{
    AlternativeName, Authority, AuthorityError, IssueOptions, Issued, Password,
};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use super::{Format, say};
use crate::{files, instant};

#[derive(Subcommand)]
pub(crate) enum Issue {
    /// A certificate for a TLS client.
    #[command(
        after_help = "Example:\n  portcullis pki issue client alice --san email:alice@contoso.com --pfx"
    )]
    Client {
        /// Who it is for. The files are called so too.
        name: String,
        #[command(flatten)]
        options: Options,
    },
    /// A certificate for a TLS server.
    #[command(
        after_help = "Example:\n  portcullis pki issue server www.contoso.com contoso.com 127.0.0.1"
    )]
    Server {
        /// DNS names and IP addresses. The files are called after the first.
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[command(flatten)]
        options: Options,
    },
}

#[derive(Args)]
pub(crate) struct Options {
    /// One more alternative name: dns:NAME, ip:ADDRESS, email:ADDRESS or uri:URI; may be repeated.
    #[arg(long = "san", value_name = "KIND:NAME")]
    alternative_names: Vec<AlternativeName>,
    /// How long it is valid [default: 365 for clients, 397 for servers].
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..))]
    days: Option<u32>,
    /// Also write certificate, issuer and key as NAME.pfx.
    #[arg(long)]
    pfx: bool,
    /// The password of the PFX, which other users of this machine can see while the command runs;
    /// a random one is made and shown when there is none.
    #[arg(long, value_name = "PASSWORD", requires = "pfx")]
    pfx_password: Option<String>,
    /// The first line of this file is the password of the PFX.
    #[arg(
        long,
        value_name = "FILE",
        requires = "pfx",
        conflicts_with = "pfx_password"
    )]
    pfx_password_file: Option<PathBuf>,
}

impl Options {
    fn for_issuing(&self) -> IssueOptions {
        let names = self.alternative_names.iter().cloned();
        let options = names.fold(IssueOptions::new(), IssueOptions::alternative_name);
        match self.days {
            Some(days) => {
                options.validity(Duration::from_secs(u64::from(days).saturating_mul(86_400)))
            }
            None => options,
        }
    }

    /// The password, and whether it has to be shown.
    fn password(&self) -> Result<(Password, Shown), Box<dyn Error>> {
        match (&self.pfx_password, &self.pfx_password_file) {
            (Some(password), _) => Ok((Password::new(password), Shown::Never)),
            (None, Some(file)) => {
                let text = String::from_utf8(files::bytes(file)?)?;
                Ok((
                    Password::new(text.lines().next().unwrap_or_default()),
                    Shown::Never,
                ))
            }
            (None, None) => Ok((Password::random()?, Shown::Once)),
        }
    }
}

/// Whether a password is shown.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shown {
    /// Nobody else knows it yet.
    Once,
    /// Whoever chose it knows it.
    Never,
}

#[derive(Serialize)]
struct Answer {
    name: String,
    serial: String,
    not_after: String,
    certificate: PathBuf,
    key: PathBuf,
    #[serde(skip_serializing_if = "Option::is_none")]
    pfx: Option<PathBuf>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pfx_password: Option<String>,
}

pub(super) fn run(issue: &Issue, dir: &Path, format: Format) -> Result<(), Box<dyn Error>> {
    let options = issue.options();
    // Before the certificate is issued: an unreadable password must leave nothing behind.
    let password = options.pfx.then(|| options.password()).transpose()?;
    let authority = Authority::open(dir)?;
    let issued = issue.issue(&authority, UnixTime::now())?;
    let answer = answer(&issued, password)?;
    say(format, &answer, &text(&answer))
}

impl Issue {
    fn options(&self) -> &Options {
        match self {
            Self::Client { options, .. } | Self::Server { options, .. } => options,
        }
    }

    fn issue(&self, authority: &Authority, now: UnixTime) -> Result<Issued, AuthorityError> {
        let options = self.options().for_issuing();
        match self {
            Self::Client { name, .. } => authority.issue_client(name, &options, now),
            Self::Server { names, .. } => {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                authority.issue_server(&names, &options, now)
            }
        }
    }
}

fn answer(issued: &Issued, password: Option<(Password, Shown)>) -> Result<Answer, AuthorityError> {
    let entry = issued.entry();
    let mut answer = Answer {
        name: entry.name.clone(),
        serial: entry.serial.to_string(),
        not_after: instant::show(entry.not_after),
        certificate: issued.certificate_file(),
        key: issued.key_file(),
        pfx: None,
        pfx_password: None,
    };
    if let Some((password, shown)) = password {
        answer.pfx = Some(issued.write_pfx(&password)?);
        answer.pfx_password = (shown == Shown::Once).then(|| password.as_str().to_owned());
    }
    Ok(answer)
}

fn text(answer: &Answer) -> String {
    let mut text = format!(
        "issued {}, serial {}, valid until {}\n  {}  the certificate and its issuer\n  {}  the private key",
        answer.name,
        answer.serial,
        answer.not_after,
        answer.certificate.display(),
        answer.key.display()
    );
    if let Some(pfx) = &answer.pfx {
        text.push_str(&format!("\n  {}  all of it as PFX", pfx.display()));
    }
    if let Some(password) = &answer.pfx_password {
        text.push_str(&format!(", with the password {password}"));
    }
    text
}
