//! Records and their revisions.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    HeldRevision, RecordAsked, RevisionRow,
    error::{Doing, Error, signed},
    record::change_of,
};
use rusqlite::{Connection, Row, params};
use tokio::sync::OwnedSemaphorePermit;
use unefois_core::EventKind;

/// Reads records on the thread that asks.
#[derive(Debug)]
pub(crate) struct RecordReader {
    connection: Connection,
    /// After the connection: whoever waits for this one waits until it is closed.
    _permit: OwnedSemaphorePermit,
}

// `CROSS JOIN` keeps SQLite from reordering: from the question to its rows, never the other way round.
const NEWEST: &str =
    "SELECT r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key, v.sealed,
         v.change
     FROM subject m
     CROSS JOIN record r ON r.subject = m.id AND r.dataset = ?2 AND r.provider = ?3 AND r.selector = ?4
     CROSS JOIN revision v ON v.record = r.id AND v.number = r.revision
     WHERE m.root = ?1";
const OF_NUMBER: &str = "SELECT r.id, r.discriminator, v.number, v.provider_recorded_at, v.learned_at, v.payload_key,
     v.sealed, v.change FROM revision v JOIN record r ON r.id = v.record WHERE v.record = ? AND v.number = ?";

/// A revision, and the number of its change.
type Found = (HeldRevision, Option<i16>);

fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    let held = HeldRevision {
        record: row.get(0)?,
        discriminator: row.get(1)?,
        number: row.get::<_, i64>(2)?.cast_unsigned(),
        provider_recorded_at: row.get(3)?,
        learned_at: row.get(4)?,
        payload_key: row.get(5)?,
        sealed: row.get(6)?,
        change: None,
    };
    Ok((held, row.get(7)?))
}

fn held((held, change): Found) -> Result<HeldRevision, Error> {
    Ok(HeldRevision { change: change_of(change)?, ..held })
}

fn newest(connection: &Connection, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
    let mut find = connection.prepare_cached(NEWEST).doing("read records")?;
    let answers = asked.iter().map(|RecordAsked { root, dataset, provider, selector }| {
        let found = find.query_map(params![root, dataset, provider, selector], read);
        let found: rusqlite::Result<Vec<Found>> = found.and_then(Iterator::collect);
        found.doing("read records")?.into_iter().map(held).collect()
    });
    answers.collect()
}

impl RecordReader {
    pub(crate) fn records_fetch(&mut self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        // In one transaction SQLite looks only once whether its pages are still the newest.
        let tx = self.connection.transaction().doing("read records")?;
        newest(&tx, asked)
    }
}

impl Readers {
    pub(crate) fn record_reader(&self) -> Result<RecordReader, Error> {
        self.lend().map(|(connection, permit)| RecordReader { connection, _permit: permit })
    }

    pub(crate) async fn revision_fetch(&self, record: [u8; 16], number: u64) -> Result<Option<HeldRevision>, Error> {
        self.ask(move |connection| {
            let found = connection.row(OF_NUMBER, params![record, signed(number)], read);
            found.doing("read a revision")?.map(held).transpose()
        })
        .await
    }

    pub(crate) async fn record_dataset_fetch(&self, record: [u8; 16]) -> Result<Option<String>, Error> {
        let sql = "SELECT dataset FROM record WHERE id = ?";
        self.ask(move |connection| connection.row(sql, [record], |row| row.get(0)).doing("read a record")).await
    }

    pub(crate) async fn revisions_fetch(&self, asked: &[([u8; 16], u64)]) -> Result<Vec<Option<HeldRevision>>, Error> {
        let asked = asked.to_vec();
        self.ask(move |connection| {
            let tx = connection.transaction().doing("read revisions")?;
            let fetch = |(record, number): ([u8; 16], u64)| {
                let found = tx.row(OF_NUMBER, params![record, signed(number)], read);
                found.doing("read revisions")?.map(held).transpose()
            };
            asked.into_iter().map(fetch).collect()
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn records_fetch_in_tx(&mut self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        newest(self.connection(), asked)
    }

    pub(crate) fn record_exists_in_tx(&mut self, record: [u8; 16]) -> Result<bool, Error> {
        let found = self.connection().row("SELECT 1 FROM record WHERE id = ?", [record], |_row| Ok(()));
        Ok(found.doing("look for a record")?.is_some())
    }

    pub(crate) fn revisions_insert_in_tx(&mut self, rows: &[RevisionRow]) -> Result<(), Error> {
        rows.iter().try_for_each(|row| self.revision_insert_in_tx(row))
    }

    fn revision_insert_in_tx(&mut self, row: &RevisionRow) -> Result<(), Error> {
        let RevisionRow { record, subject, dataset, provider, selector, traits: _, held } = row;
        let connection = self.connection();
        let sql = "INSERT INTO record (id, subject, dataset, provider, selector, discriminator, revision)
             VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision";
        let number = signed(held.number);
        let values = params![record, subject, dataset, provider, selector, held.discriminator, number];
        connection.run(sql, values).doing("store a record")?;
        let sql = "INSERT INTO revision (record, number, provider_recorded_at, learned_at, payload_key, sealed,
                 change) VALUES (?, ?, ?, ?, ?, ?, ?)";
        let HeldRevision { provider_recorded_at, learned_at, change, payload_key, sealed, .. } = held;
        let values = params![
            record,
            number,
            provider_recorded_at,
            learned_at,
            payload_key,
            sealed,
            change.map(EventKind::number)
        ];
        connection.run(sql, values).doing("store a revision")?;
        self.traits_replace_in_tx(row)
    }
}
