//! The key store: wrapped keys, in a database of their own, with a backup policy of its own.

use crate::{
    backend::{Backend, on},
    directory::DataDirectory,
    error::Error,
    in_flight::InFlight,
    open::StoreLimits,
    postgres, sqlite,
};

/// One wrapped key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Its identifier.
    pub id: [u8; 16],
    /// Whose it is; absent for a key of the ledger.
    pub subject: Option<[u8; 16]>,
    /// What a key of the ledger is called, such as `2026-11`.
    pub label: Option<String>,
    /// What it is used for.
    pub usage: u8,
    /// The number of the master key that wraps it.
    pub master_epoch: u32,
    /// The wrapped key.
    pub wrapped: Vec<u8>,
    /// When it was made, in microseconds since 1970.
    pub created_at: i64,
}

/// The key store. Clones share it: keys are cached above, so that it is seldom asked.
#[derive(Debug, Clone)]
pub struct KeyStore(pub(crate) Backend<sqlite::KeyStore, postgres::KeyStore>);

impl KeyStore {
    /// Opens the key store of a data directory, making and migrating it as needed.
    ///
    /// # Errors
    /// The file is not a key store, or its schema is newer than this program, or it cannot be opened.
    pub fn open_sqlite(directory: &DataDirectory, limits: &StoreLimits) -> Result<Self, Error> {
        Ok(Self(Backend::Sqlite(sqlite::KeyStore::open(directory, limits)?)))
    }

    /// Since when a write is in flight.
    #[must_use]
    pub fn in_flight(&self) -> &InFlight {
        on!(&self.0, it => it.in_flight())
    }

    /// The key of that identifier.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_fetch(&self, id: [u8; 16]) -> Result<Option<KeyRow>, Error> {
        on!(&self.0, it => it.key_fetch(id).await)
    }

    /// The keys of subjects for one use; of one that has none there is none.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn keys_of_subjects_list(&self, subjects: &[[u8; 16]], usage: u8) -> Result<Vec<KeyRow>, Error> {
        on!(&self.0, it => it.keys_of_subjects_list(subjects, usage).await)
    }

    /// The key of the ledger of that label for one use.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_of_label_fetch(&self, label: &str, usage: u8) -> Result<Option<KeyRow>, Error> {
        on!(&self.0, it => it.key_of_label_fetch(label, usage).await)
    }

    /// Adds keys; one whose owner has a key for that use already is left out. Durable when it returns.
    ///
    /// # Errors
    /// The key store cannot be written.
    pub async fn keys_insert(&self, keys: Vec<KeyRow>) -> Result<(), Error> {
        on!(&self.0, it => it.keys_insert(keys).await)
    }

    /// Folds the write-ahead log into the database, and closes it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn close(&self) -> Result<(), Error> {
        on!(&self.0, it => it.close().await)
    }

    /// The identifiers of the keys of that subject for one use.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_ids_of_subject_list(&self, subject: [u8; 16], usage: u8) -> Result<Vec<[u8; 16]>, Error> {
        on!(&self.0, it => it.key_ids_of_subject_list(subject, usage).await)
    }

    /// Destroys keys: when it returns, no byte of them is left in the files of the key store. One that is not there
    /// is left out.
    ///
    /// # Errors
    /// The key store cannot be written.
    pub async fn keys_destroy(&self, ids: &[[u8; 16]]) -> Result<(), Error> {
        on!(&self.0, it => it.keys_destroy(ids).await)
    }
}
