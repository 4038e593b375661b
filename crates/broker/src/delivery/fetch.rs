//! Fetching and acknowledging without a connection: the same session, for as long as one call.

use std::sync::Arc;

use tokio::time::Instant;
use unefois_core::{Caller, Reason, SubscriptionId, Telling, ToldCursor, Turn};

use super::{
    Delivery,
    interest::Interests,
    read::Read,
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

/// One call that fetches.
struct Fetch {
    session: Session,
    deliveries: Vec<Delivery>,
    /// How many more bytes the answer takes.
    room_bytes: usize,
    written_at: Instant,
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
        let interests = Interests::of(&session.subscription, &registry, &self.catalog);
        let Some(interests) = interests else {
            return Ok(FetchedEvents { deliveries: Vec::new(), held_because: Some(Reason::AgreementUnknown) });
        };
        let heads = self.store.event_heads_fetch().await?;
        session.read_replays().await?;
        let room_bytes = self.limits.delivery_fetch_bytes_max;
        let mut fetch = Fetch { session, deliveries: Vec::new(), room_bytes, written_at: Instant::now() };
        loop {
            let read = fetch.session.read(&interests, &heads).await?;
            let held_because = fetch.turns(read).await?;
            let is_enough = !fetch.deliveries.is_empty() || fetch.session.desk.room() == 0;
            if read == Read::Everything || is_enough || held_because.is_some() {
                return Ok(FetchedEvents { deliveries: fetch.deliveries, held_because });
            }
        }
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

impl Fetch {
    /// Writes and tells what the pages that were read so far came to. Gives what holds the subscription.
    async fn turns(&mut self, read: Read) -> Result<Option<Reason>, Failure> {
        while self.room_bytes > 0
            && let Some(turn) = self.next(read)
        {
            match self.session.write(turn).await? {
                Outcome::Written { at, told, refused } => {
                    self.session.version += 1;
                    self.session.desk.written(at, &refused);
                    self.written_at = Instant::now();
                    for (prepared, minimised) in told {
                        self.room_bytes = self.room_bytes.saturating_sub(minimised.data.len());
                        self.deliveries.extend(self.session.delivery(prepared, minimised)?);
                    }
                }
                Outcome::Holds(reason) => return Ok(Some(reason)),
                Outcome::Moved => return Err(self.session.why_over().await),
            }
        }
        Ok(None)
    }

    /// What was only passed is written now and then, so that a call that takes too long leaves the next one less to read.
    fn next(&mut self, read: Read) -> Option<Turn> {
        let Session { desk, hub, .. } = &mut self.session;
        let turn = desk.turn(hub.clock.now())?;
        if read == Read::Some && turn.only_passes() && self.written_at.elapsed() < hub.limits.delivery_pass_every {
            desk.abandoned();
            return None;
        }
        Some(turn)
    }
}
