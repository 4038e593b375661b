//! How far subscriptions are: what is told, settled and told again.

use rusqlite::{Connection, params};
use unefois_core::{Cursor, SubscriptionId};

use super::super::{Transaction, ask::Ask};
use crate::{
    SubscriptionAdvance,
    cursor::{each, of_bytes},
    error::{Doing, Error, signed},
};

/// Both cursors of a subscription, if it is of that version: acknowledged and delivered.
fn fetch(connection: &Connection, subscription: SubscriptionId, version: u64) -> Result<Option<[Cursor; 2]>, Error> {
    let sql = "SELECT acknowledged, delivered FROM subscription_cursor WHERE subscription = ? AND version = ?";
    let of = params![subscription.0.as_bytes(), signed(version)];
    let row: Option<(Vec<u8>, Vec<u8>)> =
        connection.row(sql, of, |row| Ok((row.get(0)?, row.get(1)?))).doing("read how far a subscription is")?;
    row.map(|(acknowledged, delivered)| Ok([of_bytes(&acknowledged)?, of_bytes(&delivered)?])).transpose()
}

impl Transaction<'_> {
    pub(crate) fn subscriptions_advance_in_tx(&mut self, advances: &[SubscriptionAdvance]) -> Result<Vec<bool>, Error> {
        advances.iter().map(|advance| self.subscription_advance_in_tx(advance)).collect()
    }

    fn subscription_advance_in_tx(&mut self, advance: &SubscriptionAdvance) -> Result<bool, Error> {
        let SubscriptionAdvance { subscription, version, acknowledged, delivered, telling, void_through } = advance;
        let connection = self.connection();
        let Some([acknowledged_before, delivered_before]) = fetch(connection, *subscription, *version)? else {
            return Ok(false);
        };
        let acknowledged = acknowledged_before.join(acknowledged);
        let delivered = delivered_before.join(delivered).join(&acknowledged);
        let sql = "UPDATE subscription_cursor SET version = version + 1, acknowledged = ?2, delivered = ?3,
             telling = max(telling, ?4), void_through = max(void_through, ?5) WHERE subscription = ?1";
        let of = subscription.0.as_bytes();
        let (telling, void_through) = (signed(telling.0), signed(void_through.0));
        let row = params![of, acknowledged.to_bytes(), delivered.to_bytes(), telling, void_through];
        connection.run(sql, row).doing("move a subscription on")?;
        let sql = "SELECT 1 FROM delivery_attempt WHERE subscription = ? LIMIT 1";
        let any: Option<i64> = connection.row(sql, [of], |row| row.get(0)).doing("look for attempts")?;
        if any.is_none() {
            return Ok(true);
        }
        let sql = "DELETE FROM delivery_attempt WHERE subscription = ? AND partition = ? AND position <= ?";
        for (partition, position) in each(&acknowledged) {
            connection.run(sql, params![of, partition, position]).doing("forget attempts")?;
        }
        Ok(true)
    }

    pub(crate) fn subscription_rewind_in_tx(
        &mut self,
        id: SubscriptionId,
        version: u64,
        to: &Cursor,
    ) -> Result<bool, Error> {
        let (connection, id) = (self.connection(), id.0.as_bytes());
        let sql = "UPDATE subscription_cursor SET version = version + 1, acknowledged = ?3, delivered = ?3,
             void_through = telling, set_back_at = telling WHERE subscription = ?1 AND version = ?2";
        let moved = connection.run(sql, params![id, signed(version), to.to_bytes()]).doing("rewind a subscription")?;
        if moved == 1 {
            let sql = "DELETE FROM delivery_attempt WHERE subscription = ?";
            connection.run(sql, [id]).doing("forget attempts")?;
            // What is after the cursor is told again: nobody has given it up any more.
            let sql = "DELETE FROM dead_letter WHERE subscription = ? AND partition = ? AND position > ?";
            for (partition, position) in each(to) {
                connection.run(sql, params![id, partition, position]).doing("forget dead letters")?;
            }
        }
        Ok(moved == 1)
    }
}
