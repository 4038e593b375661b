//! Entries of the ledger, and the full tiles of its tree.

use sqlx::types::Uuid;

use super::{Readers, Transaction, shard::slot_of};
use crate::{
    EntryRow, LeafRow, LedgerGrowth, TileRow,
    error::{Doing, Error, fixed, signed, unsigned},
};

const APPEND: &str = "
    WITH appended AS (
        INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed)
        SELECT $1, new.* FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::uuid[], $6::bytea[]) AS new
    ), tiled AS (
        INSERT INTO tile (slot, level, idx, hashes, root)
        SELECT $1, new.* FROM unnest($7::smallint[], $8::bigint[], $9::bytea[], $10::bytea[]) AS new
    )
    UPDATE shard SET size = $11, checkpoint = $12 WHERE slot = $1";

impl Readers {
    pub(crate) async fn entry_fetch(&self, slot: u32, index: u64) -> Result<Option<EntryRow>, Error> {
        type Row = (Vec<u8>, Vec<u8>, Option<Uuid>, Option<Vec<u8>>);
        let row: Option<Row> = sqlx::query_as(
            "SELECT leaf_hash, leaf, personal_key, personal_sealed FROM entry WHERE slot = $1 AND idx = $2",
        )
        .bind(slot_of(slot))
        .bind(signed(index))
        .fetch_optional(&self.pool)
        .await
        .doing("read an entry")?;
        let Some((leaf_hash, leaf, key, sealed)) = row else { return Ok(None) };
        let personal = key.zip(sealed).map(|(key, sealed)| (key.into_bytes(), sealed));
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
            "SELECT idx, leaf_hash, leaf FROM entry WHERE slot = $1 AND idx >= $2 AND idx < $3 ORDER BY idx LIMIT $4",
        )
        .bind(slot_of(slot))
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
            sqlx::query_scalar("SELECT leaf_hash FROM entry WHERE slot = $1 AND idx >= $2 AND idx < $3 ORDER BY idx")
                .bind(slot_of(slot))
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
            sqlx::query_scalar("SELECT hashes FROM tile WHERE slot = $1 AND level = $2 AND idx = $3")
                .bind(slot_of(slot))
                .bind(i16::from(level))
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
            "SELECT root FROM tile WHERE slot = $1 AND level = $2 AND idx >= $3 AND idx < $4 ORDER BY idx",
        )
        .bind(slot_of(slot))
        .bind(i16::from(level))
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
    pub(crate) async fn ledger_append_in_tx(&mut self, growth: &LedgerGrowth<'_>) -> Result<(), Error> {
        let LedgerGrowth { slot, entries, tiles, size, checkpoint } = *growth;
        let personal = |entry: &EntryRow| entry.personal.as_ref().map(|(key, _)| Uuid::from_bytes(*key));
        sqlx::query(APPEND)
            .bind(slot_of(slot))
            .bind(entries.iter().map(|entry| signed(entry.index)).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| &entry.leaf_hash[..]).collect::<Vec<_>>())
            .bind(entries.iter().map(|entry| &entry.leaf[..]).collect::<Vec<_>>())
            .bind(entries.iter().map(personal).collect::<Vec<_>>())
            .bind(
                entries.iter().map(|entry| entry.personal.as_ref().map(|(_, sealed)| &sealed[..])).collect::<Vec<_>>(),
            )
            .bind(tiles.iter().map(|tile| i16::from(tile.level)).collect::<Vec<_>>())
            .bind(tiles.iter().map(|tile| signed(tile.index)).collect::<Vec<_>>())
            .bind(tiles.iter().map(|tile| &tile.hashes[..]).collect::<Vec<_>>())
            .bind(tiles.iter().map(|tile| &tile.root[..]).collect::<Vec<_>>())
            .bind(signed(size))
            .bind(checkpoint)
            .execute(self.connection())
            .await
            .doing("append to its shard")?;
        Ok(())
    }

    pub(crate) async fn entries_insert_in_tx(&mut self, slot: u32, entries: &[EntryRow]) -> Result<(), Error> {
        let indexes: Vec<i64> = entries.iter().map(|entry| signed(entry.index)).collect();
        let hashes: Vec<&[u8]> = entries.iter().map(|entry| &entry.leaf_hash[..]).collect();
        let leaves: Vec<&[u8]> = entries.iter().map(|entry| &entry.leaf[..]).collect();
        let personal = |entry: &EntryRow| entry.personal.as_ref().map(|(key, _)| Uuid::from_bytes(*key));
        let keys: Vec<Option<Uuid>> = entries.iter().map(personal).collect();
        let sealed: Vec<Option<&[u8]>> =
            entries.iter().map(|entry| entry.personal.as_ref().map(|(_, sealed)| &sealed[..])).collect();
        sqlx::query(
            "INSERT INTO entry (slot, idx, leaf_hash, leaf, personal_key, personal_sealed)
             SELECT $1, * FROM unnest($2::bigint[], $3::bytea[], $4::bytea[], $5::uuid[], $6::bytea[])",
        )
        .bind(slot_of(slot))
        .bind(indexes)
        .bind(hashes)
        .bind(leaves)
        .bind(keys)
        .bind(sealed)
        .execute(self.connection())
        .await
        .doing("append entries")?;
        Ok(())
    }

    pub(crate) async fn tiles_insert_in_tx(&mut self, slot: u32, tiles: &[TileRow]) -> Result<(), Error> {
        for tile in tiles {
            sqlx::query("INSERT INTO tile (slot, level, idx, hashes, root) VALUES ($1, $2, $3, $4, $5)")
                .bind(slot_of(slot))
                .bind(i16::from(tile.level))
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
