//! The export over OTLP: what gathered is sent in the background, within limits, and is lost rather than waited for.

mod collector;
mod metrics;
mod sender;
mod spans;

use tokio::{
    sync::{mpsc, watch},
    task::JoinHandle,
};

use collector::Collector;
pub use collector::InvalidCollector;
use sender::Sender;

use crate::{
    metrics::Metrics,
    settings::TelemetrySettings,
    tracer::{Tracer, WallClock},
};

/// What sends in the background.
#[derive(Debug)]
pub struct Exporter(Option<Running>);

#[derive(Debug)]
struct Running {
    /// Dropped when there is nothing more to come.
    stop: watch::Sender<()>,
    task: JoinHandle<()>,
    flush_max: std::time::Duration,
}

impl Exporter {
    /// Starts sending, when a collector is configured, and gives the tracer that feeds it. Nothing connects before
    /// there is something to send, and a collector that is not there is no reason not to start.
    ///
    /// # Errors
    /// The endpoint or the authorities of the collector cannot be used.
    pub fn start(
        settings: &TelemetrySettings,
        metrics: &Metrics,
        clock: WallClock,
    ) -> Result<(Self, Tracer), InvalidCollector> {
        let Some(collector) = Collector::of(settings)? else { return Ok((Self(None), Tracer::off())) };
        let (queue, spans) = mpsc::channel(settings.span_queue_max.max(1));
        let dropped = metrics.counter((
            "unefois_telemetry_spans_dropped_total",
            "Spans that were lost because the collector did not keep up",
        ));
        let tracer = Tracer::new(settings.trace_ratio, clock, queue, dropped.clone());
        let (stop, stopped) = watch::channel(());
        let sender = Sender::new(collector, settings, metrics, clock, dropped);
        let task = tokio::spawn(sender.run(spans, stopped));
        Ok((Self(Some(Running { stop, task, flush_max: settings.flush_max })), tracer))
    }

    /// Sends what is left, within its limit.
    pub async fn finish(self) {
        let Some(Running { stop, mut task, flush_max }) = self.0 else { return };
        drop(stop);
        if tokio::time::timeout(flush_max, &mut task).await.is_err() {
            task.abort();
            tracing::warn!("the collector did not take the last spans and metrics in time");
        }
    }
}
