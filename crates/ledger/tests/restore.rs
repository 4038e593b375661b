//! A tree is restored from storage as it was signed, or not at all.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use unefois_ledger::{Hash, InvalidEdge, TREE_SIZE_MAX, TileNeed, Tree, TreeHead, leaf_hash};

fn hashes(count: u16) -> Vec<Hash> {
    (0..count).map(|leaf| leaf_hash(&leaf.to_be_bytes())).collect()
}

#[test]
fn the_number_of_tiles_and_their_widths_are_those_of_the_size() {
    let appended = Tree::empty().append(&hashes(600));
    let roots: Vec<Hash> = appended.tiles().iter().map(|tile| tile.root).collect();
    let edge = vec![hashes(600)[512..].to_vec(), roots];
    assert_eq!(Tree::restore(appended.head(), &edge).unwrap().head(), appended.head());

    let missing = Tree::restore(appended.head(), &edge[..1]);
    assert!(matches!(missing, Err(InvalidEdge::Count { due: 2, found: 1 })));
    let one_more = Tree::restore(appended.head(), &[edge.clone(), vec![Vec::new()]].concat());
    assert!(matches!(one_more, Err(InvalidEdge::Count { due: 2, found: 3 })));
    for width in [1, 3] {
        let other = [edge[0].clone(), hashes(width)];
        let Err(InvalidEdge::Width { need, found }) = Tree::restore(appended.head(), &other) else {
            panic!("restored")
        };
        assert_eq!((need, found), (TileNeed { level: 1, index: 0, width: 2 }, usize::from(width)));
    }
}

#[test]
fn the_largest_tree_is_restored_and_none_beyond_it() {
    let head = |size| TreeHead { size, root: leaf_hash(b"") };
    // 2^62 leaves are 64 full tiles of level 6.
    let edge = [hashes(64)];
    let Err(InvalidEdge::Root { found, .. }) = Tree::restore(head(TREE_SIZE_MAX), &edge) else { panic!("not refused") };
    let signed = TreeHead { size: TREE_SIZE_MAX, root: found };
    assert_eq!(Tree::restore(signed, &edge).unwrap().head(), signed);
    let beyond = Tree::restore(head(TREE_SIZE_MAX + 1), &edge);
    assert!(matches!(beyond, Err(InvalidEdge::Size(size)) if size == TREE_SIZE_MAX + 1));
}
