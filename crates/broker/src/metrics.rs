//! What the use cases count and measure; each instrument is bound before the first exchange.

use std::time::Instant;

use unefois_core::Reason;
use unefois_telemetry::{
    Counter, Ending, Gauge, Histogram, LATENCY_BUCKETS, Metrics, SIZE_BUCKETS, Trace, TraceContext,
};

use crate::{
    failure::Failure,
    hub::Hub,
    publish::{Acknowledgement, AcknowledgementKind},
};

/// One step of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Identify,
    Authorise,
    Fetch,
    Minimise,
    Record,
    Release,
}

impl Step {
    /// Every step, in the order of an exchange.
    const ALL: [Self; 6] = [Self::Identify, Self::Authorise, Self::Fetch, Self::Minimise, Self::Record, Self::Release];

    fn name(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Authorise => "authorise",
            Self::Fetch => "fetch",
            Self::Minimise => "minimise",
            Self::Record => "record",
            Self::Release => "release",
        }
    }
}

/// The instruments that are moved where things happen.
#[derive(Debug)]
pub(crate) struct BrokerMetrics {
    /// The released ones, then those that ended for each reason.
    exchanges: Vec<Counter>,
    /// A histogram a step.
    steps: Vec<Histogram>,
    /// Created, revised, unchanged, rejected.
    publications: Vec<Counter>,
    pub(crate) keys: KeyMetrics,
    pub(crate) recorder: RecorderMetrics,
    pub(crate) loader_batch: Histogram,
}

/// What the recorder measures.
#[derive(Debug, Clone)]
pub(crate) struct RecorderMetrics {
    pub(crate) batch: Histogram,
    pub(crate) commit: Histogram,
}

/// How often a key was open already.
#[derive(Debug, Clone)]
pub(crate) struct KeyMetrics {
    pub(crate) found: Counter,
    pub(crate) missed: Counter,
}

impl BrokerMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let ended = Reason::ALL.iter().map(|reason| [outcome(*reason), reason.code()]);
        let mut keys = metrics.counters(
            ("unefois_broker_key_lookups_total", "Keys of subjects that were wanted: open already, or not"),
            ["result"],
            [["open"], ["unwrapped"]],
        );
        Self {
            exchanges: metrics.counters(
                ("unefois_broker_exchanges_total", "Pulls that ended, by outcome and stable reason"),
                ["outcome", "reason"],
                std::iter::once(["released", "NONE"]).chain(ended),
            ),
            steps: metrics.histograms(
                ("unefois_broker_step_seconds", "How long each step of a pull takes"),
                LATENCY_BUCKETS,
                ["step"],
                Step::ALL.map(|step| [step.name()]),
            ),
            publications: metrics.counters(
                ("unefois_broker_publications_total", "Published records, by what became of them"),
                ["outcome"],
                [["created"], ["revised"], ["unchanged"], ["rejected"]],
            ),
            keys: KeyMetrics { missed: keys.remove(1), found: keys.remove(0) },
            recorder: RecorderMetrics {
                batch: metrics.histogram(
                    ("unefois_broker_batch_entries", "Exchanges that the recorder commits together"),
                    SIZE_BUCKETS,
                ),
                commit: metrics.histogram(
                    ("unefois_broker_commit_seconds", "How long a commit of the ledger takes until it is durable"),
                    LATENCY_BUCKETS,
                ),
            },
            loader_batch: metrics.histogram(
                ("unefois_broker_loader_batch_reads", "Point reads that one query of the loader answers"),
                SIZE_BUCKETS,
            ),
        }
    }

    /// Counts a pull that ended.
    pub(crate) fn pulled<T>(&self, ended: &Result<T, Failure>) {
        let place = match ended {
            Ok(_) => 0,
            Err(failure) => 1 + failure.reason as usize,
        };
        self.exchanges[place].inc();
    }

    /// Counts what became of published records.
    pub(crate) fn published(&self, fates: &[Result<Acknowledgement, Failure>]) {
        for fate in fates {
            let place = match fate.as_ref().map(|acknowledgement| acknowledgement.kind) {
                Ok(AcknowledgementKind::Created) => 0,
                Ok(AcknowledgementKind::Revised) => 1,
                Ok(AcknowledgementKind::Unchanged) => 2,
                Err(_) => 3,
            };
            self.publications[place].inc();
        }
    }

    /// Begins a step of an exchange.
    pub(crate) fn begin(&self, step: Step, trace: &Trace) -> Stepping {
        let histogram = self.steps[step as usize].clone();
        Stepping { histogram, span: trace.step(step.name()), began: Instant::now(), ended: false }
    }
}

/// A step under way. It is measured until it is dropped; one that is dropped before it ended was given up.
#[derive(Debug)]
pub(crate) struct Stepping {
    histogram: Histogram,
    span: unefois_telemetry::Step,
    began: Instant,
    ended: bool,
}

impl Stepping {
    /// Ends the step with what it came to, and hands that on.
    pub(crate) fn ended<T>(mut self, outcome: Result<T, Failure>) -> Result<T, Failure> {
        self.ended = true;
        if let Err(failure) = &outcome {
            let ending = if outcome_is_failure(failure.reason) { Ending::Failed } else { Ending::Well };
            self.span.refused(failure.reason.code(), ending);
        }
        outcome
    }

    /// The context that a call made in this step carries on.
    pub(crate) fn onward(&self) -> Option<TraceContext> {
        self.span.onward()
    }
}

impl Drop for Stepping {
    fn drop(&mut self) {
        self.histogram.observe(self.began.elapsed().as_secs_f64());
        if !self.ended {
            self.span.refused(Reason::DeadlineExceeded.code(), Ending::Failed);
        }
    }
}

/// Whether a reason says that something failed, where others say that something may not be.
fn outcome_is_failure(reason: Reason) -> bool {
    let of_others =
        matches!(reason, Reason::ProviderUnavailable | Reason::ProviderAnswerInvalid | Reason::DeadlineExceeded);
    reason.is_internal() || of_others
}

fn outcome(reason: Reason) -> &'static str {
    match reason {
        Reason::NotFound => "not_found",
        reason if outcome_is_failure(reason) => "failed",
        _ => "refused",
    }
}

/// What is looked at whenever the metrics are read.
struct Gauges {
    waiting: Vec<Gauge>,
    room: Vec<Gauge>,
    index_tail: Gauge,
    index_tail_max: Gauge,
    shard: Gauge,
    epoch: Gauge,
    ready: Gauge,
}

/// Lets the metrics look at a hub as long as there is one.
pub(crate) fn watch(metrics: &Metrics, hub: impl Fn() -> Option<Hub> + Send + Sync + 'static) {
    const QUEUES: [[&str; 1]; 3] = [["exchanges"], ["acts"], ["reads"]];
    let gauges = Gauges {
        waiting: metrics.gauges(
            ("unefois_broker_queue_entries", "What waits in a queue: exchanges and acts to be recorded, point reads"),
            ["queue"],
            QUEUES,
        ),
        room: metrics.gauges(
            ("unefois_broker_queue_max_entries", "How much may wait in a queue; over it callers are turned away"),
            ["queue"],
            QUEUES,
        ),
        index_tail: metrics.gauge(("unefois_broker_index_tail_entries", "Entries that are recorded but not indexed")),
        index_tail_max: metrics.gauge((
            "unefois_broker_index_tail_max_entries",
            "How many entries may be recorded but not indexed; over it exchanges are turned away",
        )),
        shard: metrics.gauge(("unefois_broker_shard_entries", "Entries of the ledger shard")),
        epoch: metrics.gauge((
            "unefois_broker_authority_epoch_number",
            "Raised whenever somebody may do less than before: a withdrawal, a suspension, a revocation",
        )),
        ready: metrics.gauge(("unefois_broker_ready_ratio", "1 when the hub can record exchanges, 0 when it cannot")),
    };
    metrics.on_read(move || {
        if let Some(hub) = hub() {
            gauges.look(&hub);
        }
    });
}

impl Gauges {
    fn look(&self, hub: &Hub) {
        let [exchanges, acts] = hub.recorder.queues();
        let queues = [exchanges, acts, hub.loader.queue()];
        for ((waiting, room), queue) in self.waiting.iter().zip(&self.room).zip(queues) {
            waiting.set(number(queue.waiting as u64));
            room.set(number(queue.max as u64));
        }
        self.index_tail.set(number(hub.recorder.index_tail()));
        self.index_tail_max.set(number(hub.limits.index_tail_max));
        self.shard.set(number(hub.recorder.head().size));
        self.epoch.set(number(hub.authority.load().epoch));
        self.ready.set(i64::from(hub.readiness().is_ok()));
    }
}

/// How full a queue is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct QueueDepth {
    waiting: usize,
    max: usize,
}

impl QueueDepth {
    pub(crate) fn of<T>(queue: &tokio::sync::mpsc::Sender<T>) -> Self {
        Self { waiting: queue.max_capacity() - queue.capacity(), max: queue.max_capacity() }
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use unefois_core::Reason;

    use super::{BrokerMetrics, Metrics, outcome};

    #[test]
    fn every_reason_is_counted_under_its_own_name() {
        let metrics = Metrics::new();
        let broker = BrokerMetrics::new(&metrics);
        for reason in Reason::ALL {
            broker.pulled::<()>(&Err(crate::Failure::new(*reason)));
        }
        let text = metrics.text();
        for reason in Reason::ALL {
            let line = format!("{{outcome=\"{}\",reason=\"{reason}\"}} 1", outcome(*reason));
            assert!(text.contains(&line), "{line}");
        }
        assert!(text.contains("{outcome=\"released\",reason=\"NONE\"} 0"));
    }

    #[test]
    fn a_refusal_is_no_failure() {
        assert_eq!(outcome(Reason::QuotaExceeded), "refused");
        assert_eq!(outcome(Reason::ConsentWithdrawn), "refused");
        assert_eq!(outcome(Reason::ProviderUnavailable), "failed");
        assert_eq!(outcome(Reason::CommitUnknown), "failed");
        assert_eq!(outcome(Reason::NotFound), "not_found");
    }
}
