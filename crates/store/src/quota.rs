//! How many releases an agreement may still have on one day: nodes draw shares of the quota, and spend them.

use crate::{
    backend::{at_once, on},
    error::Error,
    open::Store,
    writer::Transaction,
};

/// What one shard has of the quota of one agreement on one day (Europe/Paris).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaShare {
    /// The agreement.
    pub agreement: String,
    /// How many releases were set aside for this shard.
    pub drawn: u64,
    /// How many of these it had.
    pub spent: u64,
}

/// One agreement's quota on one day.
#[derive(Debug, Clone, Copy)]
pub struct QuotaOf<'a> {
    /// The agreement.
    pub agreement: &'a str,
    /// The day, as `2026-11-21`.
    pub day: &'a str,
    /// How many releases it may have on a day, on all nodes together.
    pub limit: u64,
    /// How many the shard that draws has set aside already, and not spent.
    pub unspent: u64,
}

/// How many releases of its share of one quota a shard has had.
#[derive(Debug, Clone, Copy)]
pub struct QuotaSpent<'a> {
    /// The agreement.
    pub agreement: &'a str,
    /// The day, as `2026-11-21`.
    pub day: &'a str,
    /// How many of them.
    pub spent: u64,
}

impl Store {
    /// The shares of a shard on `day`.
    ///
    /// # Errors
    /// The database cannot be read.
    pub async fn quota_shares_list(&self, slot: u32, day: &str) -> Result<Vec<QuotaShare>, Error> {
        on!(&self.0, it => it.quota_shares_list(slot, day).await)
    }
}

impl Transaction<'_> {
    /// Sets releases aside for a shard: at least `needed` if there are so many left, and some more while there are
    /// many. Gives how many, which is never more than are left on all nodes together.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn quota_draw_in_tx(&mut self, slot: u32, of: QuotaOf<'_>, needed: u64) -> Result<u64, Error> {
        at_once!(&mut self.0, it => it.quota_draw_in_tx(slot, of, needed))
    }

    /// Writes how many releases of its share a shard has had.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn quota_spent_in_tx(&mut self, slot: u32, spent: &QuotaSpent<'_>) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.quota_spent_in_tx(slot, spent))
    }

    /// Gives back what a shard has drawn and not spent.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn quota_give_back_in_tx(&mut self, slot: u32) -> Result<(), Error> {
        at_once!(&mut self.0, it => it.quota_give_back_in_tx(slot))
    }
}
