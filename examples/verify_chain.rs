//! Verifies a certificate chain with `portcullis-chain` alone and explains the verdict.
//!
//! With two files it verifies them: the trusted certificates, and what a client presents, leaf
//! first. Without arguments it makes a throwaway CA and shows what is accepted and what is refused:
//!
//! ```console
//! cargo run --package portcullis-examples --example verify_chain
//! cargo run --package portcullis-examples --example verify_chain -- trusted.pem presented.pem
//! ```

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::path::Path;

use portcullis_chain::{Anchors, Policy, Purpose, Rejection, verify};
use portcullis_x509::{Certificate, Malformed};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.as_slice() {
        [] => demonstrate(),
        [trusted, presented] => {
            let anchors = Anchors::new(certificates(trusted)?, vec![])?;
            println!(
                "{}",
                explain(&certificates(presented)?, &anchors, UnixTime::now())?
            );
            Ok(())
        }
        _ => Err("usage: verify_chain [TRUSTED.pem PRESENTED.pem]".into()),
    }
}

fn certificates(path: impl AsRef<Path>) -> Result<Vec<CertificateDer<'static>>, Failure> {
    Ok(CertificateDer::pem_file_iter(path)?.collect::<Result<_, _>>()?)
}

/// The whole of embedding the crate: parse, verify, and use or report what comes back.
fn explain(
    presented: &[CertificateDer<'_>],
    anchors: &Anchors,
    now: UnixTime,
) -> Result<String, Malformed> {
    let [leaf, others @ ..] = presented else {
        return Ok("refused: no certificate was presented".into());
    };
    let leaf = Certificate::parse(leaf)?;
    let others: Vec<_> = others
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<_, _>>()?;
    let algorithms = aws_lc_rs::default_provider()
        .signature_verification_algorithms
        .all;
    let policy = Policy::new(Purpose::ClientAuth, algorithms);
    Ok(match verify(&leaf, &others, anchors, &policy, now) {
        Ok(chain) => {
            let subjects: Vec<_> = chain.subjects().map(|name| name.to_string()).collect();
            format!("accepted: {}", subjects.join(" <- "))
        }
        Err(rejection) => report(&rejection),
    })
}

/// One line for the log, then every path that was tried.
fn report(rejection: &Rejection) -> String {
    let mut text = format!("refused, {}: {rejection}", rejection.reason().code());
    for candidate in rejection.candidates() {
        text.push_str(&format!("\n  tried {candidate}"));
    }
    text
}

/// A root, an intermediate below it, and leaves that are right and wrong.
fn demonstrate() -> Result<(), Failure> {
    let (root, issuing) = authorities()?;
    let now = UnixTime::now();
    let anchors = Anchors::new(vec![root.certificate.clone()], vec![])?;
    let alice = issuing.leaf("alice", |_| ())?;
    let server = issuing.leaf("server", |params| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    })?;
    let expired = issuing.leaf("expired", |params| {
        params.not_after = date_time_ymd(2020, 1, 1)
    })?;
    let intermediate = &issuing.certificate;
    for (presented, expected) in [
        (vec![alice.clone(), intermediate.clone()], "accepted: "),
        (vec![alice], "refused, issuer_not_found: "),
        (
            vec![server, intermediate.clone()],
            "refused, purpose_not_allowed: ",
        ),
        (vec![expired, intermediate.clone()], "refused, expired: "),
    ] {
        let verdict = explain(&presented, &anchors, now)?;
        println!("{verdict}");
        if !verdict.starts_with(expected) {
            return Err(format!("expected {expected}").into());
        }
    }
    Ok(())
}

/// A certificate and the means to issue others.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

fn authorities() -> Result<(Authority, Authority), rcgen::Error> {
    let (params, key) = (authority("Example Root"), KeyPair::generate()?);
    let certificate = params.self_signed(&key)?.der().clone();
    let root = Authority {
        certificate,
        issuer: Issuer::new(params, key),
    };
    let (params, key) = (authority("Example Client CA"), KeyPair::generate()?);
    let certificate = params.signed_by(&key, &root.issuer)?.der().clone();
    Ok((
        root,
        Authority {
            certificate,
            issuer: Issuer::new(params, key),
        },
    ))
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

impl Authority {
    fn leaf(
        &self,
        name: &str,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Result<CertificateDer<'static>, rcgen::Error> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        Ok(params
            .signed_by(&KeyPair::generate()?, &self.issuer)?
            .der()
            .clone())
    }
}
