//! Making proofs from stored tiles: first what to fetch, then the proof.

use std::{cell::RefCell, collections::BTreeSet};

use tlog_tiles::HashReader;

use crate::{
    hash::Hash,
    tile::{TILE_HEIGHT, TILE_WIDTH, TileNeed, subtree_root},
    tree::TREE_SIZE_MAX,
};

/// A proof to be made, of a leaf or of a continuation.
///
/// For each of [`needs`](Self::needs), in order, give [`prove`](Self::prove) a `Vec<Hash>`:
///
/// - when a full tile is stored under its level and index, all of its hashes ([`tile_hashes`](crate::tile_hashes));
/// - otherwise the tile is on the right edge, and [`TileNeed::source`] says where its hashes are: leaf hashes of entries, or
///   the stored roots of full tiles one level below.
///
/// Hashes beyond the width that is needed are ignored, so proofs about an earlier, smaller tree are made in the same way.
#[derive(Clone, Debug)]
pub struct ProofPlan {
    goal: Goal,
    needs: Vec<TileNeed>,
}

#[derive(Clone, Copy, Debug)]
enum Goal {
    Inclusion { index: u64, size: u64 },
    Consistency { from: u64, to: u64 },
}

/// Why no such proof exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnprovableRequest {
    /// The leaf is outside the tree.
    #[error("leaf {index} is not in a tree of {size} leaves")]
    OutsideTree {
        /// The index of the leaf.
        index: u64,
        /// The size of the tree.
        size: u64,
    },
    /// The later tree is the smaller one.
    #[error("a tree of {to} leaves cannot continue one of {from}")]
    Shrunk {
        /// The size of the earlier tree.
        from: u64,
        /// The size of the later tree.
        to: u64,
    },
    /// The tree is larger than any tree may be.
    #[error("a tree of {0} leaves is larger than any tree may be")]
    Size(u64),
}

/// The tiles given are not those that the plan asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrongTiles {
    /// Their number is another one.
    #[error("{due} tiles are needed, and {found} were given")]
    Count {
        /// How many are needed.
        due: usize,
        /// How many were given.
        found: usize,
    },
    /// One has too few hashes.
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
}

impl ProofPlan {
    /// Plans the proof that the tree of `size` leaves has the leaf at `index`.
    ///
    /// # Errors
    ///
    /// [`UnprovableRequest`] when that tree has no such leaf, or is too large.
    pub fn inclusion(index: u64, size: u64) -> Result<Self, UnprovableRequest> {
        if index >= size {
            return Err(UnprovableRequest::OutsideTree { index, size });
        }
        Self::new(Goal::Inclusion { index, size })
    }

    /// Plans the proof that the tree of `to` leaves continues the tree of its first `from` leaves.
    ///
    /// # Errors
    ///
    /// [`UnprovableRequest`] when `from` is more than `to`, or the tree is too large.
    pub fn consistency(from: u64, to: u64) -> Result<Self, UnprovableRequest> {
        if from > to {
            return Err(UnprovableRequest::Shrunk { from, to });
        }
        Self::new(Goal::Consistency { from, to })
    }

    fn new(goal: Goal) -> Result<Self, UnprovableRequest> {
        let size = goal.tree_size();
        if size > TREE_SIZE_MAX {
            return Err(UnprovableRequest::Size(size));
        }
        let wishes = Wishes::default();
        goal.prove(&wishes);
        let tiles: BTreeSet<_> = wishes.0.into_inner().into_iter().map(Place::tile).collect();
        let needs = tiles.into_iter().map(|(level, index)| need(size, level, index)).collect();
        Ok(Self { goal, needs })
    }

    /// The tiles to fetch; none twice, and none at all when the proof has no hashes.
    #[must_use]
    pub fn needs(&self) -> &[TileNeed] {
        &self.needs
    }

    /// Makes the proof from the hashes of each of [`needs`](Self::needs), in that order. The hashes are taken as they
    /// are: when storage gave wrong ones, the proof fails its check.
    ///
    /// # Errors
    ///
    /// [`WrongTiles`] when the number of tiles differs, or one has too few hashes.
    pub fn prove(&self, tiles: &[Vec<Hash>]) -> Result<Vec<Hash>, WrongTiles> {
        if tiles.len() != self.needs.len() {
            return Err(WrongTiles::Count { due: self.needs.len(), found: tiles.len() });
        }
        for (need, hashes) in self.needs.iter().zip(tiles) {
            if hashes.len() < need.width {
                return Err(WrongTiles::Width { need: *need, found: hashes.len() });
            }
        }
        Ok(self.goal.prove(&Fetched { needs: &self.needs, tiles }))
    }
}

impl Goal {
    fn tree_size(self) -> u64 {
        match self {
            Self::Inclusion { size, .. } => size,
            Self::Consistency { to, .. } => to,
        }
    }

    fn prove(self, hashes: &impl HashReader) -> Vec<Hash> {
        let proof = match self {
            Self::Inclusion { index, size } => tlog_tiles::prove_record(size, index, hashes),
            Self::Consistency { from: 0, to: _ } => Ok(Vec::new()),
            Self::Consistency { from, to } => tlog_tiles::prove_tree(to, from, hashes),
        };
        let proof = proof.expect("the plan checked the sizes, and its readers give every hash");
        proof.into_iter().map(Hash::from).collect()
    }
}

/// A node of the tree, by its height above the leaves and its position in that row.
#[derive(Clone, Copy)]
struct Place {
    height: u32,
    position: u64,
}

impl Place {
    fn from_stored_index(index: u64) -> Self {
        let (height, position) = tlog_tiles::split_stored_hash_index(index);
        Self { height: height.into(), position }
    }

    /// The level and index of the tile it stands in.
    fn tile(self) -> (u8, u64) {
        // Heights are below 64, so levels are below 8.
        ((self.height / TILE_HEIGHT) as u8, self.position >> (TILE_HEIGHT - self.height % TILE_HEIGHT))
    }

    /// The hashes at the bottom of its tile that it is the root of.
    fn span(self) -> std::ops::Range<usize> {
        let height = self.height % TILE_HEIGHT;
        let first = ((self.position << height) % TILE_WIDTH as u64) as usize;
        first..first + (1 << height)
    }
}

fn need(size: u64, level: u8, index: u64) -> TileNeed {
    let nodes = size >> (TILE_HEIGHT * u32::from(level));
    let width = (nodes - (index << TILE_HEIGHT)).min(TILE_WIDTH as u64) as usize;
    TileNeed { level, index, width }
}

/// Notes which nodes a proof is made of; the proof it leads to means nothing.
#[derive(Default)]
struct Wishes(RefCell<Vec<Place>>);

impl HashReader for Wishes {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        self.0.borrow_mut().extend(indexes.iter().copied().map(Place::from_stored_index));
        Ok(vec![tlog_tiles::Hash::default(); indexes.len()])
    }
}

/// Reads nodes from the tiles that were fetched.
struct Fetched<'a> {
    needs: &'a [TileNeed],
    tiles: &'a [Vec<Hash>],
}

impl Fetched<'_> {
    fn node(&self, place: Place) -> Option<Hash> {
        let tile = self.needs.binary_search_by_key(&place.tile(), |need| (need.level, need.index)).ok()?;
        Some(subtree_root(self.tiles[tile].get(place.span())?))
    }
}

impl HashReader for Fetched<'_> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<tlog_tiles::Hash>, tlog_tiles::Error> {
        indexes
            .iter()
            .map(|index| self.node(Place::from_stored_index(*index)).map(Into::into))
            .collect::<Option<_>>()
            .ok_or(tlog_tiles::Error::IndexesNotInTree)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_asks_for_no_more_than_the_tree_has() {
        let plan = ProofPlan::inclusion(300, 1000).unwrap();
        assert_eq!(
            plan.needs(),
            [
                TileNeed { level: 0, index: 1, width: 256 },
                TileNeed { level: 0, index: 3, width: 232 },
                TileNeed { level: 1, index: 0, width: 3 },
            ]
        );
    }

    #[test]
    fn nothing_is_proven_about_leaves_and_trees_that_do_not_exist() {
        assert_eq!(ProofPlan::inclusion(5, 5).unwrap_err(), UnprovableRequest::OutsideTree { index: 5, size: 5 });
        assert_eq!(ProofPlan::consistency(6, 5).unwrap_err(), UnprovableRequest::Shrunk { from: 6, to: 5 });
        assert_eq!(ProofPlan::consistency(1, u64::MAX).unwrap_err(), UnprovableRequest::Size(u64::MAX));
    }

    #[test]
    fn the_largest_tree_can_be_planned_for() {
        assert!(!ProofPlan::inclusion(TREE_SIZE_MAX - 1, TREE_SIZE_MAX).unwrap().needs().is_empty());
        assert!(!ProofPlan::consistency(3, TREE_SIZE_MAX - 1).unwrap().needs().is_empty());
    }

    #[test]
    fn tiles_that_were_not_asked_for_are_refused() {
        let plan = ProofPlan::inclusion(1, 3).unwrap();
        let need = TileNeed { level: 0, index: 0, width: 3 };
        assert_eq!(plan.needs(), [need]);
        assert_eq!(plan.prove(&[]), Err(WrongTiles::Count { due: 1, found: 0 }));
        let short = vec![vec![Hash([0; 32]); 2]];
        assert_eq!(plan.prove(&short), Err(WrongTiles::Width { need, found: 2 }));
    }
}
