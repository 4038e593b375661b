//! A fresh database on either backend, and the macros that run one body on both.

use std::time::Duration;

use tempfile::TempDir;
use unefois_core::{Cursor, Subscription};
use unefois_store::{
    DataDirectory, DirectoryLock, Error, HeldRevision, KeyStore, NewEvent, Opened, RecordAsked, RecordReaders,
    RegistryItemRow, Shard, StorageKind, StorageSettings, Store, StoreLimits, Transaction, Writer,
};
use unefois_testkit::{PostgresCluster, PostgresDurability};

use crate::rows;

/// A test of each of these functions on each backend: `sqlite::name` and `postgres::name`.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(each_on!($name, on_sqlite);)+
        }
        mod postgres {
            $(each_on!($name, on_postgres);)+
        }
    };
}

/// A test of each of these functions on the backend that has several nodes: `several_nodes::name`.
macro_rules! on_several_nodes {
    ($($name:ident),+ $(,)?) => {
        mod several_nodes {
            $(each_on!($name, on_postgres);)+
        }
    };
}

macro_rules! each_on {
    ($name:ident, $backend:ident) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn $name() {
            super::$name(&mut $crate::scene::Scene::$backend().await).await;
        }
    };
}

/// How long a test waits for what must come. What must not come is found out by other means.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// A hub's databases, new and open.
pub struct Scene {
    pub store: Store,
    pub writer: Writer,
    pub key_store: KeyStore,
    /// After the connections: they end before their server.
    pub place: Place,
}

/// Where the databases of a scene are.
pub enum Place {
    Folder { directory: DataDirectory, _lock: DirectoryLock, _folder: TempDir },
    Server { cluster: Box<PostgresCluster>, settings: StorageSettings },
}

impl Scene {
    pub async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let directory = DataDirectory::new(folder.path());
        let lock = directory.lock().unwrap();
        let opened = Store::open_sqlite(&directory, &limits()).await.unwrap();
        Self::of(opened, Place::Folder { directory, _lock: lock, _folder: folder })
    }

    pub async fn on_postgres() -> Self {
        let (cluster, settings) = server();
        Store::migrate_postgres(&settings, &limits()).await.unwrap();
        let opened = Store::open_postgres(&settings, &limits()).await.unwrap();
        Self::of(opened, Place::Server { cluster: Box::new(cluster), settings })
    }

    /// As [`records`].
    pub async fn records(&self, asked: &[RecordAsked]) -> Vec<Vec<HeldRevision>> {
        records(&self.store, asked).await
    }

    pub fn of(opened: Opened, place: Place) -> Self {
        let Opened { store, writer, key_store } = opened;
        Self { store, writer, key_store, place }
    }

    /// Runs `act` in a transaction and commits it. One that fails is dropped, and so rolled back.
    pub async fn commits<T>(
        &mut self,
        act: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut tx = self.writer.begin().await?;
        let done = act(&mut tx).await?;
        tx.commit().await?;
        Ok(done)
    }

    /// Another node on the same databases, which only a server has.
    pub async fn another_node(&self) -> Opened {
        self.another_node_with(&limits()).await
    }

    pub async fn another_node_with(&self, limits: &StoreLimits) -> Opened {
        let Place::Server { settings, .. } = &self.place else { panic!("one node at most") };
        Store::open_postgres(settings, limits).await.unwrap()
    }

    /// Runs SQL beside the hub, as an operator could.
    pub fn runs_sql(&self, sql: &str) -> String {
        let Place::Server { cluster, .. } = &self.place else { panic!("no server") };
        cluster.runs_sql("hub", sql)
    }

    /// Whether a second of what was first must be a conflict: on one node nobody else is first.
    pub fn is_taken(&self, error: &Error) -> bool {
        match &self.place {
            Place::Folder { .. } => matches!(error, Error::Sqlite { .. }) && !error.is_storage_failure(),
            Place::Server { .. } => error.is_conflict() && !error.is_storage_failure(),
        }
    }
}

/// A server with the two empty databases of a hub. They sort texts as French does, unless a statement says otherwise:
/// the order of bytes must not be the server's own.
pub fn server() -> (PostgresCluster, StorageSettings) {
    let cluster = PostgresCluster::start(PostgresDurability::Fast);
    for database in ["hub", "keys"] {
        let french = "TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'fr-FR'";
        cluster.runs_sql("postgres", &format!("CREATE DATABASE {database} OWNER unefois {french}"));
    }
    let (url, keys_url) = (cluster.url("hub"), cluster.url("keys"));
    (cluster, StorageSettings { kind: StorageKind::Postgres, url, keys_url })
}

pub fn limits() -> StoreLimits {
    StoreLimits { lock_wait_max: PATIENCE, statement_max: PATIENCE, ..StoreLimits::default() }
}

/// What many tests begin with.
impl Scene {
    pub async fn adds_subjects(&mut self, numbers: std::ops::RangeInclusive<u64>) {
        let added = self.commits(async |tx| {
            for number in numbers {
                tx.subjects_insert_in_tx(&[rows::subject(number)], rows::NOW).await?;
            }
            Ok(())
        });
        added.await.unwrap();
    }

    /// Appends events in a transaction, at `NOW`, and gives where they are.
    pub async fn tells(&mut self, events: &[NewEvent]) -> Vec<unefois_core::Place> {
        self.tells_at(events, rows::NOW).await
    }

    pub async fn tells_at(&mut self, events: &[NewEvent], now: i64) -> Vec<unefois_core::Place> {
        let appended = self.commits(async |tx| tx.events_append_in_tx(events, now).await).await.unwrap();
        appended.into_iter().map(|event| event.place).collect()
    }

    /// Adds these subscriptions, told from the beginning.
    pub async fn subscribes(&mut self, subscriptions: &[Subscription]) {
        for of in subscriptions {
            let added = self.commits(async |tx| tx.subscription_insert_in_tx(of, &Cursor::BEGIN).await).await;
            assert!(added.unwrap(), "its name is free");
        }
    }

    pub async fn takes_a_shard(&mut self) -> Shard {
        self.commits(async |tx| tx.shard_take_in_tx(&origin).await).await.unwrap().unwrap()
    }

    /// Applies a version of the registry, each item as its noun, identifier and body.
    pub async fn applies_registry(&mut self, version: u64, items: &[(&str, &str, &str)]) {
        let row = rows::registry_version(version);
        let items: Vec<RegistryItemRow> = items.iter().copied().map(rows::registry_item).collect();
        self.commits(async |tx| tx.registry_apply_in_tx(&row, &items).await).await.unwrap();
    }
}

/// The origin of the shard in that slot.
pub fn origin(slot: u32) -> String {
    format!("hub.example/shard-{slot}")
}

impl Place {
    /// Waits until some session of the server waits for a lock of another.
    pub async fn waits_for_a_lock(&self) {
        let Self::Server { cluster, .. } = self else { panic!("no server") };
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'";
        let waited = async {
            while cluster.runs_sql("hub", waits) == "0" {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waited).await.expect("nobody waits");
    }
}

/// The newest revisions that each question finds.
pub async fn records(store: &Store, asked: &[RecordAsked]) -> Vec<Vec<HeldRevision>> {
    let mut reader = match store.record_readers(1).unwrap() {
        RecordReaders::OnThread(reader) => reader,
        RecordReaders::OnTasks(mut readers) => readers.pop().unwrap(),
    };
    reader.records_fetch(asked).await.unwrap()
}
