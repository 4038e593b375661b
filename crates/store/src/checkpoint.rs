//! The last checkpoint, kept outside the database, so that a restored backup cannot sign a fork.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

/// What a disk writes whole or not at all. A checkpoint has about 200 bytes; the rest of its sector are line breaks.
const SECTOR_BYTES: usize = 512;

/// Whether the file was there to be overwritten.
enum Overwritten {
    Whole,
    Not,
}

/// One file, written whole. It is written after the commit that it witnesses and is never ahead of it.
#[derive(Debug, Clone)]
pub struct CheckpointFile {
    path: PathBuf,
}

/// Where the outside checkpoints of a hub are.
#[derive(Debug, Clone)]
pub enum CheckpointFiles {
    /// The file of the one shard of an embedded hub.
    One(PathBuf),
    /// A folder, which all nodes share: a file for each shard.
    Shared(PathBuf),
}

impl CheckpointFiles {
    /// The file of the shard in that slot.
    #[must_use]
    pub fn of(&self, slot: u32) -> CheckpointFile {
        match self {
            Self::One(file) => CheckpointFile::new(file),
            Self::Shared(folder) => CheckpointFile::new(&folder.join(format!("checkpoint-{slot}"))),
        }
    }
}

/// The outside checkpoint cannot be read or written.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} the outside checkpoint `{path}`")]
pub struct CheckpointFileError {
    path: PathBuf,
    action: &'static str,
    #[source]
    source: io::Error,
}

impl CheckpointFile {
    /// Names a file; nothing is touched yet.
    #[must_use]
    pub fn new(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The checkpoint last written; `None` when there has never been one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn read(&self) -> Result<Option<String>, CheckpointFileError> {
        match fs::read_to_string(&self.path) {
            Ok(text) => Ok(Some(format!("{}\n", text.trim_end_matches('\n')))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    /// Replaces the checkpoint. It is not synced: after a power loss an older checkpoint is still a true one, and what
    /// it witnesses is durable already.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, checkpoint: &str) -> Result<(), CheckpointFileError> {
        let sectors = checkpoint.len().div_ceil(SECTOR_BYTES).max(1);
        let mut padded = checkpoint.as_bytes().to_vec();
        padded.resize(sectors * SECTOR_BYTES, b'\n');
        let written = match self.overwrite(&padded, sectors) {
            Ok(Overwritten::Whole) => Ok(()),
            Ok(Overwritten::Not) => self.replace(&padded),
            Err(error) => Err(error),
        };
        written.map_err(|error| self.failed("write", error))
    }

    /// Overwrites the one sector of a file that is there: a disk writes a sector whole or not at all, and making and
    /// renaming a file costs its file system a transaction.
    fn overwrite(&self, padded: &[u8], sectors: usize) -> io::Result<Overwritten> {
        let file = match OpenOptions::new().write(true).open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Overwritten::Not),
            Err(error) => return Err(error),
        };
        if sectors > 1 || file.metadata()?.len() != SECTOR_BYTES as u64 {
            return Ok(Overwritten::Not);
        }
        file.write_all_at(padded, 0).map(|()| Overwritten::Whole)
    }

    /// Replaces the file whole, by renaming one that is written beside it.
    fn replace(&self, padded: &[u8]) -> io::Result<()> {
        let beside = self.path.with_extension("new");
        File::create(&beside).and_then(|mut file| file.write_all(padded))?;
        fs::rename(&beside, &self.path)
    }

    fn failed(&self, action: &'static str, source: io::Error) -> CheckpointFileError {
        CheckpointFileError { path: self.path.clone(), action, source }
    }
}

#[cfg(test)]
mod tests {
    use super::CheckpointFile;

    #[test]
    fn what_was_written_last_is_read_whatever_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let file = CheckpointFile::new(&folder.path().join("checkpoint"));
        assert_eq!(file.read().unwrap(), None);
        // As versions before this one wrote it.
        std::fs::write(folder.path().join("checkpoint"), "x\n").unwrap();
        assert_eq!(file.read().unwrap().as_deref(), Some("x\n"));
        for length in [200, 190, 700, 511, 512, 513, 100] {
            let checkpoint = format!("— {}\n", "x".repeat(length));
            file.write(&checkpoint).unwrap();
            assert_eq!(file.read().unwrap(), Some(checkpoint), "{length}");
        }
    }
}
