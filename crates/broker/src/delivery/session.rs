//! One who is told: a subscription, its desk, and the version of it on which the desk was opened.

use std::collections::HashMap;

use unefois_catalog::Dataset;
use unefois_core::{
    Caller, Desk, DeskLimits, DeskTerms, EventId, Reason, Saved, Subscription, SubscriptionId, SubscriptionState,
    Telling, Window,
};
use unefois_store::{SubscriptionCursor, SubscriptionFound};

use crate::{failure::Failure, hub::Hub};

/// One who is told. Whoever has it is the only one, or finds out by the version.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) hub: Hub,
    pub(super) caller: Caller,
    pub(super) subscription: Subscription,
    pub(super) version: u64,
    pub(super) set_back_at: Telling,
    pub(super) desk: Desk,
    /// When the replay of dead letters was asked for, in microseconds since 1970; of those that this session saw.
    pub(super) replays: HashMap<EventId, i64>,
    /// Whether anything was ever given up: only this session gives up more.
    pub(super) has_dead_letters: bool,
}

impl Session {
    /// Opens the desk of the caller's subscription from what is durable.
    pub(super) async fn open(hub: &Hub, caller: &Caller, found: SubscriptionFound) -> Result<Self, Failure> {
        let SubscriptionFound { subscription, cursor } = found;
        let SubscriptionCursor { version, acknowledged, delivered, telling, void_through, set_back_at, .. } = cursor;
        let attempts_max = u32::try_from(hub.limits.delivery_desk_max).unwrap_or(u32::MAX);
        let attempts = hub.store.attempts_list(subscription.id, attempts_max).await?;
        let has_dead_letters = !hub.store.dead_letters_list(subscription.id, None, 1).await?.is_empty();
        let saved = Saved { acknowledged, delivered, telling, void_through, attempts };
        let terms = DeskTerms {
            redelivery_after: subscription.asked.terms.redelivery_after,
            attempts_max: subscription.asked.terms.attempts_max.max(1),
            backoff_first: jiff::SignedDuration::try_from(hub.limits.delivery_backoff).map_err(Failure::internal)?,
        };
        let limits = DeskLimits {
            events_max: hub.limits.delivery_desk_max.max(hub.limits.delivery_window_max),
            turn_events_max: hub.turn_events_max(&subscription),
        };
        let desk = Desk::open(saved, terms, limits);
        Ok(Self {
            hub: hub.clone(),
            caller: caller.clone(),
            subscription,
            version,
            set_back_at,
            desk,
            replays: HashMap::new(),
            has_dead_letters,
        })
    }

    /// Why this session is not the subscription's any more.
    pub(super) async fn why_over(&self) -> Failure {
        match self.hub.receivable(&self.caller, self.subscription.id).await {
            Err(failure) => failure,
            Ok(_found) => in_use(&self.hub),
        }
    }
}

impl Hub {
    /// The caller's subscription, which may be told events now. What was not acknowledged in time is not passed in
    /// silence: then the subscription is set to another place first.
    pub(super) async fn receivable(&self, caller: &Caller, id: SubscriptionId) -> Result<SubscriptionFound, Failure> {
        let found = self.subscription_of(caller, id).await?;
        let state: SubscriptionState = found.subscription.state;
        state.may_receive().map_err(Failure::new)?;
        if self.store.events_forgotten_fetch().await? <= found.cursor.acknowledged {
            Ok(found)
        } else {
            Err(Failure::new(Reason::CursorExpired))
        }
    }

    /// How many events are decided and recorded at once for a subscription. Of those that may hold a document one is enough
    /// to be a hundred times the memory.
    pub(super) fn turn_events_max(&self, subscription: &Subscription) -> usize {
        let registry = self.registry();
        let agreement = registry.agreement(&subscription.asked.agreement);
        let mut majors = agreement.into_iter().flat_map(|agreement| self.catalog.majors(agreement.dataset.as_str()));
        if majors.any(Dataset::holds_document) { 1 } else { self.limits.delivery_turn_max.max(1) }
    }

    /// A window that a receiver asks for.
    pub(super) fn window(&self, asked: u32) -> Result<Window, Failure> {
        let most = u32::try_from(self.limits.delivery_window_max).unwrap_or(u32::MAX);
        let rule = || Failure::field(Reason::ArgumentInvalid, "window", format!("it is from 1 to {most}"));
        Window::of(asked, most).map_err(|_reason| rule())
    }
}

/// Another one is told.
pub(super) fn in_use(hub: &Hub) -> Failure {
    Failure::new(Reason::SubscriptionInUse).retry_after(hub.limits.delivery_look_every)
}
