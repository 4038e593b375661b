//! How many releases an agreement had on one day. There is one node: what it has not spent is all there is, and nothing
//! need be set aside.

use super::{Readers, Transaction, ask::Ask};
use crate::{
    QuotaOf, QuotaShare,
    error::{Doing, Error, signed, unsigned},
};
use rusqlite::params;

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
        let sql = "SELECT used FROM quota_use WHERE agreement = ? AND day = ?";
        let used = self.connection().row(sql, [of.agreement, of.day], |row| row.get(0)).doing("read a quota")?;
        Ok(needed.min(of.limit.saturating_sub(unsigned(used.unwrap_or_default(), "quota")?)))
    }

    pub(crate) fn quota_spent_in_tx(
        &mut self,
        _slot: u32,
        agreement: &str,
        day: &str,
        spent: u64,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO quota_use (agreement, day, used) VALUES (?, ?, ?)
             ON CONFLICT (agreement, day) DO UPDATE SET used = excluded.used";
        self.connection().run(sql, params![agreement, day, signed(spent)]).doing("count a release").map(drop)
    }

    pub(crate) fn quota_give_back_in_tx(&mut self, _slot: u32) -> Result<(), Error> {
        Ok(())
    }
}
