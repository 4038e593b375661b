//! The one connection that writes, and its transactions.

use sqlx::{Connection, Sqlite, SqliteConnection};

use crate::error::{Doing, Error};

/// The one connection that writes. SQLite has one writer, so the hub has one owner of this.
#[derive(Debug)]
pub struct Writer {
    connection: SqliteConnection,
}

/// A transaction that holds the write lock from its start. Dropping it rolls back.
#[derive(Debug)]
pub struct Transaction<'writer> {
    pub(crate) inner: sqlx::Transaction<'writer, Sqlite>,
}

impl Writer {
    pub(crate) fn new(connection: SqliteConnection) -> Self {
        Self { connection }
    }

    /// Starts a transaction and takes the write lock: a transaction that read first could fail at its first write.
    ///
    /// # Errors
    /// The lock is held by another process for too long, or the storage failed.
    pub async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let inner = self.connection.begin_with("BEGIN IMMEDIATE").await.doing("start a transaction")?;
        Ok(Transaction { inner })
    }

    /// Closes the connection, which folds the write-ahead log into the database.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn close(self) -> Result<(), Error> {
        self.connection.close().await.doing("close its database")
    }
}

impl Transaction<'_> {
    /// Makes everything durable. After an error the outcome is *unknown*: the shard row tells.
    ///
    /// # Errors
    /// The storage failed, or a constraint that is checked at the end.
    pub async fn commit(self) -> Result<(), Error> {
        self.inner.commit().await.doing("commit")
    }

    /// Gives everything up.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn rollback(self) -> Result<(), Error> {
        self.inner.rollback().await.doing("roll back")
    }

    pub(crate) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.inner
    }
}
