//! The one connection that writes to a database, and its transactions.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::{ask::Ask, fold::Fold};
use crate::{
    Shard,
    error::{Doing, Error},
    in_flight::{Busy, InFlight},
};

/// The one connection that writes. SQLite has one writer, so the hub has one owner of this.
///
/// Dropping it does *not* close the database: the last connection that closes folds the write-ahead log, and would sync
/// again what could not be synced. A process that failed leaves; one that ends well calls [`Writer::close`].
#[derive(Debug)]
pub(crate) struct Writer {
    /// Absent once it is closed.
    connection: Option<Connection>,
    path: PathBuf,
    in_flight: InFlight,
    fold: Fold,
}

/// A transaction that holds the write lock from its start. Dropping it rolls back.
#[derive(Debug)]
pub(crate) struct Transaction<'writer> {
    connection: &'writer mut Connection,
    busy: Busy,
    path: &'writer Path,
}

impl Writer {
    pub(crate) fn new(connection: Connection, path: &Path, fold_after_pages: u32) -> Self {
        let fold = Fold::new(path, fold_after_pages);
        Self { connection: Some(connection), path: path.to_owned(), in_flight: InFlight::new(), fold }
    }

    /// The database.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Since when a write is in flight.
    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// Starts a transaction and takes the write lock: a transaction that read first could fail at its first write.
    pub(crate) fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let Self { connection, path, in_flight, fold: _ } = self;
        let busy = in_flight.begin();
        let connection = open(connection)?;
        let rolled_back = if connection.is_autocommit() { Ok(0) } else { connection.run("ROLLBACK", []) };
        let begun = rolled_back.and_then(|_| connection.run("BEGIN IMMEDIATE", [])).doing("start a transaction");
        begun.map_err(|error| error.of_database(path))?;
        Ok(Transaction { connection, busy, path })
    }

    /// The commit is over when it has answered: there is nothing to wait for.
    pub(crate) fn shard_settle(&mut self, held: &Shard) -> Result<Option<Shard>, Error> {
        super::shard::fetch(self.connection()?, held.slot)
    }

    /// The lock on the data directory is the lease.
    pub(crate) fn shard_release(&mut self, _held: &Shard) -> Result<(), Error> {
        Ok(())
    }

    /// Folds the write-ahead log into the database once it is long. To be called after commits.
    pub(crate) fn fold_when_due(&mut self) -> Result<(), Error> {
        let is_due = self.fold.is_due()?;
        if is_due { self.fold() } else { Ok(()) }
    }

    /// Folds the write-ahead log into the database, and closes it.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.fold()?;
        let Some(connection) = self.connection.take() else { return Ok(()) };
        connection
            .close()
            .map_err(|(connection, error)| {
                // As when it is dropped.
                std::mem::forget(connection);
                error
            })
            .doing("close its database")
    }

    fn fold(&mut self) -> Result<(), Error> {
        let Self { connection, path, in_flight, fold } = self;
        let _busy = in_flight.begin();
        fold.run(open(connection)?).map_err(|error| error.of_database(path))
    }

    /// Folds the write-ahead log into the database, and cuts it to nothing: what was overwritten there is gone.
    pub(crate) fn cut_log(&mut self) -> Result<(), Error> {
        let Self { connection, path, in_flight, fold: _ } = self;
        let _busy = in_flight.begin();
        let cut = open(connection)?.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0));
        let still_read: i64 = cut.doing("cut its write-ahead log").map_err(|error| error.of_database(path))?;
        if still_read != 0 {
            let what = "another process reads it: its log cannot be cut".to_owned();
            return Err(Error::File { path: path.clone(), what });
        }
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> Result<&mut Connection, Error> {
        open(&mut self.connection)
    }
}

fn open(connection: &mut Option<Connection>) -> Result<&mut Connection, Error> {
    connection.as_mut().ok_or(Error::Ended { what: "the writer" })
}

impl Drop for Writer {
    fn drop(&mut self) {
        std::mem::forget(self.connection.take());
    }
}

impl Transaction<'_> {
    /// Makes everything durable. After an error the outcome is *unknown*: the shard row tells.
    pub(crate) fn commit(self) -> Result<(), Error> {
        self.busy.goes_on();
        self.connection.run("COMMIT", []).doing("commit").map(drop).map_err(|error| error.of_database(self.path))
    }

    /// Gives everything up.
    pub(crate) fn rollback(self) -> Result<(), Error> {
        self.connection.run("ROLLBACK", []).doing("roll back").map(drop)
    }

    pub(crate) fn connection(&mut self) -> &mut Connection {
        self.busy.goes_on();
        self.connection
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        // After a failure SQLite may have rolled back by itself; what it could not roll back, the next one begins with.
        if !self.connection.is_autocommit() {
            let _left_to_the_next = self.connection.run("ROLLBACK", []);
        }
    }
}
