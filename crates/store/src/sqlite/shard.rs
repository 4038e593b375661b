//! The shard row: size, lease token and authority epoch, which together are the fence.

use sqlx::SqliteConnection;

use super::{Readers, Transaction};
use crate::{
    Fence, Reach, Shard,
    error::{Doing, Error, signed, unsigned},
};

/// The slot of the one shard of an embedded hub.
const SLOT: u32 = 0;

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
const SELECT_ALL: &str = "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard ORDER BY slot";

/// The shard of that slot, as a connection sees it.
pub(super) async fn fetch(connection: &mut SqliteConnection, slot: u32) -> Result<Option<Shard>, Error> {
    let row: Option<ShardRow> =
        sqlx::query_as(SELECT).bind(i64::from(slot)).fetch_optional(connection).await.doing("read its shard")?;
    row.map(Shard::try_from).transpose()
}

impl Readers {
    pub(crate) async fn shard_fetch(&self, slot: u32) -> Result<Option<Shard>, Error> {
        fetch(&mut *self.pool.acquire().await.doing("take a reader")?, slot).await
    }

    pub(crate) async fn shards_list(&self) -> Result<Vec<Shard>, Error> {
        let rows: Vec<ShardRow> = sqlx::query_as(SELECT_ALL).fetch_all(&self.pool).await.doing("list its shards")?;
        rows.into_iter().map(Shard::try_from).collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn shard_take_in_tx(
        &mut self,
        origin_of: &(dyn Fn(u32) -> String + Sync),
    ) -> Result<Option<Shard>, Error> {
        sqlx::query(
            "INSERT INTO shard (slot, origin, size, lease_token, authority_epoch, is_open, checkpoint)
             VALUES (?, ?, 0, 1, 1, 1, '')
             ON CONFLICT (slot) DO UPDATE SET lease_token = lease_token + 1, is_open = 1",
        )
        .bind(i64::from(SLOT))
        .bind(origin_of(SLOT))
        .execute(self.connection())
        .await
        .doing("take its shard")?;
        fetch(self.connection(), SLOT).await
    }

    pub(crate) async fn shard_fence_in_tx(&mut self, held: &Shard, _reach: Reach) -> Result<Fence, Error> {
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
        let Some(found) = fetch(self.connection(), held.slot).await? else { return Ok(Fence::LeaseLost) };
        if found.lease_token != held.lease_token || found.size != held.size {
            return Ok(Fence::LeaseLost);
        }
        Ok(Fence::EpochMoved { authority_epoch: found.authority_epoch })
    }

    pub(crate) async fn shard_advance_in_tx(&mut self, slot: u32, size: u64, checkpoint: &str) -> Result<(), Error> {
        sqlx::query("UPDATE shard SET size = ?, checkpoint = ? WHERE slot = ?")
            .bind(signed(size))
            .bind(checkpoint)
            .bind(i64::from(slot))
            .execute(self.connection())
            .await
            .doing("advance its shard")?;
        Ok(())
    }

    pub(crate) async fn epoch_raise_in_tx(&mut self) -> Result<u64, Error> {
        let epoch: i64 = sqlx::query_scalar(
            "UPDATE shard SET authority_epoch = authority_epoch + 1 WHERE is_open = 1 RETURNING authority_epoch",
        )
        .fetch_one(self.connection())
        .await
        .doing("raise the authority epoch")?;
        unsigned(epoch, "authority epoch")
    }
}
