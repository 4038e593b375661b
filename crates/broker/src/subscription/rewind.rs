//! Setting a subscription back, to be told again what is still kept.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::oneshot;
use unefois_core::{Caller, Cursor, Reason, Subscription, SubscriptionId};
use unefois_store::Transaction;
use uuid::Uuid;

use super::{cursor::cursor_of_text, entry, unknown};
use crate::{
    entry::{Placed, single_id},
    failure::Failure,
    hub::Hub,
    recorder::{Act, Effect, Performed, Place},
};

/// Where a subscription is set.
#[derive(Debug, Clone)]
pub enum ReplayFrom {
    /// After this cursor of it.
    Cursor(String),
    /// Before the first event that was recorded at this instant or later, and is still kept.
    RecordedAt(Timestamp),
}

/// How soon it is worth trying again when somebody is being told of the subscription.
const IN_USE_RETRY_AFTER: Duration = Duration::from_secs(1);

impl Hub {
    /// Sets the caller's subscription to another place, for good: cursors that were told before count no more. Gives the
    /// identifier of the entry.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`; `SUBSCRIPTION_IN_USE` while somebody receives; `CURSOR_INVALID` for a cursor that is not
    /// one of it; `CURSOR_EXPIRED` for a place after which something is no longer kept.
    pub async fn subscription_rewind(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        from: &ReplayFrom,
    ) -> Result<Uuid, Failure> {
        let subscription = self.subscription_of(caller, id).await?.subscription;
        let to = match from {
            ReplayFrom::Cursor(text) => cursor_of_text(&self.pseudonyms, caller.agency.as_str(), id, text)?.through,
            ReplayFrom::RecordedAt(at) => self.store.event_positions_before_fetch(at.as_microsecond()).await?,
        };
        let forgotten = self.store.events_forgotten_fetch().await?;
        let to = match from {
            ReplayFrom::Cursor(_) if forgotten <= to => to,
            ReplayFrom::Cursor(_) => return Err(Failure::new(Reason::CursorExpired)),
            // Something may have been forgotten since the instant was found.
            ReplayFrom::RecordedAt(_) => to.join(&forgotten),
        };
        let (answer, answered) = oneshot::channel();
        let act = Rewind { hub: self.clone(), caller: caller.clone(), subscription, to, answer: Some(answer) };
        self.recorder.perform(Box::new(act), answered).await
    }
}

struct Rewind {
    hub: Hub,
    caller: Caller,
    subscription: Subscription,
    to: Cursor,
    answer: Option<oneshot::Sender<Result<Uuid, Failure>>>,
}

impl Rewind {
    async fn write(&mut self, tx: &mut Transaction<'_>) -> Result<Performed, Failure> {
        let id = self.subscription.id;
        let found = self.hub.store.subscription_fetch(id).await?.ok_or_else(unknown)?;
        let in_use = || Failure::new(Reason::SubscriptionInUse).retry_after(IN_USE_RETRY_AFTER);
        if found.cursor.is_received {
            return Err(in_use());
        }
        if !tx.subscription_rewind_in_tx(id, found.cursor.version, &self.to).await? {
            // It moved since it was read: it is read again.
            return Err(Failure { is_conflict: true, ..in_use() });
        }
        let entry = entry(&self.caller, &self.subscription, "rewind", None);
        Ok(Performed { entries: vec![entry], effect: Effect::Keeps })
    }
}

impl Act for Rewind {
    fn caller(&self) -> Option<&Caller> {
        Some(&self.caller)
    }

    fn perform<'act>(
        &'act mut self,
        tx: &'act mut Transaction<'_>,
        _place: Place,
    ) -> BoxFuture<'act, Result<Performed, Failure>> {
        Box::pin(self.write(tx))
    }

    fn settle(mut self: Box<Self>, outcome: Result<Vec<Placed>, Failure>) {
        if let Some(answer) = self.answer.take() {
            let _gone = answer.send(single_id(outcome));
        }
    }
}
