//! One tile with all its inner nodes, while it fills.

use crate::{
    hash::{Hash, node_hash},
    tile::{TILE_HEIGHT, TileNeed},
};

/// A tile that fills from the left, with every inner node that is complete.
#[derive(Clone, Debug, Default)]
pub(super) struct EdgeTile {
    /// By height within the tile; each row holds half as many nodes as the one below, rounded down. The root of the
    /// tile is not among them: it is a node of the level above.
    rows: [Vec<Hash>; TILE_HEIGHT as usize],
}

/// Why hashes from storage do not make the tree that was signed.
#[derive(Debug, thiserror::Error)]
pub enum InvalidEdge {
    /// The size is beyond what a tree may have.
    #[error("a tree of {0} leaves is larger than any tree may be")]
    Size(u64),
    /// The number of tiles is not the number asked for.
    #[error("{due} unfinished tiles are needed, and {found} were given")]
    Count {
        /// How many are needed.
        due: usize,
        /// How many were given.
        found: usize,
    },
    /// A tile has another number of hashes than its place in the tree demands.
    #[error(
        "tile {} of level {} needs {} hashes, and {found} were given",
        need.index, need.level, need.width
    )]
    Width {
        /// What is needed.
        need: TileNeed,
        /// How many hashes were given.
        found: usize,
    },
    /// The hashes lead to another root: storage does not hold what the checkpoint signed.
    #[error("the stored hashes lead to the root {found}, and {due} was signed")]
    Root {
        /// The root that was signed.
        due: Hash,
        /// The root that the hashes lead to.
        found: Hash,
    },
}

impl EdgeTile {
    /// A tile with these nodes at its bottom, fewer than 256.
    pub(super) fn of(bottom: &[Hash]) -> Self {
        let mut tile = Self::default();
        for node in bottom {
            tile.push(*node);
        }
        tile
    }

    /// Adds a node at the bottom; gives the root of the tile once it is full.
    pub(super) fn push(&mut self, node: Hash) -> Option<Hash> {
        let mut node = node;
        for row in &mut self.rows {
            row.push(node);
            let (pairs, []) = row.as_chunks::<2>() else { return None };
            let [left, right] = *pairs.last()?;
            node = node_hash(left, right);
        }
        Some(node)
    }

    /// The complete node at a height within the tile.
    pub(super) fn node(&self, height: usize, position: usize) -> Option<Hash> {
        self.rows.get(height)?.get(position).copied()
    }

    /// The nodes at the bottom.
    pub(super) fn bottom(&self) -> &[Hash] {
        &self.rows[0]
    }

    /// The roots of the largest full subtrees that together make up the tile, smallest, that is rightmost, first.
    pub(super) fn peaks(&self) -> impl Iterator<Item = Hash> {
        self.rows.iter().filter(|row| row.len() % 2 == 1).filter_map(|row| row.last().copied())
    }
}
