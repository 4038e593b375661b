//! Taking a shard over: the database must be the one that the outside checkpoint saw, and the tree the one it signed.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use unefois_ledger::{Checkpoint, SigningKey, TreeHead, check_consistency, decode_leaf, shard_origin};
use unefois_store::{CheckpointFile, CheckpointFiles, Shard, Store, Writer};
use unefois_vault::Keyring;

use super::{Head, LedgerShard, quota::Quotas};
use crate::{
    catch_up::CatchUp, clock::Clock, failure::Failure, index::Feed, limits::Limits, metrics::RecorderMetrics, tree,
};

/// What a shard is taken over with.
pub(crate) struct Taking {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) outside: CheckpointFiles,
    pub(crate) shards: ShardKeys,
    pub(crate) catch_up: CatchUp,
    pub(crate) clock: Clock,
    pub(crate) metrics: RecorderMetrics,
}

/// The keys that sign the checkpoints of a hub's shards, each named by its origin.
#[derive(Debug, Clone)]
pub(crate) struct ShardKeys {
    pub(crate) hub: String,
    pub(crate) keyring: Arc<Keyring>,
}

impl ShardKeys {
    /// The origin of the shard in that slot.
    pub(crate) fn origin(&self, slot: u32) -> String {
        shard_origin(&self.hub, slot)
    }

    /// The key of the shard in that slot.
    pub(crate) fn of(&self, slot: u32) -> Result<SigningKey, Failure> {
        SigningKey::from_seed(&self.origin(slot), self.keyring.ledger_seed()).map_err(Failure::internal)
    }
}

impl LedgerShard {
    /// Takes a shard over, or opens one: checks that the database is of this hub and the one that the outside checkpoint
    /// saw, and rebuilds the edge of the tree.
    ///
    /// # Errors
    /// The database is another hub's, older than the outside checkpoint, or not the one that it saw; every slot is held;
    /// or the storage failed.
    pub(crate) async fn take(taking: Taking, limits: &Limits) -> Result<Self, Failure> {
        let Taking { store, mut writer, outside, shards, catch_up, clock, metrics } = taking;
        check_shards(&store, &shards).await?;
        let mut tx = writer.begin().await?;
        let row = tx.shard_take_in_tx(&|slot| shards.origin(slot)).await?;
        let row = row.ok_or_else(|| Failure::internal(TakeError::NoSlot))?;
        let key = shards.of(row.slot)?;
        let head = head_of(&row, &key)?;
        let tree = tree::restore(&store, row.slot, head).await?;
        let outside = outside.of(row.slot);
        check_outside(&store, row.slot, &outside, &key, head).await?;
        let newest = newest_instant(&store, &row).await?;
        catch_up.in_tx(&mut tx, row.authority_epoch).await?;
        // Only now: a start that is refused leaves the database as it was.
        tx.commit().await?;
        tracing::info!(origin = key.name(), size = row.size, lease = row.lease_token, "this node holds the shard");

        let quotas = Quotas::load(&store, row.slot, clock.now()).await?;
        let (head, _) = watch::channel(Head { size: row.size, checkpoint: Arc::from(row.checkpoint.as_str()) });
        let request_id_kept_micros = i64::try_from(limits.request_id_kept.as_micros()).unwrap_or(i64::MAX);
        Ok(Self {
            row,
            tree,
            key,
            writer,
            store,
            outside,
            quotas,
            keys: catch_up.keys.clone(),
            quotas_are_stale: false,
            authority: Arc::clone(&catch_up.authority),
            catch_up,
            act_tries_max: limits.act_tries_max,
            clock,
            head,
            feed: Feed::new(limits.index_feed_max),
            request_id_kept_micros,
            newest,
            metrics,
        })
    }
}

/// Every shard that is there must be of this hub, and signed with its secrets: another hub's database, or another
/// keyring, must not get a shard of ours.
async fn check_shards(store: &Store, shards: &ShardKeys) -> Result<(), Failure> {
    for row in store.shards_list().await? {
        head_of(&row, &shards.of(row.slot)?)?;
    }
    Ok(())
}

/// The tree head that a shard's checkpoint signs.
fn head_of(row: &Shard, key: &SigningKey) -> Result<TreeHead, Failure> {
    if row.origin != key.name() {
        return Err(Failure::internal(TakeError::Origin { found: row.origin.clone(), due: key.name().to_owned() }));
    }
    let head = match row.checkpoint.as_str() {
        "" => TreeHead::empty(),
        signed => Checkpoint::open(signed, &key.verifying_key()).map_err(Failure::internal)?.head,
    };
    if head.size != row.size {
        return Err(Failure::internal(TakeError::Size { signed: head.size, stored: row.size }));
    }
    Ok(head)
}

/// The instant of the newest entry: the next ones are not before it, whatever the clock of this machine says.
async fn newest_instant(store: &Store, row: &Shard) -> Result<Timestamp, Failure> {
    let Some(last) = row.size.checked_sub(1) else { return Ok(Timestamp::UNIX_EPOCH) };
    let Some(entry) = store.entry_fetch(row.slot, last).await? else { return Ok(Timestamp::UNIX_EPOCH) };
    let (_, public) = decode_leaf(&entry.leaf).map_err(Failure::internal)?;
    Timestamp::from_microsecond(public.recorded_at_micros).map_err(Failure::internal)
}

/// Why a shard cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error("the shard has the origin `{found}`, and the configuration names `{due}`: set `hub.name` as it was")]
    Origin { found: String, due: String },
    #[error("every shard is held by another node: raise `limits.store.shards-max`, or stop one")]
    NoSlot,
    #[error("the checkpoint of the shard covers {signed} entries, and its row says {stored}: the database was altered")]
    Size { signed: u64, stored: u64 },
    #[error(
        "the database has {stored} entries, and the outside checkpoint has seen {seen}: it is older than what was \
         promised, such as a restored backup. Restore the newest one, or ask an auditor before removing the checkpoint"
    )]
    Behind { stored: u64, seen: u64 },
}

/// The outside checkpoint must be of a tree that the database continues: a restored backup must not sign a fork.
async fn check_outside(
    store: &Store,
    slot: u32,
    outside: &CheckpointFile,
    key: &SigningKey,
    head: TreeHead,
) -> Result<(), Failure> {
    let Some(seen) = outside.read().map_err(Failure::internal)? else { return Ok(()) };
    let seen = Checkpoint::open(&seen, &key.verifying_key()).map_err(Failure::internal)?.head;
    if seen.size > head.size {
        return Err(Failure::internal(TakeError::Behind { stored: head.size, seen: seen.size }));
    }
    let path = tree::consistency_path(store, slot, seen.size, head.size).await?;
    check_consistency(seen, head, &path).map_err(Failure::internal)
}
