//! Quotas, counted where releases are recorded: they are never exceeded.

use std::collections::{BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use unefois_core::paris_day;
use unefois_store::{QuotaUse, Store};

use crate::failure::Failure;

/// The releases of the present day (Europe/Paris), by agreement.
#[derive(Debug)]
pub(crate) struct Quotas {
    day: Date,
    used: HashMap<String, u64>,
    /// What the batch in hand has changed.
    changed: BTreeSet<String>,
}

impl Quotas {
    /// Reads what was used on the day of `now`.
    pub(crate) async fn load(store: &Store, now: Timestamp) -> Result<Self, Failure> {
        let day = paris_day(now);
        let uses = store.quota_uses_list(&day.to_string()).await?;
        let used = uses.into_iter().map(|quota| (quota.agreement, quota.used)).collect();
        Ok(Self { day, used, changed: BTreeSet::new() })
    }

    /// Starts afresh when the day is over.
    pub(crate) fn turn(&mut self, now: Timestamp) {
        let day = paris_day(now);
        if day != self.day {
            *self = Self { day, used: HashMap::new(), changed: BTreeSet::new() };
        }
    }

    /// Counts one release, unless `limit` is reached.
    pub(crate) fn take(&mut self, agreement: &str, limit: u64) -> bool {
        let used = self.used.entry(agreement.to_owned()).or_default();
        if *used >= limit {
            return false;
        }
        *used += 1;
        self.changed.insert(agreement.to_owned());
        true
    }

    /// Uncounts a release that was refused after all.
    pub(crate) fn give_back(&mut self, agreement: &str) {
        if let Some(used) = self.used.get_mut(agreement) {
            *used = used.saturating_sub(1);
        }
    }

    /// The rows to write with the batch in hand.
    pub(crate) fn changes(&self) -> Vec<QuotaUse> {
        let used = |agreement: &String| self.used.get(agreement).copied().unwrap_or_default();
        let row = |agreement: &String| QuotaUse {
            agreement: agreement.clone(),
            day: self.day.to_string(),
            used: used(agreement),
        };
        self.changed.iter().map(row).collect()
    }

    /// The batch in hand is durable.
    pub(crate) fn committed(&mut self) {
        self.changed.clear();
    }
}
