//! Tiles: the 256-wide, 8-high pieces in which the hashes of a tree are stored (C2SP tlog-tiles).
//!
//! A tile of level L holds 256 neighbouring nodes of height 8 × L: at level 0 they are leaf hashes, above it each is the
//! root of one full tile of the level below. Only full tiles are stored; they never change.

use std::ops::Range;

use crate::hash::{Hash, node_hash};

/// How many nodes a full tile holds at its bottom.
pub const TILE_WIDTH: usize = 256;

/// How many levels of the tree a tile spans.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// A full tile, ready to be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tile {
    /// The level of the tile: 0 holds leaf hashes.
    pub level: u8,
    /// The position of the tile in its level, from 0.
    pub index: u64,
    /// Its 256 hashes, one after the other: 8,192 bytes.
    pub hashes: Vec<u8>,
    /// The root over them: [`tile_root`] of `hashes`. Stored beside the tile, it spares reading up to 255 tiles
    /// whenever an unfinished tile of the level above must be derived.
    pub root: Hash,
}

/// A tile that is needed to prove something or to restore a tree. Of its hashes only the first `width` are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TileNeed {
    /// The level of the tile.
    pub level: u8,
    /// The position of the tile in its level.
    pub index: u64,
    /// How many of its hashes are read: 1 to [`TILE_WIDTH`].
    pub width: usize,
}

/// Where the hashes of a tile come from when it is not stored whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TileSource {
    /// They are the leaf hashes of the entries with these indexes.
    Leaves(Range<u64>),
    /// They are the roots of the full tiles of this level with these indexes, all of which are stored.
    Roots {
        /// The level of the tiles below.
        level: u8,
        /// Their indexes.
        tiles: Range<u64>,
    },
}

/// The bytes are not a full tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a full tile has 8192 bytes, not {found}")]
pub struct InvalidTile {
    /// How many bytes were found.
    pub found: usize,
}

impl TileNeed {
    /// Where to find the hashes, in order, when no full tile is stored under this level and index.
    #[must_use]
    pub fn source(&self) -> TileSource {
        let first = self.index << TILE_HEIGHT;
        let range = first..first + self.width as u64;
        match self.level.checked_sub(1) {
            None => TileSource::Leaves(range),
            Some(level) => TileSource::Roots { level, tiles: range },
        }
    }
}

/// Takes the bytes of a full tile apart.
///
/// # Errors
///
/// [`InvalidTile`] when they are not 256 × 32 bytes.
pub fn tile_hashes(bytes: &[u8]) -> Result<Vec<Hash>, InvalidTile> {
    let (hashes, rest) = bytes.as_chunks::<32>();
    if hashes.len() != TILE_WIDTH || !rest.is_empty() {
        return Err(InvalidTile { found: bytes.len() });
    }
    Ok(hashes.iter().copied().map(Hash).collect())
}

/// The root over the bytes of a full tile.
///
/// # Errors
///
/// [`InvalidTile`] when they are not 256 × 32 bytes.
pub fn tile_root(bytes: &[u8]) -> Result<Hash, InvalidTile> {
    Ok(subtree_root(&tile_hashes(bytes)?))
}

/// The root over a power of two of neighbouring nodes.
pub(crate) fn subtree_root(nodes: &[Hash]) -> Hash {
    debug_assert!(nodes.len().is_power_of_two());
    match nodes {
        [node] => *node,
        _ => {
            let (left, right) = nodes.split_at(nodes.len() / 2);
            node_hash(subtree_root(left), subtree_root(right))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_tile_comes_from_leaves_or_from_the_tiles_below() {
        let leaves = TileNeed { level: 0, index: 3, width: 5 };
        assert_eq!(leaves.source(), TileSource::Leaves(768..773));
        let roots = TileNeed { level: 2, index: 1, width: 2 };
        assert_eq!(roots.source(), TileSource::Roots { level: 1, tiles: 256..258 });
    }

    #[test]
    fn bytes_of_another_length_are_no_tile() {
        assert_eq!(tile_root(&[0; 8191]), Err(InvalidTile { found: 8191 }));
        assert_eq!(tile_root(&[0; 8224]), Err(InvalidTile { found: 8224 }));
        assert!(tile_root(&[0; 8192]).is_ok());
    }
}
