//! Looking at every subscription now and then, for the metrics: how far it is behind, and what it could not be told.

use std::sync::Weak;

use tokio::time::MissedTickBehavior;
use unefois_core::Cursor;
use unefois_store::{EventsAsked, SubscriptionFound};

use crate::{
    failure::Failure,
    hub::{Hub, Shared},
};

/// How many subscriptions are read at once.
const PAGE: u32 = 100;

/// What is shown of one subscription.
struct Seen {
    labels: [String; 2],
    lag: u64,
    /// Seconds.
    age: i64,
    dead_letters: u64,
}

/// Looks every so often, as long as there is a hub.
pub(crate) async fn run(hub: Weak<Shared>) {
    let Some(every) = hub.upgrade().map(|shared| shared.limits.subscription_watch_every) else { return };
    let mut turn = tokio::time::interval(every);
    turn.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        turn.tick().await;
        let Some(shared) = hub.upgrade() else { return };
        if let Err(failure) = Hub::of(shared).subscriptions_watch().await {
            tracing::warn!(%failure, "subscriptions are not looked at; later");
        }
    }
}

impl Hub {
    /// Shows how all subscriptions do, or as many as there may be series: first those of the first agencies.
    async fn subscriptions_watch(&self) -> Result<(), Failure> {
        let heads = self.store.event_heads_fetch().await?;
        let (mut seen, mut after): (Vec<Seen>, Option<(String, String)>) = (Vec::new(), None);
        loop {
            let left = self.limits.subscriptions_watched_max.saturating_sub(seen.len());
            let count_max = u32::try_from(left).unwrap_or(PAGE).min(PAGE);
            let from = after.as_ref().map(|(agency, name)| (agency.as_str(), name.as_str()));
            let page = self.store.subscriptions_list(None, from, count_max).await?;
            let last = page.last().map(|found| &found.subscription);
            after = last.map(|last| (last.agency.to_string(), last.asked.name.to_string()));
            let is_last = page.len() < PAGE as usize;
            for found in page {
                seen.push(self.seen(found, &heads).await?);
            }
            if is_last {
                break;
            }
        }
        let gauges = &self.metrics.deliveries.subscriptions;
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        gauges.lag.show(seen.iter().map(|seen| (seen.labels.clone(), number(seen.lag))));
        gauges.age.show(seen.iter().map(|seen| (seen.labels.clone(), seen.age)));
        gauges.dead_letters.show(seen.into_iter().map(|seen| (seen.labels, number(seen.dead_letters))));
        Ok(())
    }

    async fn seen(&self, found: SubscriptionFound, heads: &Cursor) -> Result<Seen, Failure> {
        let SubscriptionFound { subscription, cursor } = found;
        let registry = self.registry();
        let (mut lag, mut age) = (0, 0);
        if let Some(agreement) = registry.agreement(&subscription.asked.agreement) {
            let counted_max = self.limits.subscription_lag_counted_max;
            let asked = EventsAsked { after: cursor.acknowledged, ..self.events_under(agreement, heads) };
            let waiting = self.store.events_lag_fetch(&asked, counted_max).await?;
            let is_counted = waiting.events < u64::from(counted_max);
            lag = if is_counted { waiting.events } else { heads.positions_after(&cursor.acknowledged) };
            let now = self.clock.now().as_microsecond();
            age = waiting.oldest.map_or(0, |oldest| now.saturating_sub(oldest).max(0) / 1_000_000);
        }
        Ok(Seen {
            labels: [subscription.agency.to_string(), subscription.id.0.to_string()],
            lag,
            age,
            dead_letters: self.store.dead_letters_count(subscription.id).await?,
        })
    }
}
