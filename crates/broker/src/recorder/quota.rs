//! Quotas, counted where releases are recorded: they are never exceeded, however many nodes there are.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::{Timestamp, civil::Date};
use unefois_core::paris_day;
use unefois_store::{QuotaOf, QuotaShare, QuotaSpent, Store, Transaction};

use super::Pending;
use crate::failure::Failure;

/// What this shard has of the quotas of the present day (Europe/Paris), by agreement.
#[derive(Debug, Clone)]
pub(crate) struct Quotas {
    slot: u32,
    day: Date,
    shares: HashMap<String, Share>,
    /// What the batch in hand has changed.
    changed: BTreeSet<String>,
}

/// Releases that are set aside for this shard, and those that it had.
#[derive(Debug, Clone, Copy, Default)]
struct Share {
    drawn: u64,
    spent: u64,
}

impl Share {
    fn unspent(self) -> u64 {
        self.drawn.saturating_sub(self.spent)
    }
}

/// By agreement its limit, and how many releases of a batch count against it.
fn needs(batch: &[Pending]) -> BTreeMap<&str, (u64, u64)> {
    let mut needs: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for (agreement, limit) in batch.iter().filter_map(|pending| pending.release.as_ref()?.quota.as_ref()) {
        needs.entry(agreement).or_insert((*limit, 0)).1 += 1;
    }
    needs
}

impl Quotas {
    /// Reads what the shard has on the day of `now`.
    pub(crate) async fn load(store: &Store, slot: u32, now: Timestamp) -> Result<Self, Failure> {
        let day = paris_day(now);
        let shares = store.quota_shares_list(slot, &day.to_string()).await?;
        let share = |QuotaShare { agreement, drawn, spent }: QuotaShare| (agreement, Share { drawn, spent });
        Ok(Self { slot, day, shares: shares.into_iter().map(share).collect(), changed: BTreeSet::new() })
    }

    /// Starts afresh when the day is over.
    pub(crate) fn turn(&mut self, now: Timestamp) {
        let day = paris_day(now);
        if day != self.day {
            *self = Self { slot: self.slot, day, shares: HashMap::new(), changed: BTreeSet::new() };
        }
    }

    /// Draws what the batch in hand may need and the shard does not have: quota by quota in one order, because every
    /// node waits for whoever draws from the same.
    pub(crate) async fn draw(&mut self, tx: &mut Transaction<'_>, batch: &[Pending]) -> Result<(), Failure> {
        let day = self.day();
        for (agreement, (limit, needed)) in needs(batch) {
            let share = self.shares.entry(agreement.to_owned()).or_default();
            let unspent = share.unspent();
            let lacking = needed.saturating_sub(unspent);
            if lacking > 0 {
                let of = QuotaOf { agreement, day: &day, limit, unspent };
                share.drawn += tx.quota_draw_in_tx(self.slot, of, lacking).await?;
            }
        }
        Ok(())
    }

    /// Counts one release, unless nothing is left.
    pub(crate) fn take(&mut self, agreement: &str) -> bool {
        let Some(share) = self.shares.get_mut(agreement).filter(|share| share.spent < share.drawn) else {
            return false;
        };
        share.spent += 1;
        self.changed.insert(agreement.to_owned());
        true
    }

    /// Uncounts a release that was refused after all.
    pub(crate) fn give_back(&mut self, agreement: &str) {
        if let Some(share) = self.shares.get_mut(agreement) {
            share.spent = share.spent.saturating_sub(1);
        }
    }

    /// Counts every release of a batch, if the shard has set enough aside for them all; else none.
    pub(crate) fn take_all(&mut self, batch: &[Pending]) -> bool {
        let needs = needs(batch);
        let has = |(agreement, (_, needed)): (&&str, &(u64, u64))| {
            self.shares.get(*agreement).is_some_and(|share| share.unspent() >= *needed)
        };
        if !needs.iter().all(has) {
            return false;
        }
        for (agreement, (_, needed)) in needs {
            if let Some(share) = self.shares.get_mut(agreement) {
                share.spent += needed;
                self.changed.insert(agreement.to_owned());
            }
        }
        true
    }

    /// Uncounts what [`Quotas::take_all`] counted for the batch.
    pub(crate) fn give_all_back(&mut self, batch: &[Pending]) {
        for (agreement, (_, needed)) in needs(batch) {
            if let Some(share) = self.shares.get_mut(agreement) {
                share.spent = share.spent.saturating_sub(needed);
            }
        }
        self.changed.clear();
    }

    /// The day that is counted, as the store names it.
    pub(crate) fn day(&self) -> String {
        self.day.to_string()
    }

    /// What the batch in hand has spent, on that day.
    pub(crate) fn spent<'a>(&'a self, day: &'a str) -> Vec<QuotaSpent<'a>> {
        let spent = |agreement: &String| self.shares.get(agreement).map(|share| share.spent).unwrap_or_default();
        self.changed.iter().map(|agreement| QuotaSpent { agreement, day, spent: spent(agreement) }).collect()
    }

    /// Writes what the batch in hand has spent.
    pub(crate) async fn write(&self, tx: &mut Transaction<'_>) -> Result<(), Failure> {
        let day = self.day();
        for spent in self.spent(&day) {
            tx.quota_spent_in_tx(self.slot, &spent).await?;
        }
        Ok(())
    }

    /// Gives back what is not spent: a quota may have become smaller, or this node stops.
    pub(crate) async fn return_all(&mut self, tx: &mut Transaction<'_>) -> Result<(), Failure> {
        tx.quota_give_back_in_tx(self.slot).await?;
        self.shares.values_mut().for_each(|share| share.drawn = share.spent);
        Ok(())
    }

    /// The batch in hand is durable.
    pub(crate) fn committed(&mut self) {
        self.changed.clear();
    }
}
