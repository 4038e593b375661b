//! Events: appended behind the heads of their partitions, and read behind them.

mod append;
mod forget;

use sqlx::types::Uuid;
use unefois_core::{Cursor, EventId};

use super::{Readers, instant::Instant};
use crate::{
    EventLag, EventRow, EventsAsked,
    cursor::{of_signed, to_signed},
    error::{Doing, Error, unsigned},
    event::EventColumns,
};

type Row = (i16, i64, Uuid, Uuid, Uuid, String, String, Uuid, i64, i16, Vec<u8>, Instant, Option<String>, i16);

fn event_of(row: Row) -> Result<EventRow, Error> {
    let (partition, position, id, subject, root, dataset, provider, record, revision, kind, changed, at, trace, about) =
        row;
    let columns = EventColumns {
        partition,
        position,
        id: id.into_bytes(),
        subject: subject.into_bytes(),
        root: root.into_bytes(),
        about,
        dataset,
        provider,
        record: record.into_bytes(),
        revision,
        kind,
        changed,
        recorded_at: at.0,
        traceparent: trace,
    };
    columns.try_into()
}

/// The first events of each dataset and partition, which `event_by_dataset` holds in this order, as `found`. The five
/// parameters are the datasets, the provider, after where, up to where, and how many.
macro_rules! first_of_each {
    () => {
        "FROM unnest($1::text[]) AS d (dataset)
         CROSS JOIN unnest($3::bigint[], $4::bigint[]) WITH ORDINALITY AS r (after, up_to, n)
         CROSS JOIN LATERAL (
             SELECT e.recorded_at, e.partition, e.position FROM event e
             WHERE e.dataset = d.dataset AND e.provider = $2 AND e.partition = (r.n - 1)::smallint
               AND e.position > r.after AND e.position <= r.up_to
             ORDER BY e.position LIMIT $5
         ) AS found"
    };
}

const PAGE: &str = concat!(
    "WITH page AS (SELECT found.partition, found.position ",
    first_of_each!(),
    " ORDER BY found.recorded_at, found.partition, found.position LIMIT $5)
     SELECT e.partition, e.position, e.id, e.subject, s.root, e.dataset, e.provider, e.record, e.revision, e.kind,
         e.changed, e.recorded_at, e.traceparent, e.about
     FROM page CROSS JOIN LATERAL (
         SELECT e.* FROM event e WHERE e.partition = page.partition AND e.position = page.position OFFSET 0
     ) e CROSS JOIN LATERAL (SELECT s.root FROM subject s WHERE s.id = e.subject OFFSET 0) s
     ORDER BY e.recorded_at, e.partition, e.position"
);
const LAG: &str = concat!("SELECT count(*), min(found.recorded_at) ", first_of_each!());
const OF_IDS: &str = "SELECT e.partition, e.position, e.id, e.subject, s.root, e.dataset, e.provider, e.record,
         e.revision, e.kind, e.changed, e.recorded_at, e.traceparent, e.about
     FROM event e CROSS JOIN LATERAL (SELECT s.root FROM subject s WHERE s.id = e.subject OFFSET 0) s
     WHERE e.id = ANY ($1)";
const HEADS: &str = "SELECT head FROM event_partition ORDER BY partition";
const FORGOTTEN: &str = "SELECT coalesce(f.position, 0) FROM event_partition p LEFT JOIN event_forgotten f
     ON f.partition = p.partition ORDER BY p.partition";
// Times do not fall within a partition: what is before the first of them is before all.
const BEFORE: &str = "SELECT coalesce((SELECT e.position - 1 FROM event e WHERE e.partition = p.partition
         AND e.recorded_at >= $1 ORDER BY e.recorded_at, e.position LIMIT 1), p.head)
     FROM event_partition p ORDER BY p.partition";

impl Readers {
    pub(crate) async fn event_heads_fetch(&self) -> Result<Cursor, Error> {
        let heads: Vec<i64> =
            sqlx::query_scalar(HEADS).fetch_all(&self.keyed).await.doing("read the heads of the events")?;
        of_signed(&heads)
    }

    pub(crate) async fn events_forgotten_fetch(&self) -> Result<Cursor, Error> {
        let found: Vec<i64> =
            sqlx::query_scalar(FORGOTTEN).fetch_all(&self.keyed).await.doing("read which events are forgotten")?;
        of_signed(&found)
    }

    pub(crate) async fn event_positions_before_fetch(&self, time: i64) -> Result<Cursor, Error> {
        let found: Vec<i64> = sqlx::query_scalar(BEFORE)
            .bind(Instant(time))
            .fetch_all(&self.pool)
            .await
            .doing("find the events of a time")?;
        of_signed(&found)
    }

    pub(crate) async fn events_list(&self, asked: &EventsAsked, count_max: u32) -> Result<Vec<EventRow>, Error> {
        let rows: Vec<Row> = sqlx::query_as(PAGE)
            .bind(datasets_of(asked))
            .bind(&asked.provider)
            .bind(to_signed(&asked.after))
            .bind(to_signed(&asked.up_to))
            .bind(i64::from(count_max))
            .fetch_all(&self.keyed)
            .await
            .doing("list events")?;
        rows.into_iter().map(event_of).collect()
    }

    pub(crate) async fn events_lag_fetch(&self, asked: &EventsAsked, count_max: u32) -> Result<EventLag, Error> {
        let (events, oldest): (i64, Option<Instant>) = sqlx::query_as(LAG)
            .bind(datasets_of(asked))
            .bind(&asked.provider)
            .bind(to_signed(&asked.after))
            .bind(to_signed(&asked.up_to))
            .bind(i64::from(count_max))
            .fetch_one(&self.keyed)
            .await
            .doing("count events")?;
        let events = unsigned(events, "count")?.min(u64::from(count_max));
        Ok(EventLag { events, oldest: oldest.map(|Instant(micros)| micros) })
    }

    pub(crate) async fn events_fetch(&self, ids: &[EventId]) -> Result<Vec<EventRow>, Error> {
        let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
        let rows: Vec<Row> = sqlx::query_as(OF_IDS).bind(ids).fetch_all(&self.keyed).await.doing("read events")?;
        rows.into_iter().map(event_of).collect()
    }
}

/// Each dataset once.
fn datasets_of(asked: &EventsAsked) -> Vec<&str> {
    let datasets: std::collections::BTreeSet<&str> = asked.datasets.iter().map(String::as_str).collect();
    datasets.into_iter().collect()
}
