//! Small trees that live in memory only: the root over the records of one publication, and the paths to them.

use crate::{
    hash::Hash,
    tree::{Appended, Tree},
};

/// The RFC 6962 root over leaf hashes, in their order.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    grow(leaves).head().root
}

/// The inclusion path of one leaf of a batch, from the leaf upwards; `None` when the batch has no such leaf. It is
/// checked with [`check_inclusion`](crate::check_inclusion).
#[must_use]
pub fn batch_path(leaves: &[Hash], index: u64) -> Option<Vec<Hash>> {
    grow(leaves).inclusion_path(index)
}

fn grow(leaves: &[Hash]) -> Appended {
    Tree::empty().append(leaves)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{TreeHead, check_inclusion, empty_root, leaf_hash};

    #[test]
    fn every_item_of_a_batch_is_proven_under_its_root() {
        let leaves: Vec<Hash> = (0_u32..300).map(|item| leaf_hash(&item.to_be_bytes())).collect();
        let head = TreeHead { size: 300, root: root_of(&leaves) };
        for (index, leaf) in (0..).zip(&leaves) {
            let path = batch_path(&leaves, index).unwrap();
            check_inclusion(head, index, *leaf, &path).unwrap();
        }
        assert_eq!(batch_path(&leaves, 300), None);
    }

    #[test]
    fn a_batch_of_nothing_has_the_empty_root() {
        assert_eq!(root_of(&[]), empty_root());
    }
}
