//! The shard row: size, lease token and authority epoch, which together are the fence.

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// How much of the ledger a transaction holds still until it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The shard of this node: other nodes go on.
    Own,
    /// Every shard: no other node records anything meanwhile, and none is opened. For what may remove authority.
    Every,
}

/// One shard of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shard {
    /// The numbered slot.
    pub slot: u32,
    /// The origin that its checkpoints name.
    pub origin: String,
    /// How many entries it has.
    pub size: u64,
    /// Raised by each successor that takes the shard over.
    pub lease_token: u64,
    /// Raised by every act that removes authority.
    pub authority_epoch: u64,
    /// The signed checkpoint of that size; empty while there is none.
    pub checkpoint: String,
}

/// What the conditional update of the shard row found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fence {
    /// The row is as decided, and locked until the transaction ends.
    Held,
    /// Authority was removed since; the row is locked and holds this epoch.
    EpochMoved {
        /// The epoch now.
        authority_epoch: u64,
    },
    /// Another holder has the lease, or the size is not the one expected: this node must stop.
    LeaseLost,
}

impl Store {
    /// The shard of that slot, if it was ever opened.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn shard_fetch(&self, slot: u32) -> Result<Option<Shard>, Error> {
        on!(&self.0, it => it.shard_fetch(slot).await)
    }

    /// Every shard that was ever opened, in the order of their slots.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn shards_list(&self) -> Result<Vec<Shard>, Error> {
        on!(&self.0, it => it.shards_list().await)
    }
}

impl Transaction<'_> {
    /// Takes a shard: the lowest one that nobody holds, or a new one. Its lease token is raised, so that an earlier
    /// holder's writes fail. `None` when every slot is held.
    ///
    /// On SQLite it is always the one of slot 0: the lock on the data directory is the lease.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn shard_take_in_tx(
        &mut self,
        origin_of: &(dyn Fn(u32) -> String + Sync),
    ) -> Result<Option<Shard>, Error> {
        at_once!(&mut self.0, it => it.shard_take_in_tx(origin_of))
    }

    /// The first write of every batch: locks the shard row on the condition that it is as the batch was decided, and
    /// renews the lease. With [`Reach::Every`] it locks the others before it or after it, in the order of their slots.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn shard_fence_in_tx(&mut self, held: &Shard, reach: Reach) -> Result<Fence, Error> {
        at_once!(&mut self.0, it => it.shard_fence_in_tx(held, reach))
    }

    /// Writes the size and the checkpoint that the batch leads to.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn shard_advance_in_tx(&mut self, slot: u32, size: u64, checkpoint: &str) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.shard_advance_in_tx(slot, size, checkpoint))
    }

    /// Raises the authority epoch, which every shard row holds: the act of this transaction removes authority. The
    /// fence was passed with [`Reach::Every`]. Gives the new epoch.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn epoch_raise_in_tx(&mut self) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.epoch_raise_in_tx())
    }
}
