//! What is counted and measured of events and of those who are told them.

use unefois_core::{EventKind, Reason};
use unefois_telemetry::{Counter, Gauge, Histogram, LATENCY_BUCKETS, Metrics, ShownGauges};

/// The instruments that are moved where events are published and told.
#[derive(Debug)]
pub(crate) struct DeliveryMetrics {
    /// By kind.
    events: Vec<Counter>,
    told: Counter,
    told_again: Counter,
    refused: Counter,
    dead_lettered: Counter,
    /// From the publication of an event to its first telling.
    pub(crate) delay: Histogram,
    /// Those who are told, and those whose subscription holds.
    receivers: [Gauge; 2],
    pub(crate) subscriptions: SubscriptionGauges,
}

/// What came of one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TurnCounts {
    pub(crate) told: usize,
    pub(crate) told_again: usize,
    pub(crate) refused: usize,
    pub(crate) dead_lettered: usize,
}

/// What is looked at of each subscription, now and then. The labels are the agency and the subscription's identifier: its
/// name is a text of the agency.
#[derive(Debug)]
pub(crate) struct SubscriptionGauges {
    pub(crate) lag: ShownGauges<2>,
    pub(crate) age: ShownGauges<2>,
    pub(crate) dead_letters: ShownGauges<2>,
}

/// A receiver that is connected: it is counted until this is dropped.
#[derive(Debug)]
pub(crate) struct CountedReceiver {
    receivers: [Gauge; 2],
    at: usize,
}

impl DeliveryMetrics {
    pub(crate) fn new(metrics: &Metrics) -> Self {
        let mut deliveries = metrics.counters(
            (
                "unefois_broker_deliveries_total",
                "Events that subscribers were told, or were not, by what became of them",
            ),
            ["outcome"],
            [["told"], ["told-again"], ["refused"], ["dead-lettered"]],
        );
        let mut receivers = metrics.gauges(
            (
                "unefois_broker_receivers_number",
                "Receivers that are connected here, and whether their subscription holds",
            ),
            ["state"],
            [["told"], ["holding"]],
        );
        let labels = ["agency", "subscription"];
        Self {
            events: metrics.counters(
                ("unefois_broker_events_total", "Events that were published, by kind"),
                ["kind"],
                [["created"], ["revised"], ["corrected"], ["ended"]],
            ),
            dead_lettered: deliveries.remove(3),
            refused: deliveries.remove(2),
            told_again: deliveries.remove(1),
            told: deliveries.remove(0),
            delay: metrics.histogram(
                (
                    "unefois_broker_delivery_seconds",
                    "From the publication of an event to its first telling to a subscriber",
                ),
                LATENCY_BUCKETS,
            ),
            receivers: [receivers.remove(0), receivers.remove(0)],
            subscriptions: SubscriptionGauges {
                lag: metrics.shown_gauges(
                    (
                        "unefois_broker_subscription_lag_entries",
                        "Events of a subscription that are not acknowledged, at most",
                    ),
                    labels,
                ),
                age: metrics.shown_gauges(
                    ("unefois_broker_subscription_lag_seconds", "Age of the oldest event that is not acknowledged"),
                    labels,
                ),
                dead_letters: metrics.shown_gauges(
                    ("unefois_broker_subscription_dead_letters_entries", "Dead letters that were not replayed"),
                    labels,
                ),
            },
        }
    }

    /// Counts events that are durable.
    pub(crate) fn published(&self, kinds: impl IntoIterator<Item = EventKind>) {
        for kind in kinds {
            let place = match kind {
                EventKind::Created => 0,
                EventKind::Revised => 1,
                EventKind::Corrected => 2,
                EventKind::Ended => 3,
            };
            self.events[place].inc();
        }
    }

    /// Counts what came of a turn that is durable.
    pub(crate) fn turned(&self, counts: TurnCounts) {
        let TurnCounts { told, told_again, refused, dead_lettered } = counts;
        let counters = [&self.told, &self.told_again, &self.refused, &self.dead_lettered];
        for (counter, count) in counters.into_iter().zip([told, told_again, refused, dead_lettered]) {
            counter.inc_by(count as u64);
        }
    }

    /// A receiver connected.
    pub(crate) fn receiver(&self) -> CountedReceiver {
        self.receivers[0].inc();
        CountedReceiver { receivers: self.receivers.clone(), at: 0 }
    }
}

impl CountedReceiver {
    /// Its subscription holds for that reason, or goes on.
    pub(crate) fn holds(&mut self, because: Option<Reason>) {
        self.receivers[self.at].dec();
        self.at = usize::from(because.is_some());
        self.receivers[self.at].inc();
    }
}

impl Drop for CountedReceiver {
    fn drop(&mut self) {
        self.receivers[self.at].dec();
    }
}
