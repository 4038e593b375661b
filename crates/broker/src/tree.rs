//! The tree of the shard as storage has it: restoring its edge, and proving with its tiles.

use unefois_ledger::{Hash, ProofPlan, TILE_WIDTH, TileNeed, TileSource, Tree, TreeHead, tile_hashes};
use unefois_store::Store;

use crate::failure::Failure;

/// The tree that the checkpoint of the shard signed.
pub(crate) async fn restore(store: &Store, slot: u32, head: TreeHead) -> Result<Tree, Failure> {
    let tiles = fetch(store, slot, &Tree::edge_needs(head.size)).await?;
    Tree::restore(head, &tiles).map_err(Failure::internal)
}

/// The path from one leaf to the root of the tree of `size` leaves.
pub(crate) async fn inclusion_path(store: &Store, slot: u32, index: u64, size: u64) -> Result<Vec<Hash>, Failure> {
    prove(store, slot, ProofPlan::inclusion(index, size).map_err(Failure::internal)?).await
}

/// The proof that the tree of `to` leaves continues the tree of `from`.
pub(crate) async fn consistency_path(store: &Store, slot: u32, from: u64, to: u64) -> Result<Vec<Hash>, Failure> {
    prove(store, slot, ProofPlan::consistency(from, to).map_err(Failure::internal)?).await
}

async fn prove(store: &Store, slot: u32, plan: ProofPlan) -> Result<Vec<Hash>, Failure> {
    let tiles = fetch(store, slot, plan.needs()).await?;
    plan.prove(&tiles).map_err(Failure::internal)
}

async fn fetch(store: &Store, slot: u32, needs: &[TileNeed]) -> Result<Vec<Vec<Hash>>, Failure> {
    let mut tiles = Vec::with_capacity(needs.len());
    for need in needs {
        let hashes = if need.width == TILE_WIDTH {
            tile_hashes(&store.tile_fetch(slot, need.level, need.index).await?).map_err(Failure::internal)?
        } else {
            let hashes = match need.source() {
                TileSource::Leaves(range) => store.leaf_hashes_list(slot, range.start, range.end).await?,
                TileSource::Roots { level, tiles } => {
                    store.tile_roots_list(slot, level, tiles.start, tiles.end).await?
                }
            };
            hashes.into_iter().map(Hash).collect()
        };
        tiles.push(hashes);
    }
    Ok(tiles)
}
