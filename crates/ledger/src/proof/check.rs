//! Checking proofs, by whoever trusts nothing but tree heads.

use crate::hash::{Hash, TreeHead};

/// Why a proof does not prove what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidProof {
    /// The leaf would be outside the tree.
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
    /// The hashes of the proof do not lead to the root, or are too few or too many.
    #[error("the proof does not lead to the root")]
    Root,
}

/// Checks that the tree of `head` has the leaf hash `leaf` at `index` (RFC 6962 section 2.1.1).
///
/// # Errors
///
/// [`InvalidProof`] when the path proves no such thing.
pub fn check_inclusion(head: TreeHead, index: u64, leaf: Hash, path: &[Hash]) -> Result<(), InvalidProof> {
    if index >= head.size {
        return Err(InvalidProof::OutsideTree { index, size: head.size });
    }
    let path = path.iter().copied().map(Into::into).collect();
    match tlog_tiles::check_record(&path, head.size, head.root.into(), index, leaf.into()) {
        Ok(()) => Ok(()),
        Err(_) => Err(InvalidProof::Root),
    }
}

/// Checks that the tree `to` continues the tree `from`: that its first leaves are the leaves of `from`, unchanged and in the
/// same order (RFC 6962 section 2.1.2). Every tree continues the empty one, by a proof without hashes.
///
/// # Errors
///
/// [`InvalidProof`] when the proof proves no such thing.
pub fn check_consistency(from: TreeHead, to: TreeHead, proof: &[Hash]) -> Result<(), InvalidProof> {
    if from.size > to.size {
        return Err(InvalidProof::Shrunk { from: from.size, to: to.size });
    }
    if from.size == 0 {
        let fits = from == TreeHead::empty() && proof.is_empty() && (to.size > 0 || to == from);
        return if fits { Ok(()) } else { Err(InvalidProof::Root) };
    }
    let proof = proof.iter().copied().map(Into::into).collect();
    match tlog_tiles::check_tree(&proof, to.size, to.root.into(), from.size, from.root.into()) {
        Ok(()) => Ok(()),
        Err(_) => Err(InvalidProof::Root),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{leaf_hash, root_of};

    fn head(size: u8) -> TreeHead {
        let leaves: Vec<Hash> = (0..size).map(|leaf| leaf_hash(&[leaf])).collect();
        TreeHead { size: size.into(), root: root_of(&leaves) }
    }

    #[test]
    fn a_leaf_outside_the_tree_is_never_included() {
        let result = check_inclusion(head(1), 1, leaf_hash(&[0]), &[]);
        assert_eq!(result, Err(InvalidProof::OutsideTree { index: 1, size: 1 }));
    }

    #[test]
    fn a_path_of_any_length_is_refused_without_panic() {
        for length in [0, 1, 2, 63, 64, 65, 200] {
            let path = vec![Hash([0; 32]); length];
            for size in [2, 3, u64::MAX] {
                let head = TreeHead { size, root: empty() };
                assert!(check_inclusion(head, size - 1, leaf_hash(&[]), &path).is_err());
                assert!(check_consistency(TreeHead { size: 1, ..head }, head, &path).is_err());
            }
        }
    }

    #[test]
    fn every_tree_continues_the_empty_one() {
        assert_eq!(check_consistency(head(0), head(0), &[]), Ok(()));
        assert_eq!(check_consistency(head(0), head(5), &[]), Ok(()));
        assert_eq!(check_consistency(head(0), head(5), &[empty()]), Err(InvalidProof::Root));
        let forged = TreeHead { size: 0, root: head(1).root };
        assert_eq!(check_consistency(forged, head(5), &[]), Err(InvalidProof::Root));
        assert_eq!(check_consistency(head(0), forged, &[]), Err(InvalidProof::Root));
    }

    #[test]
    fn a_tree_continues_itself_and_no_other_of_its_size() {
        assert_eq!(check_consistency(head(5), head(5), &[]), Ok(()));
        let other = TreeHead { size: 5, root: empty() };
        assert_eq!(check_consistency(head(5), other, &[]), Err(InvalidProof::Root));
    }

    #[test]
    fn a_tree_never_shrinks() {
        let result = check_consistency(head(5), head(4), &[]);
        assert_eq!(result, Err(InvalidProof::Shrunk { from: 5, to: 4 }));
    }

    fn empty() -> Hash {
        crate::empty_root()
    }
}
