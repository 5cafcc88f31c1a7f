//! Both halves of OCSP without a network: asks, answers, and judges the answer.
//!
//! Without arguments it makes a throwaway authority that answers about a certificate of its own, once
//! good and once revoked, and shows what the answers prove, and what they do not prove about
//! another certificate:
//!
//! ```console
//! cargo run --package portcullis-examples --example ocsp_status
//! ```
//!
//! With three files, PEM or DER, it judges a response that was saved, as by `openssl ocsp -respout`:
//!
//! ```console
//! cargo run --package portcullis-examples --example ocsp_status -- certificate.pem issuer.pem response.der
//! ```

#![expect(clippy::print_stdout, reason = "an example talks to whoever runs it")]

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use portcullis_ocsp::responder::{Answer, SignError, Signer, respond};
use portcullis_ocsp::{
    CertificateStatus, Query, ResponderId, RevocationReason, Rules, parse_request, request, status,
};
use portcullis_x509::Certificate;
use rcgen::{CertificateParams, DnType, IsCa, Issuer, KeyPair, SigningKey as _};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, UnixTime};

type Failure = Box<dyn Error>;

fn main() -> Result<(), Failure> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    match arguments.as_slice() {
        [] => throwaway(),
        [certificate, issuer, response] => saved(
            &read_certificate(Path::new(certificate))?,
            &read_certificate(Path::new(issuer))?,
            &std::fs::read(response)?,
        ),
        _ => Err("no argument, or a certificate, its issuer and a response".into()),
    }
}

/// Judges a response by a provider's algorithms, now.
fn judge(response: &[u8], query: &Query<'_>) -> String {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let rules = Rules::new(provider.signature_verification_algorithms.all);
    match status(response, query, &rules, UnixTime::now()) {
        Ok(status) => format!("{}, says {}", status.certificate, status.responder),
        Err(refusal) => format!("nothing is proven ({}): {refusal}", refusal.code()),
    }
}

fn saved(certificate: &[u8], issuer: &[u8], response: &[u8]) -> Result<(), Failure> {
    let (certificate, issuer) = (
        Certificate::parse(certificate)?,
        Certificate::parse(issuer)?,
    );
    println!("{}", judge(response, &Query::new(&certificate, &issuer)));
    Ok(())
}

fn read_certificate(path: &Path) -> Result<CertificateDer<'static>, Failure> {
    let octets = std::fs::read(path)?;
    Ok(match CertificateDer::from_pem_slice(&octets) {
        Ok(certificate) => certificate,
        Err(_) => CertificateDer::from(octets),
    })
}

fn throwaway() -> Result<(), Failure> {
    let authority = Authority::new()?;
    let (alice, bob) = (authority.issue("alice")?, authority.issue("bob")?);
    let (alice, bob) = (Certificate::parse(&alice)?, Certificate::parse(&bob)?);
    let issuer = Certificate::parse(&authority.certificate)?;
    let query = Query::new(&alice, &issuer);
    let question = request(&query);

    let good = authority.answer(&question, CertificateStatus::Good)?;
    let reason = Some(RevocationReason::KeyCompromise);
    let at = UnixTime::now();
    let revoked = authority.answer(&question, CertificateStatus::Revoked { at, reason })?;
    let judged = [
        judge(&good, &query),
        judge(&revoked, &query),
        // What is said of alice says nothing of bob.
        judge(&good, &Query::new(&bob, &issuer)),
    ];
    for (name, judged) in ["alice", "alice", "bob"].iter().zip(&judged) {
        println!("{name}: {judged}");
    }
    let [good, revoked, nothing] = judged;
    assert!(good.starts_with("good"));
    assert!(revoked.starts_with("revoked"));
    assert!(nothing.starts_with("nothing is proven"));
    Ok(())
}

/// A certification authority that answers for itself.
struct Authority {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new() -> Result<Self, Failure> {
        let key = KeyPair::generate()?;
        let mut parameters = named("Throwaway CA");
        parameters.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key)?.der().clone();
        Ok(Self {
            certificate,
            issuer: Issuer::new(parameters, key),
        })
    }

    fn issue(&self, name: &str) -> Result<CertificateDer<'static>, Failure> {
        let certificate = named(name).signed_by(&KeyPair::generate()?, &self.issuer)?;
        Ok(certificate.der().clone())
    }

    /// Says `said` of every certificate that is asked about, for an hour.
    fn answer(&self, question: &[u8], said: CertificateStatus) -> Result<Vec<u8>, Failure> {
        let asked = parse_request(question)?;
        let own = Certificate::parse(&self.certificate)?;
        let now = UnixTime::now();
        let answers: Vec<_> = asked
            .cert_ids()
            .iter()
            .filter(|cert_id| cert_id.is_issued_by(&own))
            .map(|cert_id| Answer {
                cert_id: cert_id.der(),
                status: said,
                this_update: now,
                next_update: Some(in_an_hour(now)),
                archive_cutoff: None,
            })
            .collect();
        let id = ResponderId::by_name(&own);
        Ok(respond(&answers, asked.nonce()?, id, &[], self, now)?)
    }
}

impl Signer for Authority {
    fn algorithm(&self) -> &[u8] {
        // ecdsa-with-SHA256, what rcgen's keys sign with unless said otherwise
        &[
            0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
        ]
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignError> {
        self.issuer.key().sign(message).map_err(|_| SignError)
    }
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name.remove(DnType::CommonName);
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters
}

fn in_an_hour(now: UnixTime) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(now.as_secs().saturating_add(3600)))
}
