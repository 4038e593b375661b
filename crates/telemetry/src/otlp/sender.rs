//! The sender: one task that sends spans in batches and the metrics every so often.

use std::time::Duration;

use opentelemetry_proto::tonic::resource::v1::Resource;
use tokio::{
    sync::{mpsc, watch},
    time::{MissedTickBehavior, interval},
};

use super::{
    collector::{Collector, NotTaken},
    metrics::{Span, resource_metrics},
    spans::{attribute, resource_spans},
};
use crate::{
    metrics::{Counter, Metrics},
    settings::TelemetrySettings,
    trace::FinishedSpan,
    tracer::WallClock,
};

/// What the sending task works with.
#[derive(Debug)]
pub(crate) struct Sender {
    collector: Collector,
    metrics: Metrics,
    clock: WallClock,
    /// When this process began to count.
    since: u64,
    resource: Resource,
    every: Duration,
    batch_max: usize,
    dropped: Counter,
    failed: Counter,
    /// Whether the last message was taken: the log says when that changes.
    is_taking: bool,
}

impl Sender {
    pub(crate) fn new(
        collector: Collector,
        settings: &TelemetrySettings,
        metrics: &Metrics,
        clock: WallClock,
        dropped: Counter,
    ) -> Self {
        let failed = metrics.counter((
            "unefois_telemetry_exports_failed_total",
            "Messages of spans or metrics that the collector did not take",
        ));
        let attributes = vec![
            attribute("service.name", &settings.service_name),
            attribute("service.version", env!("CARGO_PKG_VERSION")),
        ];
        Self {
            collector,
            metrics: metrics.clone(),
            clock,
            since: clock(),
            resource: Resource { attributes, ..Resource::default() },
            every: settings.export_every.max(Duration::from_millis(1)),
            batch_max: settings.span_batch_max.max(1),
            dropped,
            failed,
            is_taking: true,
        }
    }

    /// Sends until it is told that nothing more will come; then what is left.
    pub(crate) async fn run(mut self, mut spans: mpsc::Receiver<FinishedSpan>, mut stop: watch::Receiver<()>) {
        let mut turn = interval(self.every);
        turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut batch = Vec::with_capacity(self.batch_max);
        loop {
            let room = self.batch_max - batch.len();
            let is_stopping = tokio::select! {
                biased;
                // An error means that the sender is gone: the one thing that is ever said.
                _gone = stop.changed() => true,
                taken = spans.recv_many(&mut batch, room), if room > 0 => taken == 0,
                _ = turn.tick() => {
                    self.send_spans(&mut batch).await;
                    self.send_metrics().await;
                    false
                }
            };
            if is_stopping {
                break;
            }
            if batch.len() == self.batch_max {
                self.send_spans(&mut batch).await;
            }
        }
        // What ends from now on is not followed any more.
        spans.close();
        self.send_metrics().await;
        while !batch.is_empty() || spans.recv_many(&mut batch, self.batch_max).await > 0 {
            self.send_spans(&mut batch).await;
        }
    }

    async fn send_spans(&mut self, batch: &mut Vec<FinishedSpan>) {
        if batch.is_empty() {
            return;
        }
        let count = batch.len() as u64;
        let sent = self.collector.send_spans(resource_spans(&self.resource, batch)).await;
        if sent.is_err() {
            self.dropped.inc_by(count);
        }
        self.learn(sent);
    }

    async fn send_metrics(&mut self) {
        let time = Span { since: self.since, now: (self.clock)() };
        let message = resource_metrics(&self.resource, &self.metrics.families(), time);
        let sent = self.collector.send_metrics(message).await;
        self.learn(sent);
    }

    fn learn(&mut self, sent: Result<(), NotTaken>) {
        match (&sent, self.is_taking) {
            (Err(error), true) => tracing::warn!(%error, "the collector is not to be reached: its spans are lost"),
            (Ok(()), false) => tracing::info!("the collector takes spans and metrics again"),
            (Err(_), false) | (Ok(()), true) => {}
        }
        if sent.is_err() {
            self.failed.inc();
        }
        self.is_taking = sent.is_ok();
    }
}
