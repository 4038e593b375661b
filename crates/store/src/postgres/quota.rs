//! Quotas: what the nodes have drawn of each together, and the share of each shard.

use super::{Readers, Transaction, shard::slot_of};
use crate::{
    QuotaOf, QuotaShare, QuotaSpent,
    error::{Doing, Error, signed, unsigned},
};

/// What is left of a quota is drawn in such parts, so that one node does not take what another needs: near the limit
/// they shrink to what is needed.
const PART_OF_WHAT_IS_LEFT: i64 = 16;

/// A number of releases, as far as the server counts.
fn countable(releases: u64) -> i64 {
    i64::try_from(releases).unwrap_or(i64::MAX)
}

impl Readers {
    pub(crate) async fn quota_shares_list(&self, slot: u32, day: &str) -> Result<Vec<QuotaShare>, Error> {
        let rows: Vec<(String, i64, i64)> =
            sqlx::query_as("SELECT agreement, drawn, spent FROM quota_share WHERE slot = $1 AND day = $2::text::date")
                .bind(slot_of(slot))
                .bind(day)
                .fetch_all(&self.pool)
                .await
                .doing("read the quotas")?;
        rows.into_iter()
            .map(|(agreement, drawn, spent)| {
                Ok(QuotaShare { agreement, drawn: unsigned(drawn, "quota")?, spent: unsigned(spent, "quota")? })
            })
            .collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn quota_draw_in_tx(&mut self, slot: u32, of: QuotaOf<'_>, needed: u64) -> Result<u64, Error> {
        let QuotaOf { agreement, day, limit, unspent: _ } = of;
        sqlx::query(
            "INSERT INTO quota_use (agreement, day, drawn) VALUES ($1, $2::text::date, 0) ON CONFLICT DO NOTHING",
        )
        .bind(agreement)
        .bind(day)
        .execute(self.connection())
        .await
        .doing("draw from a quota")?;
        let before: i64 =
            sqlx::query_scalar("SELECT drawn FROM quota_use WHERE agreement = $1 AND day = $2::text::date FOR UPDATE")
                .bind(agreement)
                .bind(day)
                .fetch_one(self.connection())
                .await
                .doing("draw from a quota")?;
        // An agreement may name any limit. One that no column holds is never reached.
        let left = countable(limit).saturating_sub(before).max(0);
        let drawn = countable(needed).max(left / PART_OF_WHAT_IS_LEFT).min(left);
        if drawn == 0 {
            return Ok(0);
        }
        sqlx::query(
            "WITH share AS (
                 INSERT INTO quota_share (slot, agreement, day, drawn, spent) VALUES ($1, $2, $3::text::date, $4, 0)
                 ON CONFLICT (slot, agreement, day) DO UPDATE SET drawn = quota_share.drawn + excluded.drawn
             )
             UPDATE quota_use SET drawn = drawn + $4 WHERE agreement = $2 AND day = $3::text::date",
        )
        .bind(slot_of(slot))
        .bind(agreement)
        .bind(day)
        .bind(drawn)
        .execute(self.connection())
        .await
        .doing("draw from a quota")?;
        unsigned(drawn, "quota")
    }

    pub(crate) async fn quota_spent_in_tx(
        &mut self,
        slot: u32,
        QuotaSpent { agreement, day, spent }: &QuotaSpent<'_>,
    ) -> Result<(), Error> {
        sqlx::query("UPDATE quota_share SET spent = $4 WHERE slot = $1 AND agreement = $2 AND day = $3::text::date")
            .bind(slot_of(slot))
            .bind(agreement)
            .bind(day)
            .bind(signed(*spent))
            .execute(self.connection())
            .await
            .doing("count a release")?;
        Ok(())
    }

    pub(crate) async fn quota_give_back_in_tx(&mut self, slot: u32) -> Result<(), Error> {
        // In the order in which batches draw: two transactions must not wait for each other.
        sqlx::query(
            "SELECT 1 FROM quota_use u JOIN quota_share s ON s.agreement = u.agreement AND s.day = u.day
             WHERE s.slot = $1 AND s.drawn > s.spent ORDER BY u.agreement, u.day FOR UPDATE OF u",
        )
        .bind(slot_of(slot))
        .execute(self.connection())
        .await
        .doing("give quotas back")?;
        sqlx::query(
            "WITH given AS (
                 UPDATE quota_use u SET drawn = u.drawn - (s.drawn - s.spent) FROM quota_share s
                 WHERE s.slot = $1 AND s.agreement = u.agreement AND s.day = u.day AND s.drawn > s.spent
             )
             UPDATE quota_share SET drawn = spent WHERE slot = $1 AND drawn > spent",
        )
        .bind(slot_of(slot))
        .execute(self.connection())
        .await
        .doing("give quotas back")?;
        Ok(())
    }
}
