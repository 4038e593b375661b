//! The shard rows: the fence of each node, and the lease on it.
//!
//! Whoever locks more than the row of its own shard takes the lock of all shards first and then the rows in the order of
//! their slots. A batch holds its own row until it commits, so one who holds them all is alone with the ledger.

use super::{Readers, Transaction, instant::Instant};
use crate::{
    Fence, Reach, Shard,
    error::{Doing, Error, signed, unsigned},
    open::StoreLimits,
};

/// Held by one who opens or takes a shard, and by one who needs them all.
const LOCK_ALL: &str = "SELECT pg_advisory_xact_lock(hashtext('unefois.shard'))";

#[derive(sqlx::FromRow)]
struct ShardRow {
    slot: i32,
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

const SELECT: &str = "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard WHERE slot = $1";
const SELECT_LOCKED: &str =
    "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard WHERE slot = $1 FOR UPDATE";
const SELECT_ALL: &str = "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard ORDER BY slot";

/// How a slot is bound.
pub(super) fn slot_of(slot: u32) -> i32 {
    i32::try_from(slot).unwrap_or(i32::MAX)
}

impl Readers {
    pub(crate) async fn shard_fetch(&self, slot: u32) -> Result<Option<Shard>, Error> {
        let row: Option<ShardRow> =
            sqlx::query_as(SELECT).bind(slot_of(slot)).fetch_optional(&self.pool).await.doing("read its shard")?;
        row.map(Shard::try_from).transpose()
    }

    pub(crate) async fn shards_list(&self) -> Result<Vec<Shard>, Error> {
        let rows: Vec<ShardRow> = sqlx::query_as(SELECT_ALL).fetch_all(&self.pool).await.doing("list its shards")?;
        rows.into_iter().map(Shard::try_from).collect()
    }
}

impl Transaction<'_> {
    /// The server's clock says whether a lease has run out: those of the nodes may differ.
    pub(crate) async fn shard_take_in_tx(
        &mut self,
        origin_of: &(dyn Fn(u32) -> String + Sync),
    ) -> Result<Option<Shard>, Error> {
        sqlx::query(LOCK_ALL).execute(self.connection()).await.doing("wait for its turn to take a shard")?;
        // One whose holder stands still in a transaction is passed over: it would have to be waited for.
        let free: Option<i32> = sqlx::query_scalar(
            "SELECT slot FROM shard WHERE lease_until <= clock_timestamp() ORDER BY slot LIMIT 1 FOR UPDATE SKIP LOCKED",
        )
        .fetch_optional(self.connection())
        .await
        .doing("look for a shard that nobody holds")?;
        let slot = match free {
            Some(slot) => slot,
            None => {
                let next: i32 = sqlx::query_scalar("SELECT coalesce(max(slot) + 1, 0) FROM shard")
                    .fetch_one(self.connection())
                    .await
                    .doing("look for a free slot")?;
                if u32::try_from(next).is_ok_and(|next| next >= self.limits.shards_max) {
                    return Ok(None);
                }
                next
            }
        };
        let origin = origin_of(u32::try_from(slot).map_err(|_out_of_range| Error::Malformed { what: "shard slot" })?);
        let row: ShardRow = sqlx::query_as(
            "INSERT INTO shard (slot, origin, size, lease_token, lease_until, authority_epoch, checkpoint)
             VALUES ($1, $2, 0, 1, clock_timestamp() + $3 * interval '1 microsecond',
                     (SELECT coalesce(max(authority_epoch), 1) FROM shard), '')
             ON CONFLICT (slot) DO UPDATE SET lease_token = shard.lease_token + 1,
                 lease_until = excluded.lease_until, authority_epoch = excluded.authority_epoch
             RETURNING slot, origin, size, lease_token, authority_epoch, checkpoint",
        )
        .bind(slot)
        .bind(origin)
        .bind(lease_micros(self.limits))
        .fetch_one(self.connection())
        .await
        .doing("take its shard")?;
        row.try_into().map(Some)
    }

    pub(crate) async fn shard_fence_in_tx(&mut self, held: &Shard, reach: Reach) -> Result<Fence, Error> {
        if reach == Reach::Every {
            sqlx::query(LOCK_ALL).execute(self.connection()).await.doing("wait for its turn to hold every shard")?;
            sqlx::query("SELECT 1 FROM shard ORDER BY slot FOR UPDATE")
                .execute(self.connection())
                .await
                .doing("hold every shard")?;
        }
        let updated: Option<Instant> = sqlx::query_scalar(
            "UPDATE shard SET lease_until =
                 greatest(clock_timestamp() + $5 * interval '1 microsecond', lease_until + interval '1 microsecond')
             WHERE slot = $1 AND lease_token = $2 AND size = $3 AND authority_epoch = $4 RETURNING lease_until",
        )
        .bind(slot_of(held.slot))
        .bind(signed(held.lease_token))
        .bind(signed(held.size))
        .bind(signed(held.authority_epoch))
        .bind(lease_micros(self.limits))
        .fetch_optional(self.connection())
        .await
        .doing("lock its shard")?;
        if updated.is_some() {
            // Known too early when the transaction fails: the next batch then finds another one, and does nothing.
            *self.version = updated;
            return Ok(Fence::Held);
        }
        // No row at all: another database is in the place of the one that this node took its shard from.
        let Some(found) = self.shard_locked_fetch(held.slot).await? else { return Ok(Fence::LeaseLost) };
        if found.lease_token != held.lease_token || found.size != held.size {
            return Ok(Fence::LeaseLost);
        }
        Ok(Fence::EpochMoved { authority_epoch: found.authority_epoch })
    }

    /// The row, locked.
    pub(super) async fn shard_locked_fetch(&mut self, slot: u32) -> Result<Option<Shard>, Error> {
        let row: Option<ShardRow> = sqlx::query_as(SELECT_LOCKED)
            .bind(slot_of(slot))
            .fetch_optional(self.connection())
            .await
            .doing("read its shard")?;
        row.map(Shard::try_from).transpose()
    }

    pub(crate) async fn shard_advance_in_tx(&mut self, slot: u32, size: u64, checkpoint: &str) -> Result<(), Error> {
        sqlx::query("UPDATE shard SET size = $2, checkpoint = $3 WHERE slot = $1")
            .bind(slot_of(slot))
            .bind(signed(size))
            .bind(checkpoint)
            .execute(self.connection())
            .await
            .doing("advance its shard")?;
        Ok(())
    }

    /// The row, locked and changed: what was sent before, on the condition that it is as it was, does nothing any more.
    pub(super) async fn shard_settle_in_tx(&mut self, held: &Shard) -> Result<Option<Shard>, Error> {
        let Some(found) = self.shard_locked_fetch(held.slot).await? else { return Ok(None) };
        if found.lease_token == held.lease_token {
            let version = sqlx::query_scalar(
                "UPDATE shard SET lease_until =
                     greatest(clock_timestamp() + $2 * interval '1 microsecond', lease_until + interval '1 microsecond')
                 WHERE slot = $1 RETURNING lease_until",
            )
            .bind(slot_of(held.slot))
            .bind(lease_micros(self.limits))
            .fetch_one(self.connection())
            .await
            .doing("settle its shard")?;
            *self.version = Some(version);
        }
        Ok(Some(found))
    }

    pub(super) async fn shard_release_in_tx(&mut self, held: &Shard) -> Result<(), Error> {
        sqlx::query("UPDATE shard SET lease_until = clock_timestamp() WHERE slot = $1 AND lease_token = $2")
            .bind(slot_of(held.slot))
            .bind(signed(held.lease_token))
            .execute(self.connection())
            .await
            .doing("give its shard back")?;
        Ok(())
    }

    /// The epoch is one number: a shard that is opened later begins with it.
    pub(crate) async fn epoch_raise_in_tx(&mut self) -> Result<u64, Error> {
        let epochs: Vec<i64> = sqlx::query_scalar(
            "UPDATE shard SET authority_epoch = (SELECT max(authority_epoch) FROM shard) + 1 RETURNING authority_epoch",
        )
        .fetch_all(self.connection())
        .await
        .doing("raise the authority epoch")?;
        self.wake_in_tx().await?;
        unsigned(epochs.first().copied().unwrap_or_default(), "authority epoch")
    }
}

/// How long a lease lasts, in microseconds.
pub(super) fn lease_micros(limits: &StoreLimits) -> f64 {
    limits.lease.as_secs_f64() * 1e6
}
