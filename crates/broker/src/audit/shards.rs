//! The shards of the ledger: this node's as its recorder knows it, those of other nodes as their rows say.

use std::sync::Arc;

use unefois_core::Reason;
use unefois_ledger::VerifyingKey;
use unefois_store::Shard;

use crate::{failure::Failure, hub::Hub};

/// The newest committed state of one shard.
#[derive(Debug, Clone)]
pub struct ShardHead {
    pub(crate) slot: u32,
    /// The origin that its checkpoints name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// The signed checkpoint of that size; empty while there is no entry.
    pub checkpoint: Arc<str>,
    /// The public key that verifies it.
    pub public_key: VerifyingKey,
}

/// The slot that is meant where no shard is named: every node gives the same answer.
const SLOT_UNNAMED: u32 = 0;

/// A row of the ledger has an origin that is none of this hub.
#[derive(Debug, thiserror::Error)]
#[error("the shard in slot {slot} has the origin `{origin}`, which is none of this hub")]
struct ForeignShard {
    slot: u32,
    origin: String,
}

impl Hub {
    /// Every shard of the ledger, in the order of their slots.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn shards(&self) -> Result<Vec<ShardHead>, Failure> {
        self.store.shards_list().await?.into_iter().map(|row| self.head_of(row)).collect()
    }

    /// The shard of that origin; of slot 0 when it is empty.
    ///
    /// # Errors
    /// `ARGUMENT_INVALID` when there is no such shard.
    pub async fn shard(&self, origin: &str) -> Result<ShardHead, Failure> {
        if origin.is_empty() {
            return self.shard_in(SLOT_UNNAMED).await;
        }
        if origin == self.origin {
            return Ok(self.own_shard());
        }
        let shards = self.shards().await?;
        let named = shards.into_iter().find(|shard| shard.origin == origin);
        named.ok_or_else(|| Failure::field(Reason::ArgumentInvalid, "origin", "the origin of a shard of this hub"))
    }

    /// The shard in that slot.
    pub(crate) async fn shard_in(&self, slot: u32) -> Result<ShardHead, Failure> {
        if slot == self.slot {
            return Ok(self.own_shard());
        }
        let row = self.store.shard_fetch(slot).await?;
        self.head_of(row.ok_or_else(|| Failure::new(Reason::NotFound))?)
    }

    /// The shard that this node writes: what its recorder has committed, without asking the store.
    fn own_shard(&self) -> ShardHead {
        let head = self.recorder.head();
        ShardHead {
            slot: self.slot,
            origin: self.origin.clone(),
            size: head.size,
            checkpoint: head.checkpoint,
            public_key: self.verifying_key.clone(),
        }
    }

    fn head_of(&self, row: Shard) -> Result<ShardHead, Failure> {
        if row.slot == self.slot {
            return Ok(self.own_shard());
        }
        let Shard { slot, origin, size, lease_token: _, authority_epoch: _, checkpoint } = row;
        let Some(public_key) = self.verifying_key.of_origin(&origin) else {
            return Err(Failure::internal(ForeignShard { slot, origin }));
        };
        Ok(ShardHead { slot, origin, size, checkpoint: checkpoint.into(), public_key })
    }
}
