//! The tree against the known vectors of RFC 6962: the empty tree and the eight leaves that every log is tested with.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use sha2::Sha256;
use unefois_ledger::{Hash, Tree, empty_root, leaf_hash, root_of};

/// The leaves, in hex.
const LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];

/// The roots over the first 0, 1 … 8 of them, in hex.
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn hex(hash: Hash) -> String {
    hash.0.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn leaves() -> Vec<Hash> {
    LEAVES.iter().map(|leaf| leaf_hash(&unhex(leaf))).collect()
}

#[test]
fn the_empty_tree_has_the_known_root() {
    assert_eq!(hex(empty_root()), ROOTS[0]);
    assert_eq!(hex(Tree::empty().head().root), ROOTS[0]);
}

#[test]
fn trees_of_one_to_eight_leaves_have_the_known_roots() {
    for (size, root) in ROOTS.iter().enumerate() {
        assert_eq!(hex(root_of(&leaves()[..size])), *root, "{size} leaves");
    }
}

#[test]
fn a_tree_grown_leaf_by_leaf_has_the_known_roots() {
    let mut tree = Tree::empty();
    for (leaf, root) in leaves().into_iter().zip(&ROOTS[1..]) {
        tree = tree.append(&[leaf]).into_tree();
        assert_eq!(hex(tree.head().root), *root);
    }
}

#[test]
fn another_implementation_has_the_known_roots_too() {
    let mut tree = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for (leaf, root) in LEAVES.iter().zip(&ROOTS[1..]) {
        tree.push(unhex(leaf));
        assert_eq!(hex(Hash((*tree.root().as_bytes()).into())), *root);
    }
}
