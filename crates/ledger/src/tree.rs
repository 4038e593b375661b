//! The growing tree of one shard: its right edge in memory, and what each batch adds to it.

mod appended;
mod edge;

pub use appended::Appended;
pub use edge::InvalidEdge;

use crate::{
    hash::{Hash, TreeHead, empty_root, node_hash},
    tile::{TILE_HEIGHT, TILE_WIDTH, TileNeed},
};
use edge::EdgeTile;

/// The largest tree this room handles: 2^62 leaves, which storage with signed 64-bit integers can still count.
pub const TREE_SIZE_MAX: u64 = 1 << 62;

/// The right edge of a tree: of each level, the tile that is not yet full. It suffices to append.
///
/// A tree is a value. [`append`](Self::append) leaves it as it is and gives the grown one; whoever's commit fails drops
/// that one, and nothing has happened. A clone is small: at most 16 KiB for each factor of 256 in the size.
#[derive(Clone, Debug)]
pub struct Tree {
    size: u64,
    /// By tile level. Never full: a tile that fills leaves the edge, and its root goes to the level above.
    edge: Vec<EdgeTile>,
}

impl Tree {
    /// The tree without leaves.
    #[must_use]
    pub fn empty() -> Self {
        Self { size: 0, edge: Vec::new() }
    }

    /// The unfinished tiles from which a tree of this size is restored, lowest level first. None is stored as a tile:
    /// [`TileNeed::source`] says where its hashes are.
    #[must_use]
    pub fn edge_needs(size: u64) -> Vec<TileNeed> {
        (0..8)
            .map(|level| {
                let nodes = size >> (TILE_HEIGHT * u32::from(level));
                let width = (nodes % TILE_WIDTH as u64) as usize;
                TileNeed { level, index: nodes >> TILE_HEIGHT, width }
            })
            .filter(|need| need.width > 0)
            .collect()
    }

    /// Restores the tree that a checkpoint signed, from the hashes of [`edge_needs`](Self::edge_needs) of its size, in
    /// that order, each exactly as wide as needed. The root is computed anew: a tree is restored as it was signed or
    /// not at all.
    ///
    /// # Errors
    ///
    /// [`InvalidEdge`] when the size is too large, the hashes are not those that were asked for, or they do not lead
    /// to the root.
    pub fn restore(head: TreeHead, tiles: &[Vec<Hash>]) -> Result<Self, InvalidEdge> {
        if head.size > TREE_SIZE_MAX {
            return Err(InvalidEdge::Size(head.size));
        }
        let needs = Self::edge_needs(head.size);
        if needs.len() != tiles.len() {
            return Err(InvalidEdge::Count { due: needs.len(), found: tiles.len() });
        }
        let mut tree = Self { size: head.size, edge: Vec::new() };
        for (need, hashes) in needs.into_iter().zip(tiles) {
            if need.width != hashes.len() {
                return Err(InvalidEdge::Width { need, found: hashes.len() });
            }
            tree.edge.resize_with(usize::from(need.level), EdgeTile::default);
            tree.edge.push(EdgeTile::of(hashes));
        }
        let found = tree.head();
        if found != head {
            return Err(InvalidEdge::Root { due: head.root, found: found.root });
        }
        Ok(tree)
    }

    /// How many leaves the tree has, and the root over them.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        // The smaller full subtrees stand to the right: the root folds them from there, RFC 6962 section 2.1.
        let root = self
            .edge
            .iter()
            .flat_map(EdgeTile::peaks)
            .reduce(|right, left| node_hash(left, right))
            .unwrap_or_else(empty_root);
        TreeHead { size: self.size, root }
    }

    /// Appends leaf hashes, in order, and gives the grown tree with all that the batch brought about. This tree stays as it
    /// is.
    #[must_use]
    pub fn append(&self, leaves: &[Hash]) -> Appended {
        let mut grown = self.clone();
        let mut finished = Vec::new();
        for leaf in leaves {
            grown.push(*leaf, &mut finished);
        }
        Appended::new(self.size, grown, finished)
    }

    /// Adds one leaf; tiles that it fills go to `finished`, by level.
    fn push(&mut self, leaf: Hash, finished: &mut Vec<Vec<EdgeTile>>) {
        let mut node = leaf;
        for level in 0.. {
            if level == self.edge.len() {
                self.edge.push(EdgeTile::default());
            }
            let Some(root) = self.edge[level].push(node) else { break };
            if level >= finished.len() {
                finished.resize_with(level + 1, Vec::new);
            }
            finished[level].push(std::mem::take(&mut self.edge[level]));
            node = root;
        }
        self.size += 1;
    }
}
