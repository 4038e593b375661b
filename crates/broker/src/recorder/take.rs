//! Taking a shard over: the database must be the one that the outside checkpoint saw, and the tree the one it signed.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;
use unefois_ledger::{Checkpoint, SigningKey, TreeHead, check_consistency};
use unefois_store::{CheckpointFile, Store, Writer};

use super::{Head, LedgerShard, quota::Quotas};
use crate::{
    authority::Authority, clock::Clock, failure::Failure, keys::Keys, limits::Limits, metrics::RecorderMetrics, tree,
};

/// What a shard is taken over with.
pub(crate) struct Taking {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) outside: CheckpointFile,
    pub(crate) slot: u32,
    pub(crate) key: SigningKey,
    pub(crate) keys: Keys,
    pub(crate) authority: Arc<Authority>,
    pub(crate) clock: Clock,
    pub(crate) metrics: RecorderMetrics,
}

impl LedgerShard {
    /// Takes the shard over: checks that the database is the one that the outside checkpoint saw, and rebuilds the
    /// edge of the tree.
    ///
    /// # Errors
    /// The database is older than the outside checkpoint, or not the one that it saw; or the storage failed.
    pub(crate) async fn take(taking: Taking, limits: &Limits) -> Result<Self, Failure> {
        let Taking { store, mut writer, outside, slot, key, keys, authority, clock, metrics } = taking;
        let mut tx = writer.begin().await?;
        let row = tx.shard_take_in_tx(slot, key.name()).await?;
        if row.origin != key.name() {
            return Err(Failure::internal(TakeError::Origin { found: row.origin, due: key.name().to_owned() }));
        }
        let head = match row.checkpoint.as_str() {
            "" => TreeHead::empty(),
            signed => Checkpoint::open(signed, &key.verifying_key()).map_err(Failure::internal)?.head,
        };
        if head.size != row.size {
            return Err(Failure::internal(TakeError::Size { signed: head.size, stored: row.size }));
        }
        let tree = tree::restore(&store, slot, head).await?;
        check_outside(&store, slot, &outside, &key, head).await?;
        // Only now: a start that is refused leaves the database as it was.
        tx.commit().await?;

        let authority_now = authority.load();
        authority.registry_replaced(Arc::clone(&authority_now.registry), row.authority_epoch);
        let quotas = Quotas::load(&store, clock.now()).await?;
        let (head, _) = watch::channel(Head { size: row.size, checkpoint: Arc::from(row.checkpoint.as_str()) });
        let request_id_kept_micros = i64::try_from(limits.request_id_kept.as_micros()).unwrap_or(i64::MAX);
        let newest = Timestamp::UNIX_EPOCH;
        Ok(Self {
            row,
            tree,
            key,
            writer,
            store,
            outside,
            quotas,
            keys,
            quotas_are_stale: false,
            authority,
            clock,
            head,
            request_id_kept_micros,
            newest,
            metrics,
        })
    }
}

/// Why a shard cannot be taken over.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TakeError {
    #[error("the shard has the origin `{found}`, and the configuration names `{due}`: set `hub.name` as it was")]
    Origin { found: String, due: String },
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
