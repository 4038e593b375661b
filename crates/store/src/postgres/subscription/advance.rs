//! How far subscriptions are: what is told, settled and told again.
//!
//! Rows are locked in the order of their subscriptions, so that nodes that move several do not wait for each other.

use std::collections::HashSet;

use sqlx::types::Uuid;
use unefois_core::{Cursor, SubscriptionId};

use super::super::Transaction;
use crate::{
    SubscriptionAdvance,
    cursor::to_signed,
    error::{Doing, Error, signed},
};

const ADVANCE: &str = "
    WITH asked AS (
        SELECT a.subscription, a.version, a.telling, a.void_through,
            ($5::bigint[])[(a.n - 1) * 16 + 1 : a.n * 16] AS acknowledged,
            ($6::bigint[])[(a.n - 1) * 16 + 1 : a.n * 16] AS delivered
        FROM unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[]) WITH ORDINALITY
            AS a (subscription, version, telling, void_through, n)
    ), held AS MATERIALIZED (
        SELECT c.subscription, c.version, c.acknowledged, c.delivered FROM subscription_cursor c
        JOIN asked ON asked.subscription = c.subscription AND asked.version = c.version
        ORDER BY c.subscription FOR UPDATE OF c
    ), moved AS (
        UPDATE subscription_cursor c SET version = c.version + 1,
            telling = greatest(c.telling, asked.telling), void_through = greatest(c.void_through, asked.void_through),
            acknowledged = ARRAY(SELECT greatest(p.held, p.asked)
                FROM unnest(held.acknowledged, asked.acknowledged) WITH ORDINALITY AS p (held, asked, n) ORDER BY p.n),
            delivered = ARRAY(SELECT greatest(p.held, p.asked, p.acknowledged)
                FROM unnest(held.delivered, asked.delivered, asked.acknowledged)
                WITH ORDINALITY AS p (held, asked, acknowledged, n) ORDER BY p.n)
        FROM held JOIN asked ON asked.subscription = held.subscription AND asked.version = held.version
        WHERE c.subscription = held.subscription
        RETURNING c.subscription, c.acknowledged, asked.version
    ), settled AS (
        DELETE FROM delivery_attempt a USING moved
        WHERE a.subscription = moved.subscription AND a.position <= moved.acknowledged[a.partition + 1]
    )
    SELECT subscription, version FROM moved";

/// What is after the cursor is told again: nobody has given it up any more.
const REWIND: &str = "
    WITH moved AS (
        UPDATE subscription_cursor SET version = version + 1, acknowledged = $3, delivered = $3, void_through = telling,
            set_back_at = telling
        WHERE subscription = $1 AND version = $2 RETURNING subscription, acknowledged
    ), settled AS (
        DELETE FROM delivery_attempt a USING moved WHERE a.subscription = moved.subscription
    ), letters AS (
        DELETE FROM dead_letter d USING moved
        WHERE d.subscription = moved.subscription AND d.position > moved.acknowledged[d.partition + 1]
    )
    SELECT subscription FROM moved";

impl Transaction<'_> {
    pub(crate) async fn subscriptions_advance_in_tx(
        &mut self,
        advances: &[SubscriptionAdvance],
    ) -> Result<Vec<bool>, Error> {
        // Of two that expect the same version only the first finds it: to the statement they would both come first.
        let mut asked = HashSet::new();
        let firsts = advances.iter().filter(|advance| asked.insert((advance.subscription.0, advance.version)));
        let firsts: Vec<&SubscriptionAdvance> = firsts.collect();
        let moved: Vec<(Uuid, i64)> = sqlx::query_as(ADVANCE)
            .bind(firsts.iter().map(|advance| advance.subscription.0).collect::<Vec<_>>())
            .bind(firsts.iter().map(|advance| signed(advance.version)).collect::<Vec<_>>())
            .bind(firsts.iter().map(|advance| signed(advance.telling.0)).collect::<Vec<_>>())
            .bind(firsts.iter().map(|advance| signed(advance.void_through.0)).collect::<Vec<_>>())
            .bind(firsts.iter().flat_map(|advance| to_signed(&advance.acknowledged)).collect::<Vec<_>>())
            .bind(firsts.iter().flat_map(|advance| to_signed(&advance.delivered)).collect::<Vec<_>>())
            .fetch_all(self.connection())
            .await
            .doing("move subscriptions on")?;
        let mut moved: HashSet<(Uuid, i64)> = moved.into_iter().collect();
        let has_moved = |advance: &SubscriptionAdvance| {
            let expected = (advance.subscription.0, signed(advance.version));
            moved.remove(&expected)
        };
        Ok(advances.iter().map(has_moved).collect())
    }

    pub(crate) async fn subscription_rewind_in_tx(
        &mut self,
        id: SubscriptionId,
        version: u64,
        to: &Cursor,
    ) -> Result<bool, Error> {
        let moved: Option<Uuid> = sqlx::query_scalar(REWIND)
            .bind(id.0)
            .bind(signed(version))
            .bind(to_signed(to))
            .fetch_optional(self.connection())
            .await
            .doing("rewind a subscription")?;
        Ok(moved.is_some())
    }
}
