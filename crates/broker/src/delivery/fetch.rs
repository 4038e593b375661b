//! Fetching and acknowledging without a connection: the same session, for as long as one call.

use std::sync::Arc;

use unefois_core::{Caller, Reason, SubscriptionId, Telling, ToldCursor};

use super::{
    Delivery,
    interest::Interests,
    session::{Session, in_use},
    turn::Outcome,
};
use crate::{
    failure::Failure,
    hub::Hub,
    subscription::{cursor_of_text, cursor_text},
};

/// What is fetched.
#[derive(Debug, Clone)]
pub struct FetchedEvents {
    /// In the order in which they are told.
    pub deliveries: Vec<Delivery>,
    /// Why there are none, where the subscription holds still.
    pub held_because: Option<Reason>,
}

impl Hub {
    /// Tells the next events of the caller's subscription once, from the acknowledged cursor on.
    ///
    /// # Errors
    /// As [`Hub::receive`].
    pub async fn events_fetch(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        events_max: u32,
    ) -> Result<FetchedEvents, Failure> {
        let window = self.window(events_max)?;
        let mut session = self.unreceived(caller, id).await?;
        session.desk.set_window(window);
        let registry = Arc::clone(&self.authority.load().registry);
        let held = |reason| FetchedEvents { deliveries: Vec::new(), held_because: Some(reason) };
        let Some(interests) = Interests::of(&session.subscription, &registry, &self.catalog) else {
            return Ok(held(Reason::AgreementUnknown));
        };
        let heads = self.store.event_heads_fetch().await?;
        session.read(&interests, &heads).await?;
        let mut deliveries = Vec::new();
        let mut room_bytes = self.limits.delivery_fetch_bytes_max;
        while room_bytes > 0
            && let Some(turn) = session.desk.turn(self.clock.now())
        {
            match session.write(turn).await? {
                Outcome::Written { at, told, refused } => {
                    session.version += 1;
                    session.desk.written(at, &refused);
                    for (prepared, minimised) in told {
                        room_bytes = room_bytes.saturating_sub(minimised.data.len());
                        deliveries.extend(session.delivery(prepared, minimised)?);
                    }
                }
                Outcome::Holds(reason) => return Ok(FetchedEvents { held_because: Some(reason), deliveries }),
                Outcome::Moved => return Err(session.why_over().await),
            }
        }
        Ok(FetchedEvents { deliveries, held_because: None })
    }

    /// Acknowledges what was told up to a cursor; gives the cursor up to which everything is acknowledged then.
    ///
    /// # Errors
    /// As [`Hub::receive`]; `CURSOR_INVALID`, `CURSOR_NOT_TOLD`.
    pub async fn events_acknowledge(
        &self,
        caller: &Caller,
        id: SubscriptionId,
        up_to: &str,
    ) -> Result<String, Failure> {
        let up_to = cursor_of_text(&self.pseudonyms, caller.agency.as_str(), id, up_to)?;
        let mut session = self.unreceived(caller, id).await?;
        session.desk.acknowledge(&up_to).map_err(Failure::new)?;
        if let Some(turn) = session.desk.turn(self.clock.now()) {
            match session.write(turn).await? {
                Outcome::Written { .. } => {}
                Outcome::Holds(reason) => return Err(Failure::new(reason)),
                Outcome::Moved => return Err(session.why_over().await),
            }
        }
        let found = self.subscription_of(caller, id).await?.cursor;
        let acknowledged = ToldCursor { through: found.acknowledged, telling: Telling(0) };
        Ok(cursor_text(&self.pseudonyms, caller.agency.as_str(), id, &acknowledged))
    }

    /// A desk of the caller's subscription while no receiver is connected.
    async fn unreceived(&self, caller: &Caller, id: SubscriptionId) -> Result<Session, Failure> {
        let found = self.receivable(caller, id).await?;
        if found.cursor.is_received {
            return Err(in_use(self));
        }
        Session::open(self, caller, found).await
    }
}
