//! The data directory: which file is what, and the lock that keeps a second hub out.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use crate::error::Error;

/// A folder that holds everything one embedded hub keeps.
#[derive(Debug, Clone)]
pub struct DataDirectory {
    path: PathBuf,
}

/// Held while a process owns the data directory; the operating system releases it when the process dies, however it
/// dies.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DataDirectory {
    /// Names a folder; nothing is touched yet.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into() }
    }

    /// Makes the folder if it is missing, and takes its lock.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process holds it; [`Error::File`] when the folder cannot be made or written.
    pub fn lock(&self) -> Result<DirectoryLock, Error> {
        fs::create_dir_all(&self.path).map_err(|error| self.unusable(&error))?;
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(self.path.join("hub.lock"));
        let file = file.map_err(|error| self.unusable(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(DirectoryLock { _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse { path: self.path.clone() }),
            Err(TryLockError::Error(error)) => Err(self.unusable(&error)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The hub's database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.path.join("hub.db")
    }

    /// The key store.
    #[must_use]
    pub fn key_store(&self) -> PathBuf {
        self.path.join("keys.db")
    }

    /// The file that keeps the last checkpoint outside the database.
    #[must_use]
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint")
    }

    /// The hub's secrets, unless the configuration names another place.
    #[must_use]
    pub fn keyring(&self) -> PathBuf {
        self.path.join("keyring.toml")
    }

    fn unusable(&self, error: &std::io::Error) -> Error {
        Error::File { path: self.path.clone(), what: format!("the data directory cannot be used: {error}") }
    }
}
