//! What went wrong with deliveries: attempts that are counted, and events that were given up.

use std::collections::BTreeMap;

use sqlx::types::Uuid;
use unefois_core::{Attempted, DeadLetter, EventId, Place, SubscriptionId};

use super::{Readers, Transaction, instant::Instant, uuids};
use crate::{
    DeadLetterMark, DeadLetterRow,
    cursor::{columns_of, place_of},
    dead_letter::{AttemptColumns, DeadLetterColumns, cause_columns},
    error::{Doing, Error, unsigned},
};

type Letter = (i16, i64, Uuid, Uuid, i32, i16, Option<String>, Instant, Option<Instant>, Option<Instant>);

fn letter_of(row: Letter) -> Result<DeadLetterRow, Error> {
    let (partition, position, event, root, attempts, cause, rejected, at, asked_at, replayed_at) = row;
    let micros = |Instant(micros)| micros;
    let columns = DeadLetterColumns {
        partition,
        position,
        event: event.into_bytes(),
        root: root.into_bytes(),
        attempts: i64::from(attempts),
        cause,
        rejected,
        at: at.0,
        asked_at: asked_at.map(micros),
        replayed_at: replayed_at.map(micros),
    };
    columns.try_into()
}

fn counts(attempts: impl Iterator<Item = u32>) -> Result<Vec<i32>, Error> {
    attempts.map(|n| i32::try_from(n).map_err(|_large| Error::Malformed { what: "number of attempts" })).collect()
}

fn columns(places: impl Iterator<Item = Place>) -> (Vec<i16>, Vec<i64>) {
    places.map(columns_of).unzip()
}

/// The dead letters of subscription `$1` for which a condition holds.
macro_rules! letters {
    ($condition:literal) => {
        concat!(
            "SELECT d.partition, d.position, d.event, s.root, d.attempts, d.cause, d.rejected, d.at, d.asked_at,
                 d.replayed_at FROM dead_letter d JOIN subject s ON s.id = d.subject WHERE d.subscription = $1 AND ",
            $condition
        )
    };
}

impl Readers {
    pub(crate) async fn attempts_list(
        &self,
        subscription: SubscriptionId,
        count_max: u32,
    ) -> Result<Vec<Attempted>, Error> {
        let rows: Vec<(i16, i64, i32, Instant, Option<String>)> = sqlx::query_as(
            "SELECT partition, position, attempts, last_at, rejected FROM delivery_attempt WHERE subscription = $1
             ORDER BY partition, position LIMIT $2",
        )
        .bind(subscription.0)
        .bind(i64::from(count_max))
        .fetch_all(&self.keyed)
        .await
        .doing("list attempts")?;
        let attempt = |(partition, position, attempts, Instant(last_at), rejected)| {
            AttemptColumns { partition, position, attempts: i64::from(attempts), last_at, rejected }.try_into()
        };
        rows.into_iter().map(attempt).collect()
    }

    pub(crate) async fn dead_letters_list(
        &self,
        subscription: SubscriptionId,
        after: Option<DeadLetterMark>,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        let (at, place) = after.unzip();
        let (partition, position) = place.map(columns_of).unzip();
        let rows: Vec<Letter> = sqlx::query_as(letters!(
            "($2::timestamptz IS NULL OR (d.at, d.partition, d.position) > ($2, $3, $4))
             ORDER BY d.at, d.partition, d.position LIMIT $5"
        ))
        .bind(subscription.0)
        .bind(at.map(Instant))
        .bind(partition)
        .bind(position)
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("list dead letters")?;
        rows.into_iter().map(letter_of).collect()
    }

    pub(crate) async fn dead_letters_asked_list(
        &self,
        subscription: SubscriptionId,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        let sql =
            letters!("d.asked_at IS NOT NULL AND d.replayed_at IS NULL ORDER BY d.partition, d.position LIMIT $2");
        let query = sqlx::query_as(sql).bind(subscription.0).bind(i64::from(count_max));
        let rows: Vec<Letter> = query.fetch_all(&self.keyed).await.doing("list replays")?;
        rows.into_iter().map(letter_of).collect()
    }

    pub(crate) async fn dead_letters_count(&self, subscription: SubscriptionId) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM dead_letter WHERE subscription = $1 AND replayed_at IS NULL";
        let count = sqlx::query_scalar(sql).bind(subscription.0).fetch_one(&self.pool).await;
        unsigned(count.doing("count dead letters")?, "count")
    }

    pub(crate) async fn dead_letters_open_among(
        &self,
        subscription: SubscriptionId,
        roots: &[[u8; 16]],
    ) -> Result<Vec<([u8; 16], Place)>, Error> {
        let found: Vec<(Uuid, i16, i64)> = sqlx::query_as(
            "SELECT s.root, d.partition, min(d.position) FROM unnest($2::uuid[]) AS asked (root)
             CROSS JOIN LATERAL (SELECT s.id, s.root FROM subject s WHERE s.root = asked.root OFFSET 0) s
             CROSS JOIN LATERAL (
                 SELECT d.partition, d.position FROM dead_letter d
                 WHERE d.subject = s.id AND d.subscription = $1 AND d.replayed_at IS NULL OFFSET 0
             ) d GROUP BY s.root, d.partition",
        )
        .bind(subscription.0)
        .bind(uuids(roots))
        .fetch_all(&self.keyed)
        .await
        .doing("find dead letters")?;
        let first =
            |(root, partition, position): (Uuid, i16, i64)| Ok((root.into_bytes(), place_of(partition, position)?));
        found.into_iter().map(first).collect()
    }

    pub(crate) async fn dead_letters_at(
        &self,
        subscription: SubscriptionId,
        places: &[Place],
    ) -> Result<Vec<Place>, Error> {
        let (partitions, positions) = columns(places.iter().copied());
        let found: Vec<(i16, i64)> = sqlx::query_as(
            "SELECT d.partition, d.position FROM unnest($2::smallint[], $3::bigint[]) AS n (partition, position)
             JOIN dead_letter d ON d.partition = n.partition AND d.position = n.position WHERE d.subscription = $1",
        )
        .bind(subscription.0)
        .bind(partitions)
        .bind(positions)
        .fetch_all(&self.keyed)
        .await
        .doing("find dead letters")?;
        found.into_iter().map(|(partition, position)| place_of(partition, position)).collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn attempts_write_in_tx(
        &mut self,
        subscription: SubscriptionId,
        attempts: &[Attempted],
    ) -> Result<(), Error> {
        if attempts.is_empty() {
            return Ok(());
        }
        // One statement writes no row twice: the last one of a place counts.
        let attempts: BTreeMap<Place, &Attempted> = attempts.iter().map(|row| (row.place, row)).collect();
        let attempts: Vec<&Attempted> = attempts.into_values().collect();
        let (partitions, positions) = columns(attempts.iter().map(|row| row.place));
        let rejected = attempts.iter().map(|row| row.rejected.as_ref().map(|code| code.as_str()));
        sqlx::query(
            "INSERT INTO delivery_attempt (subscription, partition, position, attempts, last_at, rejected)
             SELECT $1, n.* FROM unnest($2::smallint[], $3::bigint[], $4::int[], $5::timestamptz[], $6::text[]) AS n
             ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
                 last_at = excluded.last_at, rejected = excluded.rejected",
        )
        .bind(subscription.0)
        .bind(partitions)
        .bind(positions)
        .bind(counts(attempts.iter().map(|row| row.attempts))?)
        .bind(attempts.iter().map(|row| Instant(row.last_at.as_microsecond())).collect::<Vec<_>>())
        .bind(rejected.collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("count attempts")?;
        Ok(())
    }

    pub(crate) async fn dead_letters_insert_in_tx(
        &mut self,
        subscription: SubscriptionId,
        letters: &[DeadLetter],
        now: i64,
    ) -> Result<u64, Error> {
        if letters.is_empty() {
            return Ok(0);
        }
        let (partitions, positions) = columns(letters.iter().map(|letter| letter.place));
        let (causes, rejected): (Vec<i16>, Vec<Option<&str>>) =
            letters.iter().map(|letter| cause_columns(&letter.cause)).unzip();
        let done = sqlx::query(
            "WITH new AS (
                 SELECT * FROM unnest($2::smallint[], $3::bigint[], $4::int[], $5::smallint[], $6::text[])
                     AS n (partition, position, attempts, cause, rejected)
             ), settled AS (
                 DELETE FROM delivery_attempt a USING new
                 WHERE a.subscription = $1 AND a.partition = new.partition AND a.position = new.position
             )
             INSERT INTO dead_letter (subscription, partition, position, event, subject, attempts, cause, rejected, at)
             SELECT $1, e.partition, e.position, e.id, e.subject, new.attempts, new.cause, new.rejected, $7
             FROM new JOIN event e ON e.partition = new.partition AND e.position = new.position
             ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
                 cause = excluded.cause, rejected = excluded.rejected, at = excluded.at, asked_at = NULL,
                 replayed_at = NULL",
        )
        .bind(subscription.0)
        .bind(partitions)
        .bind(positions)
        .bind(counts(letters.iter().map(|letter| letter.attempts))?)
        .bind(causes)
        .bind(rejected)
        .bind(Instant(now))
        .execute(self.connection())
        .await
        .doing("give events up")?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn dead_letter_replay_in_tx(
        &mut self,
        subscription: SubscriptionId,
        event: EventId,
        now: i64,
    ) -> Result<Option<DeadLetterRow>, Error> {
        let row: Option<Letter> = sqlx::query_as(
            "UPDATE dead_letter d SET asked_at = $3, replayed_at = NULL FROM subject s
             WHERE s.id = d.subject AND d.subscription = $1 AND d.event = $2
               AND (d.asked_at IS NULL OR d.replayed_at IS NOT NULL)
             RETURNING d.partition, d.position, d.event, s.root, d.attempts, d.cause, d.rejected, d.at, d.asked_at,
                 d.replayed_at",
        )
        .bind(subscription.0)
        .bind(event.0)
        .bind(Instant(now))
        .fetch_optional(self.connection())
        .await
        .doing("replay a dead letter")?;
        row.map(letter_of).transpose()
    }

    pub(crate) async fn dead_letters_replayed_in_tx(
        &mut self,
        subscription: SubscriptionId,
        places: &[Place],
        now: i64,
    ) -> Result<(), Error> {
        if places.is_empty() {
            return Ok(());
        }
        let (partitions, positions) = columns(places.iter().copied());
        sqlx::query(
            "UPDATE dead_letter d SET replayed_at = $4
             FROM unnest($2::smallint[], $3::bigint[]) AS n (partition, position)
             WHERE d.subscription = $1 AND d.partition = n.partition AND d.position = n.position
               AND d.asked_at IS NOT NULL AND d.replayed_at IS NULL",
        )
        .bind(subscription.0)
        .bind(partitions)
        .bind(positions)
        .bind(Instant(now))
        .execute(self.connection())
        .await
        .doing("note replays")?;
        Ok(())
    }
}
