//! What can go wrong in the store, and what the caller can do about it.

use std::path::PathBuf;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file of the data directory cannot be used.
    #[error("cannot use `{path}`: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// The file is a database, but not one of ours.
    #[error("`{path}` is not a database of this hub; choose another data directory")]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// The schema is one that this program does not know.
    #[error("the schema of `{path}` does not fit this program; run the version that made it, or a newer one")]
    Schema {
        /// The file.
        path: PathBuf,
        /// What the migrator said.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// Another process holds the data directory.
    #[error("`{path}` is in use by another hub; stop it first, or send the command to it")]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A statement failed.
    #[error("the store could not {action}")]
    Sql {
        /// What was being done.
        action: &'static str,
        /// What the database said.
        #[source]
        source: sqlx::Error,
    },
    /// The store holds something that the hub never writes.
    #[error("the store holds a malformed {what}")]
    Malformed {
        /// What is malformed.
        what: &'static str,
    },
}

/// The primary result code of SQLite for a failed read, write or sync.
const SQLITE_IOERR: i32 = 10;
/// The primary result code of SQLite for a full disk.
const SQLITE_FULL: i32 = 13;
/// The primary result code of SQLite for a damaged file.
const SQLITE_CORRUPT: i32 = 11;

impl Error {
    /// Whether the storage below failed. The node must stop: after a failed sync the kernel may have dropped the
    /// pages, so that a retry could succeed without anything being durable.
    #[must_use]
    pub fn is_storage_failure(&self) -> bool {
        match self {
            Self::Sql { source: sqlx::Error::Database(error), .. } => error
                .code()
                .and_then(|code| code.parse::<i32>().ok())
                .is_some_and(|code| [SQLITE_IOERR, SQLITE_FULL, SQLITE_CORRUPT].contains(&(code & 0xff))),
            Self::Sql { source: sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed, .. } => true,
            Self::Sql { .. }
            | Self::File { .. }
            | Self::NotOurs { .. }
            | Self::Schema { .. }
            | Self::InUse { .. }
            | Self::Malformed { .. } => false,
        }
    }
}

/// Names what was being done when a statement failed.
pub(crate) trait Doing<T> {
    fn doing(self, action: &'static str) -> Result<T, Error>;
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, action: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Sql { action, source })
    }
}

/// A blob of fixed length, as the schema promises it.
pub(crate) fn fixed<const N: usize>(blob: &[u8], what: &'static str) -> Result<[u8; N], Error> {
    blob.try_into().map_err(|_wrong_length| Error::Malformed { what })
}

/// A number that the schema promises to be not negative.
pub(crate) fn unsigned(number: i64, what: &'static str) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_negative| Error::Malformed { what })
}

/// A number of ours as SQLite stores it; none of them reaches 2⁶³.
pub(crate) fn signed(number: u64) -> i64 {
    i64::try_from(number).expect("positions, sizes and revisions stay below 2^63")
}
