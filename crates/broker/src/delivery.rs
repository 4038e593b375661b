//! Deliveries: events told to subscribers, each a release that is decided again, minimised and recorded before it is told.
//!
//! A [`Session`](session::Session) is one subscription's desk and the version on which it was opened. Whatever it writes is
//! conditional on that version, so that of two who tell only one does. A connected receiver holds a lease beside it, for
//! as long as its loop says so; who fetches holds none.

mod decide;
mod entry;
mod heads;
mod interest;
mod prepare;
mod read;
mod receiver;
mod session;
mod turn;

use jiff::Timestamp;
use tokio::{sync::mpsc, time::Instant};
use unefois_core::{
    AgreementId, Caller, DatasetId, Event, EventId, Gap, Reason, Rejection, SubjectId, SubscriptionId, ToldCursor,
};
use unefois_store::{Receiver, ReceiverTaken, SubscriptionFound};
use uuid::Uuid;

use self::{
    entry::Minimised,
    interest::Interests,
    prepare::{Matter, Prepared},
    receiver::{Loop, Said},
    session::{Session, in_use},
    turn::Outcome,
};
use crate::{
    failure::Failure,
    hub::Hub,
    subscription::{cursor_of_text, cursor_text},
};

pub(crate) use heads::Heads;

/// One telling of one event.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The event.
    pub event: Event,
    /// The agreement under which it is told.
    pub agreement: AgreementId,
    /// The major version of the dataset in which it is told.
    pub dataset_major: u32,
    /// The granted fields of the record: canonical bytes of the dataset's message.
    pub data: Vec<u8>,
    /// The cursor by which it is acknowledged.
    pub cursor: String,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// Whether an earlier event of the subject is missing.
    pub gap: Gap,
    /// The identifier of its entry.
    pub exchange_id: Uuid,
}

/// What a receiver is told.
#[derive(Debug, Clone)]
pub enum Told {
    /// An event.
    Delivery(Box<Delivery>),
    /// Why nothing is told for now; `None`: it goes on.
    Holding(Option<Reason>),
}

/// A receiver that is connected. It ends when this is dropped.
#[derive(Debug)]
pub struct Receiving {
    /// What it is told; an error is the last.
    pub told: mpsc::Receiver<Result<Told, Failure>>,
    /// By which it says something.
    pub says: Says,
}

/// By which a receiver says something.
#[derive(Debug, Clone)]
pub struct Says {
    hub: Hub,
    caller: Caller,
    subscription: SubscriptionId,
    said: mpsc::Sender<Said>,
}

/// What is fetched.
#[derive(Debug, Clone)]
pub struct FetchedEvents {
    /// In the order in which they are told.
    pub deliveries: Vec<Delivery>,
    /// Why there are none, where the subscription holds still.
    pub held_because: Option<Reason>,
}

impl Hub {
    /// Tells a connected receiver the events of the caller's subscription, at most `window` unacknowledged.
    ///
    /// # Errors
    /// `SUBSCRIPTION_UNKNOWN`, `SUBSCRIPTION_PAUSED`, a window outside the limit, or `SUBSCRIPTION_IN_USE` while another
    /// receives.
    pub async fn receive(&self, caller: &Caller, id: SubscriptionId, window: u32) -> Result<Receiving, Failure> {
        let window = self.window(window)?;
        self.receivable(caller, id).await?;
        let lease = Receiver { subscription: id, token: *Uuid::new_v4().as_bytes() };
        match self.store.receiver_take(lease, self.limits.receiver_lease).await? {
            ReceiverTaken::Taken => {}
            ReceiverTaken::InUse { left } => return Err(Failure::new(Reason::SubscriptionInUse).retry_after(left)),
            ReceiverTaken::Gone => return Err(Failure::new(Reason::SubscriptionUnknown)),
        }
        // Only now: taking it raises its version.
        let found = self.receivable(caller, id).await?;
        let mut session = Session::open(self, caller, found).await?;
        session.desk.set_window(window);
        let (told, to_tell) = mpsc::channel(self.limits.delivery_turn_max.max(1));
        let (said, to_hear) = mpsc::channel(self.limits.delivery_turn_max.max(1));
        let receiver = Loop {
            session,
            lease,
            said: to_hear,
            told,
            seen: self.heads.follow(),
            held: None,
            has_settled: false,
            written_at: Instant::now(),
        };
        tokio::spawn(receiver.run());
        let says = Says { hub: self.clone(), caller: caller.clone(), subscription: id, said };
        Ok(Receiving { told: to_tell, says })
    }

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
        let registry = std::sync::Arc::clone(&self.authority.load().registry);
        let held = |reason| FetchedEvents { deliveries: Vec::new(), held_because: Some(reason) };
        let Some(interests) = Interests::of(&session.subscription, &registry, &self.catalog) else {
            return Ok(held(Reason::AgreementUnknown));
        };
        let heads = self.store.event_heads_fetch().await?;
        session.read(&interests, &heads).await?;
        let mut deliveries = Vec::new();
        while let Some(turn) = session.desk.turn(self.clock.now()) {
            match session.write(turn).await? {
                Outcome::Written { at, told, refused } => {
                    session.version += 1;
                    session.desk.written(at, &refused);
                    for (prepared, minimised) in told {
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
        let acknowledged = ToldCursor { through: found.acknowledged, telling: unefois_core::Telling(0) };
        Ok(cursor_text(&self.pseudonyms, caller.agency.as_str(), id, &acknowledged))
    }

    /// A desk of the caller's subscription while no receiver is connected.
    async fn unreceived(&self, caller: &Caller, id: SubscriptionId) -> Result<Session, Failure> {
        let found: SubscriptionFound = self.receivable(caller, id).await?;
        if found.cursor.is_received {
            return Err(in_use(self));
        }
        Session::open(self, caller, found).await
    }
}

impl Says {
    /// Wants another window from now on.
    ///
    /// # Errors
    /// It is outside the limit.
    pub async fn window(&self, asked: u32) -> Result<(), Failure> {
        let window = self.hub.window(asked)?;
        self.says(Said::Window(window)).await
    }

    /// Has everything that was told up to this cursor.
    ///
    /// # Errors
    /// `CURSOR_INVALID`.
    pub async fn acknowledge(&self, up_to: &str) -> Result<(), Failure> {
        let agency = self.caller.agency.as_str();
        let cursor = cursor_of_text(&self.hub.pseudonyms, agency, self.subscription, up_to)?;
        self.says(Said::Acknowledge(cursor)).await
    }

    /// Cannot take an event.
    ///
    /// # Errors
    /// The receiver's loop has ended: its last words say why.
    pub async fn reject(&self, event: EventId, rejection: Rejection) -> Result<(), Failure> {
        self.says(Said::Reject(event, rejection)).await
    }

    async fn says(&self, said: Said) -> Result<(), Failure> {
        self.said.send(said).await.map_err(|_ended| Failure::stopping())
    }
}

impl Session {
    /// What a receiver is told of an event; `None` for one that is not held any more.
    fn delivery(&self, prepared: Prepared, minimised: Minimised) -> Result<Option<Delivery>, Failure> {
        let Prepared { tell, matter } = prepared;
        let Some(matter) = matter else { return Ok(None) };
        let (agency, id) = (self.caller.agency.as_str(), self.subscription.id);
        Ok(Some(Delivery {
            agreement: self.subscription.asked.agreement.clone(),
            dataset_major: matter.told_in,
            data: minimised.data,
            cursor: cursor_text(&self.hub.pseudonyms, agency, id, &tell.cursor),
            attempt: tell.attempt,
            gap: tell.gap,
            exchange_id: minimised.entry,
            event: event_of(matter)?,
        }))
    }
}

fn event_of(matter: Matter) -> Result<Event, Failure> {
    let Matter { row, dataset, published_in, .. } = matter;
    let event = row.event;
    Ok(Event {
        id: event.id,
        place: row.place,
        subject: SubjectId(Uuid::from_bytes(event.root)),
        dataset: DatasetId::parse(&dataset).map_err(Failure::internal)?,
        dataset_major: published_in,
        provider: event.provider.parse().map_err(Failure::internal)?,
        record: Uuid::from_bytes(event.record),
        revision: event.revision,
        kind: event.kind,
        changed: event.changed,
        recorded_at: Timestamp::from_microsecond(row.recorded_at).map_err(Failure::internal)?,
        traceparent: event.traceparent,
    })
}
