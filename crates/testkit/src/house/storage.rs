//! Where the hub of a house keeps what it knows.

use std::{
    env::VarError,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use super::HouseSettings;
use crate::postgres::PostgresCluster;

/// Which of its two stores a hub runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Storage {
    /// The embedded one, in its data directory.
    Sqlite,
    /// A PostgreSQL of its own.
    Postgres,
}

/// What a test runs on that does not choose: the test command runs the suites once on each.
impl Default for Storage {
    fn default() -> Self {
        #[allow(clippy::disallowed_methods, reason = "the test command says in the environment which store is tested")]
        let named = std::env::var("UNEFOIS_TEST_STORE");
        match named.as_deref() {
            Err(VarError::NotPresent) | Ok("sqlite") => Self::Sqlite,
            Ok("postgres") => Self::Postgres,
            other => panic!("UNEFOIS_TEST_STORE is {other:?}, neither `sqlite` nor `postgres`"),
        }
    }
}

/// The databases that the nodes of one hub share, and what else they share.
#[derive(Debug)]
pub(super) struct Databases {
    cluster: Arc<Cluster>,
    hub: String,
    keys: String,
    keyring: PathBuf,
    outside_checkpoints: PathBuf,
    /// Behind a lock because the tasks of a test may start nodes at the same time.
    is_migrated: Mutex<bool>,
}

#[derive(Debug)]
struct Cluster {
    postgres: PostgresCluster,
    hubs: AtomicU32,
}

impl Databases {
    /// Empty ones for a hub whose first node has this folder and this data directory.
    pub(super) fn of(settings: &HouseSettings, folder: &Path, data: &Path) -> Option<Self> {
        match settings.storage {
            Storage::Sqlite => None,
            Storage::Postgres => {
                let postgres = PostgresCluster::start_with(settings.durability, &settings.postgres_settings);
                Some(Self::create(Arc::new(Cluster { postgres, hubs: AtomicU32::new(0) }), folder, data))
            }
        }
    }

    /// Empty ones of another hub in the same PostgreSQL.
    pub(super) fn beside(&self, folder: &Path, data: &Path) -> Self {
        Self::create(Arc::clone(&self.cluster), folder, data)
    }

    /// The folder of one file a shard.
    pub(super) fn outside_checkpoints(&self) -> &Path {
        &self.outside_checkpoints
    }

    pub(super) fn cluster(&self) -> &PostgresCluster {
        &self.cluster.postgres
    }

    /// Runs `unefois migrate`, unless a node of this hub did.
    pub(super) fn migrate_once(&self, binary: &Path, config: &Path) -> Result<(), String> {
        let mut is_migrated = self.is_migrated.lock().unwrap();
        if !*is_migrated {
            let output = Command::new(binary).args(["migrate", "--config"]).arg(config).output().unwrap();
            if !output.status.success() {
                return Err(String::from_utf8_lossy(&output.stderr).into_owned());
            }
            *is_migrated = true;
        }
        Ok(())
    }

    /// The tables `[hub]` and `[storage]`, the same for each node: only the data directory is its own.
    pub(super) fn configuration(&self) -> String {
        let Self { hub, keys, keyring, outside_checkpoints, .. } = self;
        let [url, keys_url] = [hub, keys].map(|name| self.cluster().url(name));
        format!(
            "[hub]\ndata-directory = \"data\"\nkeyring = {keyring:?}\noutside-checkpoint = {outside_checkpoints:?}\n\
             [storage]\nkind = \"postgres\"\nurl = {url:?}\nkeys-url = {keys_url:?}\n"
        )
    }

    fn create(cluster: Arc<Cluster>, folder: &Path, data: &Path) -> Self {
        let [hub, keys] = match cluster.hubs.fetch_add(1, Ordering::Relaxed) {
            0 => ["hub", "keys"].map(str::to_owned),
            nth => ["hub", "keys"].map(|name| format!("{name}_{nth}")),
        };
        cluster.postgres.database_create(&hub);
        cluster.postgres.database_create(&keys);
        let outside_checkpoints = folder.join("outside");
        std::fs::create_dir(&outside_checkpoints).unwrap();
        let keyring = data.join("keyring.toml");
        Self { cluster, hub, keys, keyring, outside_checkpoints, is_migrated: Mutex::new(false) }
    }
}
