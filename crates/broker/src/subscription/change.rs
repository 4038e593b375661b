//! Pausing, resuming and deleting a subscription.

use futures::future::BoxFuture;
use tokio::sync::oneshot;
use unefois_core::{Caller, Subscription, SubscriptionId, SubscriptionState};
use unefois_store::Transaction;
use uuid::Uuid;

use super::{entry, unknown};
use crate::{
    entry::{Placed, single_id},
    failure::Failure,
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
};

impl Hub {
    /// Tells nothing to the caller's subscription until it is resumed. Gives it, and the identifier of the entry when it
    /// was not paused before.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`.
    pub async fn subscription_pause(
        &self,
        caller: &Caller,
        id: SubscriptionId,
    ) -> Result<(Subscription, Option<Uuid>), Failure> {
        let found = self.subscription_of(caller, id).await?.subscription;
        let state = found.state.pause().map_err(Failure::new)?;
        self.subscription_turn(caller, found, state, "pause").await
    }

    /// Goes on with the caller's subscription. Gives it, and the identifier of the entry when it was paused.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`.
    pub async fn subscription_resume(
        &self,
        caller: &Caller,
        id: SubscriptionId,
    ) -> Result<(Subscription, Option<Uuid>), Failure> {
        let found = self.subscription_of(caller, id).await?.subscription;
        let state = found.state.resume().map_err(Failure::new)?;
        self.subscription_turn(caller, found, state, "resume").await
    }

    /// Deletes the caller's subscription. Gives the identifier of the entry.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`.
    pub async fn subscription_delete(&self, caller: &Caller, id: SubscriptionId) -> Result<Uuid, Failure> {
        let found = self.subscription_of(caller, id).await?.subscription;
        let subscription = Subscription { state: SubscriptionState::Deleted, ..found };
        self.subscription_change(caller, subscription, "delete").await
    }

    async fn subscription_turn(
        &self,
        caller: &Caller,
        found: Subscription,
        state: SubscriptionState,
        verb: &'static str,
    ) -> Result<(Subscription, Option<Uuid>), Failure> {
        if found.state == state {
            return Ok((found, None));
        }
        let subscription = Subscription { state, ..found };
        let id = self.subscription_change(caller, subscription.clone(), verb).await?;
        Ok((subscription, Some(id)))
    }

    async fn subscription_change(
        &self,
        caller: &Caller,
        subscription: Subscription,
        verb: &'static str,
    ) -> Result<Uuid, Failure> {
        let (answer, answered) = oneshot::channel();
        let act = Turn { caller: caller.clone(), subscription, verb, answer: Some(answer) };
        self.recorder.perform(Box::new(act), answered).await
    }
}

/// Puts a subscription into the state that it has here.
struct Turn {
    caller: Caller,
    subscription: Subscription,
    verb: &'static str,
    answer: Option<oneshot::Sender<Result<Uuid, Failure>>>,
}

impl Act for Turn {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(async move {
            let Subscription { id, state, .. } = self.subscription;
            let was_there = match state {
                SubscriptionState::Active | SubscriptionState::Paused => tx.subscription_state_in_tx(id, state).await?,
                SubscriptionState::Deleted => tx.subscription_delete_in_tx(id, place.now.as_microsecond()).await?,
            };
            // Deleted by another meanwhile.
            if !was_there {
                return Err(unknown());
            }
            let entry = entry(&self.caller, &self.subscription, self.verb, None);
            Ok(Performed { entries: vec![entry], effect: Effect::Keeps })
        })
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(single_id(outcome));
        }
    }
}
