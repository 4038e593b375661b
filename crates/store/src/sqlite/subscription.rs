//! Subscriptions: made, found, paused and deleted.

mod advance;
mod receiver;

use rusqlite::{Connection, Row, params};

use super::{Readers, Transaction, ask::Ask};
use crate::{
    Positions, SubscriptionCursor, SubscriptionFound, SubscriptionRow,
    error::{Doing, Error, unsigned},
    positions::{fields_of_bytes, fields_to_bytes, of_bytes, to_bytes},
};

pub(super) use receiver::Receivers;

/// A row, and what is still to be understood of it: fields, acknowledged and delivered.
type Found = (SubscriptionRow, i64, [Vec<u8>; 3]);

fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    let found = SubscriptionRow {
        id: row.get(0)?,
        agency: row.get(1)?,
        name: row.get(2)?,
        agreement: row.get(3)?,
        kinds: row.get(4)?,
        fields: Vec::new(),
        whole_population: row.get(5)?,
        state: row.get(6)?,
        retention: row.get(7)?,
        redelivery: row.get(8)?,
        attempts_max: row.get(9)?,
        created_at: row.get(10)?,
    };
    Ok((found, row.get(11)?, [row.get(12)?, row.get(13)?, row.get(14)?]))
}

macro_rules! live {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, s.agency, s.name, s.agreement, s.kinds, s.whole_population, s.state, s.retention,
                 s.redelivery, s.attempts_max, s.created_at, c.version, s.fields, c.acknowledged, c.delivered
             FROM subscription s JOIN subscription_cursor c ON c.subscription = s.id WHERE s.deleted_at IS NULL AND ",
            $condition
        )
    };
}

impl Readers {
    fn subscription_of(
        &self,
        (row, version, [fields, acknowledged, delivered]): Found,
    ) -> Result<SubscriptionFound, Error> {
        let row = SubscriptionRow { fields: fields_of_bytes(&fields)?, ..row };
        let cursor = SubscriptionCursor {
            version: unsigned(version, "version")?,
            acknowledged: of_bytes(&acknowledged)?,
            delivered: of_bytes(&delivered)?,
            is_received: self.receivers().is_received(row.id),
        };
        Ok(SubscriptionFound { row, cursor })
    }

    async fn subscriptions_find(
        &self,
        find: impl FnOnce(&Connection) -> rusqlite::Result<Vec<Found>> + Send + 'static,
    ) -> Result<Vec<SubscriptionFound>, Error> {
        let found = self.ask(move |connection| find(connection).doing("find subscriptions")).await?;
        found.into_iter().map(|found| self.subscription_of(found)).collect()
    }

    pub(crate) async fn subscription_fetch(&self, id: [u8; 16]) -> Result<Option<SubscriptionFound>, Error> {
        let found = self.subscriptions_find(move |connection| connection.rows(live!("s.id = ?"), [id], read)).await;
        Ok(found?.pop())
    }

    pub(crate) async fn subscription_of_name_fetch(
        &self,
        agency: &str,
        name: &str,
    ) -> Result<Option<SubscriptionFound>, Error> {
        let of = [agency.to_owned(), name.to_owned()];
        let find = move |connection: &Connection| connection.rows(live!("s.agency = ? AND s.name = ?"), of, read);
        Ok(self.subscriptions_find(find).await?.pop())
    }

    pub(crate) async fn subscriptions_list(
        &self,
        agency: Option<&str>,
        after: Option<(&str, &str)>,
        count_max: u32,
    ) -> Result<Vec<SubscriptionFound>, Error> {
        let agency = agency.map(str::to_owned);
        let (after_agency, after_name) = after.map(|(agency, name)| (agency.to_owned(), name.to_owned())).unzip();
        let find = move |connection: &Connection| {
            let sql = live!(
                "(?1 IS NULL OR s.agency = ?1) AND (?2 IS NULL OR (s.agency, s.name) > (?2, ?3))
                 ORDER BY s.agency, s.name LIMIT ?4"
            );
            connection.rows(sql, params![agency, after_agency, after_name, count_max], read)
        };
        self.subscriptions_find(find).await
    }
}

impl Transaction<'_> {
    pub(crate) fn subscription_insert_in_tx(&mut self, row: &SubscriptionRow, from: &Positions) -> Result<bool, Error> {
        let sql = "INSERT INTO subscription (id, agency, name, agreement, kinds, fields, whole_population, state,
                 retention, redelivery, attempts_max, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (agency, name) WHERE deleted_at IS NULL DO NOTHING";
        let values = params![
            row.id,
            row.agency,
            row.name,
            row.agreement,
            row.kinds,
            fields_to_bytes(&row.fields),
            row.whole_population,
            row.state,
            row.retention,
            row.redelivery,
            row.attempts_max,
            row.created_at,
        ];
        let connection = self.connection();
        if connection.run(sql, values).doing("add a subscription")? == 0 {
            return Ok(false);
        }
        let sql = "INSERT INTO subscription_cursor (subscription, version, acknowledged, delivered)
             VALUES (?1, 0, ?2, ?2)";
        connection.run(sql, params![row.id, to_bytes(from)]).doing("add a subscription")?;
        Ok(true)
    }

    pub(crate) fn subscriptions_count_in_tx(&mut self, agency: &str) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM subscription WHERE agency = ? AND deleted_at IS NULL";
        let count = self.connection().row(sql, [agency], |row| row.get(0)).doing("count subscriptions")?;
        unsigned(count.unwrap_or_default(), "count")
    }

    pub(crate) fn subscription_state_in_tx(&mut self, id: [u8; 16], state: u8) -> Result<bool, Error> {
        let connection = self.connection();
        let sql = "UPDATE subscription SET state = ? WHERE id = ? AND deleted_at IS NULL";
        let done = connection.run(sql, params![state, id]).doing("set the state of a subscription")?;
        let sql = "UPDATE subscription_cursor SET version = version + 1 WHERE subscription = ?";
        connection.run(sql, [id]).doing("set the state of a subscription")?;
        Ok(done == 1)
    }

    pub(crate) fn subscription_delete_in_tx(&mut self, id: [u8; 16], now: i64) -> Result<bool, Error> {
        let connection = self.connection();
        for sql in [
            "DELETE FROM subscription_cursor WHERE subscription = ?",
            "DELETE FROM delivery_attempt WHERE subscription = ?",
            "DELETE FROM dead_letter WHERE subscription = ?",
        ] {
            connection.run(sql, [id]).doing("delete a subscription")?;
        }
        let sql = "UPDATE subscription SET deleted_at = ? WHERE id = ? AND deleted_at IS NULL";
        Ok(connection.run(sql, params![now, id]).doing("delete a subscription")? == 1)
    }
}
