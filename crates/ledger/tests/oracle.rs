//! The tree and its proofs against `ct-merkle`, an implementation that shares no code with ours, over a tree of more than
//! 65,536 leaves: three levels of tiles.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{collections::HashMap, sync::LazyLock};

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use rand::{Rng, SeedableRng, rngs::StdRng};
use sha2::Sha256;
use unefois_ledger::{
    Appended, Hash, ProofPlan, Tile, TileNeed, TileSource, Tree, TreeHead, check_consistency, check_inclusion,
    leaf_hash, tile_hashes, tile_root,
};

const SIZE: u64 = 65_536 + 256 + 77;

/// Sizes where a tile, or a level of tiles, is about to fill, full, or just begun.
const EDGES: [u64; 14] = [0, 1, 2, 255, 256, 257, 511, 512, 513, 65_535, 65_536, 65_537, 65_792, SIZE];

type OracleTree = MemoryBackedTree<Sha256, [u8; 8]>;

/// The other implementation's tree, and its root at every size.
static ORACLE: LazyLock<(OracleTree, Vec<RootHash<Sha256>>)> = LazyLock::new(|| {
    let mut tree = OracleTree::new();
    let mut roots = vec![tree.root()];
    for index in 0..SIZE {
        tree.push(leaf(index));
        roots.push(tree.root());
    }
    (tree, roots)
});

/// Our tree as storage has it: leaf hashes and full tiles.
static STORED: LazyLock<Stored> = LazyLock::new(|| {
    let mut chance = StdRng::seed_from_u64(6962);
    let mut stored = Stored::default();
    let mut tree = Tree::empty();
    while tree.head().size < SIZE {
        let batch = chance.random_range(1..=900).min(SIZE - tree.head().size);
        let leaves: Vec<Hash> = hashes(tree.head().size, batch);
        let appended = tree.append(&leaves);
        stored.commit(&leaves, &appended);
        tree = appended.into_tree();
    }
    stored
});

#[derive(Default)]
struct Stored {
    leaves: Vec<Hash>,
    tiles: HashMap<(u8, u64), Tile>,
    heads: Vec<TreeHead>,
}

impl Stored {
    fn commit(&mut self, leaves: &[Hash], appended: &Appended) {
        self.leaves.extend_from_slice(leaves);
        for tile in appended.tiles() {
            let before = self.tiles.insert((tile.level, tile.index), tile);
            assert_eq!(before, None, "a tile is finished once");
        }
        self.heads.push(appended.head());
    }

    /// What `store` does with a need, when the tree has this size.
    fn fetch(&self, size: u64, need: &TileNeed) -> Vec<Hash> {
        let full = (need.index + 1) << (8 * (u32::from(need.level) + 1)) <= size;
        if full {
            return tile_hashes(&self.tiles[&(need.level, need.index)].hashes).unwrap();
        }
        match need.source() {
            TileSource::Leaves(range) => range.map(|leaf| self.leaves[leaf as usize]).collect(),
            TileSource::Roots { level, tiles } => tiles.map(|index| self.tiles[&(level, index)].root).collect(),
        }
    }

    fn fetch_all(&self, size: u64, needs: &[TileNeed]) -> Vec<Vec<Hash>> {
        needs.iter().map(|need| self.fetch(size, need)).collect()
    }
}

fn leaf(index: u64) -> [u8; 8] {
    index.to_be_bytes()
}

fn hashes(first: u64, count: u64) -> Vec<Hash> {
    (first..first + count).map(|index| leaf_hash(&leaf(index))).collect()
}

fn oracle_root(size: u64) -> &'static RootHash<Sha256> {
    &ORACLE.1[size as usize]
}

fn oracle_head(size: u64) -> TreeHead {
    TreeHead { size, root: Hash((*oracle_root(size).as_bytes()).into()) }
}

fn bytes(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

/// Pairs of sizes in ascending order: all edges with each other, and random ones.
fn pairs() -> Vec<(u64, u64)> {
    let mut chance = StdRng::seed_from_u64(9162);
    let edges = EDGES.iter().flat_map(|a| EDGES.iter().map(|b| (*a, *b)));
    let random = (0..300).map(|_| (chance.random_range(0..=SIZE), chance.random_range(0..=SIZE)));
    edges.chain(random.collect::<Vec<_>>()).map(|(a, b)| (a.min(b), a.max(b))).collect()
}

#[test]
fn every_batch_leads_to_the_root_of_the_oracle() {
    assert_eq!(STORED.heads.last().unwrap().size, SIZE);
    for head in &STORED.heads {
        assert_eq!(*head, oracle_head(head.size));
    }
}

#[test]
fn trees_of_every_small_size_have_the_root_of_the_oracle() {
    let mut tree = Tree::empty();
    for index in 0..1_100 {
        assert_eq!(tree.head(), oracle_head(index));
        tree = tree.append(&hashes(index, 1)).into_tree();
    }
}

#[test]
fn the_paths_of_a_batch_are_those_of_the_oracle() {
    let (oracle, _) = &*ORACLE;
    for first in EDGES {
        let tree = restore(first);
        let appended = tree.append(&hashes(first, SIZE - first));
        assert_eq!(appended.first_index(), first);
        assert_eq!(appended.head(), oracle_head(SIZE));
        for index in (first..SIZE).step_by(97) {
            let path = appended.inclusion_path(index).unwrap();
            assert_eq!(bytes(&path), oracle.prove_inclusion(index as usize).as_bytes());
        }
        assert_eq!(appended.inclusion_path(SIZE), None);
        if first > 0 {
            assert_eq!(appended.inclusion_path(first - 1), None);
        }
    }
}

#[test]
fn a_tree_restored_from_storage_is_the_tree_that_was_signed() {
    for (size, _) in pairs() {
        assert_eq!(restore(size).head(), oracle_head(size));
    }
}

fn restore(size: u64) -> Tree {
    let tiles = STORED.fetch_all(size, &Tree::edge_needs(size));
    Tree::restore(oracle_head(size), &tiles).unwrap()
}

#[test]
fn tiles_do_not_depend_on_how_the_leaves_were_batched() {
    let at_once = Tree::empty().append(&STORED.leaves).tiles();
    assert_eq!(at_once.len(), STORED.tiles.len());
    for tile in at_once {
        assert_eq!(tile.root, tile_root(&tile.hashes).unwrap());
        assert_eq!(STORED.tiles[&(tile.level, tile.index)], tile);
    }
}

#[test]
fn inclusion_proofs_from_storage_convince_the_oracle_at_every_size() {
    for (index, size) in pairs() {
        if index == size {
            continue;
        }
        let plan = ProofPlan::inclusion(index, size).unwrap();
        let path = plan.prove(&STORED.fetch_all(SIZE, plan.needs())).unwrap();
        check_inclusion(oracle_head(size), index, leaf_hash(&leaf(index)), &path).unwrap();
        let proof = InclusionProof::try_from_bytes(bytes(&path)).unwrap();
        oracle_root(size).verify_inclusion(&leaf(index), index, &proof).unwrap();
    }
}

#[test]
fn consistency_proofs_from_storage_convince_the_oracle_between_all_sizes() {
    for (from, to) in pairs() {
        let plan = ProofPlan::consistency(from, to).unwrap();
        let proof = plan.prove(&STORED.fetch_all(SIZE, plan.needs())).unwrap();
        check_consistency(oracle_head(from), oracle_head(to), &proof).unwrap();
        if from == 0 {
            // Of the empty tree RFC 6962 proves nothing, and neither does the oracle.
            assert!(proof.is_empty());
            continue;
        }
        let proof = ConsistencyProof::try_from_bytes(bytes(&proof)).unwrap();
        oracle_root(to).verify_consistency(oracle_root(from), &proof).unwrap();
    }
}

#[test]
fn proofs_of_the_oracle_convince_us() {
    let (oracle, _) = &*ORACLE;
    let head = oracle_head(SIZE);
    for (index, _) in pairs() {
        if index == SIZE {
            continue;
        }
        let path = split(oracle.prove_inclusion(index as usize).as_bytes());
        check_inclusion(head, index, leaf_hash(&leaf(index)), &path).unwrap();
        let wrong = leaf_hash(&leaf(index + 1));
        check_inclusion(head, index, wrong, &path).unwrap_err();
        if index > 0 {
            let proof = split(oracle.prove_consistency((SIZE - index) as usize).as_bytes());
            check_consistency(oracle_head(index), head, &proof).unwrap();
        }
    }
}

fn split(proof: &[u8]) -> Vec<Hash> {
    proof.chunks(32).map(|hash| hash.try_into().unwrap()).collect()
}

#[test]
fn a_failed_commit_leaves_the_tree_as_it_was() {
    let tree = Tree::empty().append(&hashes(0, 300)).into_tree();
    drop(tree.append(&hashes(300, 1_000)));
    assert_eq!(tree.head(), oracle_head(300));
    assert_eq!(tree.append(&hashes(300, 1_000)).head(), oracle_head(1_300));
}

#[test]
fn a_batch_of_nothing_changes_nothing() {
    let tree = Tree::empty().append(&hashes(0, 300)).into_tree();
    let appended = tree.append(&[]);
    assert_eq!((appended.head(), appended.tiles()), (tree.head(), vec![]));
    assert_eq!(appended.inclusion_path(299), None);
}
