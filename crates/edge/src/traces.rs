//! Traces: which one a request belongs to, and the span that this hop adds to it.

mod context;
mod export;
mod span;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwapOption;
use http::Uri;

use crate::log::Line;

pub(crate) use context::{Context, SpanId};
use export::Exporter;

/// What the configuration says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    /// Where spans are posted to.
    pub(crate) collector: Option<Uri>,
    pub(crate) sample_ratio: f64,
}

/// Takes spans and never waits: what cannot be sent in time is lost and counted.
pub(crate) struct Traces {
    /// None where no span is sent.
    exporter: ArcSwapOption<Exporter>,
    lost: Arc<AtomicU64>,
}

/// What other settings take; nothing where all stays as it is.
pub(crate) struct Change(Option<Option<Arc<Exporter>>>);

impl Traces {
    pub(crate) fn open(settings: Option<&Settings>) -> io::Result<Self> {
        let traces = Self {
            exporter: ArcSwapOption::empty(),
            lost: Arc::default(),
        };
        traces.adopt(traces.prepare(settings)?);
        Ok(traces)
    }

    /// Starts what other settings take, so that it can go on by them.
    pub(crate) fn prepare(&self, settings: Option<&Settings>) -> io::Result<Change> {
        let collector = settings.and_then(|settings| settings.collector.as_ref());
        let current = self.exporter.load();
        if current.as_ref().map(|exporter| &exporter.collector) == collector {
            return Ok(Change(None));
        }
        let exporter = collector
            .map(|collector| Exporter::start(collector.clone(), Arc::clone(&self.lost)))
            .transpose()?;
        Ok(Change(Some(exporter.map(Arc::new))))
    }

    /// Goes on by other settings. Spans that were taken before are sent to where they should be.
    pub(crate) fn adopt(&self, Change(change): Change) {
        if let Some(exporter) = change {
            self.exporter.store(exporter);
        }
    }

    /// Hands a span over, or drops and counts it.
    pub(crate) fn export(&self, context: &Context, line: &Line<'_>) {
        if let Some(exporter) = self.exporter.load().as_ref()
            && let Some(own) = context.own_span()
        {
            exporter.submit(span::json(context, own, line));
        }
    }

    /// Spans that were lost.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Waits, not for ever, until everything is sent. Nothing may be exported afterwards.
    pub(crate) fn close(&self) {
        if let Some(exporter) = self.exporter.swap(None).and_then(Arc::into_inner) {
            exporter.close();
        }
    }
}
