//! Reading the lines of an export, none longer than the limit.

use std::io::{BufRead, Read};

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{CHECKPOINT, EXPORT_LINE_BYTES_MAX, Finding, HEADER};
use crate::{checkpoint::InvalidCheckpoint, hash::Hash};

/// The lines of an export, numbered from 1.
pub(super) struct Lines<R> {
    reader: R,
    number: u64,
}

/// A line after the header.
pub(super) enum Line {
    Entry { index: u64, hash: Hash, leaf: Vec<u8> },
    Checkpoint,
    End,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(reader: R) -> Self {
        Self { reader, number: 0 }
    }

    pub(super) fn header(&mut self) -> Result<(), Finding> {
        match self.read_line() {
            Ok(Some(line)) if line == HEADER.as_bytes() => Ok(()),
            Ok(_) | Err(Finding::Malformed { .. }) => Err(Finding::Header),
            Err(finding) => Err(finding),
        }
    }

    pub(super) fn next(&mut self) -> Result<Line, Finding> {
        let Some(line) = self.read_line()? else {
            return Ok(Line::End);
        };
        parse(&line).ok_or(Finding::Malformed { line: self.number })
    }

    /// All that follows, as text: the checkpoint.
    pub(super) fn rest(mut self) -> Result<String, Finding> {
        self.number += 1;
        let mut bytes = Vec::new();
        let read = self.limited().read_to_end(&mut bytes);
        read.map_err(|source| Finding::Unread { line: self.number, source })?;
        // What the limit cuts off does not open either.
        let Ok(text) = String::from_utf8(bytes) else {
            return Err(Finding::Checkpoint(InvalidCheckpoint::Note));
        };
        Ok(text)
    }

    /// One line without its line feed; `None` at the end of the file.
    fn read_line(&mut self) -> Result<Option<Vec<u8>>, Finding> {
        self.number += 1;
        let mut bytes = Vec::new();
        let read = self.limited().read_until(b'\n', &mut bytes);
        read.map_err(|source| Finding::Unread { line: self.number, source })?;
        if bytes.is_empty() {
            return Ok(None);
        }
        if bytes.pop() != Some(b'\n') {
            return Err(Finding::Malformed { line: self.number });
        }
        Ok(Some(bytes))
    }

    /// One byte more than the limit: the line feed of the longest line.
    fn limited(&mut self) -> impl BufRead {
        self.reader.by_ref().take(EXPORT_LINE_BYTES_MAX as u64 + 1)
    }
}

fn parse(line: &[u8]) -> Option<Line> {
    let line = str::from_utf8(line).ok()?;
    if line == CHECKPOINT {
        return Some(Line::Checkpoint);
    }
    let (index_text, rest) = line.strip_prefix("entry ")?.split_once(' ')?;
    let (hash, leaf) = rest.split_once(' ')?;
    let index: u64 = index_text.parse().ok()?;
    if index.to_string() != index_text {
        return None;
    }
    let hash = hash.parse().ok()?;
    let leaf = BASE64_STANDARD.decode(leaf).ok()?;
    Some(Line::Entry { index, hash, leaf })
}
