//! What is looked at whenever the metrics are read: queues, the shard, what is in force, readiness.

use tokio::sync::mpsc;
use unefois_telemetry::{Gauge, Metrics};

use crate::hub::Hub;

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
    const QUEUES: [[&str; 1]; 5] = [["exchanges"], ["acts"], ["reads"], ["under-way"], ["admission"]];
    let gauges = Gauges {
        waiting: metrics.gauges(
            ("unefois_broker_queue_entries", "What waits in a queue: exchanges and acts to be recorded, point reads, and all exchanges that are under way"),
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
        let [under_way, admission] = hub.places.taken();
        let queues = [exchanges, acts, hub.loader.queue(), under_way, admission];
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
    pub(crate) waiting: usize,
    pub(crate) max: usize,
}

impl QueueDepth {
    pub(crate) fn of<T>(queue: &mpsc::Sender<T>) -> Self {
        Self { waiting: queue.max_capacity() - queue.capacity(), max: queue.max_capacity() }
    }
}

fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
