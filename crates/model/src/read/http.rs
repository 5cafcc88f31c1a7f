//! What holds for HTTP on every listener, how much there may be, and pages for errors.

use std::collections::BTreeMap;

use super::{Drafted, Fields, Report};
use crate::diagnostic::Problem;
use crate::gateway::{ErrorPages, HttpSettings, IdentityForm, IdentityHeaders, Limits, Oversize};

pub(super) fn http(fields: &Fields<'_>) -> HttpSettings {
    let default = HttpSettings::default();
    let count = |name, default| fields.count(name).unwrap_or(default);
    let number = |name, default| fields.number(name).map_or(default, |number| number.value);
    HttpSettings {
        http2: fields.switch("http2").unwrap_or(default.http2),
        url_bytes: count("url_bytes", default.url_bytes),
        header_bytes: count("header_bytes", default.header_bytes),
        http2_field_bytes: count("http2_field_bytes", default.http2_field_bytes),
        http2_header_bytes: count("http2_header_bytes", default.http2_header_bytes),
        body_bytes: number("body_bytes", default.body_bytes),
        http2_requests: number("http2_requests", default.http2_requests),
    }
}

pub(super) fn limits(fields: &Fields<'_>) -> Limits {
    let default = Limits::default();
    let count = |name, default| fields.count(name).unwrap_or(default);
    Limits {
        trust_file_bytes: count("trust_file_bytes", default.trust_file_bytes),
        trust_files_per_profile: count("trust_files_per_profile", default.trust_files_per_profile),
        trust_files: count("trust_files", default.trust_files),
        pools: count("pools", default.pools),
        targets: count("targets", default.targets),
        path_rules: count("path_rules", default.path_rules),
        rewrite_sets: count("rewrite_sets", default.rewrite_sets),
        rewrite_changes: count("rewrite_changes", default.rewrite_changes),
        rewrite_conditions: count("rewrite_conditions", default.rewrite_conditions),
    }
}

/// The pages of a table that has some; what was reported is missing.
pub(super) fn error_pages(fields: &Fields<'_>, report: &mut Report) -> Option<ErrorPages> {
    let table = fields.table("error_pages", report)?;
    let mut pages = BTreeMap::new();
    for status in STATUSES {
        let Some(file) = table.file(&status.to_string()) else {
            continue;
        };
        let found = file.inline().map_or(0, <[u8]>::len);
        if found > ErrorPages::PAGE_BYTES {
            let problem = Problem::TooMany {
                what: "bytes",
                found,
                most: ErrorPages::PAGE_BYTES,
                key: None,
            };
            report.push(file.place.clone(), problem);
        }
        pages.insert(status, file);
    }
    Some(ErrorPages::new(pages))
}

/// The statuses that can have a page (section 3.5).
const STATUSES: [u16; 9] = [400, 403, 404, 405, 408, 500, 502, 503, 504];

pub(super) fn identity_headers(
    fields: &Fields<'_>,
    report: &mut Report,
) -> Drafted<IdentityHeaders> {
    if fields.has("identity_header_oversize") {
        fields.require("identity_headers", report);
    }
    if !fields.has("identity_headers") {
        return Drafted::Absent;
    }
    identity(fields).map_or(Drafted::Reported, Drafted::Present)
}

fn identity(fields: &Fields<'_>) -> Option<IdentityHeaders> {
    let form = match fields.choice("identity_headers")? {
        "rfc9440" => IdentityForm::Rfc9440,
        "xfcc" => IdentityForm::Xfcc,
        "aws" => IdentityForm::Aws,
        "app_service" => IdentityForm::AppService,
        "nginx" => IdentityForm::Nginx,
        _ => return None,
    };
    let oversize = match fields.choice_or("identity_header_oversize", "refuse")? {
        "refuse" => Oversize::Refuse,
        "omit" => Oversize::Omit,
        _ => return None,
    };
    Some(IdentityHeaders::new(form, oversize))
}
