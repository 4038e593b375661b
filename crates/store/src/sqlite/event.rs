//! Events: appended behind the heads of their partitions, and read behind them.

mod append;
mod forget;

use std::collections::BTreeSet;

use rusqlite::{Connection, Row, params};
use unefois_core::{Cursor, EventId};

use super::{Readers, ask::Ask};
use crate::{
    EventLag, EventRow, EventsAsked,
    cursor::{each, of_signed},
    error::{Doing, Error},
    event::EventColumns,
};

/// The first events of one dataset and partition, which `event_by_dataset` holds in this order.
const FIRST: &str = "SELECT recorded_at, partition, position FROM event
     WHERE dataset = ? AND provider = ? AND partition = ? AND position > ? AND position <= ? ORDER BY position LIMIT ?";

macro_rules! select {
    ($condition:literal) => {
        concat!(
            "SELECT e.partition, e.position, e.recorded_at, e.id, e.subject, s.root, e.dataset, e.provider, e.record,
                 e.revision, e.kind, e.traceparent, e.changed, e.about
             FROM event e JOIN subject s ON s.id = e.subject WHERE ",
            $condition
        )
    };
}

fn read(row: &Row<'_>) -> rusqlite::Result<EventColumns> {
    Ok(EventColumns {
        partition: row.get(0)?,
        position: row.get(1)?,
        recorded_at: row.get(2)?,
        id: row.get(3)?,
        subject: row.get(4)?,
        root: row.get(5)?,
        dataset: row.get(6)?,
        provider: row.get(7)?,
        record: row.get(8)?,
        revision: row.get(9)?,
        kind: row.get(10)?,
        traceparent: row.get(11)?,
        changed: row.get(12)?,
        about: row.get(13)?,
    })
}

/// When and where: the order of a page.
type Mark = (i64, i16, i64);

/// The first events of each dataset and partition; at most `count_max` of each.
fn first_of_each(connection: &Connection, asked: &EventsAsked, count_max: u32) -> Result<Vec<Mark>, Error> {
    let EventsAsked { datasets, provider, after, up_to } = asked;
    let datasets: BTreeSet<&String> = datasets.iter().collect();
    let mut found = Vec::new();
    for dataset in datasets {
        for ((partition, after), (_, up_to)) in each(after).zip(each(up_to)).filter(|((_, from), (_, to))| from < to) {
            let range = params![dataset, provider, partition, after, up_to, count_max];
            let marks = connection.rows(FIRST, range, |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            found.extend(marks.doing("list events")?);
        }
    }
    Ok(found)
}

/// The positions before everything that was recorded at `time` or later. Times do not fall within a partition: what is
/// before the first of them is before all.
fn positions_before(connection: &Connection, time: i64) -> Result<Cursor, Error> {
    let sql = "SELECT coalesce((SELECT e.position - 1 FROM event e WHERE e.partition = p.partition
             AND e.recorded_at >= ? ORDER BY e.recorded_at, e.position LIMIT 1), p.head)
         FROM event_partition p ORDER BY p.partition";
    of_signed(&connection.rows(sql, [time], |row| row.get(0)).doing("find the events of a time")?)
}

impl Readers {
    pub(crate) async fn event_heads_fetch(&self) -> Result<Cursor, Error> {
        self.ask(|connection| {
            let heads = connection.rows("SELECT head FROM event_partition ORDER BY partition", [], |row| row.get(0));
            of_signed(&heads.doing("read the heads of the events")?)
        })
        .await
    }

    pub(crate) async fn events_forgotten_fetch(&self) -> Result<Cursor, Error> {
        self.ask(|connection| {
            let sql = "SELECT forgotten FROM event_partition ORDER BY partition";
            of_signed(&connection.rows(sql, [], |row| row.get(0)).doing("read which events are forgotten")?)
        })
        .await
    }

    pub(crate) async fn event_positions_before_fetch(&self, time: i64) -> Result<Cursor, Error> {
        self.ask(move |connection| positions_before(connection, time)).await
    }

    pub(crate) async fn events_list(&self, asked: &EventsAsked, count_max: u32) -> Result<Vec<EventRow>, Error> {
        let asked = asked.clone();
        self.ask(move |connection| {
            // One transaction: an event that was found is not forgotten before it is read.
            let tx = connection.transaction().doing("list events")?;
            let mut marks = first_of_each(&tx, &asked, count_max)?;
            marks.sort_unstable();
            marks.truncate(usize::try_from(count_max).unwrap_or(usize::MAX));
            let fetch = |(_, partition, position): Mark| {
                let sql = select!("e.partition = ? AND e.position = ?");
                tx.row(sql, params![partition, position], read)
                    .doing("read an event")?
                    .map(TryInto::try_into)
                    .transpose()
            };
            marks.into_iter().filter_map(|mark| fetch(mark).transpose()).collect()
        })
        .await
    }

    pub(crate) async fn events_lag_fetch(&self, asked: &EventsAsked, count_max: u32) -> Result<EventLag, Error> {
        let asked = asked.clone();
        self.ask(move |connection| {
            let tx = connection.transaction().doing("count events")?;
            let marks = first_of_each(&tx, &asked, count_max)?;
            let events = (marks.len() as u64).min(u64::from(count_max));
            Ok(EventLag { events, oldest: marks.into_iter().map(|(recorded_at, ..)| recorded_at).min() })
        })
        .await
    }

    pub(crate) async fn events_fetch(&self, ids: &[EventId]) -> Result<Vec<EventRow>, Error> {
        let ids = ids.to_vec();
        self.ask(move |connection| {
            let tx = connection.transaction().doing("read events")?;
            let fetch = |id: EventId| {
                let found = tx.row(select!("e.id = ?"), [id.0.as_bytes()], read);
                found.doing("read an event")?.map(TryInto::try_into).transpose()
            };
            ids.into_iter().filter_map(|id| fetch(id).transpose()).collect()
        })
        .await
    }
}
