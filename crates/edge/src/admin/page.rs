//! The same for people: one page that needs nothing else.

mod sections;

use std::fmt::Write as _;
use std::sync::{Arc, OnceLock};

use portcullis_rewrite::facts::base64;
use sha2::{Digest as _, Sha256};

use super::api::moment;
use super::escape::Escaped;
use crate::running::Shared;

const STYLE: &str = include_str!("style.css");

/// What a browser may load for a response of this listener: nothing but the style of the page, and it runs nothing.
pub(super) fn content_security_policy() -> &'static str {
    static POLICY: OnceLock<String> = OnceLock::new();
    POLICY.get_or_init(|| {
        let digest = base64(&Sha256::digest(STYLE));
        format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        )
    })
}

/// What there is beside the page.
const LINKS: [(&str, &str); 8] = [
    ("/metrics", "Metrics"),
    ("/api/listeners", "Listeners"),
    ("/api/profiles", "TLS profiles"),
    ("/api/certificates", "Certificates"),
    ("/api/backend-health", "Backend health"),
    ("/api/ocsp", "OCSP"),
    ("/api/refusals", "Refusals"),
    ("/api/configuration", "Configuration"),
];

/// The page.
pub(super) fn page(shared: &Arc<Shared>) -> String {
    let (tone, state) = match shared.is_draining() {
        false => ("good", "Ready"),
        true => ("warn", "Draining"),
    };
    let started = moment(shared.metrics.started).unwrap_or_default();
    let mut html = format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <title>Portcullis: {state}</title><style>{STYLE}</style></head>\n\
         <body><header><h1>Portcullis</h1><p><span class=\"state {tone}\">{state}</span> \
         &middot; version {version} &middot; since {started}</p></header>\n<main>",
        version = env!("CARGO_PKG_VERSION"),
    );
    for section in sections::all(shared) {
        html.push_str(&section);
    }
    html.push_str("<footer><nav aria-label=\"Machine-readable\">");
    for (path, name) in LINKS {
        // Writing to a text does not fail.
        let _ = write!(html, "<a href=\"{path}\">{name}</a>");
    }
    html.push_str("</nav></footer></main></body></html>\n");
    html
}

/// What a field of a table says, and whether that is good.
struct Cell {
    text: String,
    tone: &'static str,
}

impl Cell {
    fn toned(tone: &'static str, text: impl ToString) -> Self {
        let text = text.to_string();
        Self { text, tone }
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::toned("", text)
    }
}

/// A table under a heading, or a line that says why there is none.
fn section<const N: usize>(
    heading: &str,
    columns: [&str; N],
    rows: Vec<[Cell; N]>,
    none: &str,
) -> String {
    let mut html = format!("<section><h2>{heading}</h2>");
    if rows.is_empty() {
        let _ = write!(html, "<p class=\"none\">{none}</p>");
    } else {
        html.push_str("<table><thead><tr>");
        for column in columns {
            let _ = write!(html, "<th scope=\"col\">{column}</th>");
        }
        html.push_str("</tr></thead><tbody>");
        for row in rows {
            html.push_str("<tr>");
            for (column, Cell { text, tone }) in columns.iter().zip(row) {
                let text = Escaped(&text);
                let _ = write!(html, "<td data-of=\"{column}\">");
                let _ = match tone {
                    "" => write!(html, "{text}"),
                    tone => write!(html, "<span class=\"{tone}\">{text}</span>"),
                };
                html.push_str("</td>");
            }
            html.push_str("</tr>");
        }
        html.push_str("</tbody></table>");
    }
    html.push_str("</section>\n");
    html
}
