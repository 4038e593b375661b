//! Creating a subscription, under the registry that is in force when it is recorded.

use std::{collections::HashSet, time::Duration};

use futures::future::BoxFuture;
use jiff::SignedDuration;
use tokio::sync::oneshot;
use unefois_core::{
    Caller, FieldName, ImpersonalCode, NewSubscription, Reason, Registry, Subscription, SubscriptionId,
    SubscriptionLimits, SubscriptionState, SubscriptionTerms, admit,
};
use unefois_store::{Reach, Transaction};
use uuid::Uuid;

use super::entry;
use crate::{
    entry::{Placed, single_id},
    failure::Failure,
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
};

impl Hub {
    /// How a subscription is told that says nothing of it.
    #[must_use]
    pub fn subscription_terms(&self) -> SubscriptionTerms {
        let limits = &self.limits;
        SubscriptionTerms {
            retention_days: limits.subscription_retention_days,
            redelivery_after: signed(limits.subscription_redelivery_after),
            attempts_max: limits.subscription_attempts,
        }
    }

    fn subscription_limits(&self) -> SubscriptionLimits {
        let limits = &self.limits;
        SubscriptionLimits {
            retention_days: 1..=limits.subscription_retention_days_max,
            redelivery_after: signed(limits.subscription_redelivery_after_min)
                ..=signed(limits.subscription_redelivery_after_max),
            attempts_max: 1..=limits.subscription_attempts_max,
        }
    }

    /// Creates a subscription that is told what is published from now on. Gives it and the identifier of its entry.
    ///
    /// # Errors
    /// The reason for which the agreement does not permit it, `SUBSCRIPTION_NAME_TAKEN`, `SUBSCRIPTIONS_TOO_MANY`, or
    /// terms that are outside the limits.
    pub async fn subscription_create(
        &self,
        caller: &Caller,
        mut asked: NewSubscription,
    ) -> Result<(Subscription, Uuid), Failure> {
        self.subscription_limits().check(&asked.terms).map_err(|invalid| {
            let rule = format!("from {} to {}", invalid.least, invalid.most);
            Failure::field(Reason::ArgumentInvalid, format!("terms.{}", invalid.field), rule)
        })?;
        // It is stored and listed in clear: no identifier of a person may fit in it.
        ImpersonalCode::parse(asked.name.as_str())
            .map_err(|_digits| Failure::field(Reason::ArgumentInvalid, "name", "at most 4 digits"))?;
        let mut named = HashSet::new();
        asked.filter.fields.retain(|field| named.insert(field.clone()));
        let subscription = Subscription {
            id: SubscriptionId(Uuid::new_v4()),
            agency: caller.agency.clone(),
            asked,
            state: SubscriptionState::Active,
            created_at: self.clock.now(),
        };
        let (answer, answered) = oneshot::channel();
        let act = Create { hub: self.clone(), caller: caller.clone(), subscription, answer: Some(answer) };
        self.recorder.perform(Box::new(act), answered).await
    }
}

fn signed(limit: Duration) -> SignedDuration {
    SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX)
}

struct Create {
    hub: Hub,
    caller: Caller,
    subscription: Subscription,
    answer: Option<oneshot::Sender<Result<(Subscription, Uuid), Failure>>>,
}

impl Create {
    async fn write(&mut self, tx: &mut Transaction<'_>, place: Place) -> Result<Performed, Failure> {
        let Self { hub, caller, subscription, .. } = self;
        let registry = std::sync::Arc::clone(&hub.authority.load().registry);
        admit(&subscription.asked, caller, &registry, place.now)
            .map_err(|reason| refused(reason, subscription, &registry))?;
        if tx.subscriptions_count_in_tx(caller.agency.as_str()).await? >= hub.limits.subscriptions_max {
            return Err(Failure::new(Reason::SubscriptionsTooMany));
        }
        subscription.created_at = place.now;
        // Read here and not before: what was published before the call is not told.
        let from = hub.store.event_heads_fetch().await?;
        if !tx.subscription_insert_in_tx(subscription, &from).await? {
            return Err(Failure::field(Reason::SubscriptionNameTaken, "name", "another subscription has it"));
        }
        let entry = entry(caller, subscription, "create", Some(digest(subscription)));
        Ok(Performed { entries: vec![entry], effect: Effect::Keeps })
    }
}

/// What may not be subscribed to, with the field of the request that asks for it.
fn refused(reason: Reason, subscription: &Subscription, registry: &Registry) -> Failure {
    match reason {
        Reason::FilterNotGranted => {
            let NewSubscription { agreement, filter, .. } = &subscription.asked;
            let granted = registry.agreement(agreement).map(|agreement| &agreement.fields[..]).unwrap_or_default();
            let position = filter.fields.iter().position(|field| !granted.contains(field)).unwrap_or_default();
            Failure::field(reason, format!("filter.fields[{position}]"), "the agreement does not grant it")
        }
        Reason::WholePopulationNotGranted => Failure::field(reason, "reach", "only where the agreement says so"),
        other => Failure::new(other),
    }
}

/// SHA-256 of what was asked for, as lines `key=value` in the order of the contract, lists joined by `,`.
fn digest(subscription: &Subscription) -> [u8; 32] {
    let NewSubscription { name, agreement, filter, reach, terms } = &subscription.asked;
    let SubscriptionTerms { retention_days, redelivery_after, attempts_max } = terms;
    let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.code()).collect();
    let fields: Vec<&str> = filter.fields.iter().map(FieldName::as_str).collect();
    let reach = match reach {
        unefois_core::Reach::OpenDossiers => "open-dossiers",
        unefois_core::Reach::WholePopulation => "whole-population",
    };
    let text = format!(
        "name={name}\nagreement={agreement}\nkinds={}\nfields={}\nreach={reach}\nretention-days={retention_days}\n\
         redelivery-after-micros={}\nattempts-max={attempts_max}\n",
        kinds.join(","),
        fields.join(","),
        redelivery_after.as_micros()
    );
    unefois_ledger::sha256(text.as_bytes())
}

impl Act for Create {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    /// Of all nodes: two that count at the same time would let in one too many.
    fn reach(&self) -> Reach {
        Reach::Every
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx, place))
    }

    fn settle(self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        let Self { subscription, answer, .. } = *self;
        if let Some(answer) = answer {
            let _gone = answer.send(single_id(outcome).map(|id| (subscription, id)));
        }
    }
}
