//! Raising the heads of partitions, and appending behind them.

use rusqlite::params;

use super::super::{Transaction, ask::Ask};
use crate::{
    EventAppended, NewEvent,
    cursor::{number_of, place_of},
    error::{Doing, Error, signed},
};

const RAISE: &str = "UPDATE event_partition SET head = head + 1, newest_at = max(coalesce(newest_at, ?2), ?2)
     WHERE partition = ?1 RETURNING head, newest_at";
const INSERT: &str = "INSERT INTO event (partition, position, id, subject, dataset, provider, record, revision, kind,
     changed, recorded_at, traceparent, about) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

impl Transaction<'_> {
    /// There is no other writer: what is appended first is committed first.
    pub(crate) fn events_append_in_tx(&mut self, events: &[NewEvent], now: i64) -> Result<Vec<EventAppended>, Error> {
        events.iter().map(|event| self.event_append_in_tx(event, now)).collect()
    }

    fn event_append_in_tx(&mut self, event: &NewEvent, now: i64) -> Result<EventAppended, Error> {
        let NewEvent { id, subject, root: _, about, dataset, provider, record, revision, kind, changed, traceparent } =
            event;
        let (connection, partition) = (self.connection(), number_of(event.partition()));
        let raised = connection.row(RAISE, params![partition, now], |row| Ok((row.get(0)?, row.get(1)?)));
        let raised: Option<(i64, i64)> = raised.doing("raise the head of the events")?;
        let (head, recorded_at) = raised.ok_or(Error::Malformed { what: "log of events: a partition is missing" })?;
        let (revision, changed) = (signed(*revision), changed.to_bytes());
        let row = params![
            partition,
            head,
            id.0.as_bytes(),
            subject,
            dataset,
            provider,
            record,
            revision,
            kind.number(),
            changed,
            recorded_at,
            traceparent,
            about.number()
        ];
        connection.run(INSERT, row).doing("append an event")?;
        Ok(EventAppended { place: place_of(partition, head)?, recorded_at })
    }
}
