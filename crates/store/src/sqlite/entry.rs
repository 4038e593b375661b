//! Entries of the ledger, and the full tiles of its tree.

use super::{
    Readers, Transaction,
    batch::{placeholders, runs},
};
use crate::{
    EntryRow, LeafRow, TileRow,
    error::{Doing, Error, fixed, signed, unsigned},
};
use sqlx::AssertSqlSafe;

impl Readers {
    pub(crate) async fn entry_fetch(&self, slot: u32, index: u64) -> Result<Option<EntryRow>, Error> {
        type Row = (Vec<u8>, Vec<u8>, Option<Vec<u8>>, Option<Vec<u8>>);
        let row: Option<Row> = sqlx::query_as(
            "SELECT leaf_hash, leaf, personal_key, personal_sealed FROM entry WHERE slot = ? AND idx = ?",
        )
        .bind(i64::from(slot))
        .bind(signed(index))
        .fetch_optional(&self.pool)
        .await
        .doing("read an entry")?;
        let Some((leaf_hash, leaf, key, sealed)) = row else { return Ok(None) };
        let personal = match (key, sealed) {
            (Some(key), Some(sealed)) => Some((fixed(&key, "key id")?, sealed)),
            _ => None,
        };
        Ok(Some(EntryRow { index, leaf_hash: fixed(&leaf_hash, "leaf hash")?, leaf, personal }))
    }

    pub(crate) async fn leaves_list(
        &self,
        slot: u32,
        from: u64,
        before: u64,
        count_max: u32,
    ) -> Result<Vec<LeafRow>, Error> {
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = sqlx::query_as(
            "SELECT idx, leaf_hash, leaf FROM entry WHERE slot = ? AND idx >= ? AND idx < ? ORDER BY idx LIMIT ?",
        )
        .bind(i64::from(slot))
        .bind(signed(from))
        .bind(signed(before))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("list entries")?;
        rows.into_iter()
            .map(|(index, hash, leaf)| {
                Ok(LeafRow { index: unsigned(index, "entry index")?, leaf_hash: fixed(&hash, "leaf hash")?, leaf })
            })
            .collect()
    }

    pub(crate) async fn leaf_hashes_list(&self, slot: u32, from: u64, before: u64) -> Result<Vec<[u8; 32]>, Error> {
        let rows: Vec<Vec<u8>> =
            sqlx::query_scalar("SELECT leaf_hash FROM entry WHERE slot = ? AND idx >= ? AND idx < ? ORDER BY idx")
                .bind(i64::from(slot))
                .bind(signed(from))
                .bind(signed(before))
                .fetch_all(&self.pool)
                .await
                .doing("list leaf hashes")?;
        if rows.len() as u64 != before.saturating_sub(from) {
            return Err(Error::Malformed { what: "ledger: an entry is missing" });
        }
        rows.iter().map(|hash| fixed(hash, "leaf hash")).collect()
    }

    pub(crate) async fn tile_fetch(&self, slot: u32, level: u8, index: u64) -> Result<Vec<u8>, Error> {
        let hashes: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT hashes FROM tile WHERE slot = ? AND level = ? AND idx = ?")
                .bind(i64::from(slot))
                .bind(i64::from(level))
                .bind(signed(index))
                .fetch_optional(&self.pool)
                .await
                .doing("read a tile")?;
        hashes.ok_or(Error::Malformed { what: "ledger: a tile is missing" })
    }

    pub(crate) async fn tile_roots_list(
        &self,
        slot: u32,
        level: u8,
        from: u64,
        before: u64,
    ) -> Result<Vec<[u8; 32]>, Error> {
        let rows: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT root FROM tile WHERE slot = ? AND level = ? AND idx >= ? AND idx < ? ORDER BY idx",
        )
        .bind(i64::from(slot))
        .bind(i64::from(level))
        .bind(signed(from))
        .bind(signed(before))
        .fetch_all(&self.pool)
        .await
        .doing("list the roots of tiles")?;
        if rows.len() as u64 != before.saturating_sub(from) {
            return Err(Error::Malformed { what: "ledger: a tile is missing" });
        }
        rows.iter().map(|root| fixed(root, "tile root")).collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn entries_insert_in_tx(&mut self, slot: u32, entries: &[EntryRow]) -> Result<(), Error> {
        for run in runs(entries) {
            let sql = format!(
                "INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed) VALUES {}",
                placeholders(run.len(), 6)
            );
            let mut query = sqlx::query(AssertSqlSafe(sql));
            for entry in run {
                let (key, sealed) = match &entry.personal {
                    Some((key, sealed)) => (Some(&key[..]), Some(&sealed[..])),
                    None => (None, None),
                };
                query = query.bind(i64::from(slot)).bind(signed(entry.index)).bind(&entry.leaf_hash[..]);
                query = query.bind(&entry.leaf[..]).bind(key).bind(sealed);
            }
            query.execute(self.connection()).await.doing("append entries")?;
        }
        Ok(())
    }

    pub(crate) async fn tiles_insert_in_tx(&mut self, slot: u32, tiles: &[TileRow]) -> Result<(), Error> {
        for tile in tiles {
            sqlx::query("INSERT INTO tile (slot, level, idx, hashes, root) VALUES (?, ?, ?, ?, ?)")
                .bind(i64::from(slot))
                .bind(i64::from(tile.level))
                .bind(signed(tile.index))
                .bind(&tile.hashes)
                .bind(&tile.root[..])
                .execute(self.connection())
                .await
                .doing("store a tile")?;
        }
        Ok(())
    }
}
