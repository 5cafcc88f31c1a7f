//! TLS profiles: the server's certificate and what is asked of clients.

use super::policy::policy;
use super::{Drafted, Fields, Report};
use crate::diagnostic::{Located, Place, Problem};
use crate::gateway::{
    ClientAuth, ImmediateIssuer, OnFailure, Password, Revocation, RevocationMode, RevocationScope,
    Secret, ServerCertificate, TlsPolicy, Trust,
};

/// A TLS profile.
pub(crate) struct TlsProfileDraft {
    pub(crate) name: Located<String>,
    pub(crate) certificate: Option<ServerCertificate>,
    pub(crate) client_auth: Option<ClientAuth>,
    pub(crate) ocsp_stapling: bool,
    pub(crate) policy: Drafted<Located<TlsPolicy>>,
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
        certificate: certificate.and_then(|fields| key_pair(&fields, report)),
        client_auth: client_auth(fields, report),
        policy: policy("tls_policy", fields, report),
        ocsp_stapling: fields.switch("ocsp_stapling").unwrap_or_default(),
        place: fields.place().clone(),
    }
}

pub(super) fn key_pair(fields: &Fields<'_>, report: &mut Report) -> Option<ServerCertificate> {
    if fields.has("pem") {
        for key in ["pfx", "password", "password_file"] {
            fields.refuse(key, Problem::Conflict { with: "pem" }, report);
        }
        fields.require("key", report);
        return Some(ServerCertificate::Pem {
            certificate: fields.file("pem")?,
            key: fields.file("key")?,
        });
    }
    if fields.has("pfx") {
        fields.refuse("key", Problem::Conflict { with: "pfx" }, report);
        let password = password(fields, report);
        return Some(ServerCertificate::Pfx {
            file: fields.file("pfx")?,
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
        (false, true) => fields.file("password_file").map(Password::File),
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
    let revocation = revocation(fields, report);
    Some(Trust {
        certificates: fields.files("trusted_client_certificates", report)?,
        immediate_issuer: match fields.switch_or("verify_issuer_dn", false)? {
            true => ImmediateIssuer::Configured,
            false => ImmediateIssuer::Any,
        },
        revocation: revocation?,
        on_failure: match fields.choice_or("on_failure", "respond")? {
            "respond" => OnFailure::Respond,
            "alert" => OnFailure::Alert,
            _ => return None,
        },
        remembered_chains: fields.count("remembered_chains"),
    })
}

fn revocation(fields: &Fields<'_>, report: &mut Report) -> Option<Revocation> {
    match fields.choice("revocation")? {
        "ocsp" => {
            let mode = revocation_mode(fields, report);
            let scope = match fields.choice_or("revocation_scope", "leaf")? {
                "leaf" => RevocationScope::Leaf,
                "chain" => RevocationScope::Chain,
                _ => return None,
            };
            Some(Revocation::Ocsp { mode: mode?, scope })
        }
        "off" => {
            refuse_all(&HOW_REVOCATION, "revocation", "off", fields, report);
            Some(Revocation::Off)
        }
        _ => None,
    }
}

fn revocation_mode(fields: &Fields<'_>, report: &mut Report) -> Option<RevocationMode> {
    let (mode, value) = match fields.choice_or("revocation_mode", "hard-fail")? {
        "hard-fail" => (RevocationMode::HardFail, "hard-fail"),
        "soft-fail" => (RevocationMode::SoftFail, "soft-fail"),
        "grace" => {
            fields.require("revocation_grace", report);
            return fields
                .seconds("revocation_grace")
                .map(RevocationMode::Grace);
        }
        _ => return None,
    };
    refuse_all(
        &["revocation_grace"],
        "revocation_mode",
        value,
        fields,
        report,
    );
    Some(mode)
}

/// Nothing is judged, so what to judge by would only look like protection.
fn refuse_trust(fields: &Fields<'_>, value: &'static str, report: &mut Report) {
    for names in [&TRUST[..], &HOW_REVOCATION[..]] {
        refuse_all(names, "client_auth", value, fields, report);
    }
}

/// Reports keys that have no meaning with this value of another.
fn refuse_all(
    names: &[&str],
    key: &'static str,
    value: &'static str,
    fields: &Fields<'_>,
    report: &mut Report,
) {
    for name in names {
        fields.refuse(name, Problem::Meaningless { key, value }, report);
    }
}

/// What certificates are judged by.
const TRUST: [&str; 5] = [
    "trusted_client_certificates",
    "verify_issuer_dn",
    "revocation",
    "on_failure",
    "remembered_chains",
];

/// What says how issuers are asked, where they are.
const HOW_REVOCATION: [&str; 3] = ["revocation_mode", "revocation_grace", "revocation_scope"];
