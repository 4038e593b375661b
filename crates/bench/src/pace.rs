//! When calls begin: as soon as the last one is answered, or on a schedule that waits for nobody.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::Semaphore;

/// When the next call of a stream begins.
#[derive(Debug, Clone)]
pub(crate) enum Pace {
    /// A closed loop: at once, until that instant.
    Closed { until: Instant },
    /// An open loop: when the schedule says.
    Open(Arc<Schedule>, CountedFrom),
}

/// From when the latency of a call in an open loop counts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum CountedFrom {
    /// From when it was due: what it waited for a free stream is part of it.
    Due,
    /// From when it was begun: when more is due than anybody can begin, that would be all there is to see.
    Begun,
}

/// Calls that are due at equal intervals.
#[derive(Debug)]
pub(crate) struct Schedule {
    begin: Instant,
    interval: Duration,
    /// A permit for every call that is due and not begun.
    due: Semaphore,
    begun: AtomicU32,
}

impl Pace {
    /// Calls at that rate until that instant.
    pub(crate) fn open(per_second: u64, until: Instant, counted_from: CountedFrom) -> Self {
        let interval = Duration::from_secs(1).div_f64(per_second as f64);
        let schedule = Schedule { begin: Instant::now(), interval, due: Semaphore::new(0), begun: AtomicU32::new(0) };
        let schedule = Arc::new(schedule);
        let paced = Arc::clone(&schedule);
        // A thread of its own: the runtime's timers are a millisecond coarse.
        thread::spawn(move || paced.run(until));
        Self::Open(schedule, counted_from)
    }

    /// Waits until a call is due. Gives the instant from which its latency counts; `None` when the load is over.
    pub(crate) async fn next(&self) -> Option<Instant> {
        match self {
            Self::Closed { until } => {
                let now = Instant::now();
                (now < *until).then_some(now)
            }
            Self::Open(schedule, counted_from) => {
                schedule.due.acquire().await.ok()?.forget();
                let due = schedule.instant(schedule.begun.fetch_add(1, Ordering::Relaxed));
                match counted_from {
                    CountedFrom::Due => Some(due),
                    CountedFrom::Begun => Some(Instant::now()),
                }
            }
        }
    }
}

impl Schedule {
    fn instant(&self, call: u32) -> Instant {
        self.begin + self.interval * call
    }

    fn run(&self, until: Instant) {
        for call in 0.. {
            let at = self.instant(call);
            if at >= until {
                break;
            }
            thread::sleep(at.saturating_duration_since(Instant::now()));
            self.due.add_permits(1);
        }
        self.due.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_schedule_begins_every_call_that_is_due_whoever_is_late() {
        let until = Instant::now() + Duration::from_secs(3_600);
        let pace = Pace::open(1_000, until, CountedFrom::Due);
        let first = pace.next().await.unwrap();
        // Nobody takes the calls of the next while; they are due all the same, at their own instants.
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(pace.next().await.unwrap() - first, Duration::from_millis(1));
        assert_eq!(pace.next().await.unwrap() - first, Duration::from_millis(2));
    }

    #[tokio::test]
    async fn a_load_ends() {
        let ended = Instant::now();
        assert!(Pace::Closed { until: ended }.next().await.is_none());
        assert!(Pace::open(10, ended, CountedFrom::Due).next().await.is_none());
    }
}
