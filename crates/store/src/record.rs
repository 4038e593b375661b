//! Records and their revisions.

use unefois_core::EventKind;

use crate::{
    backend::{Backend, at_once, on},
    error::Error,
    open::Store,
    postgres, sqlite,
    writer::Transaction,
};

/// Which record is asked for: the keys that find it.
#[derive(Debug, Clone)]
pub struct RecordAsked {
    /// The subject, after merging.
    pub root: [u8; 16],
    /// The dataset.
    pub dataset: String,
    /// The agency that published it.
    pub provider: String,
    /// The pseudonym of the part of the key that holds no identifier.
    pub selector: [u8; 32],
}

/// The newest revision of a record that the hub holds, sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRevision {
    /// The record.
    pub record: [u8; 16],
    /// The pseudonym of the part of its key that holds identifiers.
    pub discriminator: [u8; 32],
    /// The revision, from 1.
    pub number: u64,
    /// When the provider recorded it, in microseconds since 1970.
    pub provider_recorded_at: i64,
    /// When the hub learned it, in microseconds since 1970.
    pub learned_at: i64,
    /// What became of the record with it; absent where that was not noted.
    pub change: Option<EventKind>,
    /// The key that sealed it.
    pub payload_key: [u8; 16],
    /// The blind of its commitment and its canonical bytes, sealed.
    pub sealed: Vec<u8>,
}

/// A revision to be written.
#[derive(Debug, Clone)]
pub struct RevisionRow {
    /// The record.
    pub record: [u8; 16],
    /// The subject that it hangs on; used when the record is new.
    pub subject: [u8; 16],
    /// The dataset.
    pub dataset: String,
    /// The agency that published it.
    pub provider: String,
    /// The pseudonym of the part of the key that holds no identifier.
    pub selector: [u8; 32],
    /// What stands for the traits of its person, where homonyms are looked for. They replace those of the revision before.
    pub traits: Option<[u8; 32]>,
    /// What is stored of the revision itself.
    pub held: HeldRevision,
}

/// Who reads records all the time.
#[derive(Debug)]
pub enum RecordReaders {
    /// SQLite answers on the thread that asks, and one thread asks it faster than several that wake one another.
    OnThread(RecordReader),
    /// PostgreSQL answers several at once.
    OnTasks(Vec<RecordReader>),
}

/// One who reads records all the time.
#[derive(Debug)]
pub struct RecordReader(Backend<sqlite::RecordReader, postgres::RecordReaders>);

impl RecordReader {
    /// The newest revision of every record that each question finds, in the order of the questions: many questions,
    /// one trip. A merged subject may hold several under one key.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn records_fetch(&mut self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        at_once!(&mut self.0, it => it.records_fetch(asked))
    }
}

/// What became of a record, of its column.
pub(crate) fn change_of(number: Option<i16>) -> Result<Option<EventKind>, Error> {
    let change = |number| EventKind::numbered(number).ok_or(Error::Malformed { what: "change of a revision" });
    number.map(change).transpose()
}

impl Store {
    /// Those who read records all the time, at most that many: each belongs to a task of its own, or to a thread.
    ///
    /// # Errors
    /// The database cannot be opened once more.
    pub fn record_readers(&self, count_max: usize) -> Result<RecordReaders, Error> {
        Ok(match &self.0 {
            Backend::Sqlite(readers) => {
                RecordReaders::OnThread(RecordReader(Backend::Sqlite(readers.record_reader()?)))
            }
            Backend::Postgres(readers) => {
                let count = count_max.max(1);
                let readers = readers.record_readers(u32::try_from(count).unwrap_or(u32::MAX));
                let reader = || RecordReader(Backend::Postgres(readers.clone()));
                RecordReaders::OnTasks((0..count).map(|_| reader()).collect())
            }
        })
    }

    /// One revision of one record.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn revision_fetch(&self, record: [u8; 16], number: u64) -> Result<Option<HeldRevision>, Error> {
        on!(&self.0, it => it.revision_fetch(record, number).await)
    }

    /// The dataset of a record, by the name that it was stored under.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn record_dataset_fetch(&self, record: [u8; 16]) -> Result<Option<String>, Error> {
        on!(&self.0, it => it.record_dataset_fetch(record).await)
    }

    /// The revisions of these records and numbers, in the order of the questions: many questions, one trip. One that
    /// is not held is absent.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn revisions_fetch(&self, asked: &[([u8; 16], u64)]) -> Result<Vec<Option<HeldRevision>>, Error> {
        on!(&self.0, it => it.revisions_fetch(asked).await)
    }
}

impl Transaction<'_> {
    /// As [`RecordReader::records_fetch`], as this transaction sees it.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn records_fetch_in_tx(&mut self, asked: &[RecordAsked]) -> Result<Vec<Vec<HeldRevision>>, Error> {
        at_once!(&mut self.0, it => it.records_fetch_in_tx(asked))
    }

    /// Whether that record is there, as this transaction sees it: it may have been erased.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn record_exists_in_tx(&mut self, record: [u8; 16]) -> Result<bool, Error> {
        at_once!(&mut self.0, it => it.record_exists_in_tx(record))
    }

    /// Adds revisions, in their order, and the record of each that is the first of one.
    ///
    /// # Errors
    /// The storage failed, or a revision exists.
    pub async fn revisions_insert_in_tx(&mut self, rows: &[RevisionRow]) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.revisions_insert_in_tx(rows))
    }
}
