//! Events: changes worth telling, in a log of partitions that has no gap and no late commit.

use unefois_core::{Cursor, EventId, EventKind, FieldNumbers, Partition, Place, SubjectKind};
use uuid::Uuid;

use crate::{
    backend::{at_once, on},
    cursor::place_of,
    error::{Error, unsigned},
    open::Store,
    writer::Transaction,
};

/// An event to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// Its identifier, which subscribers see.
    pub id: EventId,
    /// The subject that the record hangs on.
    pub subject: [u8; 16],
    /// What the subject is after merging: it says which partition.
    pub root: [u8; 16],
    /// Which kind of subject the publication was about.
    pub about: SubjectKind,
    /// The dataset.
    pub dataset: String,
    /// The agency that published it.
    pub provider: String,
    /// The record.
    pub record: [u8; 16],
    /// The revision that the event tells of.
    pub revision: u64,
    /// What the revision was to the record.
    pub kind: EventKind,
    /// The top-level fields that changed.
    pub changed: FieldNumbers,
    /// The trace that the publication belongs to.
    pub traceparent: Option<String>,
}

/// Where an event was appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventAppended {
    /// Where it is.
    pub place: Place,
    /// When, in microseconds since 1970.
    pub recorded_at: i64,
}

/// An event as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRow {
    /// Where it is.
    pub place: Place,
    /// When, in microseconds since 1970: never before an earlier one of its partition.
    pub recorded_at: i64,
    /// What was written; `root` is what the subject is merged into now.
    pub event: NewEvent,
}

/// Which events are asked for: those of a provider in these datasets, after one cursor and up to another.
#[derive(Debug, Clone)]
pub struct EventsAsked {
    /// The datasets, as they are stored.
    pub datasets: Vec<String>,
    /// The agency that published them.
    pub provider: String,
    /// Everything up to it is left out.
    pub after: Cursor,
    /// Nothing beyond it is found: heads that were read before.
    pub up_to: Cursor,
}

/// How much is still to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventLag {
    /// How many events, as far as they were counted.
    pub events: u64,
    /// When the oldest of them was recorded, in microseconds since 1970.
    pub oldest: Option<i64>,
}

/// What may be forgotten.
#[derive(Debug, Clone, Copy)]
pub struct EventsForgotten {
    /// Events recorded before this are old, in microseconds since 1970.
    pub before: i64,
    /// Now, in microseconds since 1970: a subscription keeps what it has not acknowledged for its retention.
    pub now: i64,
    /// How many at most.
    pub count_max: u32,
}

/// A row of `event` as both backends hold it.
pub(crate) struct EventColumns {
    pub(crate) partition: i16,
    pub(crate) position: i64,
    pub(crate) id: [u8; 16],
    pub(crate) subject: [u8; 16],
    pub(crate) root: [u8; 16],
    pub(crate) about: i16,
    pub(crate) dataset: String,
    pub(crate) provider: String,
    pub(crate) record: [u8; 16],
    pub(crate) revision: i64,
    pub(crate) kind: i16,
    pub(crate) changed: Vec<u8>,
    pub(crate) recorded_at: i64,
    pub(crate) traceparent: Option<String>,
}

impl TryFrom<EventColumns> for EventRow {
    type Error = Error;

    fn try_from(row: EventColumns) -> Result<Self, Error> {
        let event = NewEvent {
            id: EventId(Uuid::from_bytes(row.id)),
            subject: row.subject,
            root: row.root,
            about: SubjectKind::numbered(row.about).ok_or(Error::Malformed { what: "kind of a subject" })?,
            dataset: row.dataset,
            provider: row.provider,
            record: row.record,
            revision: unsigned(row.revision, "revision")?,
            kind: EventKind::numbered(row.kind).ok_or(Error::Malformed { what: "kind of an event" })?,
            changed: FieldNumbers::from_bytes(&row.changed)
                .map_err(|_invalid| Error::Malformed { what: "list of fields" })?,
            traceparent: row.traceparent,
        };
        Ok(Self { place: place_of(row.partition, row.position)?, recorded_at: row.recorded_at, event })
    }
}

impl NewEvent {
    pub(crate) fn partition(&self) -> Partition {
        Partition::of(Uuid::from_bytes(self.root))
    }
}

impl Store {
    /// The newest position of each partition. All events up to them are committed, and none of them comes later.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn event_heads_fetch(&self) -> Result<Cursor, Error> {
        on!(&self.0, it => it.event_heads_fetch().await)
    }

    /// How far each partition was forgotten: whoever has not read so far has missed what was there.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn events_forgotten_fetch(&self) -> Result<Cursor, Error> {
        on!(&self.0, it => it.events_forgotten_fetch().await)
    }

    /// The cursor before everything that was recorded at `time` or later: where a replay from then begins.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn event_positions_before_fetch(&self, time: i64) -> Result<Cursor, Error> {
        on!(&self.0, it => it.event_positions_before_fetch(time).await)
    }

    /// The first events in the order of time, partition and position; at most `count_max`. Of every partition it is the
    /// beginning of what is asked for, because times do not fall within one: whoever goes on after the last event of
    /// each leaves none out. When it is less than `count_max`, nothing is left up to `asked.up_to`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn events_list(&self, asked: &EventsAsked, count_max: u32) -> Result<Vec<EventRow>, Error> {
        on!(&self.0, it => it.events_list(asked, count_max).await)
    }

    /// How much is asked for, counted up to `count_max`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn events_lag_fetch(&self, asked: &EventsAsked, count_max: u32) -> Result<EventLag, Error> {
        on!(&self.0, it => it.events_lag_fetch(asked, count_max).await)
    }

    /// The events of these identifiers that are still held, in no order.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn events_fetch(&self, ids: &[EventId]) -> Result<Vec<EventRow>, Error> {
        on!(&self.0, it => it.events_fetch(ids).await)
    }
}

impl Transaction<'_> {
    /// Adds events, and raises the heads of their partitions in ascending order; gives where and when each is now, in the
    /// order of `events`. It holds those partitions until the transaction ends: once in a transaction, and last of all, or two
    /// nodes may wait for each other. An event is never recorded before the one that it follows, whatever `now` says.
    ///
    /// # Errors
    /// The storage failed, or an identifier is taken, or a subject is not there.
    pub async fn events_append_in_tx(&mut self, events: &[NewEvent], now: i64) -> Result<Vec<EventAppended>, Error> {
        at_once!(&mut self.0, it => it.events_append_in_tx(events, now))
    }

    /// Forgets old events, with the attempts and dead letters of them; gives how many. What a subscription has not
    /// acknowledged, or has as a dead letter that is not replayed, is kept as long as the subscription's retention.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn events_forget_in_tx(&mut self, forgotten: EventsForgotten) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.events_forget_in_tx(forgotten))
    }
}
