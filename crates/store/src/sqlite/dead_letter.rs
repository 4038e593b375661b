//! What went wrong with deliveries: attempts that are counted, and events that were given up.

use rusqlite::{Connection, Row, params};
use unefois_core::{Attempted, DeadLetter, EventId, Place, SubscriptionId};

use super::{Readers, Transaction, ask::Ask};
use crate::{
    DeadLetterMark, DeadLetterRow,
    cursor::{columns_of, place_of},
    dead_letter::{AttemptColumns, DeadLetterColumns, cause_columns},
    error::{Doing, Error, unsigned},
};

macro_rules! letters {
    ($condition:literal) => {
        concat!(
            "SELECT d.partition, d.position, d.event, s.root, d.attempts, d.cause, d.rejected, d.at, d.asked_at,
                 d.replayed_at FROM dead_letter d JOIN subject s ON s.id = d.subject WHERE d.subscription = ?1 AND ",
            $condition
        )
    };
}

fn attempt(row: &Row<'_>) -> rusqlite::Result<AttemptColumns> {
    Ok(AttemptColumns {
        partition: row.get(0)?,
        position: row.get(1)?,
        attempts: row.get(2)?,
        last_at: row.get(3)?,
        rejected: row.get(4)?,
    })
}

fn letter(row: &Row<'_>) -> rusqlite::Result<DeadLetterColumns> {
    Ok(DeadLetterColumns {
        partition: row.get(0)?,
        position: row.get(1)?,
        event: row.get(2)?,
        root: row.get(3)?,
        attempts: row.get(4)?,
        cause: row.get(5)?,
        rejected: row.get(6)?,
        at: row.get(7)?,
        asked_at: row.get(8)?,
        replayed_at: row.get(9)?,
    })
}

fn letters_of(rows: Vec<DeadLetterColumns>) -> Result<Vec<DeadLetterRow>, Error> {
    rows.into_iter().map(TryInto::try_into).collect()
}

impl Readers {
    pub(crate) async fn attempts_list(
        &self,
        subscription: SubscriptionId,
        count_max: u32,
    ) -> Result<Vec<Attempted>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT partition, position, attempts, last_at, rejected FROM delivery_attempt
                 WHERE subscription = ? ORDER BY partition, position LIMIT ?";
            let rows = connection.rows(sql, params![subscription.0.as_bytes(), count_max], attempt);
            rows.doing("list attempts")?.into_iter().map(TryInto::try_into).collect()
        })
        .await
    }

    pub(crate) async fn dead_letters_list(
        &self,
        subscription: SubscriptionId,
        after: Option<DeadLetterMark>,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        self.ask(move |connection| {
            let sql = letters!(
                "(?2 IS NULL OR (d.at, d.partition, d.position) > (?2, ?3, ?4))
                 ORDER BY d.at, d.partition, d.position LIMIT ?5"
            );
            let (at, place) = after.unzip();
            let (partition, position) = place.map(columns_of).unzip();
            let range = params![subscription.0.as_bytes(), at, partition, position, count_max];
            letters_of(connection.rows(sql, range, letter).doing("list dead letters")?)
        })
        .await
    }

    pub(crate) async fn dead_letters_asked_list(
        &self,
        subscription: SubscriptionId,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        self.ask(move |connection| {
            let sql =
                letters!("d.asked_at IS NOT NULL AND d.replayed_at IS NULL ORDER BY d.partition, d.position LIMIT ?2");
            let of = params![subscription.0.as_bytes(), count_max];
            letters_of(connection.rows(sql, of, letter).doing("list replays")?)
        })
        .await
    }

    pub(crate) async fn dead_letters_count(&self, subscription: SubscriptionId) -> Result<u64, Error> {
        self.ask(move |connection| {
            let sql = "SELECT count(*) FROM dead_letter WHERE subscription = ? AND replayed_at IS NULL";
            let count = connection.row(sql, [subscription.0.as_bytes()], |row| row.get(0));
            unsigned(count.doing("count dead letters")?.unwrap_or_default(), "count")
        })
        .await
    }

    pub(crate) async fn dead_letters_open_among(
        &self,
        subscription: SubscriptionId,
        roots: &[[u8; 16]],
    ) -> Result<Vec<([u8; 16], Place)>, Error> {
        let roots = roots.to_vec();
        self.ask(move |connection| {
            let sql = "SELECT d.partition, min(d.position) FROM subject s JOIN dead_letter d ON d.subject = s.id
                 WHERE s.root = ? AND d.subscription = ? AND d.replayed_at IS NULL GROUP BY d.partition";
            let mut open = Vec::new();
            for root in roots {
                let of = params![root, subscription.0.as_bytes()];
                let found = connection.rows(sql, of, |row| Ok((row.get(0)?, row.get(1)?)));
                for (partition, position) in found.doing("find dead letters")? {
                    open.push((root, place_of(partition, position)?));
                }
            }
            Ok(open)
        })
        .await
    }

    pub(crate) async fn dead_letters_at(
        &self,
        subscription: SubscriptionId,
        places: &[Place],
    ) -> Result<Vec<Place>, Error> {
        let places = places.to_vec();
        self.ask(move |connection| {
            let sql = "SELECT 1 FROM dead_letter WHERE subscription = ? AND partition = ? AND position = ?";
            let mut given_up = Vec::new();
            for place in places {
                let (partition, position) = columns_of(place);
                let found = connection.row(sql, params![subscription.0.as_bytes(), partition, position], |_row| Ok(()));
                given_up.extend(found.doing("find dead letters")?.map(|()| place));
            }
            Ok(given_up)
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn attempts_write_in_tx(
        &mut self,
        subscription: SubscriptionId,
        attempts: &[Attempted],
    ) -> Result<(), Error> {
        let sql = "INSERT INTO delivery_attempt (subscription, partition, position, attempts, last_at, rejected)
             VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (subscription, partition, position) DO UPDATE
             SET attempts = excluded.attempts, last_at = excluded.last_at, rejected = excluded.rejected";
        for Attempted { place, attempts, last_at, rejected } in attempts {
            let (partition, position) = columns_of(*place);
            let rejected = rejected.as_ref().map(|code| code.as_str());
            let of = subscription.0.as_bytes();
            let row = params![of, partition, position, attempts, last_at.as_microsecond(), rejected];
            self.connection().run(sql, row).doing("count attempts")?;
        }
        Ok(())
    }

    pub(crate) fn dead_letters_insert_in_tx(
        &mut self,
        subscription: SubscriptionId,
        letters: &[DeadLetter],
        now: i64,
    ) -> Result<u64, Error> {
        let connection = self.connection();
        letters.iter().map(|letter| insert(connection, subscription, letter, now)).sum()
    }

    pub(crate) fn dead_letter_replay_in_tx(
        &mut self,
        subscription: SubscriptionId,
        event: EventId,
        now: i64,
    ) -> Result<Option<DeadLetterRow>, Error> {
        let (connection, of) = (self.connection(), subscription.0.as_bytes());
        let sql = "UPDATE dead_letter SET asked_at = ?, replayed_at = NULL WHERE subscription = ? AND event = ?
             AND (asked_at IS NULL OR replayed_at IS NOT NULL)";
        if connection.run(sql, params![now, of, event.0.as_bytes()]).doing("replay a dead letter")? == 0 {
            return Ok(None);
        }
        let found = connection.row(letters!("d.event = ?2"), params![of, event.0.as_bytes()], letter);
        found.doing("replay a dead letter")?.map(TryInto::try_into).transpose()
    }

    pub(crate) fn dead_letters_replayed_in_tx(
        &mut self,
        subscription: SubscriptionId,
        places: &[Place],
        now: i64,
    ) -> Result<(), Error> {
        let sql = "UPDATE dead_letter SET replayed_at = ? WHERE subscription = ? AND partition = ? AND position = ?
             AND asked_at IS NOT NULL AND replayed_at IS NULL";
        for place in places {
            let (partition, position) = columns_of(*place);
            let row = params![now, subscription.0.as_bytes(), partition, position];
            self.connection().run(sql, row).doing("note a replay")?;
        }
        Ok(())
    }
}

fn insert(connection: &Connection, subscription: SubscriptionId, letter: &DeadLetter, now: i64) -> Result<u64, Error> {
    let DeadLetter { place, attempts, cause, event: _, subject: _ } = letter;
    let ((partition, position), subscription) = (columns_of(*place), subscription.0.as_bytes());
    let sql = "DELETE FROM delivery_attempt WHERE subscription = ? AND partition = ? AND position = ?";
    connection.run(sql, params![subscription, partition, position]).doing("forget an attempt")?;
    let sql =
        "INSERT INTO dead_letter (subscription, partition, position, event, subject, attempts, cause, rejected, at)
         SELECT ?1, partition, position, id, subject, ?4, ?5, ?6, ?7 FROM event WHERE partition = ?2 AND position = ?3
         ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
             cause = excluded.cause, rejected = excluded.rejected, at = excluded.at, asked_at = NULL,
             replayed_at = NULL";
    let (cause, rejected) = cause_columns(cause);
    let row = params![subscription, partition, position, attempts, cause, rejected, now];
    Ok(connection.run(sql, row).doing("give an event up")? as u64)
}
