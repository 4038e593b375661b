//! What went wrong with deliveries: attempts that are counted, and events that were given up.

use rusqlite::{Connection, Row, params};

use super::{Readers, Transaction, ask::Ask};
use crate::{
    AttemptRow, DeadLetterMark, DeadLetterRow, EventPlace, NewDeadLetter,
    error::{Doing, Error, signed, unsigned},
};

/// The first two columns.
fn place(row: &Row<'_>) -> rusqlite::Result<EventPlace> {
    Ok(EventPlace { partition: row.get(0)?, position: row.get::<_, i64>(1)?.cast_unsigned() })
}

fn letter(subscription: [u8; 16], row: &Row<'_>) -> rusqlite::Result<DeadLetterRow> {
    let (place, attempts, reason, at) = (place(row)?, row.get(4)?, row.get(5)?, row.get(6)?);
    Ok(DeadLetterRow {
        letter: NewDeadLetter { subscription, place, attempts, reason, at },
        event: row.get(2)?,
        subject: row.get(3)?,
        replayed_at: row.get(7)?,
    })
}

impl Readers {
    pub(crate) async fn attempts_list(&self, subscription: [u8; 16], count_max: u32) -> Result<Vec<AttemptRow>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT partition, position, attempts, last_at, reason FROM delivery_attempt
                 WHERE subscription = ? ORDER BY partition, position LIMIT ?";
            let rows = connection.rows(sql, params![subscription, count_max], |row| {
                let (attempts, last_at, reason) = (row.get(2)?, row.get(3)?, row.get(4)?);
                Ok(AttemptRow { subscription, place: place(row)?, attempts, last_at, reason })
            });
            rows.doing("list attempts")
        })
        .await
    }

    pub(crate) async fn dead_letters_list(
        &self,
        subscription: [u8; 16],
        after: Option<DeadLetterMark>,
        count_max: u32,
    ) -> Result<Vec<DeadLetterRow>, Error> {
        self.ask(move |connection| {
            let sql = "SELECT partition, position, event, subject, attempts, reason, at, replayed_at FROM dead_letter
                 WHERE subscription = ?1 AND (?2 IS NULL OR (at, partition, position) > (?2, ?3, ?4))
                 ORDER BY at, partition, position LIMIT ?5";
            let (at, place) = after.unzip();
            let (partition, position) = place.map(|place| (place.partition, signed(place.position))).unzip();
            let range = params![subscription, at, partition, position, count_max];
            connection.rows(sql, range, |row| letter(subscription, row)).doing("list dead letters")
        })
        .await
    }

    pub(crate) async fn dead_letters_count(&self, subscription: [u8; 16]) -> Result<u64, Error> {
        self.ask(move |connection| {
            let sql = "SELECT count(*) FROM dead_letter WHERE subscription = ? AND replayed_at IS NULL";
            let count = connection.row(sql, [subscription], |row| row.get(0)).doing("count dead letters")?;
            unsigned(count.unwrap_or_default(), "count")
        })
        .await
    }

    pub(crate) async fn dead_letters_open_among(
        &self,
        subscription: [u8; 16],
        roots: &[[u8; 16]],
    ) -> Result<Vec<[u8; 16]>, Error> {
        let roots = roots.to_vec();
        self.ask(move |connection| {
            let sql = "SELECT s.root FROM subject s CROSS JOIN dead_letter d ON d.subject = s.id
                 WHERE s.root = ? AND d.subscription = ? AND d.replayed_at IS NULL LIMIT 1";
            let find = |root| connection.row(sql, params![root, subscription], |row| row.get(0)).transpose();
            roots.into_iter().filter_map(find).collect::<rusqlite::Result<_>>().doing("find dead letters")
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn attempts_write_in_tx(&mut self, attempts: &[AttemptRow]) -> Result<(), Error> {
        let sql = "INSERT INTO delivery_attempt (subscription, partition, position, attempts, last_at, reason)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
                 last_at = excluded.last_at, reason = excluded.reason";
        for AttemptRow { subscription, place, attempts, last_at, reason } in attempts {
            let row = params![subscription, place.partition, signed(place.position), attempts, last_at, reason];
            self.connection().run(sql, row).doing("count attempts")?;
        }
        Ok(())
    }

    pub(crate) fn dead_letters_insert_in_tx(&mut self, letters: &[NewDeadLetter]) -> Result<u64, Error> {
        let connection = self.connection();
        letters.iter().map(|letter| insert(connection, letter)).sum()
    }

    pub(crate) fn dead_letter_replay_in_tx(
        &mut self,
        subscription: [u8; 16],
        event: [u8; 16],
        now: i64,
    ) -> Result<Option<DeadLetterRow>, Error> {
        let sql = "UPDATE dead_letter SET replayed_at = ? WHERE subscription = ? AND event = ? AND replayed_at IS NULL
             RETURNING partition, position, event, subject, attempts, reason, at, replayed_at";
        let of = params![now, subscription, event];
        self.connection().row(sql, of, |row| letter(subscription, row)).doing("replay a dead letter")
    }
}

fn insert(connection: &Connection, letter: &NewDeadLetter) -> Result<u64, Error> {
    let NewDeadLetter { subscription, place: EventPlace { partition, position }, attempts, reason, at } = letter;
    let position = signed(*position);
    let sql = "DELETE FROM delivery_attempt WHERE subscription = ? AND partition = ? AND position = ?";
    connection.run(sql, params![subscription, partition, position]).doing("forget an attempt")?;
    let sql = "INSERT INTO dead_letter (subscription, partition, position, event, subject, attempts, reason, at)
         SELECT ?1, partition, position, id, subject, ?4, ?5, ?6 FROM event WHERE partition = ?2 AND position = ?3
         ON CONFLICT (subscription, partition, position) DO UPDATE SET attempts = excluded.attempts,
             reason = excluded.reason, at = excluded.at, replayed_at = NULL";
    let row = params![subscription, partition, position, attempts, reason, at];
    Ok(connection.run(sql, row).doing("give an event up")? as u64)
}
