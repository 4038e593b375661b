//! The one connection that writes to a database, and its transactions.

use std::path::{Path, PathBuf};

use sqlx::{Connection, Sqlite, SqliteConnection};

use super::fold::Fold;
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
    connection: Option<SqliteConnection>,
    path: PathBuf,
    in_flight: InFlight,
    fold: Fold,
}

/// A transaction that holds the write lock from its start. Dropping it rolls back.
#[derive(Debug)]
pub(crate) struct Transaction<'writer> {
    pub(crate) inner: sqlx::Transaction<'writer, Sqlite>,
    busy: Busy,
    path: &'writer Path,
}

impl Writer {
    pub(crate) fn new(connection: SqliteConnection, path: &Path, fold_after_pages: u32) -> Self {
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
    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let Self { connection, path, in_flight, fold: _ } = self;
        let busy = in_flight.begin();
        let begun = open(connection)?.begin_with("BEGIN IMMEDIATE").await.doing("start a transaction");
        let inner = begun.map_err(|error| error.of_database(path))?;
        Ok(Transaction { inner, busy, path })
    }

    /// The commit is over when it has answered: there is nothing to wait for.
    pub(crate) async fn shard_settled_fetch(&mut self, slot: u32) -> Result<Option<Shard>, Error> {
        super::shard::fetch(self.connection()?, slot).await
    }

    /// The lock on the data directory is the lease.
    #[allow(clippy::unused_async, reason = "the other backend asks its server")]
    pub(crate) async fn shard_release(&mut self, _held: &Shard) -> Result<(), Error> {
        Ok(())
    }

    /// Folds the write-ahead log into the database once it is long. To be called after commits.
    pub(crate) async fn fold_when_due(&mut self) -> Result<(), Error> {
        let is_due = self.fold.is_due()?;
        if is_due { self.fold().await } else { Ok(()) }
    }

    /// Folds the write-ahead log into the database, and closes it.
    pub(crate) async fn close(&mut self) -> Result<(), Error> {
        self.fold().await?;
        let Some(connection) = self.connection.take() else { return Ok(()) };
        connection.close().await.doing("close its database")
    }

    async fn fold(&mut self) -> Result<(), Error> {
        let Self { connection, path, in_flight, fold } = self;
        let _busy = in_flight.begin();
        fold.run(open(connection)?).await.map_err(|error| error.of_database(path))
    }

    /// Folds the write-ahead log into the database, and cuts it to nothing: what was overwritten there is gone.
    pub(crate) async fn cut_log(&mut self) -> Result<(), Error> {
        let Self { connection, path, in_flight, fold: _ } = self;
        let _busy = in_flight.begin();
        let cut = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(open(connection)?).await;
        let (still_read, _, _): (i64, i64, i64) =
            cut.doing("cut its write-ahead log").map_err(|error| error.of_database(path))?;
        if still_read != 0 {
            let what = "another process reads it: its log cannot be cut".to_owned();
            return Err(Error::File { path: path.clone(), what });
        }
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> Result<&mut SqliteConnection, Error> {
        open(&mut self.connection)
    }
}

fn open(connection: &mut Option<SqliteConnection>) -> Result<&mut SqliteConnection, Error> {
    connection.as_mut().ok_or(sqlx::Error::PoolClosed).doing("use its database")
}

impl Drop for Writer {
    fn drop(&mut self) {
        std::mem::forget(self.connection.take());
    }
}

impl Transaction<'_> {
    /// Makes everything durable. After an error the outcome is *unknown*: the shard row tells.
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { inner, busy, path } = self;
        busy.goes_on();
        let committed = inner.commit().await.doing("commit").map_err(|error| error.of_database(path));
        drop(busy);
        committed
    }

    /// Gives everything up.
    pub(crate) async fn rollback(self) -> Result<(), Error> {
        self.inner.rollback().await.doing("roll back")
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        self.busy.goes_on();
        &mut self.inner
    }
}
