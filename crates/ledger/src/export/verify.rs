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
    let (replay, text) = Replay::of(reader, earlier.map(std::slice::from_ref).unwrap_or_default())?;
    let checkpoint = Checkpoint::open(&text, key).map_err(Finding::Checkpoint)?;
    match earlier {
        Some(earlier) if earlier.origin != checkpoint.origin => {
            let (earlier, found) = (earlier.origin.clone(), checkpoint.origin);
            Err(Finding::OtherShard { earlier, found })
        }
        Some(_) | None => replay.compare(checkpoint),
    }
}

/// The same of whichever shard of a hub, with the public key of any of them; the report says which it is. Of the
/// `earlier` checkpoints, those of this shard are compared.
///
/// # Errors
///
/// As [`verify_export`].
pub fn verify_export_of_hub<R: BufRead>(
    reader: R,
    key: &VerifyingKey,
    earlier: &[Checkpoint],
) -> Result<Report, Finding> {
    let (replay, text) = Replay::of(reader, earlier)?;
    replay.compare(Checkpoint::open_of_hub(&text, key).map_err(Finding::Checkpoint)?)
}

/// The tree as it grows again from the entries of the file.
struct Replay<'a> {
    tree: Tree,
    pending: Vec<Hash>,
    count: u64,
    /// The earlier checkpoints, each with the head of this tree once it has their size. Which of them are of this shard is
    /// known at the end of the file.
    earlier: Vec<(&'a Checkpoint, Option<TreeHead>)>,
}

impl<'a> Replay<'a> {
    /// Grows the tree from the entries of an export. Gives the checkpoint that follows them, too: nothing of it is checked
    /// yet.
    fn of<R: BufRead>(reader: R, earlier: &'a [Checkpoint]) -> Result<(Self, String), Finding> {
        let mut lines = Lines::new(reader);
        lines.header()?;
        let mut replay = Self::until(earlier);
        loop {
            match lines.next()? {
                Line::Entry { index, hash, leaf } => replay.entry(index, hash, &leaf)?,
                Line::Checkpoint => break,
                Line::End => return Err(Finding::Truncated { entries: replay.count }),
            }
        }
        Ok((replay, lines.rest()?))
    }

    fn until(earlier: &'a [Checkpoint]) -> Self {
        let mut replay = Self {
            tree: Tree::empty(),
            pending: Vec::with_capacity(CHUNK_LEAVES_MAX),
            count: 0,
            earlier: earlier.iter().map(|checkpoint| (checkpoint, None)).collect(),
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
        if self.earlier.iter().any(|(earlier, _)| earlier.head.size == self.count) {
            self.grow();
            let head = self.tree.head();
            let of_this_size = self.earlier.iter_mut().filter(|(earlier, _)| earlier.head.size == head.size);
            of_this_size.for_each(|(_, noted)| *noted = Some(head));
        }
    }

    fn compare(mut self, checkpoint: Checkpoint) -> Result<Report, Finding> {
        self.grow();
        let (held, signed) = (self.tree.head(), checkpoint.head);
        if held.size != signed.size {
            return Err(Finding::Count { held: held.size, covered: signed.size });
        }
        if held.root != signed.root {
            return Err(Finding::Root { signed: signed.root, found: held.root });
        }
        let mut unchanged = None;
        for (earlier, noted) in self.earlier.into_iter().filter(|(earlier, _)| earlier.origin == checkpoint.origin) {
            match noted {
                None => return Err(Finding::Shrunk { earlier: earlier.head.size, found: held.size }),
                Some(head) if head != earlier.head => return Err(Finding::Rewritten { earlier: earlier.head.size }),
                Some(head) => unchanged = unchanged.max(Some(head.size)),
            }
        }
        Ok(Report { checkpoint, unchanged })
    }
}
