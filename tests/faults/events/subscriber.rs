//! A subscriber that is told until it knows everything, over as many connections as it takes, at any node.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use rand::{Rng, rngs::StdRng};
use tokio::sync::watch;
use tonic::Status;
use unefois_client::{Connection, Receiver, ReceiverSettings, Refused, RetryPolicy, Told, cursor_of};
use unefois_proto::pb::subscription::v1::{AcknowledgeEventsRequest, Delivery, FetchEventsRequest};
use uuid::Uuid;

use super::{
    heard::{Broken, Heard, ToldEvent},
    round::{Progress, World},
};
use crate::{nodes::PATIENCE, promises::MAY_BE_GIVEN};

/// How many events it has in its hand at most.
const WINDOW_MAX: u32 = 100;
/// After how many events it leaves a connection at most.
const EVENTS_OF_CONNECTION_MAX: u32 = 2_000;
/// How long it waits before it tries again, or looks again.
const PAUSE: Duration = Duration::from_millis(10);

/// How it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// On a stream.
    Receives,
    /// By asking, again and again.
    Fetches,
}

/// One subscriber, and what it was told so far.
#[derive(Debug)]
pub(super) struct Subscriber {
    pub(super) agency: &'static str,
    pub(super) way: Way,
    pub(super) subscription: String,
    pub(super) heard: Heard,
    /// The entries of all that it was told, and the attempt of each.
    pub(super) entries: BTreeMap<Uuid, u32>,
}

/// One subscriber in one round.
pub(super) struct Listening {
    pub(super) subscriber: Subscriber,
    pub(super) world: Arc<World>,
    pub(super) random: StdRng,
    pub(super) progress: Progress,
    /// How many events there are, once all are published.
    pub(super) total: watch::Receiver<Option<usize>>,
}

impl Subscriber {
    /// One that was not told anything.
    pub(super) fn new(agency: &'static str, way: Way, subscription: String) -> Self {
        Self { agency, way, subscription, heard: Heard::default(), entries: BTreeMap::new() }
    }

    async fn fetch(&self, connection: &Connection, events_max: u32) -> Result<Vec<Delivery>, Status> {
        let request = FetchEventsRequest { subscription_id: self.subscription.clone(), events_max, from: None };
        let fetched = connection.subscription().fetch_events(request).await?.into_inner();
        assert_eq!(fetched.held_because, "");
        Ok(fetched.deliveries)
    }

    async fn acknowledge(&self, connection: &Connection, last: &Delivery) -> Result<(), Status> {
        let (subscription_id, up_to) = (self.subscription.clone(), cursor_of(last).to_owned());
        let request = AcknowledgeEventsRequest { subscription_id, up_to };
        connection.subscription().acknowledge_events(request).await.map(drop)
    }
}

impl Listening {
    /// Goes on until it was told everything, and the hub knows that it has everything.
    pub(super) async fn goes_on(mut self) -> Result<Subscriber, Broken> {
        while !self.knows_everything() {
            let Some(connection) = self.connect().await else { continue };
            let all_is_published = self.total.borrow().is_some();
            let left = match self.subscriber.way {
                Way::Receives => self.receives(connection).await?,
                Way::Fetches => self.fetches(&connection).await?,
            };
            if all_is_published && left == Some(0) {
                break;
            }
        }
        self.ends().await?;
        Ok(self.subscriber)
    }

    /// Takes what is left, until there is nothing. No stream is open any more.
    pub(super) async fn ends(&mut self) -> Result<(), Broken> {
        loop {
            let Some(connection) = self.connect().await else { continue };
            if self.fetches(&connection).await? == Some(0) {
                return Ok(());
            }
        }
    }

    fn knows_everything(&self) -> bool {
        *self.total.borrow() == Some(self.subscriber.heard.events)
    }

    /// A connection to any of the nodes; `None` when it cannot be reached.
    async fn connect(&mut self) -> Option<Connection> {
        let at = self.random.random_range(0..self.world.nodes.len());
        let connected = self.world.connect(self.subscriber.agency, at).await.ok();
        if connected.is_none() {
            tokio::time::sleep(PAUSE).await;
        }
        connected
    }

    /// Is told on a stream, until that breaks, or it leaves it, or knows everything. Gives 0 when nothing more
    /// came.
    async fn receives(&mut self, connection: Connection) -> Result<Option<usize>, Broken> {
        self.subscriber.heard.begins();
        let window = self.random.random_range(1..=WINDOW_MAX);
        let settings = ReceiverSettings { window, policy: RetryPolicy::never(), ..self.settings() };
        let mut receiver = Receiver::new(connection, settings);
        let (mut in_hand, mut last) = (0, None);
        for _ in 0..self.random.random_range(1..=EVENTS_OF_CONNECTION_MAX) {
            let Some(told) = self.next(&mut receiver).await else {
                if let Some(last) = &last {
                    self.subscriber.heard.says();
                    receiver.acknowledge(cursor_of(last)).await;
                }
                receiver.close().await;
                return Ok(Some(0));
            };
            let delivery = match told {
                Ok(Told::Event(delivery)) => *delivery,
                Ok(Told::GoesOn) => continue,
                Ok(Told::Holds(reason)) => panic!("it holds: {reason}"),
                Err(refused) => {
                    is_tolerated(&refused);
                    tokio::time::sleep(PAUSE).await;
                    return Ok(None);
                }
            };
            self.hears(&delivery)?;
            in_hand += 1;
            if in_hand == window || self.random.random_ratio(1, 20) {
                // Before: the hub may hear it, whatever becomes of the connection.
                self.subscriber.heard.says();
                receiver.acknowledge(cursor_of(&delivery)).await;
                in_hand = 0;
            }
            last = Some(delivery);
        }
        Ok(None)
    }

    /// What comes next on a stream; `None` once it knows everything, or when nothing came for long.
    async fn next(&self, receiver: &mut Receiver) -> Option<Result<Told, Refused>> {
        let (heard, mut total) = (self.subscriber.heard.events, self.total.clone());
        let is_over = async { drop(total.wait_for(|total| *total == Some(heard)).await) };
        tokio::select! {
            told = receiver.next() => Some(told),
            () = is_over => None,
            () = tokio::time::sleep(PATIENCE) => None,
        }
    }

    fn settings(&self) -> ReceiverSettings {
        ReceiverSettings::of(&self.subscriber.subscription)
    }

    /// Fetches some, and acknowledges them, or not. Gives how many; `None` when the hub broke off.
    async fn fetches(&mut self, connection: &Connection) -> Result<Option<usize>, Broken> {
        let most = self.random.random_range(1..=WINDOW_MAX);
        let fetched = match self.subscriber.fetch(connection, most).await {
            Ok(fetched) => fetched,
            Err(status) => return self.breaks_off(&status).await,
        };
        self.subscriber.heard.begins();
        for delivery in &fetched {
            self.hears(delivery)?;
        }
        let Some(last) = fetched.last() else {
            self.subscriber.heard.nothing_is_left()?;
            tokio::time::sleep(PAUSE).await;
            return Ok(Some(0));
        };
        if self.random.random_ratio(4, 5) {
            self.subscriber.heard.says();
            match self.subscriber.acknowledge(connection, last).await {
                Ok(()) => self.subscriber.heard.is_answered(),
                Err(status) => return self.breaks_off(&status).await,
            }
        }
        Ok(Some(fetched.len()))
    }

    fn hears(&mut self, delivery: &Delivery) -> Result<(), Broken> {
        let before = self.subscriber.heard.events;
        self.subscriber.heard.hears(ToldEvent::of(delivery))?;
        self.progress.told(self.subscriber.heard.events - before);
        let entry = delivery.exchange_id.parse().unwrap();
        let once = self.subscriber.entries.insert(entry, delivery.attempt);
        assert_eq!(once, None, "each telling has an entry of its own");
        Ok(())
    }

    async fn breaks_off(&self, status: &Status) -> Result<Option<usize>, Broken> {
        is_tolerated(&Refused::from_status(status));
        tokio::time::sleep(PAUSE).await;
        Ok(None)
    }
}

/// The hub broke off, or somebody else is told just now: the stream that was left, until the hub knows it. Anything else
/// stops the test.
fn is_tolerated(refused: &Refused) {
    let reason = refused.reason.as_str();
    let tolerated = reason.is_empty() || reason == "SUBSCRIPTION_IN_USE" || MAY_BE_GIVEN.contains(&reason);
    assert!(tolerated, "{refused:?}");
}
