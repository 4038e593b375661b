//! What verification can find in an export, in words that name the place.

use std::io;

use crate::{checkpoint::InvalidCheckpoint, entry::InvalidEntry, hash::Hash};

/// The first thing in an export that is not as it must be.
#[derive(Debug, thiserror::Error)]
pub enum Finding {
    /// The file could not be read; nothing is said about what it holds.
    #[error("line {line} could not be read")]
    Unread {
        /// The line, from 1.
        line: u64,
        /// What reading it failed with.
        #[source]
        source: io::Error,
    },
    /// The first line is not that of an export of this version.
    #[error("the file is not a ledger export of version 1")]
    Header,
    /// A line is cut off, too long, or neither an entry nor the line before the checkpoint.
    #[error("line {line} is not a whole line of an export")]
    Malformed {
        /// The line, from 1.
        line: u64,
    },
    /// The file ends before its checkpoint.
    #[error("the file ends after {entries} entries, without a checkpoint")]
    Truncated {
        /// How many entries it holds.
        entries: u64,
    },
    /// Another entry stands where this one is due: one was removed, added or moved.
    #[error("entry {due} is missing or was moved: entry {found} stands in its place")]
    Misplaced {
        /// The index that is due.
        due: u64,
        /// The index found.
        found: u64,
    },
    /// The bytes of an entry, or the hash beside them, were changed.
    #[error("entry {index} was changed: its bytes do not hash to the leaf recorded beside it")]
    Changed {
        /// The index of the entry.
        index: u64,
    },
    /// The bytes of an entry hash as recorded, but are no entry that this version can read.
    #[error("entry {index} cannot be read")]
    Unreadable {
        /// The index of the entry.
        index: u64,
        /// Why not.
        #[source]
        source: InvalidEntry,
    },
    /// The checkpoint is not one that the key signed.
    #[error("the checkpoint of the export is not valid")]
    Checkpoint(#[source] InvalidCheckpoint),
    /// Entries were removed from the end, or added there.
    #[error("the file holds {held} entries, and its checkpoint covers {covered}")]
    Count {
        /// How many entries the file holds.
        held: u64,
        /// How many the checkpoint covers.
        covered: u64,
    },
    /// The entries are not those that were signed: one was changed together with the hash beside it.
    #[error("the entries lead to the root {found}, and the checkpoint signed {signed}")]
    Root {
        /// The root that was signed.
        signed: Hash,
        /// The root that the entries lead to.
        found: Hash,
    },
    /// The earlier checkpoint is about another shard.
    #[error("the earlier checkpoint is about `{earlier}`, and the export about `{found}`")]
    OtherShard {
        /// The origin of the earlier checkpoint.
        earlier: String,
        /// The origin of the export.
        found: String,
    },
    /// The ledger has fewer entries than it had.
    #[error("the ledger had {earlier} entries before, and has {found} now")]
    Shrunk {
        /// How many entries the earlier checkpoint covers.
        earlier: u64,
        /// How many the export holds.
        found: u64,
    },
    /// The ledger was rewritten: its first entries are not those that an earlier checkpoint signed.
    #[error("history was rewritten: the first {earlier} entries are not those that were signed before")]
    Rewritten {
        /// How many entries the earlier checkpoint covers.
        earlier: u64,
    },
}
