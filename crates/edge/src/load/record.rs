//! What is written down of requests, from the model to what runs.

use http::Uri;
use http::uri::{PathAndQuery, Scheme};
use portcullis_model::{AccessLogSettings, LogOutput};

use super::Loader;
use crate::traces;

/// What a collector's path goes on with (OTLP over HTTP, "OTLP/HTTP Request").
const TRACES: &str = "v1/traces";

impl Loader<'_> {
    /// The access log, its file in its place.
    pub(crate) fn access_log(&self) -> AccessLogSettings {
        let mut settings = self.model.access_log.clone();
        if let LogOutput::File(path) = &mut settings.output {
            *path = self.base.join(&path);
        }
        settings
    }

    pub(crate) fn traces(&mut self) -> Option<traces::Settings> {
        let model = self.model.traces.as_ref()?;
        let collector = match &model.otlp_endpoint {
            None => None,
            Some(url) => match collector(&url.value) {
                Ok(collector) => Some(collector),
                Err(error) => {
                    self.setup(&url.place, error);
                    None
                }
            },
        };
        Some(traces::Settings {
            collector,
            sample_ratio: model.sample_ratio,
        })
    }
}

/// Where spans are posted to, from the base URL of a collector.
fn collector(base: &str) -> Result<Uri, CollectorError> {
    let base: Uri = base.parse()?;
    if base.scheme() != Some(&Scheme::HTTP) || base.query().is_some() {
        return Err(CollectorError::NotABase);
    }
    let path = format!("{}/{TRACES}", base.path().trim_end_matches('/'));
    let mut parts = base.into_parts();
    parts.path_and_query = Some(PathAndQuery::try_from(path)?);
    Uri::from_parts(parts).map_err(|_| CollectorError::NotABase)
}

/// Why no span can be sent there.
#[derive(Debug, thiserror::Error)]
enum CollectorError {
    #[error("this is not a URL")]
    NotAUrl(#[from] http::uri::InvalidUri),
    #[error("this is not http://HOST:PORT with at most a path")]
    NotABase,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_posted_below_the_base() {
        for (base, expected) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("http://collector/", "http://collector/v1/traces"),
            ("http://c:1/otlp/", "http://c:1/otlp/v1/traces"),
        ] {
            assert_eq!(collector(base).unwrap().to_string(), expected);
        }
        for bad in ["http://", "http:// x", "https://c", "c:4318", "http://c?x"] {
            assert!(collector(bad).is_err(), "{bad}");
        }
    }
}
