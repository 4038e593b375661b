//! The shard row: size, lease token and authority epoch, which together are the fence.

use rusqlite::{Connection, Row, params};

use super::{Readers, Transaction, ask::Ask};
use crate::{
    Fence, Reach, Shard,
    error::{Doing, Error, signed, unsigned},
};

/// The slot of the one shard of an embedded hub.
const SLOT: u32 = 0;

const SELECT: &str = "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard WHERE slot = ?";
const SELECT_ALL: &str = "SELECT slot, origin, size, lease_token, authority_epoch, checkpoint FROM shard ORDER BY slot";

fn read(row: &Row<'_>) -> rusqlite::Result<Shard> {
    Ok(Shard {
        slot: row.get(0)?,
        origin: row.get(1)?,
        size: row.get::<_, i64>(2)?.cast_unsigned(),
        lease_token: row.get::<_, i64>(3)?.cast_unsigned(),
        authority_epoch: row.get::<_, i64>(4)?.cast_unsigned(),
        checkpoint: row.get(5)?,
    })
}

/// The shard of that slot, as a connection sees it.
pub(super) fn fetch(connection: &Connection, slot: u32) -> Result<Option<Shard>, Error> {
    connection.row(SELECT, [slot], read).doing("read its shard")
}

impl Readers {
    pub(crate) async fn shard_fetch(&self, slot: u32) -> Result<Option<Shard>, Error> {
        self.ask(move |connection| fetch(connection, slot)).await
    }

    pub(crate) async fn shards_list(&self) -> Result<Vec<Shard>, Error> {
        self.ask(|connection| connection.rows(SELECT_ALL, [], read).doing("list its shards")).await
    }
}

impl Transaction<'_> {
    pub(crate) fn shard_take_in_tx(
        &mut self,
        origin_of: &(dyn Fn(u32) -> String + Sync),
    ) -> Result<Option<Shard>, Error> {
        let sql = "INSERT INTO shard (slot, origin, size, lease_token, authority_epoch, is_open, checkpoint)
             VALUES (?, ?, 0, 1, 1, 1, '')
             ON CONFLICT (slot) DO UPDATE SET lease_token = lease_token + 1, is_open = 1";
        let connection = self.connection();
        connection.run(sql, params![SLOT, origin_of(SLOT)]).doing("take its shard")?;
        fetch(connection, SLOT)
    }

    pub(crate) fn shard_fence_in_tx(&mut self, held: &Shard, _reach: Reach) -> Result<Fence, Error> {
        let Shard { slot, size, lease_token, authority_epoch, .. } = held;
        let sql =
            "UPDATE shard SET size = size WHERE slot = ? AND lease_token = ? AND size = ? AND authority_epoch = ?";
        let row = params![slot, signed(*lease_token), signed(*size), signed(*authority_epoch)];
        let connection = self.connection();
        if connection.run(sql, row).doing("lock its shard")? == 1 {
            return Ok(Fence::Held);
        }
        let Some(found) = fetch(connection, held.slot)? else { return Ok(Fence::LeaseLost) };
        if found.lease_token != held.lease_token || found.size != held.size {
            return Ok(Fence::LeaseLost);
        }
        Ok(Fence::EpochMoved { authority_epoch: found.authority_epoch })
    }

    /// The fence and the advance in one, if the row is as held.
    pub(super) fn shard_replace_in_tx(&mut self, held: &Shard, size: u64, checkpoint: &str) -> Result<bool, Error> {
        let sql = "UPDATE shard SET size = ?, checkpoint = ?
             WHERE slot = ? AND lease_token = ? AND size = ? AND authority_epoch = ?";
        let Shard { slot, size: before, lease_token, authority_epoch, .. } = held;
        let row =
            params![signed(size), checkpoint, slot, signed(*lease_token), signed(*before), signed(*authority_epoch)];
        Ok(self.connection().run(sql, row).doing("lock its shard")? == 1)
    }

    pub(crate) fn shard_advance_in_tx(&mut self, slot: u32, size: u64, checkpoint: &str) -> Result<(), Error> {
        let sql = "UPDATE shard SET size = ?, checkpoint = ? WHERE slot = ?";
        self.connection().run(sql, params![signed(size), checkpoint, slot]).doing("advance its shard").map(drop)
    }

    pub(crate) fn epoch_raise_in_tx(&mut self) -> Result<u64, Error> {
        let sql = "UPDATE shard SET authority_epoch = authority_epoch + 1 WHERE is_open = 1 RETURNING authority_epoch";
        let epoch = self.connection().row(sql, [], |row| row.get(0)).doing("raise the authority epoch")?;
        unsigned(epoch.ok_or(Error::Malformed { what: "ledger: no shard is open" })?, "authority epoch")
    }
}
