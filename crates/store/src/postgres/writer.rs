//! The connection with which a node writes: made again when it is lost, and asked how a commit ended whose answer was
//! lost.

use std::time::Duration;

use sqlx::{Connection, PgConnection, Postgres, postgres::PgConnectOptions};

use super::connection;
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
    options: PgConnectOptions,
    limits: StoreLimits,
    in_flight: InFlight,
}

#[derive(Debug)]
pub(crate) struct Transaction<'writer> {
    inner: sqlx::Transaction<'writer, Postgres>,
    busy: Busy,
    pub(super) limits: &'writer StoreLimits,
}

impl Writer {
    pub(super) fn new(connection: PgConnection, options: PgConnectOptions, limits: StoreLimits) -> Self {
        Self { connection: Some(connection), options, limits, in_flight: InFlight::new() }
    }

    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    pub(crate) fn lease(&self) -> Duration {
        self.limits.lease
    }

    pub(crate) async fn begin(&mut self) -> Result<Transaction<'_>, Error> {
        let busy = self.in_flight.begin();
        self.revive().await?;
        let Self { connection, limits, .. } = self;
        let connection = connection.as_mut().ok_or(sqlx::Error::PoolClosed).doing("use its database")?;
        let inner = connection.begin().await.doing("start a transaction")?;
        Ok(Transaction { inner, busy, limits })
    }

    /// Waits until the transaction before has ended, whichever connection it was on: it holds the row.
    pub(crate) async fn shard_settled_fetch(&mut self, slot: u32) -> Result<Option<Shard>, Error> {
        let mut tx = self.begin().await?;
        let found = tx.shard_locked_fetch(slot).await?;
        tx.rollback().await?;
        Ok(found)
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

    /// Makes the connection again when it does not answer. It was idle: what was in flight on it is over or unknown.
    async fn revive(&mut self) -> Result<(), Error> {
        let answers = match &mut self.connection {
            Some(connection) => {
                let ping = tokio::time::timeout(self.limits.connect_max, connection.ping()).await;
                matches!(ping, Ok(Ok(())))
            }
            None => false,
        };
        if !answers {
            self.connection = None;
            self.connection = Some(connection::connect(&self.options, &self.limits).await?);
        }
        Ok(())
    }
}

impl Transaction<'_> {
    pub(crate) async fn commit(self) -> Result<(), Error> {
        let Self { inner, busy, limits: _ } = self;
        busy.goes_on();
        let committed = inner.commit().await.doing("commit");
        drop(busy);
        committed
    }

    pub(crate) async fn rollback(self) -> Result<(), Error> {
        self.inner.rollback().await.doing("roll back")
    }

    pub(crate) fn connection(&mut self) -> &mut PgConnection {
        self.busy.goes_on();
        &mut self.inner
    }
}
