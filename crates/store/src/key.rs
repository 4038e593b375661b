//! The key store: wrapped keys, in a file of their own.

use std::sync::Arc;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::Mutex;

use crate::{
    directory::DataDirectory,
    error::{Doing, Error, fixed},
    open::{StoreLimits, connect_key_store},
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
pub struct KeyStore {
    connection: Arc<Mutex<SqliteConnection>>,
}

impl KeyStore {
    /// Opens the key store of a data directory, making and migrating it as needed.
    ///
    /// # Errors
    /// The file is not a key store, or its schema is newer than this program, or it cannot be opened.
    pub async fn open(directory: &DataDirectory, limits: &StoreLimits) -> Result<Self, Error> {
        let connection = connect_key_store(&directory.key_store(), limits).await?;
        Ok(Self { connection: Arc::new(Mutex::new(connection)) })
    }

    /// The key of that identifier.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_fetch(&self, id: [u8; 16]) -> Result<Option<KeyRow>, Error> {
        let mut connection = self.connection.lock().await;
        let row: Option<WrappedKeyRow> = sqlx::query_as(sqlx::AssertSqlSafe(format!("{COLUMNS} WHERE id = ?")))
            .bind(&id[..])
            .fetch_optional(&mut *connection)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    /// The key of a subject for one use.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_of_subject_fetch(&self, subject: [u8; 16], usage: u8) -> Result<Option<KeyRow>, Error> {
        let mut connection = self.connection.lock().await;
        let sql = format!("{COLUMNS} WHERE subject = ? AND use = ?");
        let row: Option<WrappedKeyRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(&subject[..])
            .bind(i64::from(usage))
            .fetch_optional(&mut *connection)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    /// The key of the ledger of that label for one use.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_of_label_fetch(&self, label: &str, usage: u8) -> Result<Option<KeyRow>, Error> {
        let mut connection = self.connection.lock().await;
        let sql = format!("{COLUMNS} WHERE label = ? AND use = ?");
        let row: Option<WrappedKeyRow> = sqlx::query_as(sqlx::AssertSqlSafe(sql))
            .bind(label)
            .bind(i64::from(usage))
            .fetch_optional(&mut *connection)
            .await
            .doing("read a key")?;
        row.map(KeyRow::try_from).transpose()
    }

    /// Adds keys; one whose owner has a key for that use already is left out. Durable when it returns.
    ///
    /// # Errors
    /// The key store cannot be written.
    pub async fn keys_insert(&self, keys: &[KeyRow]) -> Result<(), Error> {
        let mut connection = self.connection.lock().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.doing("write keys")?;
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
            .execute(&mut *tx)
            .await
            .doing("write a key")?;
        }
        tx.commit().await.doing("commit keys")
    }

    /// The identifiers of the keys of that subject for one use.
    ///
    /// # Errors
    /// The key store cannot be read.
    pub async fn key_ids_of_subject_list(&self, subject: [u8; 16], usage: u8) -> Result<Vec<[u8; 16]>, Error> {
        let mut connection = self.connection.lock().await;
        let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM wrapped_key WHERE subject = ? AND use = ?")
            .bind(&subject[..])
            .bind(i64::from(usage))
            .fetch_all(&mut *connection)
            .await
            .doing("list the keys of a subject")?;
        rows.iter().map(|id| fixed(id, "key id")).collect()
    }

    /// Destroys keys: when it returns, no byte of them is left in the files of the key store. One that is not there
    /// is left out.
    ///
    /// # Errors
    /// The key store cannot be written.
    pub async fn keys_destroy(&self, ids: &[[u8; 16]]) -> Result<(), Error> {
        let mut connection = self.connection.lock().await;
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await.doing("destroy keys")?;
        let mut destroyed = 0;
        for id in ids {
            destroyed += sqlx::query("DELETE FROM wrapped_key WHERE id = ?")
                .bind(&id[..])
                .execute(&mut *tx)
                .await
                .doing("destroy a key")?
                .rows_affected();
        }
        tx.commit().await.doing("commit the destruction of keys")?;
        if destroyed > 0 {
            // The write-ahead log holds the keys as they were written: it is folded in and cut to nothing.
            let (busy, _, _): (i64, i64, i64) = sqlx::query_as("PRAGMA wal_checkpoint(TRUNCATE)")
                .fetch_one(&mut *connection)
                .await
                .doing("fold the key store's log in")?;
            if busy != 0 {
                return Err(Error::Malformed { what: "key store: another process reads it" });
            }
        }
        Ok(())
    }
}
