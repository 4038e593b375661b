//! Opening what a hub keeps: reading, writing, and the limits of both.

use std::{fmt, time::Duration};

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::{Deserialize, Serialize};

use crate::{
    backend::{Backend, on},
    directory::DataDirectory,
    error::Error,
    key::KeyStore,
    postgres, sqlite,
    wake::Wakes,
    writer::Writer,
};

/// Where a hub keeps what it keeps.
#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StorageSettings {
    /// The database.
    pub kind: StorageKind,
    /// PostgreSQL: the hub's database, shared by all nodes, as libpq's URL (`sslmode`, `sslrootcert` and so on in it).
    pub url: String,
    /// PostgreSQL: the key store, a database of its own.
    pub keys_url: String,
}

impl fmt::Debug for StorageSettings {
    /// Without the passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, url, keys_url } = self;
        f.debug_struct("StorageSettings")
            .field("kind", kind)
            .field("url", &postgres::named(url))
            .field("keys_url", &postgres::named(keys_url))
            .finish()
    }
}

/// The two kinds of storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StorageKind {
    /// Embedded, in the data directory: one node.
    #[default]
    Sqlite,
    /// A server, shared by any number of nodes.
    Postgres,
}

/// The limits of the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct StoreLimits {
    /// How many connections read. On PostgreSQL as many again read what is found by key.
    pub readers_max: u32,
    /// How long a reader waits for a connection.
    #[serde(with = "duration")]
    pub reader_wait_max: Duration,
    /// How long a statement waits for a lock of another process.
    #[serde(with = "duration")]
    pub lock_wait_max: Duration,
    /// How long a statement may take on PostgreSQL.
    #[serde(with = "duration")]
    pub statement_max: Duration,
    /// How long a transaction may stand still on PostgreSQL before the server ends it: shorter than the lease.
    #[serde(with = "duration")]
    pub transaction_idle_max: Duration,
    /// How long connecting to PostgreSQL may take.
    #[serde(with = "duration")]
    pub connect_max: Duration,
    /// How long a node holds its shard on PostgreSQL without saying so again.
    #[serde(with = "duration")]
    pub lease: Duration,
    /// How many shards a hub may have on PostgreSQL, and so how many nodes.
    pub shards_max: u32,
    /// How many pages SQLite's write-ahead log may hold before it is folded into its database.
    pub fold_after_pages: u32,
}

impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            readers_max: 6,
            reader_wait_max: Duration::from_secs(5),
            lock_wait_max: Duration::from_secs(5),
            statement_max: Duration::from_secs(10),
            transaction_idle_max: Duration::from_secs(3),
            connect_max: Duration::from_secs(2),
            lease: Duration::from_secs(10),
            shards_max: 64,
            fold_after_pages: 1_000,
        }
    }
}

/// Reading the hub's database. Clones share the pool.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Backend<sqlite::Readers, postgres::Readers>);

/// The hub's database and its key store, open.
#[derive(Debug)]
pub struct Opened {
    /// Reading.
    pub store: Store,
    /// Writing.
    pub writer: Writer,
    /// The key store.
    pub key_store: KeyStore,
}

/// What migrating did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were applied to the two databases.
    pub applied: u64,
    /// Whether the hub's database had seen none before: this hub is new.
    pub was_empty: bool,
}

impl Store {
    /// Opens the databases of a data directory, making and migrating them as needed. The caller holds the directory's
    /// lock.
    ///
    /// # Errors
    /// A file is not a database of this hub, or its schema is newer than this program, or it cannot be opened.
    pub async fn open_sqlite(directory: &DataDirectory, limits: &StoreLimits) -> Result<Opened, Error> {
        // The key store is made before the database: one without it has lost it.
        let key_store = KeyStore::open_sqlite(directory, limits)?;
        let (readers, writer) = sqlite::open(directory, limits)?;
        Ok(Opened { store: Self(Backend::Sqlite(readers)), writer: Writer(Backend::Sqlite(writer)), key_store })
    }

    /// Connects to the two databases of a hub on PostgreSQL. Their schemas must be the ones of this program:
    /// [`Store::migrate_postgres`] makes them so.
    ///
    /// # Errors
    /// A server cannot be reached, a schema is older or newer, or the two databases are of two hubs.
    pub async fn open_postgres(settings: &StorageSettings, limits: &StoreLimits) -> Result<Opened, Error> {
        let opened = postgres::open(settings, limits).await?;
        let postgres::Opened { readers, writer, key_store } = opened;
        Ok(Opened {
            store: Self(Backend::Postgres(readers)),
            writer: Writer(Backend::Postgres(writer)),
            key_store: KeyStore(Backend::Postgres(key_store)),
        })
    }

    /// Brings the schemas of the two databases to the ones of this program, under a lock: two at once are one after
    /// the other.
    ///
    /// # Errors
    /// A server cannot be reached, a schema is newer or has another history, or a migration failed.
    pub async fn migrate_postgres(settings: &StorageSettings, limits: &StoreLimits) -> Result<Migrated, Error> {
        postgres::migrate(settings, limits).await
    }

    /// Hears when another node changed what is in force; `None` where there is no other node.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub async fn wakes(&self) -> Result<Option<Wakes>, Error> {
        match &self.0 {
            Backend::Sqlite(_) => Ok(None),
            Backend::Postgres(readers) => Ok(Some(Wakes(readers.wakes().await?))),
        }
    }

    /// Closes every reader.
    pub async fn close(&self) {
        on!(&self.0, it => it.close().await);
    }
}
