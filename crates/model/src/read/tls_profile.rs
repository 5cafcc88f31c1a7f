//! TLS profiles: the server's certificate and what is asked of clients.

use super::{Fields, Report};
use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{
    ClientAuth, OnFailure, Password, Revocation, Secret, ServerCertificate, Trust,
};

/// A TLS profile.
pub(crate) struct TlsProfileDraft {
    pub(crate) name: Located<String>,
    pub(crate) certificate: Option<ServerCertificate>,
    pub(crate) client_auth: Option<ClientAuth>,
    pub(crate) place: Place,
}

pub(crate) fn tls_profile(
    name: Located<String>,
    fields: &Fields<'_>,
    report: &mut Report,
) -> TlsProfileDraft {
    let certificate = fields.table("certificate", report);
    TlsProfileDraft {
        name,
        certificate: certificate.and_then(|fields| server_certificate(&fields, report)),
        client_auth: client_auth(fields, report),
        place: fields.place().clone(),
    }
}

fn server_certificate(fields: &Fields<'_>, report: &mut Report) -> Option<ServerCertificate> {
    if fields.has("pem") {
        for key in ["pfx", "password", "password_file"] {
            fields.refuse(key, Problem::Conflict { with: "pem" }, report);
        }
        fields.require("key", report);
        return Some(ServerCertificate::Pem {
            certificate: fields.path("pem")?,
            key: fields.path("key")?,
        });
    }
    if fields.has("pfx") {
        fields.refuse("key", Problem::Conflict { with: "pfx" }, report);
        let password = password(fields, report);
        return Some(ServerCertificate::Pfx {
            file: fields.path("pfx")?,
            password: password?,
        });
    }
    let keys = &["pem", "pfx"];
    report.push(fields.place().clone(), Problem::MissingOneOf { keys });
    None
}

/// One of two, never none: a file without a password says so with an empty one.
fn password(fields: &Fields<'_>, report: &mut Report) -> Option<Password> {
    match (fields.has("password"), fields.has("password_file")) {
        (true, false) => {
            let Located { value, place } = fields.text("password")?;
            let password = Located::new(Secret::new(value), place);
            Some(Password::Inline(password))
        }
        (false, true) => fields.path("password_file").map(Password::File),
        (true, true) => {
            let with = "password";
            fields.refuse("password_file", Problem::Conflict { with }, report);
            None
        }
        (false, false) => {
            let keys = &["password", "password_file"];
            report.push(fields.place().clone(), Problem::MissingOneOf { keys });
            None
        }
    }
}

fn client_auth(fields: &Fields<'_>, report: &mut Report) -> Option<ClientAuth> {
    match fields.choice("client_auth")? {
        "required" => trust(fields, report).map(ClientAuth::Required),
        "optional" => trust(fields, report).map(ClientAuth::Optional),
        "passthrough" => {
            refuse_trust(fields, "passthrough", report);
            Some(ClientAuth::Passthrough)
        }
        "off" => {
            refuse_trust(fields, "off", report);
            Some(ClientAuth::Off)
        }
        _ => None,
    }
}

/// What certificates are judged by. Neither the anchors nor revocation have a default: both grant
/// trust.
fn trust(fields: &Fields<'_>, report: &mut Report) -> Option<Trust> {
    fields.require("trusted_client_certificates", report);
    fields.require("revocation", report);
    let on_failure = match fields.choice("on_failure") {
        Some("respond") => OnFailure::Respond,
        Some("alert") => OnFailure::Alert,
        _ if fields.has("on_failure") => return None,
        _ => OnFailure::default(),
    };
    Some(Trust {
        certificates: fields.paths("trusted_client_certificates", report)?,
        revocation: match fields.choice("revocation")? {
            "ocsp" => Revocation::Ocsp,
            "off" => Revocation::Off,
            _ => return None,
        },
        on_failure,
    })
}

/// Nothing is judged, so what to judge by would only look like protection.
fn refuse_trust(fields: &Fields<'_>, value: &'static str, report: &mut Report) {
    let key = "client_auth";
    for name in ["trusted_client_certificates", "revocation", "on_failure"] {
        fields.refuse(name, Problem::Meaningless { key, value }, report);
    }
}
