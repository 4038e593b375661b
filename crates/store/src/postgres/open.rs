//! Connecting to the two databases of a hub, once they are known to be the right ones.

use sqlx::{PgPool, postgres::PgConnectOptions};

use super::{
    KeyStore, Wakes, Writer,
    connection::{self, Both},
    schema,
};
use crate::{
    StorageSettings,
    error::{Doing, Error},
    open::StoreLimits,
};

/// Reading. Clones share the pool.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    /// For what is searched, listed and counted.
    pub(super) pool: PgPool,
    /// For what is found by key, on connections of its own.
    pub(super) keyed: PgPool,
    /// How those connect who find everything by key.
    by_key: PgConnectOptions,
    limits: StoreLimits,
}

/// Reading records by their keys. Clones share the pool.
#[derive(Debug, Clone)]
pub(crate) struct RecordReaders {
    pub(super) pool: PgPool,
}

/// The two databases, open.
pub(crate) struct Opened {
    pub(crate) readers: Readers,
    pub(crate) writer: Writer,
    pub(crate) key_store: KeyStore,
}

impl Readers {
    /// Those who read records, at most that many at once, on connections of their own.
    pub(crate) fn record_readers(&self, count_max: u32) -> RecordReaders {
        RecordReaders { pool: connection::pool_options(count_max, &self.limits).connect_lazy_with(self.by_key.clone()) }
    }

    pub(crate) async fn wakes(&self) -> Result<Wakes, Error> {
        Wakes::listen(&self.pool).await
    }

    pub(crate) async fn close(&self) {
        self.pool.close().await;
        self.keyed.close().await;
    }
}

pub(crate) async fn open(settings: &StorageSettings, limits: &StoreLimits) -> Result<Opened, Error> {
    let Both { hub: options, keys } = Both::of(settings, limits)?;
    let by_key = connection::by_key(&options);
    let mut first = connection::connect(&by_key, limits).await?;
    schema::check(&schema::HUB, &mut first, &settings.url).await?;
    let hub = sqlx::query_scalar("SELECT id FROM hub").fetch_one(&mut first).await.doing("read which hub it is")?;
    let key_store = KeyStore::open(connection::by_key(&keys), hub, settings, limits).await?;
    // One more than read: the one that listens.
    let pool = connection::pool(options, limits.readers_max + 1, limits).await?;
    let keyed = connection::pool_options(limits.readers_max, limits).connect_lazy_with(by_key.clone());
    let readers = Readers { pool, keyed, by_key: by_key.clone(), limits: limits.clone() };
    Ok(Opened { readers, writer: Writer::new(first, by_key, limits.clone()), key_store })
}
