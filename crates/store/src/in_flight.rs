//! Since when a write waits for the storage, for those who must not queue up behind one that stalls.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

/// No write is in flight.
const IDLE: u64 = 0;

/// Since when a write is in flight. There is one writer; clones are for those who watch it.
#[derive(Debug, Clone)]
pub struct InFlight {
    /// The monotonic clock's reading that instants are counted from.
    origin: Instant,
    /// Microseconds from the origin to the beginning of the statement in flight, plus one; or [`IDLE`].
    since: Arc<AtomicU64>,
}

/// A write is in flight until this is dropped.
#[derive(Debug)]
pub struct Busy {
    of: InFlight,
}

impl InFlight {
    pub(crate) fn new() -> Self {
        Self { origin: Instant::now(), since: Arc::new(AtomicU64::new(IDLE)) }
    }

    /// A write begins.
    #[must_use]
    pub fn begin(&self) -> Busy {
        let busy = Busy { of: self.clone() };
        busy.goes_on();
        busy
    }

    /// How long the write in flight has not come further; `None` when there is none.
    #[must_use]
    pub fn age(&self) -> Option<Duration> {
        let since = self.since.load(Ordering::Relaxed);
        (since != IDLE).then(|| self.origin.elapsed().saturating_sub(Duration::from_micros(since - 1)))
    }
}

impl Busy {
    /// The write has come further: a long transaction is not a stalled one.
    pub fn goes_on(&self) {
        let now = u64::try_from(self.of.origin.elapsed().as_micros()).unwrap_or(u64::MAX - 1);
        self.of.since.store(now + 1, Ordering::Relaxed);
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.of.since.store(IDLE, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::InFlight;

    #[test]
    fn a_write_is_in_flight_from_its_beginning_until_its_end() {
        let in_flight = InFlight::new();
        assert_eq!(in_flight.age(), None);
        let busy = in_flight.begin();
        std::thread::sleep(Duration::from_millis(3));
        assert!(in_flight.age().unwrap() >= Duration::from_millis(2));
        drop(busy);
        assert_eq!(in_flight.age(), None);
    }
}
