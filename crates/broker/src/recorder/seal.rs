//! Sealing a batch: its entries get their places in the tree, and the tree its signed checkpoint.

use jiff::Timestamp;
use unefois_ledger::{Appended, Hash, SigningKey, Tree, leaf_hash};
use unefois_store::{EntryRow, LedgerGrowth, Shard, TileRow, Transaction};

use crate::{entry::Draft, failure::Failure, keys::Keys};

/// What a batch was decided to be, and what it leads to.
pub(super) struct Sealed {
    pub(super) appended: Appended,
    pub(super) checkpoint: String,
    pub(super) leaves: Vec<Vec<u8>>,
    pub(super) hashes: Vec<Hash>,
}

/// Fills in instant and epoch, hashes, and signs.
pub(super) fn seal(tree: &Tree, key: &SigningKey, row: &Shard, now: Timestamp, drafts: &mut [&mut Draft]) -> Sealed {
    let leaves: Vec<Vec<u8>> = drafts
        .iter_mut()
        .map(|draft| {
            draft.public.recorded_at_micros = now.as_microsecond();
            draft.public.authority_epoch = row.authority_epoch;
            draft.leaf()
        })
        .collect();
    let hashes: Vec<Hash> = leaves.iter().map(|leaf| leaf_hash(leaf)).collect();
    let appended = tree.append(&hashes);
    // Without entries the tree is the one that the row's checkpoint signs already.
    let checkpoint = if leaves.is_empty() { row.checkpoint.clone() } else { key.sign(appended.head()) };
    Sealed { appended, checkpoint, leaves, hashes }
}

pub(super) async fn write_ledger(
    tx: &mut Transaction<'_>,
    row: &Shard,
    sealed: &Sealed,
    drafts: &[&Draft],
    keys: &Keys,
) -> Result<(), Failure> {
    if sealed.leaves.is_empty() {
        return Ok(());
    }
    let growth = LedgerGrowth {
        slot: row.slot,
        entries: &entry_rows(sealed, drafts, keys),
        tiles: &tile_rows(sealed),
        size: sealed.appended.head().size,
        checkpoint: &sealed.checkpoint,
    };
    Ok(tx.ledger_append_in_tx(&growth).await?)
}

/// The entries of a batch as they are stored.
pub(super) fn entry_rows(sealed: &Sealed, drafts: &[&Draft], keys: &Keys) -> Vec<EntryRow> {
    let sealed = sealed.leaves.iter().zip(&sealed.hashes).zip(sealed.appended.first_index()..);
    let row = |(draft, ((leaf, hash), index)): (&&Draft, ((&Vec<u8>, &Hash), u64))| EntryRow {
        index,
        leaf_hash: hash.0,
        leaf: leaf.clone(),
        personal: stored_personal(draft, keys),
    };
    drafts.iter().zip(sealed).map(row).collect()
}

/// The tiles that a batch fills.
pub(super) fn tile_rows(sealed: &Sealed) -> Vec<TileRow> {
    let tiles = sealed.appended.tiles().into_iter();
    tiles.map(|tile| TileRow { level: tile.level, index: tile.index, hashes: tile.hashes, root: tile.root.0 }).collect()
}

/// The personal part as it is stored. One that was sealed before its subject was erased is not: the entry is as if it
/// had been erased with the others.
fn stored_personal(draft: &Draft, keys: &Keys) -> Option<([u8; 16], Vec<u8>)> {
    let personal = draft.personal.as_ref().filter(|personal| !keys.is_destroyed(&personal.key))?;
    Some((personal.key, personal.sealed.clone()))
}
