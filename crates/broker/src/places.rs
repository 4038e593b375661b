//! Places: how many exchanges are under way at once. The others wait a while: whoever is refused comes back, and costs
//! almost as much as one that is answered.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{failure::Failure, limits::Limits, metrics::QueueDepth};

/// The places of the exchanges that are under way, and of those that wait for one, first come, first served.
#[derive(Debug)]
pub(crate) struct Places {
    under_way: Semaphore,
    under_way_max: usize,
    waiting: Semaphore,
    waiting_max: usize,
    wait_max: Duration,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (under_way_max, waiting_max) = (limits.exchanges_max, limits.exchanges_waiting_max);
        Self {
            under_way: Semaphore::new(under_way_max),
            under_way_max,
            waiting: Semaphore::new(waiting_max),
            waiting_max,
            wait_max: limits.exchange_wait_max,
        }
    }

    /// A place, which is free again when the permit is dropped.
    pub(crate) async fn take(&self) -> Result<SemaphorePermit<'_>, Failure> {
        if let Ok(place) = self.under_way.try_acquire() {
            return Ok(place);
        }
        let Ok(_waits) = self.waiting.try_acquire() else {
            return Err(Failure::overloaded("too many exchanges wait"));
        };
        match tokio::time::timeout(self.wait_max, self.under_way.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_closed)) => Err(Failure::stopping()),
            Err(_elapsed) => Err(Failure::overloaded("too many exchanges are under way")),
        }
    }

    /// How many are under way, and how many wait.
    pub(crate) fn taken(&self) -> [QueueDepth; 2] {
        let taken = |places: &Semaphore, max: usize| QueueDepth {
            waiting: max.saturating_sub(places.available_permits()),
            max,
        };
        [taken(&self.under_way, self.under_way_max), taken(&self.waiting, self.waiting_max)]
    }
}
