//! The events that are on their way: published, and not yet acknowledged by every subscription.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use tokio::{sync::Semaphore, time::timeout};

use crate::pace::Pace;

/// The events on their way, and room for more.
#[derive(Debug)]
pub(crate) struct Flight {
    /// By number. Behind a lock because one publisher and many subscriptions write into it.
    events: Mutex<HashMap<u64, OnItsWay>>,
    room: Semaphore,
    room_max: u32,
    subscriptions: u32,
}

#[derive(Debug)]
struct OnItsWay {
    began: Instant,
    /// How many subscriptions have not acknowledged it.
    left: u32,
}

impl Flight {
    /// Room for so many events at a time, each of which so many subscriptions must acknowledge.
    pub(crate) fn new(room_max: u32, subscriptions: u32) -> Self {
        let room = Semaphore::new(room_max as usize);
        Self { events: Mutex::default(), room, room_max, subscriptions }
    }

    /// When the event of that number was begun to be published. One that is not on its way was told twice, or never published.
    pub(crate) fn began(&self, number: u64) -> anyhow::Result<Instant> {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let event = events.get(&number).with_context(|| format!("event {number} is told and is not on its way"))?;
        Ok(event.began)
    }

    /// One subscription has acknowledged that event; the last makes room for another.
    pub(crate) fn acknowledged(&self, number: u64) -> anyhow::Result<()> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        let event = events.get_mut(&number).with_context(|| format!("event {number} is acknowledged too often"))?;
        event.left -= 1;
        if event.left == 0 {
            events.remove(&number);
            self.room.add_permits(1);
        }
        Ok(())
    }

    /// Waits until nothing is on its way.
    pub(crate) async fn lands(&self, patience: Duration) -> anyhow::Result<()> {
        let all = timeout(patience, self.room.acquire_many(self.room_max)).await;
        let left = self.events.lock().unwrap_or_else(PoisonError::into_inner).len();
        ensure!(all.is_ok() && left == 0, "{left} events were not told to everybody within {patience:?}");
        Ok(())
    }

    fn begins(&self, number: u64, began: Instant) {
        let event = OnItsWay { began, left: self.subscriptions };
        self.events.lock().unwrap_or_else(PoisonError::into_inner).insert(number, event);
    }
}

/// Where a publisher takes its events from.
#[derive(Debug)]
pub(crate) struct Source {
    flight: Arc<Flight>,
    pace: Pace,
    next: u64,
}

impl Source {
    /// Events from that number on, at that pace.
    pub(crate) fn new(flight: &Arc<Flight>, pace: Pace, first: u64) -> Self {
        Self { flight: Arc::clone(flight), pace, next: first }
    }

    /// Waits until there is room for an event and one is due. Gives its number; `None` when the load is over.
    pub(crate) async fn next(&mut self) -> Option<u64> {
        let room = self.flight.room.acquire().await.ok()?;
        let began = self.pace.next().await?;
        room.forget();
        let number = self.next;
        self.flight.begins(number, began);
        self.next += 1;
        Some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(flight: &Arc<Flight>) -> Source {
        Source::new(flight, Pace::Closed { until: Instant::now() + Duration::from_secs(3_600) }, 7)
    }

    #[tokio::test]
    async fn no_more_events_are_on_their_way_than_there_is_room_for() {
        let flight = Arc::new(Flight::new(2, 2));
        let mut source = source(&flight);
        assert_eq!([source.next().await, source.next().await], [Some(7), Some(8)]);
        flight.acknowledged(7).unwrap();
        assert!(timeout(Duration::from_millis(10), source.next()).await.is_err(), "one subscription has not got it");
        flight.acknowledged(7).unwrap();
        assert_eq!(source.next().await, Some(9));
    }

    #[tokio::test]
    async fn what_was_never_published_or_is_told_again_is_noticed() {
        let flight = Arc::new(Flight::new(1, 1));
        assert!(flight.began(7).is_err());
        source(&flight).next().await.unwrap();
        assert!(flight.began(7).is_ok());
        flight.acknowledged(7).unwrap();
        assert!(flight.began(7).is_err() && flight.acknowledged(7).is_err());
    }

    #[tokio::test]
    async fn an_event_that_does_not_land_is_noticed() {
        let flight = Arc::new(Flight::new(2, 1));
        flight.lands(Duration::ZERO).await.unwrap();
        source(&flight).next().await.unwrap();
        let lost = flight.lands(Duration::from_millis(10)).await.unwrap_err();
        assert!(lost.to_string().starts_with("1 events"), "{lost}");
    }
}
