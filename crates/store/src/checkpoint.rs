//! The last checkpoint, kept outside the database, so that a restored backup cannot sign a fork.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

/// One file, replaced whole. It is written after the commit that it witnesses and is never ahead of it.
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
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed("read", error)),
        }
    }

    /// Replaces the checkpoint: whole, by renaming a file written beside it. It is not synced: after a power loss an
    /// older checkpoint is still a true one, and what it witnesses is durable already.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn write(&self, checkpoint: &str) -> Result<(), CheckpointFileError> {
        let beside = self.path.with_extension("new");
        let written = File::create(&beside).and_then(|mut file| file.write_all(checkpoint.as_bytes()));
        written.and_then(|()| fs::rename(&beside, &self.path)).map_err(|error| self.failed("write", error))
    }

    fn failed(&self, action: &'static str, source: io::Error) -> CheckpointFileError {
        CheckpointFileError { path: self.path.clone(), action, source }
    }
}
