//! Small trees that live in memory only: the root over the records of one publication, and the paths to them.

use crate::{
    hash::{Hash, TreeHead},
    tree::{Appended, Tree},
};

/// The tree over the records of one publication.
#[derive(Clone, Debug)]
pub struct BatchTree(Appended);

impl BatchTree {
    /// The tree over these leaf hashes, in their order.
    #[must_use]
    pub fn of(leaves: &[Hash]) -> Self {
        Self(Tree::empty().append(leaves))
    }

    /// How many leaves it has, and the RFC 6962 root over them.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        self.0.head()
    }

    /// The inclusion path of one leaf, from the leaf upwards; `None` when there is no such leaf. It is checked with
    /// [`check_inclusion`](crate::check_inclusion).
    #[must_use]
    pub fn path(&self, index: u64) -> Option<Vec<Hash>> {
        self.0.inclusion_path(index)
    }
}

/// The RFC 6962 root over leaf hashes, in their order.
#[must_use]
pub fn root_of(leaves: &[Hash]) -> Hash {
    BatchTree::of(leaves).head().root
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{check_inclusion, empty_root, leaf_hash};

    #[test]
    fn every_item_of_a_batch_is_proven_under_its_root() {
        let leaves: Vec<Hash> = (0_u32..300).map(|item| leaf_hash(&item.to_be_bytes())).collect();
        let tree = BatchTree::of(&leaves);
        let head = tree.head();
        assert_eq!(head, TreeHead { size: 300, root: root_of(&leaves) });
        for (index, leaf) in (0..).zip(&leaves) {
            let path = tree.path(index).unwrap();
            check_inclusion(head, index, *leaf, &path).unwrap();
        }
        assert_eq!(tree.path(300), None);
    }

    #[test]
    fn a_batch_of_nothing_has_the_empty_root() {
        assert_eq!(root_of(&[]), empty_root());
    }
}
