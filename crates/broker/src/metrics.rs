//! What the use cases count and measure; each instrument is bound before the first exchange.

mod delivery;
mod gauges;
mod step;

use unefois_core::Reason;
use unefois_telemetry::{Counter, Histogram, LATENCY_BUCKETS, Metrics, SIZE_BUCKETS};

pub(crate) use delivery::{CountedReceiver, DeliveryMetrics, TurnCounts};
pub(crate) use gauges::{QueueDepth, watch};
pub(crate) use step::{Step, Stepping};

use crate::{
    failure::Failure,
    publish::{Acknowledgement, AcknowledgementKind},
};

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
    pub(crate) deliveries: DeliveryMetrics,
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
                ("unefois_broker_loader_batch_reads", "Point reads that one trip to the store answers"),
                SIZE_BUCKETS,
            ),
            deliveries: DeliveryMetrics::new(metrics),
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
}

/// Whether a reason says that something failed, where others say that something may not be.
fn is_failure(reason: Reason) -> bool {
    let of_others =
        matches!(reason, Reason::ProviderUnavailable | Reason::ProviderAnswerInvalid | Reason::DeadlineExceeded);
    reason.is_internal() || of_others
}

fn outcome(reason: Reason) -> &'static str {
    match reason {
        Reason::NotFound => "not_found",
        reason if is_failure(reason) => "failed",
        _ => "refused",
    }
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
