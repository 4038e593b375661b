//! The ledger shard that this node owns: its tree, its row, and the transactions that extend them.

use std::{collections::HashSet, sync::Arc};

use jiff::Timestamp;
use tokio::sync::watch;
use unefois_core::Reason;
use unefois_ledger::{SigningKey, Tree, VerifyingKey};
use unefois_store::{CheckpointFile, EventAppended, EventRow, NewEvent, Reach, Shard, Store, Transaction, Writer};

use super::{
    Act, Effect, Head,
    act::Place,
    ask::ask_together,
    at_once::AtOnce,
    batch::{Pending, Recorded},
    claim::{claims, claims_asked},
    decide::{Decided, Deciding},
    fence::fence,
    quota::Quotas,
    seal::{Sealed, seal, write_ledger},
};
use crate::{
    authority::Authority,
    catch_up::CatchUp,
    clock::Clock,
    entry::{Draft, Placed},
    failure::Failure,
    index::Feed,
    keys::Keys,
    metrics::RecorderMetrics,
};

/// The shard that this node owns. There is one, and the recorder holds it.
pub(crate) struct LedgerShard {
    pub(super) row: Shard,
    pub(super) tree: Tree,
    pub(super) key: SigningKey,
    pub(super) writer: Writer,
    pub(super) store: Store,
    pub(super) outside: CheckpointFile,
    pub(super) quotas: Quotas,
    pub(super) keys: Keys,
    /// What the quotas count is not what is committed, after a batch that failed.
    pub(super) quotas_are_stale: bool,
    pub(super) authority: Arc<Authority>,
    pub(super) catch_up: CatchUp,
    pub(super) act_tries_max: u32,
    pub(super) clock: Clock,
    pub(super) head: watch::Sender<Head>,
    pub(super) feed: Feed,
    pub(super) request_id_kept_micros: i64,
    pub(super) newest: Timestamp,
    pub(super) metrics: RecorderMetrics,
}

impl std::fmt::Debug for LedgerShard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerShard").field("row", &self.row).finish_non_exhaustive()
    }
}

impl LedgerShard {
    /// The slot of the shard.
    pub(crate) fn slot(&self) -> u32 {
        self.row.slot
    }

    /// The origin that its checkpoints name.
    pub(crate) fn origin(&self) -> &str {
        self.key.name()
    }

    /// The key that verifies its checkpoints.
    pub(crate) fn verifying_key(&self) -> VerifyingKey {
        self.key.verifying_key()
    }

    /// Follows the committed state.
    pub(crate) fn head(&self) -> watch::Receiver<Head> {
        self.head.subscribe()
    }

    /// Folds the write-ahead log into the database once it is long. An `Err` means that this node must stop.
    pub(crate) async fn fold_when_due(&mut self) -> Result<(), Failure> {
        match self.writer.fold_when_due().await {
            Err(error) if error.is_storage_failure() => self.after_failure(error.into()).map(drop),
            Err(error) => {
                tracing::warn!(%error, "the write-ahead log was not folded into the database; later");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    /// Records one batch. Each entry is answered by itself; an `Err` of the whole means that this node must stop.
    pub(crate) async fn record_batch(
        &mut self,
        batch: Vec<Pending>,
    ) -> Result<Vec<Result<Recorded, Failure>>, Failure> {
        let count = batch.len();
        #[allow(clippy::cast_precision_loss, reason = "a batch is far smaller than 2^52")]
        self.metrics.batch.observe(count as f64);
        let recorded = match self.try_at_once(batch).await {
            Ok(AtOnce::Recorded(recorded)) => Ok(recorded),
            Ok(AtOnce::Not(batch)) => self.try_record_batch(batch).await,
            Err(failure) => Err(failure),
        };
        match recorded {
            Ok(recorded) => Ok(recorded.into_iter().map(Ok).collect()),
            Err(failure) => {
                let failure = self.after_failure(failure)?;
                Ok((0..count).map(|_| Err(failure.clone())).collect())
            }
        }
    }

    /// Performs acts in one transaction, and settles them. Where one of them cannot be performed, each has a transaction of
    /// its own. An `Err` means that this node must stop.
    pub(crate) async fn perform(&mut self, mut acts: Vec<Box<dyn Act>>) -> Result<(), Failure> {
        if acts.len() > 1 {
            match self.try_perform(&mut acts).await {
                Ok(placed) => {
                    for (act, placed) in acts.into_iter().zip(placed) {
                        act.settle(Ok(placed));
                    }
                    return Ok(());
                }
                Err(failure) => {
                    if let Err(fatal) = self.after_failure(failure) {
                        for act in acts {
                            act.settle(Err(fatal.clone()));
                        }
                        return Err(fatal);
                    }
                }
            }
        }
        for act in acts {
            self.perform_alone(act).await?;
        }
        Ok(())
    }

    async fn perform_alone(&mut self, mut act: Box<dyn Act>) -> Result<(), Failure> {
        let mut tries = 1;
        let outcome = loop {
            match self.try_perform(std::slice::from_mut(&mut act)).await {
                Err(failure) if failure.is_conflict && tries < self.act_tries_max => tries += 1,
                outcome => break outcome.map(|placed| placed.into_iter().flatten().collect()),
            }
        };
        let outcome: Result<Vec<Placed>, Failure> = match outcome {
            // What is committed and cannot be followed up leaves the node in a state that only a start can mend.
            Ok(placed) => act.committed(self.newest).await.map(|()| placed).map_err(Failure::stop),
            Err(failure) => Err(failure),
        };
        let outcome = outcome.map_err(|failure| self.after_failure(failure));
        let stop = match &outcome {
            Err(Err(fatal)) => Err(fatal.clone()),
            Ok(_) | Err(Ok(_)) => Ok(()),
        };
        let outcome = outcome.map_err(|failed| failed.unwrap_or_else(|fatal| fatal));
        act.settle(outcome);
        stop
    }

    /// Records a batch in a transaction that finds out what stands in its way.
    async fn try_record_batch(&mut self, batch: Vec<Pending>) -> Result<Vec<Recorded>, Failure> {
        if self.quotas_are_stale {
            let now = self.clock.now();
            self.quotas = Quotas::load(&self.store, self.row.slot, now).await?;
            self.quotas_are_stale = false;
        }
        let mut tx = self.writer.begin().await?;
        fence(&mut tx, &mut self.row, Reach::Own, &self.catch_up, &mut self.quotas).await?;
        // Only behind the fence, which may have waited for a removal: what is decided again is decided after it.
        let now = instant(&mut self.newest, &self.clock);
        self.quotas.turn(now);
        let in_force = self.authority.load();

        let asked = claims_asked(&batch, &self.row, now);
        let since = now.as_microsecond() - self.request_id_kept_micros;
        let taken = tx.request_claims_take_in_tx(&asked, since).await?;
        self.quotas.draw(&mut tx, &batch).await?;
        let mut claimed = HashSet::new();
        let mut deciding = Deciding { tx: &mut tx, in_force: &in_force, quotas: &mut self.quotas, now };
        let mut decided = Vec::with_capacity(batch.len());
        for pending in batch {
            let key = pending.claim_key();
            // Two in one batch: the second is a repeat, and is decided as one after this commit.
            if key.as_ref().is_some_and(|key| taken.contains(key) || claimed.contains(key)) {
                decided.push(None);
                continue;
            }
            let pending = deciding.settle(pending).await?;
            if let (Some(key), true) = (key, pending.claim.is_some()) {
                claimed.insert(key);
            }
            decided.push(Some(pending));
        }

        let mut drafts: Vec<&mut Draft> = decided.iter_mut().flatten().map(|entry| entry.draft.as_mut()).collect();
        let sealed = seal(&self.tree, &self.key, &self.row, now, &mut drafts);
        let drafts: Vec<&Draft> = decided.iter().flatten().map(|entry| entry.draft.as_ref()).collect();
        write_ledger(&mut tx, &self.row, &sealed, &drafts, &self.keys).await?;
        let claims = claims(&mut decided, &sealed, &self.row, now);
        tx.request_claims_settle_in_tx(&asked, &taken, &claims).await?;
        self.quotas.write(&mut tx).await?;
        let timed = self.metrics.commit.start_timer();
        let committed = tx.commit().await;
        self.row = self.outcome(committed, self.row.clone(), &sealed).await?;
        timed.observe_duration();
        self.quotas.committed();
        let ids = decided.iter().flatten().map(|entry| entry.draft.id).collect();
        self.feed(&sealed, decided.iter_mut().flatten().map(|entry| entry.draft.as_mut()).collect());
        let placed = self.advance(sealed, ids).await?;

        let mut placed = placed.into_iter();
        let answer = |entry: Option<Decided>| match entry {
            None => Recorded::AlreadyClaimed,
            Some(Decided { draft, changed, .. }) => {
                let placed = placed.next().expect("one place for every entry that was decided");
                Recorded::Placed { draft, placed, changed }
            }
        };
        Ok(decided.into_iter().map(answer).collect())
    }

    /// Performs acts, of which several have no effect on authority. Gives where the entries of each stand.
    async fn try_perform(&mut self, acts: &mut [Box<dyn Act>]) -> Result<Vec<Vec<Placed>>, Failure> {
        let reach = if acts.iter().any(|act| act.reach() == Reach::Every) { Reach::Every } else { Reach::Own };
        let mut tx = self.writer.begin().await?;
        fence(&mut tx, &mut self.row, reach, &self.catch_up, &mut self.quotas).await?;
        let now = instant(&mut self.newest, &self.clock);
        let in_force = self.authority.load();
        let pseudonyms: Vec<[u8; 32]> = acts.iter().flat_map(|act| act.pseudonyms()).collect();
        if !pseudonyms.is_empty() {
            tx.pseudonyms_lock_in_tx(&pseudonyms).await?;
        }
        ask_together(&mut tx, acts, now).await?;
        let (mut entries, mut events, mut counts, mut removes) = (Vec::new(), Vec::new(), Vec::new(), false);
        for act in acts.iter_mut() {
            if act.caller().is_some_and(|caller| in_force.registry.is_revoked(&caller.certificate)) {
                return Err(Failure::new(Reason::CertificateRevoked));
            }
            let place = Place { slot: self.row.slot, index: self.row.size + entries.len() as u64, now };
            let performed = act.perform(&mut tx, place).await?;
            counts.push(performed.entries.len());
            entries.extend(performed.entries);
            events.push(act.events());
            removes |= performed.effect == Effect::Removes;
        }
        let mut row = self.row.clone();
        if removes {
            if reach != Reach::Every {
                return Err(Failure::new(Reason::Internal));
            }
            row.authority_epoch = tx.epoch_raise_in_tx().await?;
            // A quota may be smaller now.
            self.quotas.return_all(&mut tx).await?;
        }
        let mut drafts: Vec<&mut Draft> = entries.iter_mut().collect();
        let sealed = seal(&self.tree, &self.key, &row, now, &mut drafts);
        write_ledger(&mut tx, &row, &sealed, &entries.iter().collect::<Vec<_>>(), &self.keys).await?;
        append(&mut tx, acts, events, now).await?;
        let timed = self.metrics.commit.start_timer();
        let committed = tx.commit().await;
        self.row = self.outcome(committed, row, &sealed).await?;
        timed.observe_duration();
        let applied = acts.iter().find_map(|act| act.registry());
        let registry = applied.unwrap_or_else(|| Arc::clone(&self.authority.load().registry));
        self.authority.advance(&registry, self.row.authority_epoch);
        let ids = entries.iter().map(|draft| draft.id).collect();
        self.feed(&sealed, entries.iter_mut().collect());
        let mut placed = self.advance(sealed, ids).await?.into_iter();
        Ok(counts.into_iter().map(|count| placed.by_ref().take(count).collect()).collect())
    }

    /// After a batch that was not committed: nothing of it may remain in memory. An `Err` after a failure of the storage
    /// or of the lease: this node must stop.
    pub(super) fn after_failure(&mut self, failure: Failure) -> Result<Failure, Failure> {
        if is_fatal(&failure) {
            tracing::error!(reason = failure.reason.code(), "the ledger cannot be written any more: stopping");
            return Err(match self.writer.path() {
                Some(path) => failure.of_database(path),
                None => failure,
            });
        }
        self.quotas_are_stale = true;
        Ok(failure)
    }

    /// Hands the entries of a committed batch on to the follower: before the head shows them. About whom an entry was that
    /// is stored without its personal part, nobody shall find.
    pub(super) fn feed(&self, sealed: &Sealed, drafts: Vec<&mut Draft>) {
        let places = sealed.appended.first_index()..;
        let is_kept = |key: &[u8; 16]| !self.keys.is_destroyed(key);
        self.feed.offer(drafts.into_iter().zip(places).map(|(draft, index)| draft.feed(index, is_kept)).collect());
    }

    /// Follows what is handed on to the follower.
    pub(crate) fn fed(&self) -> Feed {
        self.feed.clone()
    }

    /// Takes the committed batch over into memory, and shows it to those who follow.
    pub(super) async fn advance(&mut self, sealed: Sealed, ids: Vec<uuid::Uuid>) -> Result<Vec<Placed>, Failure> {
        let Sealed { appended, checkpoint, leaves, hashes: _ } = sealed;
        let first = appended.first_index();
        let checkpoint: Arc<str> = Arc::from(checkpoint);
        let placed = ids
            .into_iter()
            .zip(leaves)
            .zip(first..)
            .map(|((id, leaf), index)| {
                let inclusion_path = appended.inclusion_path(index).expect("every leaf of a batch has a path in it");
                Placed { id, leaf, index, inclusion_path, checkpoint: Arc::clone(&checkpoint) }
            })
            .collect();
        if !checkpoint.is_empty() && appended.head().size > first {
            self.write_outside(Arc::clone(&checkpoint)).await?;
        }
        self.tree = appended.into_tree();
        self.head.send_replace(Head { size: self.row.size, checkpoint });
        Ok(placed)
    }

    /// Whether the recorder needs a thread of its own.
    pub(crate) fn holds_its_thread(&self) -> bool {
        self.writer.holds_its_thread()
    }

    /// Never on a thread that others need: a file system that stalls must not hold up those who are told so.
    async fn write_outside(&mut self, checkpoint: Arc<str>) -> Result<(), Failure> {
        let _busy = self.writer.in_flight().begin();
        if self.holds_its_thread() {
            return self.outside.write(&checkpoint).map_err(Failure::storage);
        }
        let outside = self.outside.clone();
        let written = tokio::task::spawn_blocking(move || outside.write(&checkpoint)).await;
        written.map_err(Failure::storage)?.map_err(Failure::storage)
    }
}

/// Appends the events of acts, and gives each its own with their places: also none, after a try that had made some.
async fn append(
    tx: &mut Transaction<'_>,
    acts: &mut [Box<dyn Act>],
    events: Vec<Vec<NewEvent>>,
    now: Timestamp,
) -> Result<(), Failure> {
    let counts: Vec<usize> = events.iter().map(Vec::len).collect();
    let events: Vec<NewEvent> = events.into_iter().flatten().collect();
    let appended = match events.as_slice() {
        [] => Vec::new(),
        events => tx.events_append_in_tx(events, now.as_microsecond()).await?,
    };
    let row = |(event, EventAppended { place, recorded_at })| EventRow { place, recorded_at, event };
    let mut rows = events.into_iter().zip(appended).map(row);
    for (act, count) in acts.iter_mut().zip(counts) {
        act.appended(rows.by_ref().take(count).collect());
    }
    Ok(())
}

/// The instant of the next entries: never before that of the entries before them.
pub(super) fn instant(newest: &mut Timestamp, clock: &Clock) -> Timestamp {
    *newest = clock.now().max(*newest);
    *newest
}

fn is_fatal(failure: &Failure) -> bool {
    failure.reason == Reason::LeaseLost || failure.is_storage_failure()
}
