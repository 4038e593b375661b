//! Raising the heads of partitions and appending behind them, in one statement.
//!
//! The rows of the partitions are locked in ascending order, and give what the node before has committed. They stay
//! locked until the transaction ends, so that nobody sees a head before all that is behind it.

use std::collections::HashMap;

use sqlx::types::Uuid;

use super::super::{Transaction, instant::Instant};
use crate::{
    EventAppended, NewEvent,
    cursor::{number_of, place_of},
    error::{Doing, Error, signed},
};

const APPEND: &str = "
    WITH new AS (
        SELECT n.*, row_number() OVER (PARTITION BY n.partition ORDER BY n.place) AS nth
        FROM unnest($1::smallint[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::bigint[],
            $8::smallint[], $9::bytea[], $10::text[], $12::smallint[]) WITH ORDINALITY
            AS n (partition, id, subject, dataset, provider, record, revision, kind, changed, traceparent, about, place)
    ), touched AS (
        SELECT partition, count(*) AS events FROM new GROUP BY partition
    ), held AS MATERIALIZED (
        SELECT partition, head, greatest(newest_at, $11) AS at FROM event_partition
        WHERE partition = ANY ($1) ORDER BY partition FOR UPDATE
    ), raised AS (
        UPDATE event_partition p SET head = held.head + touched.events, newest_at = held.at
        FROM held JOIN touched ON touched.partition = held.partition WHERE p.partition = held.partition
    )
    INSERT INTO event (partition, position, id, subject, dataset, provider, record, revision, kind, changed,
        recorded_at, traceparent, about)
    SELECT new.partition, held.head + new.nth, new.id, new.subject, new.dataset, new.provider, new.record, new.revision,
        new.kind, new.changed, held.at, new.traceparent, new.about
    FROM new JOIN held ON held.partition = new.partition
    RETURNING id, partition, position, recorded_at";

impl Transaction<'_> {
    pub(crate) async fn events_append_in_tx(
        &mut self,
        events: &[NewEvent],
        now: i64,
    ) -> Result<Vec<EventAppended>, Error> {
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let rows: Vec<(Uuid, i16, i64, Instant)> = sqlx::query_as(APPEND)
            .bind(events.iter().map(|event| number_of(event.partition())).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.id.0).collect::<Vec<_>>())
            .bind(events.iter().map(|event| Uuid::from_bytes(event.subject)).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.dataset.as_str()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.provider.as_str()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| Uuid::from_bytes(event.record)).collect::<Vec<_>>())
            .bind(events.iter().map(|event| signed(event.revision)).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.kind.number()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.changed.to_bytes()).collect::<Vec<_>>())
            .bind(events.iter().map(|event| event.traceparent.as_deref()).collect::<Vec<_>>())
            .bind(Instant(now))
            .bind(events.iter().map(|event| event.about.number()).collect::<Vec<_>>())
            .fetch_all(self.connection())
            .await
            .doing("append events")?;
        let mut appended = HashMap::with_capacity(rows.len());
        for (id, partition, position, Instant(recorded_at)) in rows {
            appended.insert(id, EventAppended { place: place_of(partition, position)?, recorded_at });
        }
        let missing = Error::Malformed { what: "log of events: a partition is missing" };
        events.iter().map(|event| appended.get(&event.id.0).copied()).collect::<Option<_>>().ok_or(missing)
    }
}
