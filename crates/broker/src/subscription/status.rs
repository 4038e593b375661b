//! How subscriptions do: what is still to be told, and what stands in the way.

use jiff::{SignedDuration, Timestamp};
use unefois_core::{
    Agreement, Caller, Cursor, Filter, NewSubscription, Reach, Reason, Registry, Subscription, SubscriptionId,
    SubscriptionState, SubscriptionStatus, Telling, ToldCursor, admit,
};
use unefois_store::{EventsAsked, SubscriptionFound};

use super::cursor::cursor_text;
use crate::{failure::Failure, hub::Hub};

/// A subscription, and how it does.
#[derive(Debug, Clone)]
pub struct DescribedSubscription {
    /// The subscription.
    pub subscription: Subscription,
    /// How it does.
    pub status: SubscriptionStatus,
    /// Whether a receiver is connected.
    pub is_received: bool,
    /// When the first events that were not acknowledged will no longer be kept.
    pub expires_from: Option<Timestamp>,
}

/// Between what the log of events is.
struct Ends {
    /// Up to where it may have been forgotten.
    forgotten: Cursor,
    heads: Cursor,
}

impl Hub {
    /// The caller's subscriptions, by name, and how each does.
    ///
    /// # Errors
    /// The store cannot be read.
    pub async fn subscriptions_list(&self, caller: &Caller) -> Result<Vec<DescribedSubscription>, Failure> {
        let count_max = u32::try_from(self.limits.subscriptions_max).unwrap_or(u32::MAX);
        let found = self.store.subscriptions_list(Some(caller.agency.as_str()), None, count_max).await?;
        let ends = self.ends().await?;
        let mut described = Vec::with_capacity(found.len());
        for found in found {
            described.push(self.described(caller, found, &ends).await?);
        }
        Ok(described)
    }

    /// The caller's subscription, how it does, and the text of the cursor up to which everything is acknowledged.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`.
    pub async fn subscription_describe(
        &self,
        caller: &Caller,
        id: SubscriptionId,
    ) -> Result<(DescribedSubscription, String), Failure> {
        let found = self.subscription_of(caller, id).await?;
        // No telling: to acknowledge it does nothing, to begin after it begins where the subscription is.
        let acknowledged = ToldCursor { through: found.cursor.acknowledged, telling: Telling(0) };
        let text = cursor_text(&self.pseudonyms, caller.agency.as_str(), id, &acknowledged);
        let ends = self.ends().await?;
        Ok((self.described(caller, found, &ends).await?, text))
    }

    async fn ends(&self) -> Result<Ends, Failure> {
        let forgotten = self.store.events_forgotten_fetch().await?;
        Ok(Ends { forgotten, heads: self.store.event_heads_fetch().await? })
    }

    /// All events of what an agreement is about, up to there.
    pub(super) fn events_under(&self, agreement: &Agreement, up_to: &Cursor) -> EventsAsked {
        let datasets = self.catalog.majors(agreement.dataset.as_str()).map(|dataset| dataset.stored_name()).collect();
        EventsAsked { datasets, provider: agreement.provider.to_string(), after: Cursor::BEGIN, up_to: *up_to }
    }

    async fn described(
        &self,
        caller: &Caller,
        found: SubscriptionFound,
        Ends { forgotten, heads }: &Ends,
    ) -> Result<DescribedSubscription, Failure> {
        let SubscriptionFound { subscription, cursor } = found;
        let registry = self.registry();
        let agreement = registry.agreement(&subscription.asked.agreement);
        let asked =
            agreement.map(|agreement| EventsAsked { after: cursor.delivered, ..self.events_under(agreement, heads) });
        let (mut lag, mut oldest, mut first) = (0, None, None);
        if let Some(to_tell) = asked {
            let counted_max = self.limits.subscription_lag_counted_max;
            let told = EventsAsked { after: cursor.acknowledged, up_to: cursor.delivered, ..to_tell.clone() };
            let waiting = self.store.events_lag_fetch(&to_tell, counted_max).await?;
            // Further away they are not counted: of all datasets there are no fewer.
            let is_counted = waiting.events < u64::from(counted_max);
            lag = if is_counted { waiting.events } else { heads.positions_after(&cursor.delivered) };
            oldest = self.store.events_lag_fetch(&told, 1).await?.oldest;
            first = [oldest, waiting.oldest].into_iter().flatten().min();
        }
        let instant = |micros: i64| Timestamp::from_microsecond(micros).map_err(Failure::internal);
        let is_kept = subscription.state != SubscriptionState::Active || *forgotten <= cursor.acknowledged;
        let lost = (!is_kept).then_some(Reason::CursorExpired);
        let kept = SignedDuration::from_hours(24 * i64::from(subscription.asked.terms.retention_days));
        let status = SubscriptionStatus {
            lag,
            oldest_unacknowledged: oldest.map(instant).transpose()?,
            dead_letters: self.store.dead_letters_count(subscription.id).await?,
            held_because: held_because(caller, &subscription, &registry, self.clock.now()).or(lost),
        };
        let expires_from = first.map(instant).transpose()?.map(|at| at.saturating_add(kept).unwrap_or(Timestamp::MAX));
        Ok(DescribedSubscription { subscription, status, is_received: cursor.is_received, expires_from })
    }
}

/// Why nothing is told of an active subscription: what would forbid to create it now. A field or the whole population that
/// is not granted any more only narrows it.
fn held_because(caller: &Caller, subscription: &Subscription, registry: &Registry, now: Timestamp) -> Option<Reason> {
    match subscription.state {
        SubscriptionState::Active => {}
        SubscriptionState::Paused | SubscriptionState::Deleted => return None,
    }
    let asked = NewSubscription { filter: Filter::default(), reach: Reach::OpenDossiers, ..subscription.asked.clone() };
    admit(&asked, caller, registry, now).err()
}
