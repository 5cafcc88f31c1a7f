//! The access log: one line a request, written when its response has ended.

mod entry;
mod escape;
mod json;
mod line;
mod logged;
mod output;
mod reason;
mod text;

use std::error::Error;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use portcullis_model::{AccessLogSettings, LogFormat};

use crate::connection::Connection;
use crate::refused::Refused;

pub(crate) use entry::{Entry, FACTS};
pub(crate) use escape::{escape, escape_octets};
pub(crate) use line::Line;
pub(crate) use logged::Logged;
pub(crate) use reason::{class, detail};

use output::Output;

/// Octets that most lines have at most.
const LINE: usize = 2 * 1024;

/// Takes lines and never waits: what cannot be written in time is lost and counted.
pub(crate) struct AccessLog {
    /// None when the log is off.
    output: ArcSwapOption<Output>,
    dropped: Arc<AtomicU64>,
}

/// What other settings name, opened; nothing where all stays as it is.
pub(crate) struct Change(Option<Option<Arc<Output>>>);

impl AccessLog {
    pub(crate) fn open(settings: &AccessLogSettings) -> io::Result<Self> {
        let dropped = Arc::new(AtomicU64::new(0));
        let output = Output::open(settings, &dropped)?;
        Ok(Self {
            output: ArcSwapOption::new(output.map(Arc::new)),
            dropped,
        })
    }

    /// Opens what other settings name, so that the log can go on by them.
    pub(crate) fn prepare(&self, settings: &AccessLogSettings) -> io::Result<Change> {
        let same = self.output.load().as_ref().is_some_and(|output| {
            let current = &output.settings;
            (current.format, &current.output) == (settings.format, &settings.output)
        });
        if same {
            return Ok(Change(None));
        }
        let output = Output::open(settings, &self.dropped)?;
        Ok(Change(Some(output.map(Arc::new))))
    }

    /// Goes on by other settings. Lines that were taken before are written where they should have been.
    pub(crate) fn adopt(&self, Change(change): Change) {
        if let Some(output) = change {
            self.output.store(output);
        }
    }

    /// Has the file opened anew, for those who rotate logs.
    pub(crate) fn reopen(&self) {
        if let Some(output) = self.output.load().as_ref() {
            output.reopen();
        }
    }

    /// Lines that were lost.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    pub(crate) fn is_on(&self) -> bool {
        self.output.load().is_some()
    }

    pub(crate) fn write(&self, line: &Line<'_>) {
        let output = self.output.load();
        let Some(output) = output.as_ref() else {
            return;
        };
        let mut written = String::with_capacity(LINE);
        match output.settings.format {
            LogFormat::Json => json::write(line, &mut written),
            LogFormat::Text => text::write(line, &mut written),
        }
        written.push('\n');
        output.submit(written);
    }

    /// Waits, not for ever, until everything is written. Nothing may be written afterwards.
    pub(crate) fn close(&self) {
        if let Some(output) = self.output.swap(None).and_then(Arc::into_inner) {
            output.close();
        }
    }
}

/// Logs a client that was answered without TLS: there is nothing to know but where it is.
pub(crate) fn without_tls(log: &AccessLog, client: SocketAddr, refused: &Refused) {
    let status = refused.status().as_u16();
    log.write(&Line {
        status,
        reason: refused.code(),
        class: class(refused),
        error_info: reason::error_info(refused, &http::Method::GET),
        ..Line::of(client)
    });
}

/// Logs a client with whom no handshake came about.
pub(crate) fn without_handshake(
    log: &AccessLog,
    client: SocketAddr,
    reason: &'static str,
    error: Option<&io::Error>,
) {
    let cause = error.and_then(|error| error.get_ref()?.downcast_ref::<rustls::Error>());
    let (verify, error_info) = match cause {
        Some(rustls::Error::NoCertificatesPresented) => ("NONE", reason::NO_CERTIFICATE),
        Some(rustls::Error::InvalidCertificate(_)) => {
            ("FAILED:certificate verify failed", reason::NO_CERTIFICATE)
        }
        _ => ("", reason::INVALID_REQUEST),
    };
    log.write(&Line {
        reason,
        class: "handshake",
        verify: verify.into(),
        error_info,
        detail: error.map(|error| with_causes(error)),
        ..Line::of(client)
    });
}

/// Logs a request that is none, which hyper has answered.
pub(crate) fn not_a_request(connection: &Connection, error: &hyper::Error) {
    if !error.is_parse() {
        return;
    }
    let too_long = error.is_parse_too_large();
    connection.core.shared.log.write(&Line {
        listener: &connection.admission.load().site.name,
        status: if too_long { 431 } else { 400 },
        tls: connection.tls,
        reason: if too_long {
            "headers_too_long"
        } else {
            "request_malformed"
        },
        class: "request",
        error_info: reason::INVALID_REQUEST,
        detail: Some(with_causes(error)),
        ..Line::of(connection.peer)
    });
}

/// An error with all its causes, on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
