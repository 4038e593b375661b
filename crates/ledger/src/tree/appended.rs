//! What one batch brought about: the grown tree, the tiles it filled, and a path for each of its leaves.

use super::{Tree, edge::EdgeTile};
use crate::{
    hash::{Hash, TreeHead},
    tile::{TILE_HEIGHT, Tile, subtree_root},
};

/// A batch appended to a tree, not yet committed by anybody.
///
/// It keeps the tiles that the batch filled until it is dropped, because the paths of the batch's leaves lead through
/// them; no storage is read.
#[derive(Clone, Debug)]
pub struct Appended {
    first_index: u64,
    head: TreeHead,
    tree: Tree,
    /// The tiles that this batch filled, by level, leftmost first. The tile right of the last is on the tree's edge.
    finished: Vec<Vec<EdgeTile>>,
}

impl Appended {
    pub(super) fn new(first_index: u64, tree: Tree, finished: Vec<Vec<EdgeTile>>) -> Self {
        Self { first_index, head: tree.head(), tree, finished }
    }

    /// The index of the first leaf of the batch; the others follow it.
    #[must_use]
    pub fn first_index(&self) -> u64 {
        self.first_index
    }

    /// The size and root of the tree with the batch in it: what the next checkpoint signs.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.head
    }

    /// The tree with the batch in it.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Gives up the paths and keeps the tree with the batch in it.
    #[must_use]
    pub fn into_tree(self) -> Tree {
        self.tree
    }

    /// The tiles that the batch filled, lowest level first: they are to be stored with it.
    #[must_use]
    pub fn tiles(&self) -> Vec<Tile> {
        (0..)
            .zip(&self.finished)
            .flat_map(|(level, tiles)| {
                let first = self.first_tile(u32::from(level));
                (first..).zip(tiles).map(move |(index, tile)| Tile {
                    level,
                    index,
                    hashes: tile.bottom().iter().flat_map(|hash| hash.0).collect(),
                    root: subtree_root(tile.bottom()),
                })
            })
            .collect()
    }

    /// The inclusion path of a leaf of this batch in the grown tree, from the leaf upwards (RFC 6962 section 2.1.1);
    /// `None` when the leaf is not of this batch.
    #[must_use]
    pub fn inclusion_path(&self, index: u64) -> Option<Vec<Hash>> {
        if index < self.first_index {
            return None;
        }
        let path = tlog_tiles::prove_record(self.head.size, index, self).ok()?;
        Some(path.into_iter().map(Hash::from).collect())
    }

    /// The index of the tile that was on the edge of a level when the batch began.
    fn first_tile(&self, level: u32) -> u64 {
        self.first_index.checked_shr(TILE_HEIGHT * (level + 1)).unwrap_or(0)
    }

    /// A node by its height above the leaves and its position in that row of the whole tree.
    fn node(&self, height: u32, position: u64) -> Option<Hash> {
        let (level, height) = (height / TILE_HEIGHT, height % TILE_HEIGHT);
        let below = TILE_HEIGHT - height;
        let offset = usize::try_from((position >> below).checked_sub(self.first_tile(level))?).ok()?;
        let level = level as usize;
        let finished = self.finished.get(level).map_or(&[][..], Vec::as_slice);
        // A path leads through nodes of the tree only: right of the tiles that were filled stands the edge.
        let tile = finished.get(offset).or_else(|| self.tree.edge.get(level))?;
        tile.node(height as usize, (position & ((1 << below) - 1)) as usize)
    }
}

impl tlog_tiles::HashReader for Appended {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        indexes
            .iter()
            .map(|index| {
                let (height, position) = tlog_tiles::split_stored_hash_index(*index);
                self.node(u32::from(height), position).map(tlog_tiles::Hash::from)
            })
            .collect::<Option<_>>()
            .ok_or(tlog_tiles::Error::IndexesNotInTree)
    }
}
