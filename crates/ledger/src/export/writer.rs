//! Writing an export, one entry at a time.

use std::io::{self, Write};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{CHECKPOINT, HEADER};
use crate::hash::Hash;

/// Writes the export of one shard. It judges nothing: what is stored is written, so that verification can find what is
/// wrong with it. Give it a buffered writer.
#[derive(Debug)]
pub struct ExportWriter<W> {
    to: W,
}

impl<W: Write> ExportWriter<W> {
    /// Begins an export.
    ///
    /// # Errors
    ///
    /// Those of the writer underneath.
    pub fn begin(mut to: W) -> io::Result<Self> {
        writeln!(to, "{HEADER}")?;
        Ok(Self { to })
    }

    /// Writes one entry: its index, the leaf hash stored beside it (not computed anew), and its bytes. Entries come in the
    /// order of the tree, from 0.
    ///
    /// # Errors
    ///
    /// Those of the writer underneath.
    pub fn entry(&mut self, index: u64, leaf_hash: Hash, leaf: &[u8]) -> io::Result<()> {
        writeln!(self.to, "entry {index} {leaf_hash} {}", BASE64_STANDARD.encode(leaf))
    }

    /// Ends the export with the signed checkpoint of exactly the entries written, flushes, and gives the writer back.
    ///
    /// # Errors
    ///
    /// Those of the writer underneath.
    pub fn finish(mut self, checkpoint: &str) -> io::Result<W> {
        write!(self.to, "{CHECKPOINT}\n{checkpoint}")?;
        self.to.flush()?;
        Ok(self.to)
    }
}
