//! Places: how many exchanges are under way at once. The others wait a while: whoever is refused comes back, and costs
//! almost as much as one that is answered. Receivers have places of their own: however many there are, they do not fill
//! the queue in which publications and withdrawals wait.

use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, SemaphorePermit};

use unefois_core::Reason;

use crate::{failure::Failure, limits::Limits, metrics::QueueDepth};

/// The places of the exchanges that are under way, and of those that wait for one, first come, first served.
#[derive(Debug)]
pub(crate) struct Places {
    under_way: Semaphore,
    under_way_max: usize,
    /// The places of those among them whose record may hold a document: each takes a hundred times the memory.
    with_document: Semaphore,
    waiting: Semaphore,
    waiting_max: usize,
    wait_max: Duration,
    turns: Semaphore,
}

/// The place of an exchange. It is free again when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<'hub> {
    _with_document: Option<SemaphorePermit<'hub>>,
    _under_way: SemaphorePermit<'hub>,
}

impl Places {
    pub(crate) fn new(limits: &Limits) -> Self {
        let (under_way_max, waiting_max) = (limits.exchanges_max, limits.exchanges_waiting_max);
        Self {
            under_way: Semaphore::new(under_way_max),
            under_way_max,
            with_document: Semaphore::new(limits.document_exchanges_max),
            waiting: Semaphore::new(waiting_max),
            waiting_max,
            wait_max: limits.exchange_wait_max,
            turns: Semaphore::new(limits.delivery_turns_max.max(1)),
        }
    }

    /// A place for an exchange. Nobody waits for it longer than the caller would.
    pub(crate) async fn take(&self, patience: Duration) -> Result<Place<'_>, Failure> {
        Ok(Place { _with_document: None, _under_way: self.one_of(&self.under_way, patience).await? })
    }

    /// A place for an exchange whose record may hold a document.
    pub(crate) async fn take_with_document(&self, patience: Duration) -> Result<Place<'_>, Failure> {
        let began = Instant::now();
        let with_document = self.one_of(&self.with_document, patience).await?;
        let place = self.take(patience.saturating_sub(began.elapsed())).await?;
        Ok(Place { _with_document: Some(with_document), ..place })
    }

    /// A place for what a receiver is told next. It waits for as long as it takes: nobody is refused.
    pub(crate) async fn take_turn(&self) -> Result<SemaphorePermit<'_>, Failure> {
        self.turns.acquire().await.map_err(|_closed| Failure::stopping())
    }

    async fn one_of<'a>(&'a self, places: &'a Semaphore, patience: Duration) -> Result<SemaphorePermit<'a>, Failure> {
        if let Ok(place) = places.try_acquire() {
            return Ok(place);
        }
        let Ok(_waits) = self.waiting.try_acquire() else {
            return Err(Failure::overloaded("too many exchanges wait"));
        };
        match tokio::time::timeout(self.wait_max.min(patience), places.acquire()).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_closed)) => Err(Failure::stopping()),
            Err(_elapsed) if patience < self.wait_max => Err(Failure::new(Reason::DeadlineExceeded)),
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
