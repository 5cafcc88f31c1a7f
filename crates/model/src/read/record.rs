//! The access log and the traces.

use super::{Fields, Report, excerpt};
use crate::diagnostic::Problem;
use crate::gateway::{AccessLogSettings, LogFormat, LogOutput, TraceSettings};

pub(super) fn access_log(fields: &Fields<'_>, report: &mut Report) -> AccessLogSettings {
    let default = AccessLogSettings::default();
    if fields.has("path") {
        fields.refuse("output", Problem::Conflict { with: "path" }, report);
    }
    let output = match (fields.path("path"), fields.choice("output")) {
        (Some(path), _) => LogOutput::File(path.value),
        (None, Some("off")) => LogOutput::Off,
        (None, Some("stderr")) => LogOutput::Stderr,
        (None, _) => default.output,
    };
    AccessLogSettings {
        format: match fields.choice("format") {
            Some("text") => LogFormat::Text,
            _ => default.format,
        },
        output,
        place: fields.place_of("path"),
    }
}

pub(super) fn traces(fields: &Fields<'_>, report: &mut Report) -> TraceSettings {
    let default = TraceSettings::default();
    let otlp_endpoint = fields.text("otlp_endpoint");
    if let Some(url) = &otlp_endpoint
        && !url.value.starts_with("http://")
    {
        let problem = Problem::InvalidText {
            found: excerpt(&url.value),
            what: "the URL of a collector",
            accepted: "http://HOST:PORT, with a path at most",
        };
        report.push(url.place.clone(), problem);
    }
    TraceSettings {
        otlp_endpoint,
        sample_ratio: fields.ratio("sample_ratio").unwrap_or(default.sample_ratio),
    }
}
