//! Subscriptions: made, found, paused and deleted.

mod advance;
mod receiver;

use rusqlite::{Connection, Row, params};
use unefois_core::{Cursor, NewSubscription, Reach, Subscription, SubscriptionId, SubscriptionState};
use uuid::Uuid;

use super::{Readers, Transaction, ask::Ask};
use crate::{
    SubscriptionFound,
    cursor::of_bytes,
    error::{Doing, Error, unsigned},
    subscription::{SubscriptionColumns, filter_columns, terms_columns},
};

pub(super) use receiver::Receivers;

/// A row, and the bytes of both cursors.
type Found = (SubscriptionColumns, [Vec<u8>; 2]);

fn read(row: &Row<'_>) -> rusqlite::Result<Found> {
    let found = SubscriptionColumns {
        id: row.get(0)?,
        agency: row.get(1)?,
        name: row.get(2)?,
        agreement: row.get(3)?,
        kinds: row.get(4)?,
        fields: row.get(5)?,
        whole_population: row.get(6)?,
        state: row.get(7)?,
        retention_days: row.get(8)?,
        redelivery: row.get(9)?,
        attempts_max: row.get(10)?,
        created_at: row.get(11)?,
        version: row.get(12)?,
        telling: row.get(13)?,
        void_through: row.get(14)?,
        set_back_at: row.get(15)?,
    };
    Ok((found, [row.get(16)?, row.get(17)?]))
}

macro_rules! live {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, s.agency, s.name, s.agreement, s.kinds, s.fields, s.whole_population, s.state,
                 s.retention_days, s.redelivery, s.attempts_max, s.created_at, c.version, c.telling, c.void_through,
                 c.set_back_at, c.acknowledged, c.delivered
             FROM subscription s JOIN subscription_cursor c ON c.subscription = s.id WHERE s.deleted_at IS NULL AND ",
            $condition
        )
    };
}

impl Readers {
    fn subscription_of(&self, (row, [acknowledged, delivered]): Found) -> Result<SubscriptionFound, Error> {
        let is_received = self.receivers().is_received(SubscriptionId(Uuid::from_bytes(row.id)));
        row.found([of_bytes(&acknowledged)?, of_bytes(&delivered)?], is_received)
    }

    async fn subscriptions_find(
        &self,
        find: impl FnOnce(&Connection) -> rusqlite::Result<Vec<Found>> + Send + 'static,
    ) -> Result<Vec<SubscriptionFound>, Error> {
        let found = self.ask(move |connection| find(connection).doing("find subscriptions")).await?;
        found.into_iter().map(|found| self.subscription_of(found)).collect()
    }

    pub(crate) async fn subscription_fetch(&self, id: SubscriptionId) -> Result<Option<SubscriptionFound>, Error> {
        let find = move |connection: &Connection| connection.rows(live!("s.id = ?"), [id.0.as_bytes()], read);
        Ok(self.subscriptions_find(find).await?.pop())
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
    pub(crate) fn subscription_insert_in_tx(
        &mut self,
        subscription: &Subscription,
        from: &Cursor,
    ) -> Result<bool, Error> {
        let sql = "INSERT INTO subscription (id, agency, name, agreement, kinds, fields, whole_population, state,
                 retention_days, redelivery, attempts_max, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (agency, name) WHERE deleted_at IS NULL DO NOTHING";
        let Subscription { id, agency, asked, state, created_at } = subscription;
        let NewSubscription { name, agreement, filter, reach, terms } = asked;
        let (kinds, fields) = filter_columns(filter);
        let (retention_days, redelivery, attempts_max) = terms_columns(terms)?;
        let values = params![
            id.0.as_bytes(),
            agency.as_str(),
            name.as_str(),
            agreement.as_str(),
            kinds,
            fields,
            *reach == Reach::WholePopulation,
            state.number(),
            retention_days,
            redelivery,
            attempts_max,
            created_at.as_microsecond(),
        ];
        let connection = self.connection();
        if connection.run(sql, values).doing("add a subscription")? == 0 {
            return Ok(false);
        }
        let sql =
            "INSERT INTO subscription_cursor (subscription, version, acknowledged, delivered, telling, void_through,
                 set_back_at) VALUES (?1, 0, ?2, ?2, 0, 0, 0)";
        connection.run(sql, params![id.0.as_bytes(), from.to_bytes()]).doing("add a subscription")?;
        Ok(true)
    }

    pub(crate) fn subscriptions_count_in_tx(&mut self, agency: &str) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM subscription WHERE agency = ? AND deleted_at IS NULL";
        let count = self.connection().row(sql, [agency], |row| row.get(0)).doing("count subscriptions")?;
        unsigned(count.unwrap_or_default(), "count")
    }

    pub(crate) fn subscription_state_in_tx(
        &mut self,
        id: SubscriptionId,
        state: SubscriptionState,
    ) -> Result<bool, Error> {
        let (connection, id) = (self.connection(), id.0.as_bytes());
        let sql = "UPDATE subscription SET state = ? WHERE id = ? AND deleted_at IS NULL";
        let done = connection.run(sql, params![state.number(), id]).doing("set the state of a subscription")?;
        let sql = "UPDATE subscription_cursor SET version = version + 1 WHERE subscription = ?";
        connection.run(sql, [id]).doing("set the state of a subscription")?;
        Ok(done == 1)
    }

    pub(crate) fn subscription_delete_in_tx(&mut self, id: SubscriptionId, now: i64) -> Result<bool, Error> {
        let (connection, id) = (self.connection(), id.0.as_bytes());
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
