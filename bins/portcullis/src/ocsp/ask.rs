//! `portcullis ocsp ask`: the question put to a responder, live.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use portcullis_ocsp::{HashAlgorithm, Refusal};
use portcullis_revocation::{
    Checker, Destinations, Failure, Mode, Nonces, Policy, Ports, Proxy, Responders, Scope, Settings,
};
use portcullis_x509::Certificate;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::UnixTime;

use crate::algorithms::{Sha1, ShortRsa, algorithms, provider};
use crate::files;

use super::answer::Answer;
use super::{EXIT_STATUS, Format, first_certificate, parse, say};

/// Ask a responder.
#[derive(Debug, Args)]
#[command(after_help = format!("{EXAMPLE}\n\n{EXIT_STATUS}"))]
pub(super) struct Ask {
    /// The certificate in question; the first of the file.
    #[arg(long, value_name = "FILE")]
    cert: PathBuf,
    /// The certificate of its issuer; the first of the file.
    #[arg(long, value_name = "FILE")]
    issuer: PathBuf,
    /// Whom to ask; the responders that the certificate names, when absent.
    #[arg(long)]
    url: Option<String>,
    /// What the certificate is named with in the question.
    #[arg(long, value_enum, default_value_t = Hash::Sha1)]
    hash: Hash,
    /// Send a fresh nonce and insist on its return. Many responders sign ahead and cannot.
    #[arg(long)]
    nonce: bool,
    /// The authorities that the certificate of an https responder is held against; without them it is not asked.
    #[arg(long, value_name = "FILE", num_args = 1..)]
    https_roots: Vec<PathBuf>,
    /// Ask through this proxy, `http://HOST:PORT`.
    #[arg(long, value_name = "URL")]
    proxy: Option<Proxy>,
    /// Answer with one JSON object.
    #[arg(long)]
    json: bool,
}

const EXAMPLE: &str = "Example:
  portcullis ocsp ask --cert client.pem --issuer issuing-ca.pem";

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Hash {
    /// What every responder knows.
    Sha1,
    Sha256,
}

impl From<Hash> for HashAlgorithm {
    fn from(hash: Hash) -> Self {
        match hash {
            Hash::Sha1 => Self::Sha1,
            Hash::Sha256 => Self::Sha256,
        }
    }
}

/// Asks, says the answer, and turns it into an exit status.
pub(super) fn run(arguments: &Ask) -> Result<ExitCode, Box<dyn std::error::Error>> {
    let cert_der = first_certificate(&arguments.cert)?;
    let issuer_der = first_certificate(&arguments.issuer)?;
    let certificate = parse(&arguments.cert, &cert_der)?;
    let issuer = parse(&arguments.issuer, &issuer_der)?;
    let first = match &arguments.url {
        Some(url) => url.clone(),
        None => responder_of(&certificate)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let checker = checker(arguments)?;
    let asked = runtime.block_on(checker.ask(&certificate, &issuer, UnixTime::now()));
    let answer = match asked {
        Ok(proof) => Answer::from(Ok(proof.status)).asked_at(&proof.responder),
        Err(Failure::AnswerRefused { refusal, url }) => {
            Answer::from(Err(Refusal::clone(&refusal))).asked_at(&url)
        }
        Err(failure) => Answer::refused(failure.code(), &failure).asked_at(&first),
    };
    say(&answer, Format::from_flag(arguments.json))
}

/// Believes answers as the gateway would. Whoever types the command may ask any address, unlike a certificate that a
/// client brings.
fn checker(arguments: &Ask) -> Result<Checker, Box<dyn std::error::Error>> {
    let settings = Settings::new(algorithms(Sha1::Deny, ShortRsa::Deny), Destinations::Any)
        .ports(Ports::Any)
        .hash(arguments.hash.into())
        .nonces(if arguments.nonce {
            Nonces::Require
        } else {
            Nonces::Off
        });
    // Else those that certificates name are asked, be it the one in question or that of a delegate.
    let settings = match &arguments.url {
        Some(url) => settings.responders(Responders::of_all().instead(url)),
        None => settings,
    };
    let settings = match &arguments.proxy {
        Some(proxy) => settings.proxy(proxy.clone()),
        None => settings,
    };
    let settings = match arguments.https_roots.as_slice() {
        [] => settings,
        files => settings.https(Arc::new(trusting(files)?)),
    };
    // One certificate whose answer is looked at: the policy plays no part.
    Ok(Checker::new(
        settings,
        Policy::new(Mode::HardFail, Scope::Leaf),
    ))
}

fn trusting(files: &[PathBuf]) -> Result<ClientConfig, Box<dyn std::error::Error>> {
    let mut roots = RootCertStore::empty();
    for file in files {
        for certificate in files::certificates(file)? {
            let added = roots.add(certificate);
            added.map_err(|error| format!("{} cannot be used: {error}", file.display()))?;
        }
    }
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn responder_of(certificate: &Certificate<'_>) -> Result<String, Box<dyn std::error::Error>> {
    let first = certificate.ocsp_responders()?.next().map(str::to_owned);
    first.ok_or_else(|| "the certificate names no OCSP responder; --url says whom to ask".into())
}
