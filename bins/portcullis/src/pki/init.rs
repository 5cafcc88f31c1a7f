//! `portcullis pki init`

use std::error::Error;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use portcullis_authority::{Authority, InitOptions, KeyAlgorithm};
use rustls_pki_types::UnixTime;
use serde::Serialize;

use super::{Format, say};

/// Makes a new authority: a root, and an authority below it that issues.
#[derive(Args)]
#[command(
    after_help = "Example:\n  portcullis pki init --name Contoso --ocsp-url http://127.0.0.1:8888"
)]
pub(crate) struct Init {
    /// The name of the authority, as certificates will show it.
    #[arg(long, default_value = "Portcullis")]
    name: String,
    /// Where the OCSP responder will answer; every certificate names it. Without it none is named,
    /// and a gateway that checks revocation refuses the certificates.
    #[arg(long, value_name = "URL")]
    ocsp_url: Option<String>,
    /// The kind of every key.
    #[arg(long, value_enum, default_value_t = Algorithm::P256)]
    algorithm: Algorithm,
}

#[derive(Clone, Copy, ValueEnum)]
enum Algorithm {
    P256,
    P384,
    Rsa2048,
}

impl From<Algorithm> for KeyAlgorithm {
    fn from(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::P256 => Self::P256,
            Algorithm::P384 => Self::P384,
            Algorithm::Rsa2048 => Self::Rsa2048,
        }
    }
}

#[derive(Serialize)]
struct Initialised<'a> {
    dir: &'a Path,
    root: PathBuf,
    chain: PathBuf,
    ocsp_url: Option<&'a str>,
}

pub(super) fn run(init: &Init, dir: &Path, format: Format) -> Result<(), Box<dyn Error>> {
    let mut options = InitOptions::new(&init.name).algorithm(init.algorithm.into());
    if let Some(url) = &init.ocsp_url {
        options = options.responder_url(url);
    }
    let authority = Authority::init(dir, &options, UnixTime::now())?;
    let (root, chain) = (authority.root_file(), authority.chain_file());
    let ocsp_url = authority.responder_url();
    let text = format!(
        "made the authority {} in {}\n  {}  what a gateway trusts\n  {}  what clients of a server trust\n  \
         {}  needed no more: keep it somewhere else\n  OCSP responder: {}",
        init.name,
        dir.display(),
        chain.display(),
        root.display(),
        dir.join("root.key").display(),
        ocsp_url.unwrap_or("none, so that no gateway can check for revocation"),
    );
    say(
        format,
        &Initialised {
            dir,
            root,
            chain,
            ocsp_url,
        },
        &text,
    )
}
