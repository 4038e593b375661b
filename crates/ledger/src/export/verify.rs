//! Verifying an export in one pass, with memory for a few thousand hashes.

use std::io::BufRead;

use super::{
    Finding,
    lines::{Line, Lines},
};
use crate::{
    checkpoint::{Checkpoint, VerifyingKey},
    entry::decode_leaf,
    hash::{Hash, TreeHead, leaf_hash},
    tree::Tree,
};

/// How many leaf hashes are gathered before they go into the tree.
const CHUNK_LEAVES_MAX: usize = 4096;

/// What was verified, when nothing was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The checkpoint that covers exactly the entries of the export.
    pub checkpoint: Checkpoint,
    /// When the export was compared with an earlier checkpoint, how many of its first entries that one covers: they are
    /// unchanged since.
    pub unchanged: Option<u64>,
}

/// Verifies an export: every entry is where it belongs, hashes to the leaf beside it and can be read; all of them lead to
/// the root of the checkpoint, which `key` signed; and the first of them lead to the root of an `earlier` checkpoint that
/// the auditor kept, if one is given.
///
/// # Errors
///
/// The first [`Finding`]. [`Finding::Unread`] alone says that verification could not be carried out.
pub fn verify_export<R: BufRead>(
    reader: R,
    key: &VerifyingKey,
    earlier: Option<&Checkpoint>,
) -> Result<Report, Finding> {
    let mut lines = Lines::new(reader);
    lines.header()?;
    let mut replay = Replay::until(earlier.map(|checkpoint| checkpoint.head.size));
    loop {
        match lines.next()? {
            Line::Entry { index, hash, leaf } => replay.entry(index, hash, &leaf)?,
            Line::Checkpoint => break,
            Line::End => return Err(Finding::Truncated { entries: replay.count }),
        }
    }
    let text = lines.rest()?;
    let checkpoint = Checkpoint::open(&text, key).map_err(Finding::Checkpoint)?;
    replay.compare(checkpoint, earlier)
}

/// The tree as it grows again from the entries of the file.
struct Replay {
    tree: Tree,
    pending: Vec<Hash>,
    count: u64,
    /// The size at which the earlier checkpoint was signed, and the head of this tree once it has that size.
    earlier_size: Option<u64>,
    earlier_head: Option<TreeHead>,
}

impl Replay {
    fn until(earlier_size: Option<u64>) -> Self {
        let mut replay = Self {
            tree: Tree::empty(),
            pending: Vec::with_capacity(CHUNK_LEAVES_MAX),
            count: 0,
            earlier_size,
            earlier_head: None,
        };
        replay.note_earlier();
        replay
    }

    fn entry(&mut self, index: u64, hash: Hash, leaf: &[u8]) -> Result<(), Finding> {
        if index != self.count {
            return Err(Finding::Misplaced { due: self.count, found: index });
        }
        if leaf_hash(leaf) != hash {
            return Err(Finding::Changed { index });
        }
        decode_leaf(leaf).map_err(|source| Finding::Unreadable { index, source })?;
        self.pending.push(hash);
        self.count += 1;
        if self.pending.len() == CHUNK_LEAVES_MAX {
            self.grow();
        }
        self.note_earlier();
        Ok(())
    }

    fn grow(&mut self) {
        self.tree = self.tree.append(&self.pending).into_tree();
        self.pending.clear();
    }

    fn note_earlier(&mut self) {
        if self.earlier_size == Some(self.count) {
            self.grow();
            self.earlier_head = Some(self.tree.head());
        }
    }

    fn compare(mut self, checkpoint: Checkpoint, earlier: Option<&Checkpoint>) -> Result<Report, Finding> {
        self.grow();
        let (held, signed) = (self.tree.head(), checkpoint.head);
        if held.size != signed.size {
            return Err(Finding::Count { held: held.size, covered: signed.size });
        }
        if held.root != signed.root {
            return Err(Finding::Root { signed: signed.root, found: held.root });
        }
        let Some(earlier) = earlier else {
            return Ok(Report { checkpoint, unchanged: None });
        };
        if earlier.origin != checkpoint.origin {
            let (earlier, found) = (earlier.origin.clone(), checkpoint.origin);
            return Err(Finding::OtherShard { earlier, found });
        }
        match self.earlier_head {
            None => Err(Finding::Shrunk { earlier: earlier.head.size, found: held.size }),
            Some(head) if head != earlier.head => Err(Finding::Rewritten { earlier: earlier.head.size }),
            Some(head) => Ok(Report { checkpoint, unchanged: Some(head.size) }),
        }
    }
}
