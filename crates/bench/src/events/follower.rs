//! What one subscription is told: each event once, those of one subject in their order, and none left out.

use std::{sync::Arc, time::Instant};

use anyhow::ensure;

use super::flight::Flight;
use crate::measured::Tally;

/// Which events are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counting {
    /// Those that are told in time: what a server does in a while is what it has done by its end.
    Told { from: Instant, until: Instant },
    /// Those that are due from then on, however late they are told.
    Due { from: Instant },
}

impl Counting {
    fn counts(self, began: Instant, told: Instant) -> bool {
        match self {
            Self::Told { from, until } => (from..until).contains(&told),
            Self::Due { from } => began >= from,
        }
    }
}

/// Follows what one subscription is told.
#[derive(Debug)]
pub(crate) struct Follower {
    flight: Arc<Flight>,
    /// The number of the next event of each subject: event `n` is about subject `n` modulo their number.
    due: Vec<u64>,
    first: u64,
    counting: Counting,
    tally: Tally,
}

impl Follower {
    /// Follows the events from that number on, about so many subjects in turn.
    pub(crate) fn new(flight: &Arc<Flight>, first: u64, subjects: u32, counting: Counting) -> Self {
        let subjects = u64::from(subjects);
        let mut due = vec![0; subjects as usize];
        for number in first..first + subjects {
            due[(number % subjects) as usize] = number;
        }
        Self { flight: Arc::clone(flight), due, first, counting, tally: Tally::default() }
    }

    /// An event is there; call it before it is acknowledged.
    pub(crate) fn is_told(&mut self, number: u64) -> anyhow::Result<()> {
        let now = Instant::now();
        let subjects = self.due.len() as u64;
        let due = &mut self.due[(number % subjects) as usize];
        ensure!(number == *due, "event {number} is told where event {due} of the same subject is due");
        *due += subjects;
        let began = self.flight.began(number)?;
        self.tally.answered += 1;
        if self.counting.counts(began, now) {
            self.tally.latencies.push(now.saturating_duration_since(began));
        }
        Ok(())
    }

    /// The subscriber has acknowledged it.
    pub(crate) fn has_acknowledged(&self, number: u64) -> anyhow::Result<()> {
        self.flight.acknowledged(number)
    }

    /// What it came to, when everything before event `end` was published: exactly these must have been told.
    pub(crate) fn end(self, end: u64) -> anyhow::Result<Tally> {
        let (told, published) = (self.tally.answered, end - self.first);
        ensure!(told == published, "{told} events were told of {published} that were published");
        let subjects = self.due.len() as u64;
        // Each subject's next event is one of those that would be published next.
        let is_whole = self.due.iter().all(|due| (end..end + subjects).contains(due));
        ensure!(is_whole, "an event of a subject was left out");
        Ok(self.tally)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{events::flight::Source, pace::Pace};

    /// Events 5 to 8, about three subjects.
    async fn published() -> (Arc<Flight>, Follower) {
        let flight = Arc::new(Flight::new(9, 1));
        let began = Instant::now();
        let mut source = Source::new(&flight, Pace::Closed { until: began + Duration::from_secs(3_600) }, 5);
        for _ in 5..=8 {
            source.next().await.unwrap();
        }
        let follower = Follower::new(&flight, 5, 3, Counting::Due { from: began });
        (flight, follower)
    }

    #[tokio::test]
    async fn subjects_may_overtake_one_another_and_everything_is_counted() {
        let (_flight, mut follower) = published().await;
        for number in [6, 5, 7, 8] {
            follower.is_told(number).unwrap();
        }
        let tally = follower.end(9).unwrap();
        assert_eq!((tally.answered, tally.latencies.len()), (4, 4));
    }

    #[test]
    fn what_is_late_counts_where_it_was_due_and_not_where_a_while_is_measured() {
        let from = Instant::now();
        let [until, late] = [1, 2].map(|seconds| from + Duration::from_secs(seconds));
        assert!(Counting::Due { from }.counts(from, late));
        assert!(!Counting::Told { from, until }.counts(from, late));
        assert!(Counting::Told { from: until, until: late }.counts(from, until), "it was begun before");
        assert!(!Counting::Due { from: until }.counts(from, late));
    }

    #[tokio::test]
    async fn an_event_that_is_missing_early_or_twice_is_noticed() {
        let (_flight, mut follower) = published().await;
        assert!(follower.is_told(8).is_err(), "event 5 of the same subject is due");
        follower.is_told(5).unwrap();
        assert!(follower.is_told(5).is_err(), "it was told");
        follower.is_told(8).unwrap();
        follower.is_told(6).unwrap();
        assert!(follower.end(9).is_err(), "event 7 is missing");
    }
}
