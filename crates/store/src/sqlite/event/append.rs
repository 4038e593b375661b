//! Raising the heads of partitions, and appending behind them.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::super::{Transaction, ask::Ask};
use crate::{
    EventAppended, NewEvent,
    cursor::{number_of, place_of},
    error::{Doing, Error, signed},
};

const RAISE: &str = "UPDATE event_partition SET head = head + ?3, newest_at = max(coalesce(newest_at, ?2), ?2)
     WHERE partition = ?1 RETURNING head - ?3, newest_at";
const INSERT: &str = "INSERT INTO event (partition, position, id, subject, dataset, provider, record, revision, kind,
     changed, recorded_at, traceparent, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// How far a partition goes, and when what is appended to it is recorded.
struct Behind {
    head: i64,
    recorded_at: i64,
}

impl Transaction<'_> {
    /// There is no other writer: what is appended first is committed first.
    pub(crate) fn events_append_in_tx(&mut self, events: &[NewEvent], now: i64) -> Result<Vec<EventAppended>, Error> {
        let mut heads = self.heads_raise_in_tx(events, now)?;
        let mut appended = Vec::with_capacity(events.len());
        for event in events {
            let partition = number_of(event.partition());
            let behind = heads.get_mut(&partition).expect("the head of every partition was raised");
            behind.head += 1;
            self.event_append_in_tx(event, partition, behind)?;
            let place = place_of(partition, behind.head)?;
            appended.push(EventAppended { place, recorded_at: behind.recorded_at });
        }
        Ok(appended)
    }

    /// Raises the heads of the partitions of these events, each once. Gives what they were.
    fn heads_raise_in_tx(&mut self, events: &[NewEvent], now: i64) -> Result<BTreeMap<i16, Behind>, Error> {
        let mut counts: BTreeMap<i16, i64> = BTreeMap::new();
        for event in events {
            *counts.entry(number_of(event.partition())).or_default() += 1;
        }
        let raise = |(partition, count): (i16, i64)| {
            let read = |row: &Row<'_>| Ok(Behind { head: row.get(0)?, recorded_at: row.get(1)? });
            let raised = self.connection().row(RAISE, params![partition, now, count], read);
            let raised = raised.doing("raise the head of the events")?;
            Ok((partition, raised.ok_or(Error::Malformed { what: "log of events: a partition is missing" })?))
        };
        counts.into_iter().map(raise).collect()
    }

    fn event_append_in_tx(&mut self, event: &NewEvent, partition: i16, behind: &Behind) -> Result<(), Error> {
        let NewEvent { id, subject, root: _, about, dataset, provider, record, revision, kind, changed, traceparent } =
            event;
        let (revision, changed) = (signed(*revision), changed.to_bytes());
        let row = params![
            partition,
            behind.head,
            id.0.as_bytes(),
            subject,
            dataset,
            provider,
            record,
            revision,
            kind.number(),
            changed,
            behind.recorded_at,
            traceparent,
            about.number()
        ];
        self.connection().run(INSERT, row).doing("append an event").map(drop)
    }
}
