//! How many releases an agreement had on one day.

use crate::{
    error::{Doing, Error, signed, unsigned},
    open::Store,
    writer::Transaction,
};

/// The releases of one agreement on one day (Europe/Paris).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaUse {
    /// The agreement.
    pub agreement: String,
    /// The day, as `2026-11-21`.
    pub day: String,
    /// How many.
    pub used: u64,
}

impl Store {
    /// How many releases there were on `day`, for every agreement that had any.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn quota_uses_list(&self, day: &str) -> Result<Vec<QuotaUse>, Error> {
        let rows: Vec<(String, i64)> = sqlx::query_as("SELECT agreement, used FROM quota_use WHERE day = ?")
            .bind(day)
            .fetch_all(&self.readers)
            .await
            .doing("read the quotas")?;
        rows.into_iter()
            .map(|(agreement, used)| Ok(QuotaUse { agreement, day: day.to_owned(), used: unsigned(used, "quota")? }))
            .collect()
    }
}

impl Transaction<'_> {
    /// Writes how many releases there have been.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn quota_use_upsert_in_tx(&mut self, quota: &QuotaUse) -> Result<(), Error> {
        sqlx::query(
            "INSERT INTO quota_use (agreement, day, used) VALUES (?, ?, ?)
             ON CONFLICT (agreement, day) DO UPDATE SET used = excluded.used",
        )
        .bind(&quota.agreement)
        .bind(&quota.day)
        .bind(signed(quota.used))
        .execute(self.connection())
        .await
        .doing("count a release")?;
        Ok(())
    }
}
