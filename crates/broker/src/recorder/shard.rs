//! The ledger shard that this node owns: its tree, its row, and the transactions that extend them.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use jiff::Timestamp;
use tokio::sync::watch;
use unefois_core::QuotaState;
use unefois_ledger::{Appended, Hash, SigningKey, Tree, VerifyingKey, leaf_hash};
use unefois_store::{CheckpointFile, EntryRow, Fence, Reach, RequestClaim, Shard, Store, TileRow, Transaction, Writer};

use super::{
    Act, Effect, Head, Performed,
    act::Place,
    batch::{ChangedAnswer, Pending, Recorded, Redecided},
    quota::Quotas,
};
use crate::{
    authority::{Authority, InForce},
    catch_up::CatchUp,
    clock::Clock,
    entry::{Draft, Placed},
    failure::Failure,
    keys::Keys,
    metrics::RecorderMetrics,
};

/// The longest pause between two questions for the outcome of a commit.
const OUTCOME_PAUSE_MAX: Duration = Duration::from_millis(500);

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
    pub(super) request_id_kept_micros: i64,
    pub(super) newest: Timestamp,
    pub(super) metrics: RecorderMetrics,
}

impl std::fmt::Debug for LedgerShard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LedgerShard").field("row", &self.row).finish_non_exhaustive()
    }
}

/// What a batch was decided to be, and what it leads to.
struct Sealed {
    appended: Appended,
    checkpoint: String,
    leaves: Vec<Vec<u8>>,
    hashes: Vec<Hash>,
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

    /// Gives back what the shard has of quotas and its lease, and closes the writer.
    pub(crate) async fn close(mut self) -> Result<(), Failure> {
        let mut tx = self.writer.begin().await?;
        if fence(&mut tx, &mut self.row, Reach::Own, &self.catch_up, &mut self.quotas).await.is_ok() {
            self.quotas.return_all(&mut tx).await?;
            tx.commit().await?;
            self.writer.shard_release(&self.row).await?;
        } else {
            tx.rollback().await?;
        }
        Ok(self.writer.close().await?)
    }

    /// How often the lease must be renewed while nothing is recorded; `None` where it needs not be.
    pub(crate) fn renew_every(&self) -> Option<Duration> {
        self.writer.lease().map(|lease| lease / 3)
    }

    /// Renews the lease. An `Err` means that this node must stop.
    pub(crate) async fn renew(&mut self) -> Result<(), Failure> {
        match self.try_renew().await {
            Ok(()) => Ok(()),
            Err(failure) => {
                let failure = self.after_failure(failure)?;
                tracing::warn!(reason = failure.reason.code(), "the lease on the shard was not renewed; again");
                Ok(())
            }
        }
    }

    async fn try_renew(&mut self) -> Result<(), Failure> {
        let mut tx = self.writer.begin().await?;
        fence(&mut tx, &mut self.row, Reach::Own, &self.catch_up, &mut self.quotas).await?;
        Ok(tx.commit().await?)
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
        match self.try_record_batch(batch).await {
            Ok(recorded) => Ok(recorded.into_iter().map(Ok).collect()),
            Err(failure) => {
                let failure = self.after_failure(failure)?;
                Ok((0..count).map(|_| Err(failure.clone())).collect())
            }
        }
    }

    /// Performs one act and settles it. An `Err` means that this node must stop.
    pub(crate) async fn perform(&mut self, mut act: Box<dyn Act>) -> Result<(), Failure> {
        let mut tries = 1;
        let outcome = loop {
            match self.try_perform(act.as_mut()).await {
                Err(failure) if failure.is_conflict && tries < self.act_tries_max => tries += 1,
                outcome => break outcome,
            }
        };
        let outcome = match outcome {
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

    async fn try_record_batch(&mut self, batch: Vec<Pending>) -> Result<Vec<Recorded>, Failure> {
        let now = self.instant();
        if self.quotas_are_stale {
            self.quotas = Quotas::load(&self.store, self.row.slot, now).await?;
            self.quotas_are_stale = false;
        }
        self.quotas.turn(now);
        let mut tx = self.writer.begin().await?;
        fence(&mut tx, &mut self.row, Reach::Own, &self.catch_up, &mut self.quotas).await?;
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

    async fn try_perform(&mut self, act: &mut dyn Act) -> Result<Vec<Placed>, Failure> {
        let now = self.instant();
        let mut tx = self.writer.begin().await?;
        fence(&mut tx, &mut self.row, act.reach(), &self.catch_up, &mut self.quotas).await?;
        let place = Place { slot: self.row.slot, index: self.row.size, now };
        let Performed { mut entries, effect } = act.perform(&mut tx, place).await?;
        let mut row = self.row.clone();
        if effect == Effect::Removes {
            debug_assert_eq!(act.reach(), Reach::Every, "what removes authority holds every shard");
            row.authority_epoch = tx.epoch_raise_in_tx().await?;
            // A quota may be smaller now.
            self.quotas.return_all(&mut tx).await?;
        }
        let mut drafts: Vec<&mut Draft> = entries.iter_mut().collect();
        let sealed = seal(&self.tree, &self.key, &row, now, &mut drafts);
        write_ledger(&mut tx, &row, &sealed, &entries.iter().collect::<Vec<_>>(), &self.keys).await?;
        let timed = self.metrics.commit.start_timer();
        let committed = tx.commit().await;
        self.row = self.outcome(committed, row, &sealed).await?;
        timed.observe_duration();
        let registry = act.registry().unwrap_or_else(|| Arc::clone(&self.authority.load().registry));
        self.authority.advance(&registry, self.row.authority_epoch);
        self.advance(sealed, entries.iter().map(|draft| draft.id).collect()).await
    }

    /// The shard row after a commit that was answered so. When the answer is an error, the outcome is unknown: the row
    /// tells, once nothing that was sent before can change it any more. Until it can be asked, nothing else is recorded.
    async fn outcome(
        &mut self,
        committed: Result<(), unefois_store::Error>,
        before: Shard,
        sealed: &Sealed,
    ) -> Result<Shard, Failure> {
        let due = Shard { size: sealed.appended.head().size, checkpoint: sealed.checkpoint.clone(), ..before };
        let Err(error) = committed else { return Ok(due) };
        if error.is_storage_failure() {
            return Err(error.into());
        }
        let mut pause = Duration::from_millis(20);
        loop {
            match self.writer.shard_settled_fetch(due.slot).await {
                // Without entries the row says nothing: whoever asked is told that the outcome is unknown, and asks again.
                Ok(Some(found)) if !sealed.leaves.is_empty() && is_as_due(&found, &due) => return Ok(found),
                Ok(_) => return Err(error.into()),
                Err(unknown) if unknown.is_storage_failure() => return Err(unknown.into()),
                Err(unknown) => tracing::warn!(%unknown, "whether a batch was recorded is not known yet; asking again"),
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(OUTCOME_PAUSE_MAX);
        }
    }

    /// After a batch that was not committed: nothing of it may remain in memory. An `Err` after a failure of the storage
    /// or of the lease: this node must stop.
    fn after_failure(&mut self, failure: Failure) -> Result<Failure, Failure> {
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

    /// Takes the committed batch over into memory, and shows it to those who follow.
    async fn advance(&mut self, sealed: Sealed, ids: Vec<uuid::Uuid>) -> Result<Vec<Placed>, Failure> {
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

    /// On a thread of its own: a file system that stalls must not hold up those who are told so.
    async fn write_outside(&self, checkpoint: Arc<str>) -> Result<(), Failure> {
        let _busy = self.writer.in_flight().begin();
        let outside = self.outside.clone();
        let written = tokio::task::spawn_blocking(move || outside.write(&checkpoint)).await;
        written.map_err(Failure::storage)?.map_err(Failure::storage)
    }

    /// The instant of the next entries: never before that of the entries before them.
    fn instant(&mut self) -> Timestamp {
        self.newest = self.newest.max(self.clock.now());
        self.newest
    }
}

/// An entry that will be recorded.
struct Decided {
    draft: Box<Draft>,
    claim: Option<RequestClaim>,
    changed: Option<ChangedAnswer>,
}

struct Deciding<'a, 'tx> {
    tx: &'a mut Transaction<'tx>,
    in_force: &'a InForce,
    quotas: &'a mut Quotas,
    now: Timestamp,
}

impl Deciding<'_, '_> {
    /// Decides again what was decided under an older authority, or what has no quota left.
    async fn settle(&mut self, pending: Pending) -> Result<Decided, Failure> {
        let Pending { draft, epoch, release } = pending;
        let Some(terms) = release else { return Ok(Decided { draft, claim: None, changed: None }) };
        let within_quota = match &terms.quota {
            Some((agreement, _limit)) => self.quotas.take(agreement),
            None => true,
        };
        if epoch == self.in_force.epoch && within_quota {
            return Ok(Decided { draft, claim: terms.claim, changed: None });
        }
        let quota = if within_quota { QuotaState::Left } else { QuotaState::Exhausted };
        match terms.redecide.redecide(self.tx, self.in_force, quota, self.now).await? {
            Redecided::Stands => Ok(Decided { draft, claim: terms.claim, changed: None }),
            Redecided::Changed { draft, answer } => {
                let claim = match &answer {
                    ChangedAnswer::Released { .. } => terms.claim,
                    ChangedAnswer::Refused(_) => {
                        if let (true, Some((agreement, _))) = (within_quota, &terms.quota) {
                            self.quotas.give_back(agreement);
                        }
                        None
                    }
                };
                Ok(Decided { draft, claim, changed: Some(answer) })
            }
        }
    }
}

impl Pending {
    fn claim_key(&self) -> Option<(String, String)> {
        let claim = self.release.as_ref()?.claim.as_ref()?;
        Some((claim.agency.clone(), claim.request_id.clone()))
    }
}

/// The first write of every batch. A moved epoch stays locked: this node catches up, and gives back what it has drawn of
/// quotas that may be smaller now.
async fn fence(
    tx: &mut Transaction<'_>,
    row: &mut Shard,
    reach: Reach,
    catch_up: &CatchUp,
    quotas: &mut Quotas,
) -> Result<(), Failure> {
    match tx.shard_fence_in_tx(row, reach).await? {
        Fence::Held => Ok(()),
        Fence::EpochMoved { authority_epoch } => {
            row.authority_epoch = authority_epoch;
            catch_up.in_tx(tx, authority_epoch).await?;
            quotas.return_all(tx).await
        }
        Fence::LeaseLost => Err(Failure::new(unefois_core::Reason::LeaseLost)),
    }
}

/// The claims of a batch, each once, in the order that every batch has. They point to where their entries will stand if
/// every entry of the batch does.
fn claims_asked(batch: &[Pending], row: &Shard, now: Timestamp) -> Vec<RequestClaim> {
    let places = batch.iter().zip(row.size..);
    let claims = places.filter_map(|(pending, index)| {
        let claim = pending.release.as_ref()?.claim.as_ref()?;
        Some(RequestClaim { slot: row.slot, index, claimed_at: now.as_microsecond(), ..claim.clone() })
    });
    let mut claims: Vec<RequestClaim> = claims.collect();
    // Stable: of two under one identifier the first stays.
    claims.sort_by(|a, b| (&a.agency, &a.request_id).cmp(&(&b.agency, &b.request_id)));
    claims.dedup_by(|later, first| (&later.agency, &later.request_id) == (&first.agency, &first.request_id));
    claims
}

/// Fills in instant and epoch, hashes, and signs.
fn seal(tree: &Tree, key: &SigningKey, row: &Shard, now: Timestamp, drafts: &mut [&mut Draft]) -> Sealed {
    let leaves: Vec<Vec<u8>> = drafts
        .iter_mut()
        .map(|draft| {
            draft.public.recorded_at_micros = now.as_microsecond();
            draft.public.authority_epoch = row.authority_epoch;
            draft.leaf()
        })
        .collect();
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let appended = tree.append(&hashes);
    // Without entries the tree is the one that the row's checkpoint signs already.
    let checkpoint = if leaves.is_empty() { row.checkpoint.clone() } else { key.sign(appended.head()) };
    Sealed { appended, checkpoint, leaves, hashes }
}

async fn write_ledger(
    tx: &mut Transaction<'_>,
    row: &Shard,
    sealed: &Sealed,
    drafts: &[&Draft],
    keys: &Keys,
) -> Result<(), Failure> {
    if sealed.leaves.is_empty() {
        return Ok(());
    }
    let entries: Vec<EntryRow> = drafts
        .iter()
        .zip(sealed.leaves.iter().zip(&sealed.hashes))
        .zip(sealed.appended.first_index()..)
        .map(|((draft, (leaf, hash)), index)| EntryRow {
            index,
            leaf_hash: hash.0,
            leaf: leaf.clone(),
            personal: stored_personal(draft, keys),
        })
        .collect();
    tx.entries_insert_in_tx(row.slot, &entries).await?;
    let tiles: Vec<TileRow> = sealed
        .appended
        .tiles()
        .into_iter()
        .map(|tile| TileRow { level: tile.level, index: tile.index, hashes: tile.hashes, root: tile.root.0 })
        .collect();
    tx.tiles_insert_in_tx(row.slot, &tiles).await?;
    Ok(tx.shard_advance_in_tx(row.slot, sealed.appended.head().size, &sealed.checkpoint).await?)
}

/// The personal part as it is stored. One that was sealed before its subject was erased is not: the entry is as if it
/// had been erased with the others.
fn stored_personal(draft: &Draft, keys: &Keys) -> Option<([u8; 16], Vec<u8>)> {
    let personal = draft.personal.as_ref().filter(|personal| !keys.is_destroyed(&personal.key))?;
    Some((personal.key, personal.sealed.clone()))
}

/// The claims of the batch, each naming the entry that claims it.
fn claims(decided: &mut [Option<Decided>], sealed: &Sealed, row: &Shard, now: Timestamp) -> Vec<RequestClaim> {
    let places: HashMap<uuid::Uuid, u64> =
        decided.iter().flatten().map(|entry| entry.draft.id).zip(sealed.appended.first_index()..).collect();
    let mut claims: Vec<RequestClaim> = decided
        .iter_mut()
        .flatten()
        .filter_map(|entry| {
            let claim = entry.claim.take()?;
            let index = *places.get(&entry.draft.id)?;
            Some(RequestClaim { slot: row.slot, index, claimed_at: now.as_microsecond(), ..claim })
        })
        .collect();
    claims.sort_unstable_by(|a, b| (&a.agency, &a.request_id).cmp(&(&b.agency, &b.request_id)));
    claims
}

/// Whether the row is the one that a commit leads to. Another node may have raised its epoch since.
fn is_as_due(found: &Shard, due: &Shard) -> bool {
    let Shard { slot, origin, size, lease_token, authority_epoch: _, checkpoint } = due;
    (&found.slot, &found.origin, &found.size, &found.lease_token, &found.checkpoint)
        == (slot, origin, size, lease_token, checkpoint)
}

fn is_fatal(failure: &Failure) -> bool {
    failure.reason == unefois_core::Reason::LeaseLost || failure.is_storage_failure()
}
