//! How many releases an agreement had on one day. There is one node: what it has set aside and not spent, it knows
//! itself, and gives up when it ends.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    QuotaOf, QuotaShare, QuotaSpent,
    error::{Doing, Error, signed, unsigned},
};
use rusqlite::params;

/// Drawn ahead in such parts: a batch that finds enough need not ask.
const PART_OF_WHAT_IS_LEFT: u64 = 16;

impl Readers {
    pub(crate) async fn quota_shares_list(&self, _slot: u32, day: &str) -> Result<Vec<QuotaShare>, Error> {
        let day = day.to_owned();
        self.ask(move |connection| {
            let sql = "SELECT agreement, used FROM quota_use WHERE day = ?";
            let rows = connection.rows(sql, [day], |row| {
                let used = row.get::<_, i64>(1)?.cast_unsigned();
                Ok(QuotaShare { agreement: row.get(0)?, drawn: used, spent: used })
            });
            rows.doing("read the quotas")
        })
        .await
    }
}

impl Transaction<'_> {
    pub(crate) fn quota_draw_in_tx(&mut self, _slot: u32, of: QuotaOf<'_>, needed: u64) -> Result<u64, Error> {
        let QuotaOf { agreement, day, limit, unspent } = of;
        let sql = "SELECT used FROM quota_use WHERE agreement = ? AND day = ?";
        let used = self.connection().row(sql, [agreement, day], |row| row.get(0)).doing("read a quota")?;
        let used = unsigned(used.unwrap_or_default(), "quota")?;
        let left = limit.saturating_sub(used).saturating_sub(unspent);
        Ok(needed.max(left / PART_OF_WHAT_IS_LEFT).min(left))
    }

    pub(crate) fn quota_spent_in_tx(
        &mut self,
        _slot: u32,
        QuotaSpent { agreement, day, spent }: &QuotaSpent<'_>,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO quota_use (agreement, day, used) VALUES (?, ?, ?)
             ON CONFLICT (agreement, day) DO UPDATE SET used = excluded.used";
        self.connection().run(sql, params![agreement, day, signed(*spent)]).doing("count a release").map(drop)
    }

    pub(crate) fn quota_give_back_in_tx(&mut self, _slot: u32) -> Result<(), Error> {
        Ok(())
    }
}
