//! How far subscriptions are: what is told, acknowledged and told again.
//!
//! Rows are locked in the order of their subscriptions, so that nodes that move several do not wait for each other.

use std::collections::{HashMap, HashSet};

use sqlx::{PgConnection, types::Uuid};

use super::super::{Readers, Transaction};
use crate::{
    Acknowledged, Acknowledgement, Positions, SubscriptionAdvance,
    error::{Doing, Error, signed},
    positions::{of_signed, to_signed},
};

const ADVANCE: &str = "
    WITH asked AS (
        SELECT a.subscription, a.version, ($3::bigint[])[(a.n - 1) * 16 + 1 : a.n * 16] AS acknowledged,
            ($4::bigint[])[(a.n - 1) * 16 + 1 : a.n * 16] AS delivered
        FROM unnest($1::uuid[], $2::bigint[]) WITH ORDINALITY AS a (subscription, version, n)
    ), held AS MATERIALIZED (
        SELECT c.subscription, c.acknowledged, c.delivered FROM subscription_cursor c
        JOIN asked ON asked.subscription = c.subscription AND asked.version = c.version
        ORDER BY c.subscription FOR UPDATE OF c
    ), moved AS (
        UPDATE subscription_cursor c SET version = c.version + 1,
            acknowledged = ARRAY(SELECT greatest(p.held, p.asked)
                FROM unnest(held.acknowledged, asked.acknowledged) WITH ORDINALITY AS p (held, asked, n) ORDER BY p.n),
            delivered = ARRAY(SELECT greatest(p.held, p.asked, p.acknowledged)
                FROM unnest(held.delivered, asked.delivered, asked.acknowledged)
                WITH ORDINALITY AS p (held, asked, acknowledged, n) ORDER BY p.n)
        FROM held JOIN asked ON asked.subscription = held.subscription WHERE c.subscription = held.subscription
        RETURNING c.subscription, c.acknowledged
    ), settled AS (
        DELETE FROM delivery_attempt a USING moved
        WHERE a.subscription = moved.subscription AND a.position <= moved.acknowledged[a.partition + 1]
    )
    SELECT subscription FROM moved";

const ACKNOWLEDGE: &str = "
    WITH asked AS (
        SELECT a.subscription, ($2::bigint[])[(a.n - 1) * 16 + 1 : a.n * 16] AS up_to
        FROM unnest($1::uuid[]) WITH ORDINALITY AS a (subscription, n)
    ), held AS MATERIALIZED (
        SELECT c.subscription, c.acknowledged, c.delivered, asked.up_to FROM subscription_cursor c
        JOIN asked ON asked.subscription = c.subscription ORDER BY c.subscription FOR UPDATE OF c
    ), judged AS (
        SELECT held.subscription, held.acknowledged,
            NOT EXISTS (SELECT 1 FROM unnest(held.delivered, held.up_to) AS p (told, asked) WHERE p.asked > p.told)
                AS was_told,
            ARRAY(SELECT greatest(p.held, p.asked)
                FROM unnest(held.acknowledged, held.up_to) WITH ORDINALITY AS p (held, asked, n) ORDER BY p.n) AS joined
        FROM held
    ), moved AS (
        UPDATE subscription_cursor c SET acknowledged = judged.joined FROM judged
        WHERE c.subscription = judged.subscription AND judged.was_told AND judged.joined <> judged.acknowledged
        RETURNING c.subscription, c.acknowledged
    ), settled AS (
        DELETE FROM delivery_attempt a USING moved
        WHERE a.subscription = moved.subscription AND a.position <= moved.acknowledged[a.partition + 1]
    )
    SELECT subscription, was_told, joined FROM judged";

const REWIND: &str = "
    WITH moved AS (
        UPDATE subscription_cursor c SET version = c.version + 1, acknowledged = $3,
            delivered = ARRAY(SELECT greatest(p.told, p.back)
                FROM unnest(c.delivered, $3::bigint[]) WITH ORDINALITY AS p (told, back, n) ORDER BY p.n)
        WHERE c.subscription = $1 AND c.version = $2 RETURNING c.subscription
    ), settled AS (
        DELETE FROM delivery_attempt a USING moved WHERE a.subscription = moved.subscription
    )
    SELECT subscription FROM moved";

impl Readers {
    pub(crate) async fn subscriptions_acknowledge(
        &self,
        acknowledgements: &[Acknowledgement],
    ) -> Result<Vec<Acknowledged>, Error> {
        let mut connection = self.pool.acquire().await.doing("take a connection")?;
        acknowledge(&mut connection, acknowledgements).await
    }
}

impl Transaction<'_> {
    pub(crate) async fn subscriptions_advance_in_tx(
        &mut self,
        advances: &[SubscriptionAdvance],
    ) -> Result<Vec<bool>, Error> {
        let moved: Vec<Uuid> = sqlx::query_scalar(ADVANCE)
            .bind(advances.iter().map(|advance| Uuid::from_bytes(advance.subscription)).collect::<Vec<_>>())
            .bind(advances.iter().map(|advance| signed(advance.version)).collect::<Vec<_>>())
            .bind(advances.iter().flat_map(|advance| to_signed(&advance.acknowledged)).collect::<Vec<_>>())
            .bind(advances.iter().flat_map(|advance| to_signed(&advance.delivered)).collect::<Vec<_>>())
            .fetch_all(self.connection())
            .await
            .doing("move subscriptions on")?;
        let moved: HashSet<[u8; 16]> = moved.into_iter().map(Uuid::into_bytes).collect();
        Ok(advances.iter().map(|advance| moved.contains(&advance.subscription)).collect())
    }

    pub(crate) async fn subscription_rewind_in_tx(
        &mut self,
        id: [u8; 16],
        version: u64,
        to: &Positions,
    ) -> Result<bool, Error> {
        let moved: Option<Uuid> = sqlx::query_scalar(REWIND)
            .bind(Uuid::from_bytes(id))
            .bind(signed(version))
            .bind(to_signed(to))
            .fetch_optional(self.connection())
            .await
            .doing("rewind a subscription")?;
        Ok(moved.is_some())
    }

    pub(crate) async fn subscriptions_acknowledge_in_tx(
        &mut self,
        acknowledgements: &[Acknowledgement],
    ) -> Result<Vec<Acknowledged>, Error> {
        acknowledge(self.connection(), acknowledgements).await
    }
}

async fn acknowledge(
    connection: &mut PgConnection,
    acknowledgements: &[Acknowledgement],
) -> Result<Vec<Acknowledged>, Error> {
    let rows: Vec<(Uuid, bool, Vec<i64>)> = sqlx::query_as(ACKNOWLEDGE)
        .bind(acknowledgements.iter().map(|of| Uuid::from_bytes(of.subscription)).collect::<Vec<_>>())
        .bind(acknowledgements.iter().flat_map(|of| to_signed(&of.up_to)).collect::<Vec<_>>())
        .fetch_all(connection)
        .await
        .doing("acknowledge events")?;
    let mut judged = HashMap::with_capacity(rows.len());
    for (subscription, was_told, joined) in rows {
        let outcome = if was_told { Acknowledged::UpTo(of_signed(&joined)?) } else { Acknowledged::NeverTold };
        judged.insert(subscription.into_bytes(), outcome);
    }
    let outcome = |of: &Acknowledgement| judged.get(&of.subscription).cloned().unwrap_or(Acknowledged::Gone);
    Ok(acknowledgements.iter().map(outcome).collect())
}
