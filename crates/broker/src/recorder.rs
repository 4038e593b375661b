//! The recorder: the only writer of the ledger shard, and so of the database.
//!
//! It drains its queue into a batch, decides again what was decided under an older authority, hashes, and commits
//! entries, shard row and checkpoint in one transaction; then it answers every waiter. A batch forms while the commit
//! before it is in flight; nothing sleeps to fill one. Other acts run between batches of exchanges: deliveries and
//! publications that wait together share a transaction, the others (consents, the registry, the index) have one each.

mod act;
mod ask;
mod at_once;
mod batch;
mod claim;
mod decide;
mod fence;
mod lease;
mod quota;
mod seal;
mod shard;
mod take;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

pub(crate) use act::{Act, Company, Effect, Performed, Place};
pub(crate) use ask::{Answers, Asks};
pub(crate) use batch::{ChangedAnswer, Pending, Recorded, Redecide, Redecided, ReleaseTerms};
pub(crate) use shard::LedgerShard;
pub(crate) use take::{ShardKeys, Taking};

use crate::{
    failure::Failure,
    index::Feed,
    limits::Limits,
    metrics::QueueDepth,
    readiness::{Readiness, Unready},
};

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
    feed: Feed,
    indexed: Arc<AtomicU64>,
    index_tail_max: u64,
    storage: Readiness,
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
    /// The act that came behind those that shared a transaction, and did not.
    next: Option<Box<dyn Act>>,
    together_max: usize,
}

impl Queues {
    /// The acts that share a transaction with this one, in their order.
    fn together(&mut self, first: Box<dyn Act>) -> Vec<Box<dyn Act>> {
        let mut acts = vec![first];
        while acts.len() < self.together_max && acts.last().is_some_and(|last| last.company() == Company::Joins) {
            match self.acts.try_recv() {
                Ok(act) if act.company() == Company::Alone => {
                    self.next = Some(act);
                    break;
                }
                Ok(act) => acts.push(act),
                Err(_empty) => break,
            }
        }
        acts
    }
}

impl std::fmt::Debug for Waiting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

impl Recorder {
    /// Makes the queues of a recorder that will own `shard`, and a handle on it.
    pub(crate) fn new(limits: &Limits, shard: &LedgerShard, indexed: u64, storage: Readiness) -> (Self, Queues) {
        let (exchanges, exchanges_queue) = mpsc::channel(limits.recorder_queue_max);
        let (acts, acts_queue) = mpsc::channel(limits.act_queue_max);
        let handle = Self {
            exchanges,
            acts,
            head: shard.head(),
            feed: shard.fed(),
            indexed: Arc::new(AtomicU64::new(indexed)),
            index_tail_max: limits.index_tail_max,
            storage,
        };
        let together_max = limits.acts_together_max;
        (handle, Queues { exchanges: exchanges_queue, acts: acts_queue, next: None, together_max })
    }

    /// Records one entry. When this returns, the entry is durable.
    pub(crate) async fn record(&self, pending: Pending) -> Result<Recorded, Failure> {
        self.readiness().or_else(Unready::refusal)?;
        let (answer, answered) = oneshot::channel();
        self.exchanges.try_send(Waiting { pending, answer }).map_err(refused)?;
        self.storage.within(answer_of(answered)).await
    }

    /// Performs an act, which answers through `answered`. When this returns, what it did is durable.
    pub(crate) async fn perform<T>(
        &self,
        act: Box<dyn Act>,
        answered: oneshot::Receiver<Result<T, Failure>>,
    ) -> Result<T, Failure> {
        // However far the index is behind: acts such as withdrawals must not wait for it.
        self.storage.admit()?;
        self.acts.try_send(act).map_err(refused)?;
        self.storage.within(answer_of(answered)).await
    }

    /// Hands over an act of the hub itself: it waits for room instead of failing.
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

    /// Whether entries can be recorded now.
    pub(crate) fn readiness(&self) -> Result<(), Unready> {
        self.storage.check()?;
        let entries = self.index_tail();
        if entries > self.index_tail_max { Err(Unready::IndexBehind { entries }) } else { Ok(()) }
    }

    /// The newest committed state.
    pub(crate) fn head(&self) -> Head {
        self.head.borrow().clone()
    }

    /// Follows the committed state.
    pub(crate) fn follow(&self) -> watch::Receiver<Head> {
        self.head.clone()
    }

    /// What waits in memory to be indexed.
    pub(crate) fn feed(&self) -> &Feed {
        &self.feed
    }

    /// Says how far the index has come.
    pub(crate) fn indexed_to(&self, next: u64) {
        self.indexed.store(next, Ordering::Relaxed);
    }
}

async fn answer_of<T>(answered: oneshot::Receiver<Result<T, Failure>>) -> Result<T, Failure> {
    answered.await.unwrap_or_else(|_closed| Err(Failure::stopping()))
}

/// What a queue that takes nothing more means.
#[allow(clippy::needless_pass_by_value, reason = "it stands where an error is mapped")]
fn refused<T>(error: mpsc::error::TrySendError<T>) -> Failure {
    match error {
        mpsc::error::TrySendError::Full(_) => Failure::overloaded("the recorder's queue is full"),
        mpsc::error::TrySendError::Closed(_) => Failure::stopping(),
    }
}

/// Starts the recorder: on a thread of its own where the store answers on the thread that asks.
pub(crate) fn start(
    shard: LedgerShard,
    queues: Queues,
    limits: Limits,
    storage: Readiness,
) -> JoinHandle<Result<LedgerShard, Failure>> {
    let holds_its_thread = shard.holds_its_thread();
    let run = run(shard, queues, limits, storage);
    if holds_its_thread {
        let runtime = Handle::current();
        tokio::task::spawn_blocking(move || runtime.block_on(run))
    } else {
        tokio::spawn(run)
    }
}

/// Runs the recorder until every handle is dropped or the storage fails. After a failure of the storage it writes
/// nothing more: a failed sync is never retried.
async fn run(
    mut shard: LedgerShard,
    mut queues: Queues,
    limits: Limits,
    storage: Readiness,
) -> Result<LedgerShard, Failure> {
    let recorded = record_all(&mut shard, &mut queues, limits.recorder_batch_max).await;
    // Before the queues close: whoever comes now is told that the hub stops.
    recorded.inspect_err(|failure| storage.fail(failure)).map(|()| shard)
}

async fn record_all(shard: &mut LedgerShard, queues: &mut Queues, batch_max: usize) -> Result<(), Failure> {
    let mut batch = Vec::with_capacity(batch_max);
    let renew_every = shard.renew_every();
    loop {
        // Anew in each turn: every batch renews the lease too.
        let renewal = async {
            match renew_every {
                Some(every) => tokio::time::sleep(every).await,
                None => std::future::pending().await,
            }
        };
        let act = tokio::select! {
            biased;
            taken = queues.exchanges.recv_many(&mut batch, batch_max) => {
                if taken == 0 {
                    return drain_acts(shard, queues).await;
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
            () = renewal => {
                shard.renew().await?;
                None
            }
        };
        if let Some(act) = act {
            shard.perform(queues.together(act)).await?;
        }
        if let Some(act) = queues.next.take() {
            shard.perform(vec![act]).await?;
        }
        // After the callers were answered: what they wait for is durable in the log already.
        shard.fold_when_due().await?;
    }
}

async fn drain_acts(shard: &mut LedgerShard, queues: &mut Queues) -> Result<(), Failure> {
    queues.acts.close();
    while let Some(act) = queues.acts.recv().await {
        shard.perform(vec![act]).await?;
    }
    Ok(())
}
