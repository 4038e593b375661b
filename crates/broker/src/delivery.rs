//! Deliveries: events told to subscribers, each a release that is decided again, minimised and recorded before it is told.
//!
//! A [`Session`](session::Session) is one subscription's desk and the version on which it was opened. Whatever it writes is
//! conditional on that version, so that of two who tell only one does. A connected receiver holds a lease beside it, which
//! its node renews together with all others for as long as it is connected; who fetches holds none.

mod connected;
mod decide;
mod entry;
mod fetch;
mod heads;
mod interest;
mod prepare;
mod read;
mod receiver;
mod says;
mod session;
mod tail;
mod tells;
mod trace;
mod turn;

use std::{collections::VecDeque, sync::Arc};

use futures::{FutureExt, future::join};
use jiff::Timestamp;
use tokio::{
    sync::{mpsc, oneshot},
    time::Instant,
};
use unefois_core::{AgreementId, Caller, DatasetId, Event, Gap, Reason, SubjectId, SubscriptionId};
use unefois_store::{Receiver, ReceiverTaken, Store};
use uuid::Uuid;

use self::{
    entry::Minimised,
    prepare::{Found, Matter, Prepared},
    receiver::Loop,
    session::Session,
};
use crate::{failure::Failure, hub::Hub, limits::Limits, subscription::cursor_text};

pub(crate) use connected::Connected;
pub use fetch::FetchedEvents;
pub(crate) use heads::Heads;
pub use says::Says;
pub(crate) use tail::Newest;
pub use tells::Tells;

/// Looks after those who are told here: at what there is to tell, and whether they still receive. It does not end.
pub(crate) fn attend(
    heads: &Heads,
    connected: &Connected,
    store: &Store,
    limits: &Limits,
) -> impl Future<Output = ()> + Send + use<> {
    let following = heads.clone().run(store.clone(), limits.catch_up_every);
    let attending = connected.clone().run(store.clone(), limits.delivery_look_every, limits.receiver_lease);
    join(following, attending).map(|((), ())| ())
}

/// How many events wait between the loop of a receiver and its connection: the others wait where they can be taken back.
const QUEUED_MAX: usize = 8;

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
    /// The keys whose destruction means that it must not be told any more.
    keys: [[u8; 16]; 2],
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
    /// By which it is told.
    pub tells: Tells,
    /// By which it says something.
    pub says: Says,
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
        let (told, to_tell) = mpsc::channel(self.turn_events_max(&session.subscription).min(QUEUED_MAX));
        let (said, to_hear) = mpsc::channel(self.limits.delivery_turn_max.max(1));
        let (over, is_over) = oneshot::channel();
        let receiver = Loop {
            attended: self.connected.attend(lease, session.version),
            session,
            lease,
            said: to_hear,
            told,
            seen: self.heads.follow(),
            held: None,
            tries: true,
            counted: self.metrics.deliveries.receiver(),
            has_settled: false,
            writes_after: None,
            erased: VecDeque::new(),
            written_at: Instant::now(),
            looked_at: Instant::now(),
        };
        tokio::spawn(Box::new(receiver).run(over));
        let says = Says { hub: self.clone(), caller: caller.clone(), subscription: id, said };
        Ok(Receiving { tells: Tells { hub: self.clone(), told: to_tell, over: is_over.fuse() }, says })
    }
}

impl Session {
    /// What a receiver is told of an event; `None` for one that is not held any more.
    fn delivery(&self, prepared: Prepared, minimised: Minimised) -> Result<Option<Delivery>, Failure> {
        let Prepared { tell, found } = prepared;
        let Found::Held(matter) = found else { return Ok(None) };
        let (agency, id) = (self.caller.agency.as_str(), self.subscription.id);
        Ok(Some(Delivery {
            agreement: self.subscription.asked.agreement.clone(),
            dataset_major: matter.told_in,
            data: minimised.data,
            cursor: cursor_text(&self.hub.pseudonyms, agency, id, &tell.cursor),
            attempt: tell.attempt,
            gap: tell.gap,
            exchange_id: minimised.entry,
            keys: [matter.payload_key, matter.trace_key.id().0],
            event: event_of(Arc::unwrap_or_clone(matter))?,
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
