//! Raising the heads of partitions, and appending behind them.

use rusqlite::params;

use super::super::{Transaction, ask::Ask};
use crate::{
    EventPlace, NewEvent,
    error::{Doing, Error, signed, unsigned},
    event::partition_of,
    positions::fields_to_bytes,
};

const RAISE: &str = "UPDATE event_partition SET head = head + 1, newest_at = max(coalesce(newest_at, ?2), ?2)
     WHERE partition = ?1 RETURNING head, newest_at";
const INSERT: &str = "INSERT INTO event (partition, position, id, subject, dataset, provider, record, revision, kind,
     changed, recorded_at, traceparent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

impl Transaction<'_> {
    /// There is no other writer: what is appended first is committed first.
    pub(crate) fn events_append_in_tx(&mut self, events: &[NewEvent], now: i64) -> Result<Vec<EventPlace>, Error> {
        events.iter().map(|event| self.event_append_in_tx(event, now)).collect()
    }

    fn event_append_in_tx(&mut self, event: &NewEvent, now: i64) -> Result<EventPlace, Error> {
        let NewEvent { id, subject, root, dataset, provider, record, revision, kind, changed, traceparent } = event;
        let (connection, partition) = (self.connection(), partition_of(*root));
        let raised = connection.row(RAISE, params![partition, now], |row| Ok((row.get(0)?, row.get(1)?)));
        let raised: Option<(i64, i64)> = raised.doing("raise the head of the events")?;
        let (head, recorded_at) = raised.ok_or(Error::Malformed { what: "log of events: a partition is missing" })?;
        let (revision, changed) = (signed(*revision), fields_to_bytes(changed));
        let row = params![
            partition,
            head,
            id,
            subject,
            dataset,
            provider,
            record,
            revision,
            kind,
            changed,
            recorded_at,
            traceparent
        ];
        connection.run(INSERT, row).doing("append an event")?;
        Ok(EventPlace { partition, position: unsigned(head, "position")? })
    }
}
