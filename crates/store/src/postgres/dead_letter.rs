//! What went wrong with deliveries: attempts that are counted, and events that were given up.

use sqlx::types::Uuid;

use super::{Readers, Transaction, event::place_of, instant::Instant, uuids};
use crate::{
    AttemptRow, DeadLetterMark, DeadLetterRow, NewDeadLetter,
    error::{Doing, Error, signed, unsigned},
};

type Letter = (i16, i64, Uuid, Uuid, i32, String, Instant, Option<Instant>);

fn letter_of(subscription: [u8; 16], row: Letter) -> Result<DeadLetterRow, Error> {
    let (partition, position, event, subject, attempts, reason, at, replayed_at) = row;
    let (place, attempts) = (place_of(partition, position)?, count_of(attempts)?);
    Ok(DeadLetterRow {
        letter: NewDeadLetter { subscription, place, attempts, reason, at: at.0 },
        event: event.into_bytes(),
        subject: subject.into_bytes(),
        replayed_at: replayed_at.map(|Instant(micros)| micros),
    })
}

fn count_of(attempts: i32) -> Result<u32, Error> {
    u32::try_from(attempts).map_err(|_negative| Error::Malformed { what: "number of attempts" })
}

fn counts(attempts: impl Iterator<Item = u32>) -> Result<Vec<i32>, Error> {
    attempts.map(|n| i32::try_from(n).map_err(|_large| Error::Malformed { what: "number of attempts" })).collect()
}

impl Readers {
    pub(crate) async fn attempts_list(&self, subscription: [u8; 16], count_max: u32) -> Result<Vec<AttemptRow>, Error> {
        let rows: Vec<(i16, i64, i32, Instant, String)> = sqlx::query_as(
            "SELECT partition, position, attempts, last_at, reason FROM delivery_attempt WHERE subscription = $1
             ORDER BY partition, position LIMIT $2",
        )
        .bind(Uuid::from_bytes(subscription))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("list attempts")?;
        let attempt = |(partition, position, attempts, Instant(last_at), reason)| {
            let (place, attempts) = (place_of(partition, position)?, count_of(attempts)?);
            Ok(AttemptRow { subscription, place, attempts, last_at, reason })
        };
        rows.into_iter().map(attempt).collect()
    }

    pub(crate) async fn dead_letters_list(
        &self,
        subscription: [u8; 16],
        after: Option<DeadLetterMark>,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        let rows: Vec<Letter> = sqlx::query_as(
            "SELECT partition, position, event, subject, attempts, reason, at, replayed_at FROM dead_letter
             WHERE subscription = $1 AND ($2::timestamptz IS NULL OR (at, partition, position) > ($2, $3, $4))
             ORDER BY at, partition, position LIMIT $5",
        )
        .bind(Uuid::from_bytes(subscription))
        .bind(after.map(|(at, _)| Instant(at)))
        .bind(after.map(|(_, place)| i16::from(place.partition)))
        .bind(after.map(|(_, place)| signed(place.position)))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("list dead letters")?;
        rows.into_iter().map(|row| letter_of(subscription, row)).collect()
    }

    pub(crate) async fn dead_letters_count(&self, subscription: [u8; 16]) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM dead_letter WHERE subscription = $1 AND replayed_at IS NULL";
        let count = sqlx::query_scalar(sql).bind(Uuid::from_bytes(subscription)).fetch_one(&self.pool).await;
        unsigned(count.doing("count dead letters")?, "count")
    }

    pub(crate) async fn dead_letters_open_among(
        &self,
        subscription: [u8; 16],
        roots: &[[u8; 16]],
    ) -> Result<Vec<[u8; 16]>, Error> {
        let found: Vec<Uuid> = sqlx::query_scalar(
            "SELECT DISTINCT s.root FROM subject s JOIN dead_letter d ON d.subject = s.id
             WHERE s.root = ANY ($2) AND d.subscription = $1 AND d.replayed_at IS NULL",
        )
        .bind(Uuid::from_bytes(subscription))
        .bind(uuids(roots))
        .fetch_all(&self.pool)
        .await
        .doing("find dead letters")?;
        Ok(found.into_iter().map(Uuid::into_bytes).collect())
    }
}

impl Transaction<'_> {
    pub(crate) async fn attempts_write_in_tx(&mut self, attempts: &[AttemptRow]) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO delivery_attempt (subscription, partition, position, attempts, last_at, reason)
             SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::int[], $5::timestamptz[], $6::text[])
             ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
                 last_at = excluded.last_at, reason = excluded.reason",
        )
        .bind(attempts.iter().map(|row| Uuid::from_bytes(row.subscription)).collect::<Vec<_>>())
        .bind(attempts.iter().map(|row| i16::from(row.place.partition)).collect::<Vec<_>>())
        .bind(attempts.iter().map(|row| signed(row.place.position)).collect::<Vec<_>>())
        .bind(counts(attempts.iter().map(|row| row.attempts))?)
        .bind(attempts.iter().map(|row| Instant(row.last_at)).collect::<Vec<_>>())
        .bind(attempts.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("count attempts")?;
        Ok(())
    }

    pub(crate) async fn dead_letters_insert_in_tx(&mut self, letters: &[NewDeadLetter]) -> Result<u64, Error> {
        let done = sqlx::query(
            "WITH new AS (
                 SELECT * FROM unnest($1::uuid[], $2::smallint[], $3::bigint[], $4::int[], $5::text[],
                     $6::timestamptz[]) AS n (subscription, partition, position, attempts, reason, at)
             ), settled AS (
                 DELETE FROM delivery_attempt a USING new
                 WHERE a.subscription = new.subscription AND a.partition = new.partition AND a.position = new.position
             )
             INSERT INTO dead_letter (subscription, partition, position, event, subject, attempts, reason, at)
             SELECT new.subscription, e.partition, e.position, e.id, e.subject, new.attempts, new.reason, new.at
             FROM new JOIN event e ON e.partition = new.partition AND e.position = new.position
             ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
                 reason = excluded.reason, at = excluded.at, replayed_at = NULL",
        )
        .bind(letters.iter().map(|row| Uuid::from_bytes(row.subscription)).collect::<Vec<_>>())
        .bind(letters.iter().map(|row| i16::from(row.place.partition)).collect::<Vec<_>>())
        .bind(letters.iter().map(|row| signed(row.place.position)).collect::<Vec<_>>())
        .bind(counts(letters.iter().map(|row| row.attempts))?)
        .bind(letters.iter().map(|row| row.reason.as_str()).collect::<Vec<_>>())
        .bind(letters.iter().map(|row| Instant(row.at)).collect::<Vec<_>>())
        .execute(self.connection())
        .await
        .doing("give events up")?;
        Ok(done.rows_affected())
    }

    pub(crate) async fn dead_letter_replay_in_tx(
        &mut self,
        subscription: [u8; 16],
        event: [u8; 16],
        now: i64,
    ) -> Result<Option<DeadLetterRow>, Error> {
        let row: Option<Letter> = sqlx::query_as(
            "UPDATE dead_letter SET replayed_at = $3 WHERE subscription = $1 AND event = $2 AND replayed_at IS NULL
             RETURNING partition, position, event, subject, attempts, reason, at, replayed_at",
        )
        .bind(Uuid::from_bytes(subscription))
        .bind(Uuid::from_bytes(event))
        .bind(Instant(now))
        .fetch_optional(self.connection())
        .await
        .doing("replay a dead letter")?;
        row.map(|row| letter_of(subscription, row)).transpose()
    }
}
