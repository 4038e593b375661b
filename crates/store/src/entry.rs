//! Entries of the ledger, and the full tiles of its tree.

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// One entry as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryRow {
    /// Its position in the shard.
    pub index: u64,
    /// The RFC 6962 leaf hash of `leaf`.
    pub leaf_hash: [u8; 32],
    /// The bytes that are hashed.
    pub leaf: Vec<u8>,
    /// The personal part: the key that sealed it, and the sealed bytes; absent when there is none, or when erased.
    pub personal: Option<([u8; 16], Vec<u8>)>,
}

/// What an export carries of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRow {
    /// Its position in the shard.
    pub index: u64,
    /// The leaf hash, as it was stored with the entry.
    pub leaf_hash: [u8; 32],
    /// The bytes that are hashed.
    pub leaf: Vec<u8>,
}

/// One full tile: 256 hashes of 32 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TileRow {
    /// The level of the tile; 0 holds leaf hashes.
    pub level: u8,
    /// Its position on that level.
    pub index: u64,
    /// The hashes, one after another.
    pub hashes: Vec<u8>,
    /// The root over them.
    pub root: [u8; 32],
}

/// What a batch adds to a shard.
#[derive(Debug, Clone, Copy)]
pub struct LedgerGrowth<'a> {
    /// The slot of the shard.
    pub slot: u32,
    /// The entries, in their order.
    pub entries: &'a [EntryRow],
    /// The tiles that they fill.
    pub tiles: &'a [TileRow],
    /// How many entries the shard has then.
    pub size: u64,
    /// The signed checkpoint of that size.
    pub checkpoint: &'a str,
}

impl Store {
    /// The entry at `index`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn entry_fetch(&self, slot: u32, index: u64) -> Result<Option<EntryRow>, Error> {
        on!(&self.0, it => it.entry_fetch(slot, index).await)
    }

    /// At most `count_max` entries from `from` on and below `before`, in order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn leaves_list(&self, slot: u32, from: u64, before: u64, count_max: u32) -> Result<Vec<LeafRow>, Error> {
        on!(&self.0, it => it.leaves_list(slot, from, before, count_max).await)
    }

    /// The leaf hashes from `from` on and below `before`, in order.
    ///
    /// # Errors
    /// The database cannot be read, or a hash is missing.
    pub async fn leaf_hashes_list(&self, slot: u32, from: u64, before: u64) -> Result<Vec<[u8; 32]>, Error> {
        on!(&self.0, it => it.leaf_hashes_list(slot, from, before).await)
    }

    /// The hashes of one full tile, one after another.
    ///
    /// # Errors
    /// The database cannot be read, or the tile is missing.
    pub async fn tile_fetch(&self, slot: u32, level: u8, index: u64) -> Result<Vec<u8>, Error> {
        on!(&self.0, it => it.tile_fetch(slot, level, index).await)
    }

    /// The roots of the full tiles from `from` on and below `before`, in order.
    ///
    /// # Errors
    /// The database cannot be read, or a tile is missing.
    pub async fn tile_roots_list(&self, slot: u32, level: u8, from: u64, before: u64) -> Result<Vec<[u8; 32]>, Error> {
        on!(&self.0, it => it.tile_roots_list(slot, level, from, before).await)
    }
}

impl Transaction<'_> {
    /// Appends entries and the tiles that became full, and writes the size and the checkpoint that they lead to: in one
    /// trip.
    ///
    /// # Errors
    /// The storage failed, a position is taken, or a tile is there already.
    pub async fn ledger_append_in_tx(&mut self, growth: &LedgerGrowth<'_>) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.ledger_append_in_tx(growth))
    }

    /// Appends entries.
    ///
    /// # Errors
    /// The storage failed, or a position is taken.
    pub async fn entries_insert_in_tx(&mut self, slot: u32, entries: &[EntryRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.entries_insert_in_tx(slot, entries))
    }

    /// Stores tiles that became full.
    ///
    /// # Errors
    /// The storage failed, or a tile is there already.
    pub async fn tiles_insert_in_tx(&mut self, slot: u32, tiles: &[TileRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.tiles_insert_in_tx(slot, tiles))
    }
}
