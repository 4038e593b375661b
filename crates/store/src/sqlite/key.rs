//! The key store: wrapped keys, in a file of their own.

use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Params, Row, params};

use super::{Writer, ask::Ask, open::connect_key_store};
use crate::{
    KeyRow,
    directory::DataDirectory,
    error::{Doing, Error},
    in_flight::InFlight,
    open::StoreLimits,
};

const OF_ID: &str = "SELECT id, subject, label, use, master_epoch, wrapped, created_at FROM wrapped_key WHERE id = ?";
const OF_SUBJECT: &str = "SELECT id, subject, label, use, master_epoch, wrapped, created_at FROM wrapped_key
     WHERE subject = ? AND use = ?";
const OF_LABEL: &str = "SELECT id, subject, label, use, master_epoch, wrapped, created_at FROM wrapped_key
     WHERE label = ? AND use = ?";

fn read(row: &Row<'_>) -> rusqlite::Result<KeyRow> {
    Ok(KeyRow {
        id: row.get(0)?,
        subject: row.get(1)?,
        label: row.get(2)?,
        usage: row.get(3)?,
        master_epoch: row.get(4)?,
        wrapped: row.get(5)?,
        created_at: row.get(6)?,
    })
}

/// The key store. Clones share one connection: keys are cached above, so that it is seldom asked, and one connection
/// makes "committed, then re-read" plain.
#[derive(Debug, Clone)]
pub(crate) struct KeyStore {
    /// Behind a lock because threads take turns with it; each holds it while it asks.
    writer: Arc<Mutex<Writer>>,
    in_flight: InFlight,
}

impl KeyStore {
    /// Opens the key store of a data directory, making and migrating it as needed.
    pub(crate) fn open(directory: &DataDirectory, limits: &StoreLimits) -> Result<Self, Error> {
        let writer = connect_key_store(&directory.key_store(), limits)?;
        let in_flight = writer.in_flight().clone();
        Ok(Self { writer: Arc::new(Mutex::new(writer)), in_flight })
    }

    /// Since when a write is in flight.
    pub(crate) fn in_flight(&self) -> &InFlight {
        &self.in_flight
    }

    /// The key of that identifier.
    pub(crate) async fn key_fetch(&self, id: [u8; 16]) -> Result<Option<KeyRow>, Error> {
        self.find(OF_ID, [id]).await
    }

    /// The keys of subjects for one use.
    pub(crate) async fn keys_of_subjects_list(&self, subjects: &[[u8; 16]], usage: u8) -> Result<Vec<KeyRow>, Error> {
        let subjects = subjects.to_vec();
        self.ask(move |writer| {
            let connection = writer.connection()?;
            let found = subjects.iter().map(|subject| connection.row(OF_SUBJECT, params![subject, usage], read));
            found.filter_map(Result::transpose).collect::<rusqlite::Result<_>>().doing("read keys")
        })
        .await
    }

    /// The key of the ledger of that label for one use.
    pub(crate) async fn key_of_label_fetch(&self, label: &str, usage: u8) -> Result<Option<KeyRow>, Error> {
        self.find(OF_LABEL, (label.to_owned(), usage)).await
    }

    /// Adds keys; one whose owner has a key for that use already is left out. Durable when it returns.
    pub(crate) async fn keys_insert(&self, keys: Vec<KeyRow>) -> Result<(), Error> {
        self.ask(move |writer| insert(writer, &keys)).await
    }

    /// Folds the write-ahead log into the database, and closes it.
    pub(crate) async fn close(&self) -> Result<(), Error> {
        self.ask(Writer::close).await
    }

    /// The identifiers of the keys of that subject for one use.
    pub(crate) async fn key_ids_of_subject_list(&self, subject: [u8; 16], usage: u8) -> Result<Vec<[u8; 16]>, Error> {
        self.ask(move |writer| {
            let sql = "SELECT id FROM wrapped_key WHERE subject = ? AND use = ?";
            let ids = writer.connection()?.rows(sql, params![subject, usage], |row| row.get(0));
            ids.doing("list the keys of a subject")
        })
        .await
    }

    /// Destroys keys: when it returns, no byte of them is left in the files of the key store. One that is not there
    /// is left out.
    pub(crate) async fn keys_destroy(&self, ids: &[[u8; 16]]) -> Result<(), Error> {
        let ids = ids.to_vec();
        self.ask(move |writer| destroy(writer, &ids)).await
    }

    async fn find(&self, sql: &'static str, params: impl Params + Send + 'static) -> Result<Option<KeyRow>, Error> {
        self.ask(move |writer| writer.connection()?.row(sql, params, read).doing("read a key")).await
    }

    /// On a thread for blocking work, to its end: a caller that gives up must not make a stalled commit look like none.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&mut Writer) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let writer = Arc::clone(&self.writer);
        let asked = move || question(&mut writer.lock().unwrap_or_else(PoisonError::into_inner));
        let answered = tokio::task::spawn_blocking(asked).await;
        answered.unwrap_or_else(|_panicked| Err(Error::Ended { what: "the key store" }))
    }
}

fn destroy(writer: &mut Writer, ids: &[[u8; 16]]) -> Result<(), Error> {
    let mut tx = writer.begin()?;
    let mut destroyed = 0;
    for id in ids {
        destroyed += tx.connection().run("DELETE FROM wrapped_key WHERE id = ?", [id]).doing("destroy a key")?;
    }
    tx.commit()?;
    // The write-ahead log holds the keys as they were written.
    if destroyed > 0 { writer.cut_log() } else { Ok(()) }
}

fn insert(writer: &mut Writer, keys: &[KeyRow]) -> Result<(), Error> {
    let sql = "INSERT INTO wrapped_key (id, subject, label, use, master_epoch, wrapped, created_at)
         VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
    let mut tx = writer.begin()?;
    for KeyRow { id, subject, label, usage, master_epoch, wrapped, created_at } in keys {
        let row = params![id, subject, label, usage, master_epoch, wrapped, created_at];
        tx.connection().run(sql, row).doing("write a key")?;
    }
    tx.commit()?;
    writer.fold_when_due()
}
