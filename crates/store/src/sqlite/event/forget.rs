//! Forgetting events that are old and that nobody waits for any more.

use rusqlite::{Connection, params};
use unefois_core::Cursor;

use super::{
    super::{Transaction, ask::Ask},
    positions_before,
};
use crate::{
    EventsForgotten,
    cursor::{each, of_bytes},
    error::{Doing, Error},
};

/// Old events of one partition, but for dead letters that may be replayed.
const OLD: &str = "SELECT e.position FROM event e WHERE e.partition = ?1 AND e.position <= ?2 AND NOT EXISTS (
         SELECT 1 FROM dead_letter d JOIN subscription s ON s.id = d.subscription
         WHERE d.partition = e.partition AND d.position = e.position AND d.replayed_at IS NULL
           AND e.recorded_at >= ?3 - s.retention_days * 86400000000)
     ORDER BY e.position LIMIT ?4";

impl Transaction<'_> {
    pub(crate) fn events_forget_in_tx(&mut self, forgotten: EventsForgotten) -> Result<u64, Error> {
        let EventsForgotten { before, now, count_max } = forgotten;
        let connection = self.connection();
        let mut left = count_max;
        for (partition, up_to) in each(&passed(connection, before, now)?) {
            let range = params![partition, up_to, now, left];
            let old: Vec<i64> = connection.rows(OLD, range, |row| row.get(0)).doing("find old events")?;
            for position in &old {
                forget(connection, partition, *position)?;
            }
            left = left.saturating_sub(u32::try_from(old.len()).unwrap_or(u32::MAX));
        }
        Ok(u64::from(count_max - left))
    }
}

/// Up to where nobody waits for anything: everything is old, and every subscription has acknowledged it, or has had it
/// for its retention.
fn passed(connection: &Connection, before: i64, now: i64) -> Result<Cursor, Error> {
    let sql = "SELECT s.retention_days * 86400000000, c.acknowledged FROM subscription s
         JOIN subscription_cursor c ON c.subscription = s.id WHERE s.deleted_at IS NULL";
    let waiting: Vec<(i64, Vec<u8>)> =
        connection.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).doing("find who waits for events")?;
    let mut passed = positions_before(connection, before)?;
    for (retention, acknowledged) in waiting {
        let bound = of_bytes(&acknowledged)?.join(&positions_before(connection, now.saturating_sub(retention))?);
        passed = least(&passed, &bound);
    }
    Ok(passed)
}

/// What both include.
fn least(one: &Cursor, other: &Cursor) -> Cursor {
    let (one, other) = (one.positions(), other.positions());
    Cursor::of(std::array::from_fn(|partition| one[partition].min(other[partition])))
}

fn forget(connection: &Connection, partition: i16, position: i64) -> Result<(), Error> {
    for sql in [
        "DELETE FROM delivery_attempt WHERE partition = ?1 AND position = ?2",
        "DELETE FROM dead_letter WHERE partition = ?1 AND position = ?2",
        "DELETE FROM event WHERE partition = ?1 AND position = ?2",
        "UPDATE event_partition SET forgotten = max(forgotten, ?2) WHERE partition = ?1",
    ] {
        connection.run(sql, params![partition, position]).doing("forget an event")?;
    }
    Ok(())
}
