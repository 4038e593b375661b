//! Subscriptions: made, found, paused and deleted.

mod advance;
mod receiver;

use sqlx::types::Uuid;
use unefois_core::{Cursor, NewSubscription, Reach, Subscription, SubscriptionId, SubscriptionState};

use super::{Readers, Transaction, instant::Instant};
use crate::{
    SubscriptionFound,
    cursor::{of_signed, to_signed},
    error::{Doing, Error, unsigned},
    subscription::{SubscriptionColumns, filter_columns, terms_columns},
};

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    agency: String,
    name: String,
    agreement: String,
    kinds: Vec<u8>,
    fields: String,
    whole_population: bool,
    state: i16,
    retention_days: i32,
    redelivery: i64,
    attempts_max: i32,
    created_at: Instant,
    version: i64,
    acknowledged: Vec<i64>,
    delivered: Vec<i64>,
    telling: i64,
    void_through: i64,
    set_back_at: i64,
    is_received: bool,
}

impl TryFrom<Row> for SubscriptionFound {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let columns = SubscriptionColumns {
            id: row.id.into_bytes(),
            agency: row.agency,
            name: row.name,
            agreement: row.agreement,
            kinds: row.kinds,
            fields: row.fields,
            whole_population: row.whole_population,
            state: row.state,
            retention_days: i64::from(row.retention_days),
            redelivery: row.redelivery,
            attempts_max: i64::from(row.attempts_max),
            created_at: row.created_at.0,
            version: row.version,
            telling: row.telling,
            void_through: row.void_through,
            set_back_at: row.set_back_at,
        };
        columns.found([of_signed(&row.acknowledged)?, of_signed(&row.delivered)?], row.is_received)
    }
}

macro_rules! live {
    ($condition:literal) => {
        concat!(
            "SELECT s.id, s.agency, s.name, s.agreement, s.kinds, s.fields, s.whole_population, s.state,
                 s.retention_days, s.redelivery, s.attempts_max, s.created_at, c.version, c.acknowledged, c.delivered,
                 c.telling, c.void_through, c.set_back_at,
                 coalesce(c.receiver_until > clock_timestamp(), false) AS is_received
             FROM subscription s JOIN subscription_cursor c ON c.subscription = s.id WHERE s.deleted_at IS NULL AND ",
            $condition
        )
    };
}

impl Readers {
    pub(crate) async fn subscription_fetch(&self, id: SubscriptionId) -> Result<Option<SubscriptionFound>, Error> {
        let query = sqlx::query_as(live!("s.id = $1")).bind(id.0);
        let row: Option<Row> = query.fetch_optional(&self.keyed).await.doing("read a subscription")?;
        row.map(TryInto::try_into).transpose()
    }

    pub(crate) async fn subscription_of_name_fetch(
        &self,
        agency: &str,
        name: &str,
    ) -> Result<Option<SubscriptionFound>, Error> {
        let query = sqlx::query_as(live!(r#"s.agency = $1 COLLATE "C" AND s.name = $2 COLLATE "C""#));
        let row: Option<Row> =
            query.bind(agency).bind(name).fetch_optional(&self.pool).await.doing("find a subscription")?;
        row.map(TryInto::try_into).transpose()
    }

    pub(crate) async fn subscriptions_list(
        &self,
        agency: Option<&str>,
        after: Option<(&str, &str)>,
        count_max: u32,
    ) -> Result<Vec<SubscriptionFound>, Error> {
        let rows: Vec<Row> = sqlx::query_as(live!(
            r#"($1::text IS NULL OR s.agency = $1 COLLATE "C")
               AND ($2::text IS NULL OR (s.agency COLLATE "C", s.name COLLATE "C") > ($2, $3))
               ORDER BY s.agency COLLATE "C", s.name COLLATE "C" LIMIT $4"#
        ))
        .bind(agency)
        .bind(after.map(|(agency, _)| agency))
        .bind(after.map(|(_, name)| name))
        .bind(i64::from(count_max))
        .fetch_all(&self.pool)
        .await
        .doing("list subscriptions")?;
        rows.into_iter().map(TryInto::try_into).collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn subscription_insert_in_tx(
        &mut self,
        subscription: &Subscription,
        from: &Cursor,
    ) -> Result<bool, Error> {
        let Subscription { id, agency, asked, state, created_at } = subscription;
        let NewSubscription { name, agreement, filter, reach, terms } = asked;
        let (kinds, fields) = filter_columns(filter);
        let (retention_days, redelivery, attempts_max) = terms_columns(terms)?;
        let done = sqlx::query(
            r#"WITH new AS (
                 INSERT INTO subscription (id, agency, name, agreement, kinds, fields, whole_population, state,
                     retention_days, redelivery, attempts_max, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                 ON CONFLICT (agency COLLATE "C", name COLLATE "C") WHERE deleted_at IS NULL DO NOTHING RETURNING id
             )
             INSERT INTO subscription_cursor (subscription, version, acknowledged, delivered, telling, void_through,
                 set_back_at)
             SELECT id, 0, $13, $13, 0, 0, 0 FROM new"#,
        )
        .bind(id.0)
        .bind(agency.as_str())
        .bind(name.as_str())
        .bind(agreement.as_str())
        .bind(kinds)
        .bind(fields)
        .bind(*reach == Reach::WholePopulation)
        .bind(state.number())
        .bind(retention_days)
        .bind(redelivery)
        .bind(attempts_max)
        .bind(Instant(created_at.as_microsecond()))
        .bind(to_signed(from))
        .execute(self.connection())
        .await
        .doing("add a subscription")?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn subscriptions_count_in_tx(&mut self, agency: &str) -> Result<u64, Error> {
        let sql = r#"SELECT count(*) FROM subscription WHERE agency = $1 COLLATE "C" AND deleted_at IS NULL"#;
        let count = sqlx::query_scalar(sql).bind(agency).fetch_one(self.connection()).await;
        unsigned(count.doing("count subscriptions")?, "count")
    }

    pub(crate) async fn subscription_state_in_tx(
        &mut self,
        id: SubscriptionId,
        state: SubscriptionState,
    ) -> Result<bool, Error> {
        let done = sqlx::query(
            "WITH live AS (UPDATE subscription SET state = $2 WHERE id = $1 AND deleted_at IS NULL RETURNING id)
             UPDATE subscription_cursor c SET version = c.version + 1 FROM live WHERE c.subscription = live.id",
        )
        .bind(id.0)
        .bind(state.number())
        .execute(self.connection())
        .await
        .doing("set the state of a subscription")?;
        Ok(done.rows_affected() == 1)
    }

    pub(crate) async fn subscription_delete_in_tx(&mut self, id: SubscriptionId, now: i64) -> Result<bool, Error> {
        let done = sqlx::query(
            "WITH cursor AS (DELETE FROM subscription_cursor WHERE subscription = $1),
                  attempts AS (DELETE FROM delivery_attempt WHERE subscription = $1),
                  letters AS (DELETE FROM dead_letter WHERE subscription = $1)
             UPDATE subscription SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id.0)
        .bind(Instant(now))
        .execute(self.connection())
        .await
        .doing("delete a subscription")?;
        Ok(done.rows_affected() == 1)
    }
}
