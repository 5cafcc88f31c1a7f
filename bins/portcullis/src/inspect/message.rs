//! What an OCSP request or response says, before anyone believes it.

use std::io::{self, Write};

use portcullis_ocsp::{
    BasicResponse, CertIdRef, CertificateStatus, CrlReference, ExtendedRevoke, Malformed, Request,
    Response, Signed, SingleResponse, parse_request, parse_response,
};
use portcullis_x509::Certificate;
use serde::Serialize;

use crate::hexadecimal;
use crate::instant;
use crate::terminal::Paint;

use super::{Finding, print_fields};

/// A question.
#[derive(Debug, Serialize)]
pub(super) struct RequestReport {
    certificates: Vec<CertIdReport>,
    nonce: Option<String>,
    signed: bool,
}

/// An answer, or the refusal to give one.
#[derive(Debug, Serialize)]
pub(super) struct ResponseReport {
    response_status: &'static str,
    #[serde(flatten)]
    basic: Option<BasicReport>,
}

#[derive(Debug, Serialize)]
struct BasicReport {
    responder: String,
    produced_at: String,
    signature_algorithm: String,
    nonce: Option<String>,
    extended_revoke: Option<String>,
    answers: Vec<AnswerReport>,
    certificates: Vec<String>,
}

#[derive(Debug, Serialize)]
struct AnswerReport {
    #[serde(flatten)]
    certificate: CertIdReport,
    status: &'static str,
    this_update: String,
    next_update: Option<String>,
    revoked_at: Option<String>,
    revocation_reason: Option<String>,
    #[serde(flatten)]
    statements: Statements,
}

/// What is said beside the status. What is there and malformed says so, and spoils nothing else.
#[derive(Debug, Serialize)]
struct Statements {
    archive_cutoff: Option<String>,
    crl: Option<String>,
    crl_reason: Option<String>,
    invalidity_date: Option<String>,
    signed_certificate_timestamps: Option<String>,
}

/// How OCSP names a certificate.
#[derive(Debug, Serialize)]
struct CertIdReport {
    serial: String,
    hash: String,
    issuer_name_hash: String,
    issuer_key_hash: String,
}

pub(super) fn request(der: &[u8]) -> Finding {
    let report = parse_request(der).and_then(|request| RequestReport::of(&request));
    match report {
        Ok(report) => Finding::OcspRequest(report),
        Err(malformed) => malformed_message("OCSP request", &malformed),
    }
}

pub(super) fn response(der: &[u8]) -> Finding {
    let report = parse_response(der).and_then(|response| ResponseReport::of(&response));
    match report {
        Ok(report) => Finding::OcspResponse(report),
        Err(malformed) => malformed_message("OCSP response", &malformed),
    }
}

fn malformed_message(expected: &'static str, malformed: &Malformed) -> Finding {
    Finding::Malformed {
        expected,
        detail: malformed.to_string(),
    }
}

impl RequestReport {
    fn of(request: &Request<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            certificates: request.cert_ids().iter().map(CertIdReport::of).collect(),
            nonce: request
                .nonce()?
                .map(|nonce| hexadecimal::upper(nonce.as_bytes())),
            signed: request.signed() == Signed::Present,
        })
    }

    pub(super) fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let signed = if self.signed { "yes" } else { "no" };
        let nonce = self.nonce.as_deref().unwrap_or("none");
        print_fields(
            out,
            "OCSP request",
            &[("nonce", nonce), ("signed", signed)],
            paint,
        )?;
        self.certificates.iter().try_for_each(|certificate| {
            print_fields(out, "  about certificate", &certificate.fields(), paint)
        })
    }
}

impl ResponseReport {
    fn of(response: &Response<'_>) -> Result<Self, Malformed> {
        Ok(match response {
            Response::Error(status) => Self {
                response_status: status.name(),
                basic: None,
            },
            Response::Basic(basic) => Self {
                response_status: "successful",
                basic: Some(BasicReport::of(basic)?),
            },
        })
    }

    pub(super) fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let status = ("status", self.response_status);
        let Some(basic) = &self.basic else {
            return print_fields(out, "OCSP response", &[status], paint);
        };
        let mut fields = vec![
            status,
            ("responder", basic.responder.as_str()),
            ("produced at", &basic.produced_at),
            ("signature", &basic.signature_algorithm),
            ("nonce", basic.nonce.as_deref().unwrap_or("none")),
        ];
        fields.extend(
            basic
                .extended_revoke
                .iter()
                .map(|is| ("extended revoke", is.as_str())),
        );
        fields.extend(
            basic
                .certificates
                .iter()
                .map(|name| ("certificate", name.as_str())),
        );
        print_fields(out, "OCSP response", &fields, paint)?;
        basic
            .answers
            .iter()
            .try_for_each(|answer| answer.print(out, paint))
    }
}

impl BasicReport {
    fn of(basic: &BasicResponse<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            responder: basic.responder_id().to_string(),
            produced_at: instant::show(basic.produced_at()),
            signature_algorithm: basic.signature_algorithm().to_string(),
            nonce: basic
                .nonce()?
                .map(|nonce| hexadecimal::upper(nonce.as_bytes())),
            extended_revoke: extended_revoke(basic),
            answers: basic.responses().iter().map(AnswerReport::of).collect(),
            certificates: basic.certificates().map(subject).collect(),
        })
    }
}

fn extended_revoke(basic: &BasicResponse<'_>) -> Option<String> {
    let is_there = basic.extended_revoke().map(|revoke| match revoke {
        ExtendedRevoke::Present => Some("yes".to_owned()),
        ExtendedRevoke::Absent => None,
    });
    said_as(is_there, |yes| yes)
}

fn subject(der: &[u8]) -> String {
    match Certificate::parse(der) {
        Ok(certificate) => certificate.subject().to_string(),
        Err(malformed) => format!("malformed: {malformed}"),
    }
}

impl AnswerReport {
    fn of(answer: &SingleResponse<'_>) -> Self {
        let (status, revoked_at, reason) = match answer.status() {
            CertificateStatus::Good => ("good", None, None),
            CertificateStatus::Unknown => ("unknown", None, None),
            CertificateStatus::Revoked { at, reason } => ("revoked", Some(at), reason),
        };
        Self {
            certificate: CertIdReport::of(&answer.cert_id()),
            status,
            this_update: instant::show(answer.this_update()),
            next_update: answer.next_update().map(instant::show),
            revoked_at: revoked_at.map(instant::show),
            revocation_reason: reason.map(|reason| reason.to_string()),
            statements: Statements::of(answer),
        }
    }

    fn print(&self, out: &mut dyn Write, paint: Paint) -> io::Result<()> {
        let mut fields = vec![
            ("status", self.status),
            ("this update", self.this_update.as_str()),
            ("next update", self.next_update.as_deref().unwrap_or("none")),
        ];
        fields.extend(self.revoked_at.iter().map(|at| ("revoked at", at.as_str())));
        fields.extend(
            self.revocation_reason
                .iter()
                .map(|reason| ("reason", reason.as_str())),
        );
        fields.extend(self.statements.fields());
        fields.extend(self.certificate.fields());
        print_fields(out, "  answer", &fields, paint)
    }
}

impl Statements {
    fn of(answer: &SingleResponse<'_>) -> Self {
        let timestamps = answer.signed_certificate_timestamps();
        Self {
            archive_cutoff: said_as(answer.archive_cutoff(), instant::show),
            crl: said_as(answer.crl_reference(), |crl| describe(&crl)),
            crl_reason: said_as(answer.crl_reason(), |reason| reason.to_string()),
            invalidity_date: said_as(answer.invalidity_date(), instant::show),
            signed_certificate_timestamps: said_as(timestamps, hexadecimal::upper),
        }
    }

    fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        let fields = [
            ("archive cutoff", &self.archive_cutoff),
            ("CRL", &self.crl),
            ("CRL reason", &self.crl_reason),
            ("invalid since", &self.invalidity_date),
            ("timestamps", &self.signed_certificate_timestamps),
        ];
        fields
            .into_iter()
            .filter_map(|(label, value)| Some((label, value.as_deref()?)))
    }
}

fn said_as<T>(
    value: Result<Option<T>, Malformed>,
    show: impl FnOnce(T) -> String,
) -> Option<String> {
    match value {
        Ok(value) => value.map(show),
        Err(malformed) => Some(format!("malformed: {malformed}")),
    }
}

/// The parts that are there, as in `http://crl.example/, number 0A, of 2026-06-01T00:00:00Z`.
fn describe(crl: &CrlReference<'_>) -> String {
    let url = crl.url().map(str::to_owned);
    let number = crl.number().map(hexadecimal::upper);
    let parts = [
        url,
        number.map(|number| format!("number {number}")),
        crl.time().map(|time| format!("of {}", instant::show(time))),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

impl CertIdReport {
    fn of(cert_id: &CertIdRef<'_>) -> Self {
        Self {
            serial: cert_id.serial().to_string(),
            hash: cert_id.hash_algorithm_identifier().to_string(),
            issuer_name_hash: hexadecimal::upper(cert_id.issuer_name_hash()),
            issuer_key_hash: hexadecimal::upper(cert_id.issuer_key_hash()),
        }
    }

    fn fields(&self) -> [(&str, &str); 4] {
        [
            ("serial", &self.serial),
            ("hash", &self.hash),
            ("issuer name", &self.issuer_name_hash),
            ("issuer key", &self.issuer_key_hash),
        ]
    }
}
