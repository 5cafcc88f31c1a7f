//! `portcullis ocsp`, as a script calls it.

use std::path::Path;

use serde_json::Value;

use crate::gateway::portcullis;
use crate::program::run;

/// What `portcullis ocsp ask` says of a certificate.
#[track_caller]
pub(crate) fn ask(certificate: &Path, issuer: &Path, options: &[&str]) -> Value {
    ocsp("ask", certificate, issuer, options)
}

/// What `portcullis ocsp verify` says of a certificate after it has read a response.
#[track_caller]
pub(crate) fn verify(
    certificate: &Path,
    issuer: &Path,
    response: &Path,
    options: &[&str],
) -> Value {
    let response = ["--response", response.to_str().unwrap()];
    ocsp(
        "verify",
        certificate,
        issuer,
        &[&response, options].concat(),
    )
}

#[track_caller]
fn ocsp(action: &str, certificate: &Path, issuer: &Path, options: &[&str]) -> Value {
    let mut command = portcullis();
    command.args(["ocsp", action, "--json", "--cert"]);
    command.arg(certificate).arg("--issuer").arg(issuer);
    let ended = run(command.args(options));
    let said: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    let code = i32::from(said["status"] != "good");
    assert_eq!(ended.code, Some(code), "{ended:?}");
    said
}

/// From `this_update` to `next_update`, in seconds.
#[track_caller]
pub(crate) fn lifetime(said: &Value) -> i64 {
    let instant = |field: &str| said[field].as_str().map(seconds).expect(field);
    instant("next_update") - instant("this_update")
}

/// The seconds since the first of March of the year 0 of an instant such as `2026-01-31T23:59:59Z`.
fn seconds(instant: &str) -> i64 {
    let fields = instant.trim_end_matches('Z').split(['-', 'T', ':']);
    let fields: Vec<i64> = fields.map(|field| field.parse().unwrap()).collect();
    let [year, month, day, hour, minute, second] = fields[..] else {
        panic!("{instant}");
    };
    // The year begins in March, so that what leap days move is at its end.
    let (year, month) = (
        year - i64::from(month < 3),
        month + if month < 3 { 9 } else { -3 },
    );
    let days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    ((days * 24 + hour) * 60 + minute) * 60 + second
}
