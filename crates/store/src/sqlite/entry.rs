//! Entries of the ledger, and the full tiles of its tree.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    EntryRow, LeafRow, LedgerGrowth, TileRow,
    error::{Doing, Error, signed},
};
use rusqlite::params;

impl Readers {
    pub(crate) async fn entry_fetch(&self, slot: u32, index: u64) -> Result<Option<EntryRow>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT leaf_hash, leaf, personal_key, personal_sealed FROM entry WHERE slot = ? AND idx = ?";
            let found = connection.row(sql, params![slot, signed(index)], |row| {
                let (key, sealed): (Option<[u8; 16]>, Option<Vec<u8>>) = (row.get(2)?, row.get(3)?);
                Ok(EntryRow { index, leaf_hash: row.get(0)?, leaf: row.get(1)?, personal: key.zip(sealed) })
            });
            found.doing("read an entry")
        })
        .await
    }

    pub(crate) async fn leaves_list(
        &self,
        slot: u32,
        from: u64,
        before: u64,
        count_max: u32,
    ) -> Result<Vec<LeafRow>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT idx, leaf_hash, leaf FROM entry WHERE slot = ? AND idx >= ? AND idx < ?
                 ORDER BY idx LIMIT ?";
            let rows = connection.rows(sql, params![slot, signed(from), signed(before), count_max], |row| {
                Ok(LeafRow { index: row.get::<_, i64>(0)?.cast_unsigned(), leaf_hash: row.get(1)?, leaf: row.get(2)? })
            });
            rows.doing("list entries")
        })
        .await
    }

    pub(crate) async fn leaf_hashes_list(&self, slot: u32, from: u64, before: u64) -> Result<Vec<[u8; 32]>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT leaf_hash FROM entry WHERE slot = ? AND idx >= ? AND idx < ? ORDER BY idx";
            let rows = connection.rows(sql, params![slot, signed(from), signed(before)], |row| row.get(0));
            all_of(from, before, rows.doing("list leaf hashes")?, "ledger: an entry is missing")
        })
        .await
    }

    pub(crate) async fn tile_fetch(&self, slot: u32, level: u8, index: u64) -> Result<Vec<u8>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT hashes FROM tile WHERE slot = ? AND level = ? AND idx = ?";
            let hashes = connection.row(sql, params![slot, level, signed(index)], |row| row.get(0));
            hashes.doing("read a tile")?.ok_or(Error::Malformed { what: "ledger: a tile is missing" })
        })
        .await
    }

    pub(crate) async fn tile_roots_list(
        &self,
        slot: u32,
        level: u8,
        from: u64,
        before: u64,
    ) -> Result<Vec<[u8; 32]>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT root FROM tile WHERE slot = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx";
            let rows = connection.rows(sql, params![slot, level, signed(from), signed(before)], |row| row.get(0));
            all_of(from, before, rows.doing("list the roots of tiles")?, "ledger: a tile is missing")
        })
        .await
    }
}

/// The rows, of which there must be one for each number.
fn all_of<T>(from: u64, before: u64, rows: Vec<T>, what: &'static str) -> Result<Vec<T>, Error> {
    if rows.len() as u64 == before.saturating_sub(from) { Ok(rows) } else { Err(Error::Malformed { what }) }
}

impl Transaction<'_> {
    pub(crate) fn ledger_append_in_tx(&mut self, growth: &LedgerGrowth<'_>) -> Result<(), Error> {
        let LedgerGrowth { slot, entries, tiles, size, checkpoint } = *growth;
        self.entries_insert_in_tx(slot, entries)?;
        self.tiles_insert_in_tx(slot, tiles)?;
        self.shard_advance_in_tx(slot, size, checkpoint)
    }

    pub(crate) fn entries_insert_in_tx(&mut self, slot: u32, entries: &[EntryRow]) -> Result<(), Error> {
        let sql = "INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed)
             VALUES (?, ?, ?, ?, ?, ?)";
        let mut insert = self.connection().prepare_cached(sql).doing("append entries")?;
        for EntryRow { index, leaf_hash, leaf, personal } in entries {
            let (key, sealed) = personal.as_ref().map(|(key, sealed)| (key, sealed)).unzip();
            insert.execute(params![slot, signed(*index), leaf_hash, leaf, key, sealed]).doing("append entries")?;
        }
        Ok(())
    }

    pub(crate) fn tiles_insert_in_tx(&mut self, slot: u32, tiles: &[TileRow]) -> Result<(), Error> {
        let sql = "INSERT INTO tile (slot, level, idx, hashes, root) VALUES (?, ?, ?, ?, ?)";
        for TileRow { level, index, hashes, root } in tiles {
            let row = params![slot, level, signed(*index), hashes, root];
            self.connection().run(sql, row).doing("store a tile")?;
        }
        Ok(())
    }
}
