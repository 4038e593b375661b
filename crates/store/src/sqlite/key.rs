//! The key store: wrapped keys, in a file of their own.

use std::sync::Arc;

use tokio::sync::{Mutex, OwnedMutexGuard};

use super::{Writer, open::connect_key_store};
use crate::{
    KeyRow,
    directory::DataDirectory,
    error::{Doing, Error, fixed},
    in_flight::InFlight,
    open::StoreLimits,
};

#[derive(sqlx::FromRow)]
struct WrappedKeyRow {
    id: Vec<u8>,
    subject: Option<Vec<u8>>,
    label: Option<String>,
    usage: i64,
    master_epoch: i64,
    wrapped: Vec<u8>,
    created_at: i64,
}

impl TryFrom<WrappedKeyRow> for KeyRow {
    type Error = Error;

    fn try_from(row: WrappedKeyRow) -> Result<Self, Error> {
        let WrappedKeyRow { id, subject, label, usage, master_epoch, wrapped, created_at } = row;
        let malformed = || Error::Malformed { what: "wrapped key" };
        Ok(Self {
            id: fixed(&id, "key id")?,
            subject: subject.map(|subject| fixed(&subject, "subject id")).transpose()?,
            label,
            usage: u8::try_from(usage).map_err(|_out_of_range| malformed())?,
            master_epoch: u32::try_from(master_epoch).map_err(|_out_of_range| malformed())?,
            wrapped,
            created_at,
        })
    }
}

const COLUMNS: &str = "SELECT id, subject, label, use AS usage, master_epoch, wrapped, created_at FROM wrapped_key";

/// The key store. Clones share one connection: keys are cached above, so that it is seldom asked, and one connection
/// makes "committed, then re-read" plain.
#[derive(Debug, Clone)]
pub(crate) struct KeyStore {
    writer: Arc<Mutex<Writer>>,
    in_flight: InFlight,
}

impl KeyStore {
    /// Opens the key store of a data directory, making and migrating it as needed.
    pub(crate) async fn open(directory: &DataDirectory, limits: &StoreLimits) -> Result<Self, Error> {
        let writer = connect_key_store(&directory.key_store(), limits).await?;
        let in_flight = writer.in_flight().clone();
        Ok(Self { writer: Arc::new(Mutex::new(writer)), in_flight })
    }

    /// Since when a write is in flight.
    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// The key of that identifier.
    pub(crate) async fn key_fetch(&self, id: [u8; 16]) -> Result<Option<KeyRow>, Error> {
        let mut writer = self.writer.lock().await;
        let row: Option<WrappedKeyRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?")))
            .bind(&id[..])
            .fetch_optional(writer.connection()?)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    /// The key of a subject for one use.
    pub(crate) async fn key_of_subject_fetch(&self, subject: [u8; 16], usage: u8) -> Result<Option<KeyRow>, Error> {
        let mut writer = self.writer.lock().await;
        let sql = format!("{COLUMNS} WHERE subject = ? AND use = ?");
        let row: Option<WrappedKeyRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&subject[..])
            .bind(i64::from(usage))
            .fetch_optional(writer.connection()?)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    /// The key of the ledger of that label for one use.
    pub(crate) async fn key_of_label_fetch(&self, label: &str, usage: u8) -> Result<Option<KeyRow>, Error> {
        let mut writer = self.writer.lock().await;
        let sql = format!("{COLUMNS} WHERE label = ? AND use = ?");
        let row: Option<WrappedKeyRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(label)
            .bind(i64::from(usage))
            .fetch_optional(writer.connection()?)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    /// Adds keys; one whose owner has a key for that use already is left out. Durable when it returns.
    pub(crate) async fn keys_insert(&self, keys: Vec<KeyRow>) -> Result<(), Error> {
        let writer = Arc::clone(&self.writer).lock_owned().await;
        // A task of its own: a caller that gives up must not make a stalled commit look like none.
        match tokio::spawn(insert(writer, keys)).await {
            Ok(inserted) => inserted,
            Err(_panicked) => Err(sqlx::Error::WorkerCrashed).doing("write keys"),
        }
    }

    /// Folds the write-ahead log into the database, and closes it.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.writer.lock().await.close().await
    }

    /// The identifiers of the keys of that subject for one use.
    pub(crate) async fn key_ids_of_subject_list(&self, subject: [u8; 16], usage: u8) -> Result<Vec<[u8; 16]>, Error> {
        let mut writer = self.writer.lock().await;
        let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM wrapped_key WHERE subject = ? AND use = ?")
            .bind(&subject[..])
            .bind(i64::from(usage))
            .fetch_all(writer.connection()?)
            .await
            .doing("list the keys of a subject")?;
        rows.iter().map(|id| fixed(id, "key id")).collect()
    }

    /// Destroys keys: when it returns, no byte of them is left in the files of the key store. One that is not there
    /// is left out.
    pub(crate) async fn keys_destroy(&self, ids: &[[u8; 16]]) -> Result<(), Error> {
        let (writer, ids) = (Arc::clone(&self.writer).lock_owned().await, ids.to_vec());
        // A task of its own, as for keys that are added.
        match tokio::spawn(destroy(writer, ids)).await {
            Ok(destroyed) => destroyed,
            Err(_panicked) => Err(sqlx::Error::WorkerCrashed).doing("destroy keys"),
        }
    }
}

async fn destroy(mut writer: OwnedMutexGuard<Writer>, ids: Vec<[u8; 16]>) -> Result<(), Error> {
    let mut tx = writer.begin().await?;
    let mut destroyed = 0;
    for id in ids {
        destroyed += sqlx::query("DELETE FROM wrapped_key WHERE id = ?")
            .bind(&id[..])
            .execute(tx.connection())
            .await
            .doing("destroy a key")?
            .rows_affected();
    }
    tx.commit().await?;
    // The write-ahead log holds the keys as they were written.
    if destroyed > 0 { writer.cut_log().await } else { Ok(()) }
}

async fn insert(mut writer: OwnedMutexGuard<Writer>, keys: Vec<KeyRow>) -> Result<(), Error> {
    let mut tx = writer.begin().await?;
    for key in keys {
        sqlx::query(
            "INSERT INTO wrapped_key (id, subject, label, use, master_epoch, wrapped, created_at)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        )
        .bind(&key.id[..])
        .bind(key.subject.as_ref().map(|subject| &subject[..]))
        .bind(&key.label)
        .bind(i64::from(key.usage))
        .bind(i64::from(key.master_epoch))
        .bind(&key.wrapped)
        .bind(key.created_at)
        .execute(tx.connection())
        .await
        .doing("write a key")?;
    }
    tx.commit().await?;
    writer.fold_when_due().await
}
