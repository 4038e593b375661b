//! The connection with which a node writes: made again when it is lost, and asked how a commit ended whose answer was
//! lost.

use std::time::Duration;

use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};

use super::{connection, instant::Instant};
use crate::{
    Shard,
    error::{Doing, Error},
    in_flight::{Busy, InFlight},
    open::StoreLimits,
};

#[derive(Debug)]
pub(crate) struct Writer {
    /// Absent after it was lost, until the next transaction.
    connection: Option<PgConnection>,
    /// A transaction was begun on the connection and not ended.
    is_begun: bool,
    /// The end of the lease that this writer wrote last: each write of the shard row gives it another, so that it is
    /// the version of the row.
    version: Option<Instant>,
    options: PgConnectOptions,
    limits: StoreLimits,
    in_flight: InFlight,
}

/// Statements of our own begin and end it: on a connection that was lost meanwhile, the first of them says so, and the
/// transaction is begun on another.
#[derive(Debug)]
pub(crate) struct Transaction<'writer> {
    connection: &'writer mut PgConnection,
    is_begun: &'writer mut bool,
    pub(super) version: &'writer mut Option<Instant>,
    busy: Busy,
    pub(super) limits: &'writer StoreLimits,
}

/// What one statement needs that is a transaction of its own.
pub(super) struct Between<'writer> {
    pub(super) connection: &'writer mut PgConnection,
    pub(super) version: &'writer mut Option<Instant>,
    pub(super) limits: &'writer StoreLimits,
    pub(super) busy: Busy,
}

impl Writer {
    pub(super) fn new(connection: PgConnection, options: PgConnectOptions, limits: StoreLimits) -> Self {
        Self {
            connection: Some(connection),
            is_begun: false,
            version: None,
            options,
            limits,
            in_flight: InFlight::new(),
        }
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    pub(crate) fn lease(&self) -> Duration {
        self.limits.lease
    }

    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let busy = self.in_flight.begin();
        let is_used = self.connection.is_some();
        if let Err(error) = self.try_begin().await {
            // A new connection that cannot begin has no better one after it.
            self.connection = None;
            if !is_used {
                return Err(error);
            }
            self.try_begin().await?;
        }
        let Self { connection, is_begun, version, limits, .. } = self;
        let connection = connection.as_mut().ok_or(sqlx::Error::PoolClosed).doing("use its database")?;
        Ok(Transaction { connection, is_begun, version, busy, limits })
    }

    async fn try_begin(&mut self) -> Result<(), Error> {
        let Self { connection, is_begun, options, limits, .. } = self;
        let connection = match connection {
            Some(connection) => connection,
            None => {
                *is_begun = false;
                connection.insert(connection::connect(options, limits).await?)
            }
        };
        let begin = if *is_begun { "ROLLBACK; BEGIN" } else { "BEGIN" };
        let begun = tokio::time::timeout(limits.statement_max, sqlx::raw_sql(begin).execute(connection)).await;
        begun.unwrap_or(Err(sqlx::Error::PoolTimedOut)).doing("start a transaction")?;
        *is_begun = true;
        Ok(())
    }

    /// Waits until the transaction before has ended, whichever connection it was on: it holds the row. A batch that was
    /// sent and has not arrived yet must find the row changed.
    pub(crate) async fn shard_settle(&mut self, held: &Shard) -> Result<Option<Shard>, Error> {
        let mut tx = self.begin().await?;
        let found = tx.shard_settle_in_tx(held).await?;
        tx.commit().await?;
        Ok(found)
    }

    /// A connection, and the version of the shard row; nothing when there is none, or a transaction is open on it.
    pub(super) fn between_transactions(&mut self) -> Option<Between<'_>> {
        let Self { connection, is_begun, version, limits, in_flight, .. } = self;
        let connection = connection.as_mut().filter(|_| !*is_begun)?;
        Some(Between { connection, version, limits, busy: in_flight.begin() })
    }

    pub(crate) async fn shard_release(&mut self, held: &Shard) -> Result<(), Error> {
        let mut tx = self.begin().await?;
        tx.shard_release_in_tx(held).await?;
        tx.commit().await
    }

    pub(crate) async fn close(&mut self) -> Result<(), Error> {
        let Some(connection) = self.connection.take() else { return Ok(()) };
        connection.close().await.doing("close its connection")
    }
}

impl Transaction<'_> {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        self.busy.goes_on();
        self.end("COMMIT", "commit").await
    }

    pub(crate) async fn rollback(self) -> Result<(), Error> {
        self.end("ROLLBACK", "roll back").await
    }

    async fn end(self, end: &'static str, action: &'static str) -> Result<(), Error> {
        let Self { connection, is_begun, version: _, busy, limits } = self;
        // A server that is not there any more may never say so. Nothing else is sent on this connection: the next
        // transaction finds that it does not answer.
        let ended = tokio::time::timeout(limits.statement_max, sqlx::raw_sql(end).execute(connection)).await;
        ended.unwrap_or(Err(sqlx::Error::PoolTimedOut)).doing(action)?;
        *is_begun = false;
        drop(busy);
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.busy.goes_on();
        self.connection
    }
}
