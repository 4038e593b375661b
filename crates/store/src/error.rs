//! What can go wrong in the store, and what the caller can do about it.

use std::path::{Path, PathBuf};

use sqlx::postgres::PgDatabaseError;

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
    /// The schema could not be brought to the one of this program.
    #[error("the schema of `{database}` does not fit this program; run the version that made it, or a newer one")]
    Schema {
        /// The database.
        database: String,
        /// What the migrator said.
        #[source]
        source: sqlx::migrate::MigrateError,
    },
    /// The schema is of an earlier version.
    #[error(
        "the schema of `{database}` is older than this program (migrations missing: {missing}): run `unefois migrate`"
    )]
    SchemaOlder {
        /// The database.
        database: String,
        /// How many migrations it lacks.
        missing: usize,
    },
    /// The schema is of a later version.
    #[error(
        "the schema of `{database}` has had migration {version}, which this program does not know: run the version \
         that applied it, or a newer one"
    )]
    SchemaNewer {
        /// The database.
        database: String,
        /// The first migration that is not known.
        version: i64,
    },
    /// The schema has another history.
    #[error("migration {version} of `{database}` is not the one of this program: it is another program's database")]
    SchemaAltered {
        /// The database.
        database: String,
        /// The migration that differs.
        version: i64,
    },
    /// The key store belongs to another hub.
    #[error("the key store `{database}` is not the one of this hub: nothing in its database could be opened with it")]
    OtherHub {
        /// The key store.
        database: String,
    },
    /// Another process holds the data directory.
    #[error("`{path}` is in use by another hub; stop it first, or send the command to it")]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// The URL of a database is none.
    #[error("storage.{key}: it is not the URL of a PostgreSQL database")]
    InvalidUrl {
        /// The key of the configuration.
        key: &'static str,
        /// What is wrong with it.
        #[source]
        source: sqlx::Error,
    },
    /// A statement failed on PostgreSQL.
    #[error("the store could not {action}")]
    Sql {
        /// What was being done.
        action: &'static str,
        /// What the server said, or why it was not reached.
        #[source]
        source: sqlx::Error,
    },
    /// A statement failed on SQLite.
    #[error("the store could not {action}")]
    Sqlite {
        /// What was being done.
        action: &'static str,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// No connection is there to read with: all are busy, or the store is closed.
    #[error("no connection is there to read with")]
    NoReader,
    /// Something that is not there any more was used.
    #[error("{what} has ended")]
    Ended {
        /// What has ended.
        what: &'static str,
    },
    /// The storage below a database failed.
    #[error("the storage of `{path}` failed: {what}")]
    Storage {
        /// The database; its write-ahead log lies beside it.
        path: PathBuf,
        /// What failed, as SQLite tells it.
        what: &'static str,
        /// What was being done.
        #[source]
        source: Box<Self>,
    },
    /// The store holds something that the hub never writes.
    #[error("the store holds a malformed {what}")]
    Malformed {
        /// What is malformed.
        what: &'static str,
    },
}

impl Error {
    /// Whether the storage below failed. The node must stop: after a failed sync the kernel may have dropped the
    /// pages, so that a retry could succeed without anything being durable. A read that failed is not meant: it harms
    /// nobody but its caller.
    #[must_use]
    pub fn is_storage_failure(&self) -> bool {
        self.storage_failure().is_some()
    }

    /// Whether another node was there first, two waited for each other, or too many held locks: nothing was done, and
    /// doing it again is likely to succeed. The codes are PostgreSQL's ("Appendix A. PostgreSQL Error Codes").
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        let Self::Sql { source: sqlx::Error::Database(error), .. } = self else { return false };
        let is_of_server = error.try_downcast_ref::<PgDatabaseError>().is_some();
        // unique_violation, serialization_failure, deadlock_detected; out_of_memory, which is also said of the table of
        // locks
        is_of_server && matches!(error.code().as_deref(), Some("23505" | "40001" | "40P01" | "53200"))
    }

    /// What failed below, when the storage failed.
    #[must_use]
    pub fn storage_failure(&self) -> Option<&'static str> {
        match self {
            Self::Storage { what, .. } => Some(what),
            Self::Sqlite { source, .. } => source.sqlite_error().and_then(|error| failure_of(error.extended_code)),
            Self::Ended { .. } => Some("the thread of the connection ended"),
            Self::Sql { .. }
            | Self::InvalidUrl { .. }
            | Self::NoReader
            | Self::File { .. }
            | Self::NotOurs { .. }
            | Self::Schema { .. }
            | Self::SchemaOlder { .. }
            | Self::SchemaNewer { .. }
            | Self::SchemaAltered { .. }
            | Self::OtherHub { .. }
            | Self::InUse { .. }
            | Self::Malformed { .. } => None,
        }
    }

    /// Whether it says which database failed.
    #[must_use]
    pub fn names_database(&self) -> bool {
        matches!(self, Self::Storage { .. })
    }

    /// The same, naming the database when its storage failed.
    pub(crate) fn of_database(self, path: &Path) -> Self {
        match self.storage_failure() {
            Some(what) => Self::Storage { path: path.to_owned(), what, source: Box::new(self) },
            None => self,
        }
    }
}

/// What an extended result code of SQLite says of the storage ("Result and Error Codes", sqlite.org/rescode.html);
/// `None` for what is no failure of it, and for reads.
fn failure_of(code: i32) -> Option<&'static str> {
    match code {
        // IOERR_READ, IOERR_SHORT_READ, IOERR_FSTAT, IOERR_NOMEM, IOERR_ACCESS
        266 | 522 | 1802 | 3082 | 3338 => None,
        778 => Some("a write failed (SQLITE_IOERR_WRITE)"),
        1034 => Some("a sync failed (SQLITE_IOERR_FSYNC)"),
        1290 => Some("the sync of its folder failed (SQLITE_IOERR_DIR_FSYNC)"),
        1546 => Some("a file could not be cut (SQLITE_IOERR_TRUNCATE)"),
        1032 => Some("the file was moved or removed (SQLITE_READONLY_DBMOVED)"),
        other => match other & 0xff {
            8 => Some("it cannot be written any more (SQLITE_READONLY)"),
            10 => Some("input or output failed (SQLITE_IOERR)"),
            11 => Some("it is damaged (SQLITE_CORRUPT)"),
            13 => Some("no space is left on the device (SQLITE_FULL)"),
            26 => Some("it is not a database any more (SQLITE_NOTADB)"),
            _ => None,
        },
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

impl<T> Doing<T> for Result<T, rusqlite::Error> {
    fn doing(self, action: &'static str) -> Result<T, Error> {
        self.map_err(|source| Error::Sqlite { action, source })
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

#[cfg(test)]
mod tests {
    use super::failure_of;

    #[test]
    fn a_failed_write_or_sync_stops_the_node_and_a_failed_read_or_a_busy_database_does_not() {
        for stops in [778, 1034, 13, 11, 10, 1032, 8, 26, 4106] {
            assert!(failure_of(stops).is_some(), "{stops}");
        }
        for passes in [266, 522, 5, 261, 517, 19, 2067, 1] {
            assert_eq!(failure_of(passes), None, "{passes}");
        }
    }
}
