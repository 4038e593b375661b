//! How far subscriptions are: what is told, acknowledged and told again.

use rusqlite::{Connection, params};

use super::super::{Transaction, ask::Ask};
use crate::{
    Acknowledged, Acknowledgement, Positions, SubscriptionAdvance,
    error::{Doing, Error, signed, unsigned},
    positions::{covers, each, join, of_bytes, to_bytes},
};

/// What a row of `subscription_cursor` holds.
struct Cursor {
    version: u64,
    acknowledged: Positions,
    delivered: Positions,
}

fn fetch(connection: &Connection, subscription: &[u8; 16]) -> Result<Option<Cursor>, Error> {
    let sql = "SELECT version, acknowledged, delivered FROM subscription_cursor WHERE subscription = ?";
    let row = connection.row(sql, [subscription], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
    let row: Option<(i64, Vec<u8>, Vec<u8>)> = row.doing("read how far a subscription is")?;
    let Some((version, acknowledged, delivered)) = row else { return Ok(None) };
    let (acknowledged, delivered) = (of_bytes(&acknowledged)?, of_bytes(&delivered)?);
    Ok(Some(Cursor { version: unsigned(version, "version")?, acknowledged, delivered }))
}

fn store(connection: &Connection, subscription: &[u8; 16], cursor: &Cursor) -> Result<(), Error> {
    let sql = "UPDATE subscription_cursor SET version = ?, acknowledged = ?, delivered = ? WHERE subscription = ?";
    let Cursor { version, acknowledged, delivered } = cursor;
    let row = params![signed(*version), to_bytes(acknowledged), to_bytes(delivered), subscription];
    connection.run(sql, row).doing("write how far a subscription is").map(drop)
}

/// Forgets the attempts of what is acknowledged.
fn settle(connection: &Connection, subscription: &[u8; 16], acknowledged: &Positions) -> Result<(), Error> {
    let sql = "DELETE FROM delivery_attempt WHERE subscription = ? AND partition = ? AND position <= ?";
    for (partition, position) in each(acknowledged) {
        let up_to = params![subscription, partition, signed(position)];
        connection.run(sql, up_to).doing("forget attempts")?;
    }
    Ok(())
}

impl Transaction<'_> {
    pub(crate) fn subscriptions_advance_in_tx(&mut self, advances: &[SubscriptionAdvance]) -> Result<Vec<bool>, Error> {
        advances.iter().map(|advance| self.subscription_advance_in_tx(advance)).collect()
    }

    fn subscription_advance_in_tx(&mut self, advance: &SubscriptionAdvance) -> Result<bool, Error> {
        let SubscriptionAdvance { subscription, version, acknowledged, delivered } = advance;
        let connection = self.connection();
        let held = fetch(connection, subscription)?.filter(|held| held.version == *version);
        let Some(held) = held else { return Ok(false) };
        let acknowledged_now = join(&held.acknowledged, acknowledged);
        let delivered = join(&join(&held.delivered, delivered), acknowledged);
        let moved = Cursor { version: version + 1, acknowledged: acknowledged_now, delivered };
        store(connection, subscription, &moved)?;
        settle(connection, subscription, &moved.acknowledged).map(|()| true)
    }

    pub(crate) fn subscription_rewind_in_tx(
        &mut self,
        id: [u8; 16],
        version: u64,
        to: &Positions,
    ) -> Result<bool, Error> {
        let connection = self.connection();
        let held = fetch(connection, &id)?.filter(|held| held.version == version);
        let Some(held) = held else { return Ok(false) };
        let moved = Cursor { version: version + 1, acknowledged: *to, delivered: join(&held.delivered, to) };
        store(connection, &id, &moved)?;
        let sql = "DELETE FROM delivery_attempt WHERE subscription = ?";
        connection.run(sql, [id]).doing("forget attempts").map(|_| true)
    }

    pub(crate) fn subscriptions_acknowledge_in_tx(
        &mut self,
        acknowledgements: &[Acknowledgement],
    ) -> Result<Vec<Acknowledged>, Error> {
        acknowledgements.iter().map(|of| self.subscription_acknowledge_in_tx(of)).collect()
    }

    fn subscription_acknowledge_in_tx(&mut self, of: &Acknowledgement) -> Result<Acknowledged, Error> {
        let Acknowledgement { subscription, up_to } = of;
        let connection = self.connection();
        let Some(held) = fetch(connection, subscription)? else { return Ok(Acknowledged::Gone) };
        if !covers(&held.delivered, up_to) {
            return Ok(Acknowledged::NeverTold);
        }
        let acknowledged = join(&held.acknowledged, up_to);
        if acknowledged != held.acknowledged {
            store(connection, subscription, &Cursor { acknowledged, ..held })?;
            settle(connection, subscription, &acknowledged)?;
        }
        Ok(Acknowledged::UpTo(acknowledged))
    }
}
