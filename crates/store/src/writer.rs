//! The one connection with which a node writes its shard, and its transactions.

use std::{path::Path, time::Duration};

use crate::{
    Shard,
    backend::{Backend, at_once, on},
    error::Error,
    in_flight::InFlight,
    postgres, sqlite,
};

/// The one connection that writes. A node has one owner of this; SQLite has one writer at all.
#[derive(Debug)]
pub struct Writer(pub(crate) Backend<sqlite::Writer, postgres::Writer>);

/// A transaction. Dropping it rolls back.
#[derive(Debug)]
pub struct Transaction<'writer>(pub(crate) Backend<sqlite::Transaction<'writer>, postgres::Transaction<'writer>>);

impl Writer {
    /// The database's file; a server has none.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match &self.0 {
            Backend::Sqlite(writer) => Some(writer.path()),
            Backend::Postgres(_) => None,
        }
    }

    /// Whether it answers on the thread that asks: whoever writes with it belongs on a thread of its own.
    #[must_use]
    pub fn holds_its_thread(&self) -> bool {
        matches!(self.0, Backend::Sqlite(_))
    }

    /// How long a shard stays this node's without another batch; `None` where it is never another's.
    #[must_use]
    pub fn lease(&self) -> Option<Duration> {
        match &self.0 {
            Backend::Sqlite(_) => None,
            Backend::Postgres(writer) => Some(writer.lease()),
        }
    }

    /// Since when a write is in flight.
    #[must_use]
    pub fn in_flight(&self) -> &InFlight {
        on!(&self.0, it => it.in_flight())
    }

    /// Starts a transaction. On SQLite it takes the write lock: a transaction that read first could fail at its first
    /// write. On PostgreSQL a connection that was lost is made again.
    ///
    /// # Errors
    /// The lock is held by another process for too long, the server cannot be reached, or the storage failed.
    pub async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        Ok(Transaction(match &mut self.0 {
            Backend::Sqlite(writer) => Backend::Sqlite(writer.begin()?),
            Backend::Postgres(writer) => Backend::Postgres(writer.begin().await?),
        }))
    }

    /// The shard row once no earlier transaction of this writer can change it any more: it tells how a commit ended
    /// whose answer was lost.
    ///
    /// # Errors
    /// The server cannot be reached, or the storage failed: the outcome stays unknown.
    pub async fn shard_settle(&mut self, held: &Shard) -> Result<Option<Shard>, Error> {
        at_once!(&mut self.0, it => it.shard_settle(held))
    }

    /// Gives the lease on a shard back, so that a successor need not wait for its end. A holder that has lost it
    /// gives nothing back.
    ///
    /// # Errors
    /// The server cannot be reached, or the storage failed.
    pub async fn shard_release(&mut self, held: &Shard) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.shard_release(held))
    }

    /// Folds SQLite's write-ahead log into the database once it is long. To be called after commits.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn fold_when_due(&mut self) -> Result<(), Error> {
        match &mut self.0 {
            Backend::Sqlite(writer) => writer.fold_when_due(),
            Backend::Postgres(_) => Ok(()),
        }
    }

    /// Closes the connection; SQLite's write-ahead log is folded into the database.
    ///
    /// # Errors
    /// The storage failed; then the database stays open.
    pub async fn close(&mut self) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.close())
    }
}

impl Transaction<'_> {
    /// Makes everything durable. After an error the outcome is *unknown*: the shard row tells.
    ///
    /// # Errors
    /// The storage failed, or a constraint that is checked at the end.
    pub async fn commit(self) -> Result<(), Error> {
        at_once!(self.0, it => it.commit())
    }

    /// Gives everything up.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn rollback(self) -> Result<(), Error> {
        at_once!(self.0, it => it.rollback())
    }
}
