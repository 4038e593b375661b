//! The shard row: size, lease token and authority epoch, which together are the fence.

use crate::{
    error::{Doing, Error, signed, unsigned},
    open::Store,
    writer::Transaction,
};

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
    /// Another holder has the lease, or the size is not the one expected: this writer must stop.
    LeaseLost,
}

#[derive(sqlx::FromRow)]
struct ShardRow {
    slot: i64,
    origin: String,
    size: i64,
    lease_token: i64,
    authority_epoch: i64,
    checkpoint: String,
}

impl TryFrom<ShardRow> for Shard {
    type Error = Error;

    fn try_from(row: ShardRow) -> Result<Self, Error> {
        let ShardRow { slot, origin, size, lease_token, authority_epoch, checkpoint } = row;
        Ok(Self {
            slot: u32::try_from(slot).map_err(|_out_of_range| Error::Malformed { what: "shard slot" })?,
            origin,
            size: unsigned(size, "shard size")?,
            lease_token: unsigned(lease_token, "lease token")?,
            authority_epoch: unsigned(authority_epoch, "authority epoch")?,
            checkpoint,
        })
    }
}

const SELECT: &str = "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard WHERE slot = ?";

impl Store {
    /// The shard of that slot, if it was ever opened.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn shard_fetch(&self, slot: u32) -> Result<Option<Shard>, Error> {
        let row: Option<ShardRow> =
            sqlx::query_as(SELECT).bind(i64::from(slot)).fetch_optional(&self.readers).await.doing("read its shard")?;
        row.map(Shard::try_from).transpose()
    }
}

impl Transaction<'_> {
    /// Takes the shard over, or opens it: raises its lease token, so that an earlier holder's writes fail.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn shard_take_in_tx(&mut self, slot: u32, origin: &str) -> Result<Shard, Error> {
        sqlx::query(
            "INSERT INTO shard (slot, origin, size, lease_token, authority_epoch, is_open, checkpoint)
             VALUES (?, ?, 0, 1, 1, 1, '')
             ON CONFLICT (slot) DO UPDATE SET lease_token = lease_token + 1, is_open = 1",
        )
        .bind(i64::from(slot))
        .bind(origin)
        .execute(self.connection())
        .await
        .doing("take its shard")?;
        let row: ShardRow =
            sqlx::query_as(SELECT).bind(i64::from(slot)).fetch_one(self.connection()).await.doing("read its shard")?;
        row.try_into()
    }

    /// The first write of every batch: locks the shard row on the condition that it is as the batch was decided.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn shard_fence_in_tx(&mut self, held: &Shard) -> Result<Fence, Error> {
        let updated = sqlx::query(
            "UPDATE shard SET size = size WHERE slot = ? AND lease_token = ? AND size = ? AND authority_epoch = ?",
        )
        .bind(i64::from(held.slot))
        .bind(signed(held.lease_token))
        .bind(signed(held.size))
        .bind(signed(held.authority_epoch))
        .execute(self.connection())
        .await
        .doing("lock its shard")?;
        if updated.rows_affected() == 1 {
            return Ok(Fence::Held);
        }
        let row: ShardRow = sqlx::query_as(SELECT)
            .bind(i64::from(held.slot))
            .fetch_one(self.connection())
            .await
            .doing("read its shard")?;
        let found = Shard::try_from(row)?;
        if found.lease_token != held.lease_token || found.size != held.size {
            return Ok(Fence::LeaseLost);
        }
        Ok(Fence::EpochMoved { authority_epoch: found.authority_epoch })
    }

    /// Writes the size and the checkpoint that the batch leads to.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn shard_advance_in_tx(&mut self, slot: u32, size: u64, checkpoint: &str) -> Result<(), Error> {
        sqlx::query("UPDATE shard SET size = ?, checkpoint = ? WHERE slot = ?")
            .bind(signed(size))
            .bind(checkpoint)
            .bind(i64::from(slot))
            .execute(self.connection())
            .await
            .doing("advance its shard")?;
        Ok(())
    }

    /// Raises the authority epoch of every open shard, in the order of their slots: the act of this transaction
    /// removes authority. Gives the epoch of `slot` afterwards.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn epoch_raise_in_tx(&mut self, slot: u32) -> Result<u64, Error> {
        sqlx::query("UPDATE shard SET authority_epoch = authority_epoch + 1 WHERE is_open = 1")
            .execute(self.connection())
            .await
            .doing("raise the authority epoch")?;
        let epoch: i64 = sqlx::query_scalar("SELECT authority_epoch FROM shard WHERE slot = ?")
            .bind(i64::from(slot))
            .fetch_one(self.connection())
            .await
            .doing("read the authority epoch")?;
        unsigned(epoch, "authority epoch")
    }
}
