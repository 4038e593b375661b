//! How many releases an agreement had on one day. There is one node: what it has not spent is all there is, and nothing
//! need be set aside.

use super::{Readers, Transaction};
use crate::{
    QuotaOf, QuotaShare,
    error::{Doing, Error, signed, unsigned},
};

impl Readers {
    pub(crate) async fn quota_shares_list(&self, _slot: u32, day: &str) -> Result<Vec<QuotaShare>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT agreement, used FROM quota_use WHERE day = ?")
            .bind(day)
            .fetch_all(&self.pool)
            .await
            .doing("read the quotas")?;
        rows.into_iter()
            .map(|(agreement, used)| {
                let used = unsigned(used, "quota")?;
                Ok(QuotaShare { agreement, drawn: used, spent: used })
            })
            .collect()
    }
}

impl Transaction<'_> {
    pub(crate) async fn quota_draw_in_tx(&mut self, _slot: u32, of: QuotaOf<'_>, needed: u64) -> Result<u64, Error> {
        let used: Option<i64> = sqlx::query_scalar("SELECT used FROM quota_use WHERE agreement = ? AND day = ?")
            .bind(of.agreement)
            .bind(of.day)
            .fetch_optional(self.connection())
            .await
            .doing("read a quota")?;
        Ok(needed.min(of.limit.saturating_sub(unsigned(used.unwrap_or_default(), "quota")?)))
    }

    pub(crate) async fn quota_spent_in_tx(
        &mut self,
        _slot: u32,
        agreement: &str,
        day: &str,
        spent: u64,
    ) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO quota_use (agreement, day, used) VALUES (?, ?, ?)
             ON CONFLICT (agreement, day) DO UPDATE SET used = excluded.used",
        )
        .bind(agreement)
        .bind(day)
        .bind(signed(spent))
        .execute(self.connection())
        .await
        .doing("count a release")?;
        Ok(())
    }

    #[allow(clippy::unused_async, reason = "the other backend writes")]
    pub(crate) async fn quota_give_back_in_tx(&mut self, _slot: u32) -> Result<(), Error> {
        Ok(())
    }
}
