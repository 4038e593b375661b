//! The recorder: the only writer of the ledger shard, and so of the database.
//!
//! It drains its queue into a batch, decides again what was decided under an older authority, hashes, and commits
//! entries, shard row and checkpoint in one transaction; then it answers every waiter. A batch forms while the commit
//! before it is in flight; nothing sleeps to fill one. Other acts (publications, consents, the registry, the index)
//! run one at a time between batches of exchanges.

mod act;
mod batch;
mod quota;
mod shard;
mod take;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use act::{Act, Effect, Performed, Place};
pub(crate) use batch::{ChangedAnswer, Pending, Recorded, Redecide, Redecided, ReleaseTerms};
pub(crate) use shard::LedgerShard;

use crate::{failure::Failure, limits::Limits, metrics::QueueDepth};

/// An entry that waits for its batch, and who waits for it.
struct Waiting {
    pending: Pending,
    answer: oneshot::Sender<Result<Recorded, Failure>>,
}

/// A handle on the recorder.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    exchanges: mpsc::Sender<Waiting>,
    acts: mpsc::Sender<Box<dyn Act>>,
    head: watch::Receiver<Head>,
    indexed: Arc<AtomicU64>,
    index_tail_max: u64,
}

/// The newest committed state of the shard.
#[derive(Debug, Clone)]
pub struct Head {
    /// How many entries there are.
    pub size: u64,
    /// The signed checkpoint of that size.
    pub checkpoint: Arc<str>,
}

/// What the recorder reads from.
#[derive(Debug)]
pub(crate) struct Queues {
    exchanges: mpsc::Receiver<Waiting>,
    acts: mpsc::Receiver<Box<dyn Act>>,
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Makes the queues of a recorder that will own `shard`, and a handle on it.
    pub(crate) fn new(limits: &Limits, shard: &LedgerShard, indexed: u64) -> (Self, Queues) {
        let (exchanges, exchanges_queue) = mpsc::channel(limits.recorder_queue_max);
        let (acts, acts_queue) = mpsc::channel(limits.act_queue_max);
        let handle = Self {
            exchanges,
            acts,
            head: shard.head(),
            indexed: Arc::new(AtomicU64::new(indexed)),
            index_tail_max: limits.index_tail_max,
        };
        (handle, Queues { exchanges: exchanges_queue, acts: acts_queue })
    }

    /// Records one entry. When this returns, the entry is durable.
    pub(crate) async fn record(&self, pending: Pending) -> Result<Recorded, Failure> {
        if self.index_tail() > self.index_tail_max {
            return Err(Failure::overloaded("the tail of the search index"));
        }
        let (answer, answered) = oneshot::channel();
        self.exchanges
            .try_send(Waiting { pending, answer })
            .map_err(|_full_or_closed| Failure::overloaded("the recorder's queue"))?;
        answered.await.unwrap_or_else(|_closed| Err(Failure::stopping()))
    }

    /// Hands over an act. The act answers its own caller.
    pub(crate) fn act(&self, act: Box<dyn Act>) -> Result<(), Failure> {
        self.acts.try_send(act).map_err(|_full_or_closed| Failure::overloaded("the recorder's queue of acts"))
    }

    /// As [`Recorder::act`], for work of the hub itself: it waits for room instead of failing.
    pub(crate) async fn act_when_there_is_room(&self, act: Box<dyn Act>) -> Result<(), Failure> {
        self.acts.send(act).await.map_err(|_closed| Failure::stopping())
    }

    /// How many entries are recorded but not indexed.
    pub(crate) fn index_tail(&self) -> u64 {
        self.head.borrow().size.saturating_sub(self.indexed.load(Ordering::Relaxed))
    }

    /// How full the queues are: of exchanges, and of acts.
    pub(crate) fn queues(&self) -> [QueueDepth; 2] {
        [QueueDepth::of(&self.exchanges), QueueDepth::of(&self.acts)]
    }

    /// Whether what is handed over will be recorded.
    pub(crate) fn is_running(&self) -> bool {
        !self.exchanges.is_closed()
    }

    /// The newest committed state.
    pub(crate) fn head(&self) -> Head {
        self.head.borrow().clone()
    }

    /// Follows the committed state.
    pub(crate) fn follow(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// Says how far the index has come.
    pub(crate) fn indexed_to(&self, next: u64) {
        self.indexed.store(next, Ordering::Relaxed);
    }
}

/// Runs the recorder until every handle is dropped or the storage fails. After a failure of the storage it writes
/// nothing more: a failed sync is never retried.
pub(crate) async fn run(mut shard: LedgerShard, mut queues: Queues, limits: Limits) -> Result<LedgerShard, Failure> {
    let mut batch = Vec::with_capacity(limits.recorder_batch_max);
    loop {
        let act = tokio::select! {
            biased;
            taken = queues.exchanges.recv_many(&mut batch, limits.recorder_batch_max) => {
                if taken == 0 {
                    drain_acts(&mut shard, &mut queues).await?;
                    return Ok(shard);
                }
                let (pending, answers): (Vec<_>, Vec<_>) =
                    batch.drain(..).map(|waiting: Waiting| (waiting.pending, waiting.answer)).unzip();
                let results = shard.record_batch(pending).await?;
                for (answer, result) in answers.into_iter().zip(results) {
                    // A caller that gave up does not listen any more; its entry stands.
                    let _gone = answer.send(result);
                }
                // One act after each batch: exchanges come first, and acts are not starved.
                queues.acts.try_recv().ok()
            }
            Some(act) = queues.acts.recv() => Some(act),
        };
        if let Some(act) = act {
            shard.perform(act).await?;
        }
    }
}

async fn drain_acts(shard: &mut LedgerShard, queues: &mut Queues) -> Result<(), Failure> {
    queues.acts.close();
    while let Some(act) = queues.acts.recv().await {
        shard.perform(act).await?;
    }
    Ok(())
}
