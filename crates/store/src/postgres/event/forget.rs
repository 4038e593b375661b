//! Forgetting events that are old and that nobody waits for any more.

use super::super::{Transaction, instant::Instant};
use crate::{
    EventsForgotten,
    error::{Doing, Error, unsigned},
};

/// A bound says up to where its partition may be forgotten: up to what is acknowledged, and everything before `since`.
/// The lowest one counts.
const FORGET: &str = "
    WITH bound AS (
        SELECT partition, 0::bigint AS acknowledged, $1::timestamptz AS since FROM event_partition
        UNION ALL
        SELECT p.partition, min(c.acknowledged[p.partition + 1]), $2 - s.retention_days * interval '24 hours'
        FROM subscription s JOIN subscription_cursor c ON c.subscription = s.id CROSS JOIN event_partition p
        WHERE s.deleted_at IS NULL GROUP BY p.partition, s.retention_days
    ), passed AS (
        SELECT b.partition, min(greatest(b.acknowledged, coalesce(
            (SELECT e.position - 1 FROM event e WHERE e.partition = b.partition AND e.recorded_at >= b.since
             ORDER BY e.recorded_at, e.position LIMIT 1), p.head))) AS up_to
        FROM bound b JOIN event_partition p ON p.partition = b.partition GROUP BY b.partition
    ), gone AS (
        SELECT e.partition, e.position FROM passed CROSS JOIN LATERAL (
            SELECT e.partition, e.position FROM event e
            WHERE e.partition = passed.partition AND e.position <= passed.up_to AND NOT EXISTS (
                SELECT 1 FROM dead_letter d JOIN subscription s ON s.id = d.subscription
                WHERE d.partition = e.partition AND d.position = e.position AND d.replayed_at IS NULL
                  AND e.recorded_at >= $2 - s.retention_days * interval '24 hours')
            ORDER BY e.position LIMIT $3 FOR UPDATE SKIP LOCKED
        ) AS e LIMIT $3
    ), attempts AS (
        DELETE FROM delivery_attempt a USING gone WHERE a.partition = gone.partition AND a.position = gone.position
    ), letters AS (
        DELETE FROM dead_letter d USING gone WHERE d.partition = gone.partition AND d.position = gone.position
    ), noted AS (
        INSERT INTO event_forgotten (partition, position)
        SELECT partition, max(position) FROM gone GROUP BY partition ORDER BY partition
        ON CONFLICT (partition) DO UPDATE SET position = greatest(event_forgotten.position, excluded.position)
    ), events AS (
        DELETE FROM event e USING gone WHERE e.partition = gone.partition AND e.position = gone.position RETURNING 1
    )
    SELECT count(*) FROM events";

impl Transaction<'_> {
    pub(crate) async fn events_forget_in_tx(&mut self, forgotten: EventsForgotten) -> Result<u64, Error> {
        let EventsForgotten { before, now, count_max } = forgotten;
        let count: i64 = sqlx::query_scalar(FORGET)
            .bind(Instant(before))
            .bind(Instant(now))
            .bind(i64::from(count_max))
            .fetch_one(self.connection())
            .await
            .doing("forget events")?;
        unsigned(count, "count")
    }
}
