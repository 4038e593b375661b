//! How a node connects: with which limits the server holds its sessions.

use std::{str::FromStr, time::Duration};

use sqlx::{
    ConnectOptions, Connection, PgConnection, PgPool,
    pool::PoolConnectionMetadata,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{
    error::{Doing, Error},
    open::{StorageSettings, StoreLimits},
};

/// How both databases are connected to. Neither is, before both URLs are understood.
pub(super) struct Both {
    pub(super) hub: PgConnectOptions,
    pub(super) keys: PgConnectOptions,
}

impl Both {
    pub(super) fn of(settings: &StorageSettings, limits: &StoreLimits) -> Result<Self, Error> {
        let StorageSettings { kind: _, url, keys_url } = settings;
        Ok(Self { hub: options("url", url, limits)?, keys: options("keys-url", keys_url, limits)? })
    }
}

/// What a session of the hub looks like.
fn options(key: &'static str, url: &str, limits: &StoreLimits) -> Result<PgConnectOptions, Error> {
    let millis = |limit: Duration| limit.as_millis().to_string();
    let options = PgConnectOptions::from_str(url).map_err(|source| Error::InvalidUrl { key, source })?;
    Ok(options
        .application_name("unefois")
        .statement_cache_capacity(256)
        .options([
            ("statement_timeout", millis(limits.statement_max)),
            ("lock_timeout", millis(limits.lock_wait_max)),
            // A node that stands still in a transaction holds the row of its shard, and of every shard at worst.
            ("idle_in_transaction_session_timeout", millis(limits.transaction_idle_max)),
            // What is acknowledged is durable, whatever the server's default is.
            ("synchronous_commit", "on".to_owned()),
        ])
        .disable_statement_logging())
}

/// The same, for a session whose statements all find their rows by key. Plans are made while tables are small and kept
/// while they grow: that of a scan would become as slow as the table is long. They are made once: the parameters of a
/// batch change nothing about them, and planning it anew takes as long as a small batch itself.
pub(super) fn by_key(options: &PgConnectOptions) -> PgConnectOptions {
    let never = ["enable_seqscan", "enable_hashjoin", "enable_mergejoin"].map(|plan| (plan, "off"));
    options.clone().options(never).options([("plan_cache_mode", "force_generic_plan")])
}

/// One connection.
pub(super) async fn connect(options: &PgConnectOptions, limits: &StoreLimits) -> Result<PgConnection, Error> {
    let connected = tokio::time::timeout(limits.connect_max, options.connect()).await;
    connected.unwrap_or(Err(sqlx::Error::PoolTimedOut)).doing("connect to its database")
}

/// How long a connection lies idle before it is tried: longer than any does under load.
const TRIED_AFTER: Duration = Duration::from_millis(100);

/// A pool. A connection is tried before its use only after it lay idle, off the hot path: after a restart of the server
/// those that nobody needed meanwhile are dead. Whoever meets a dead one all the same is told to try again.
pub(super) async fn pool(
    options: PgConnectOptions,
    connections_max: u32,
    limits: &StoreLimits,
) -> Result<PgPool, Error> {
    pool_options(connections_max, limits).connect_with(options).await.doing("connect to its database")
}

/// What a pool looks like.
pub(super) fn pool_options(connections_max: u32, limits: &StoreLimits) -> PgPoolOptions {
    PgPoolOptions::new()
        .max_connections(connections_max)
        .acquire_timeout(limits.reader_wait_max)
        .test_before_acquire(false)
        .before_acquire(|connection, PoolConnectionMetadata { idle_for, .. }| {
            Box::pin(async move {
                if idle_for > TRIED_AFTER {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
}
