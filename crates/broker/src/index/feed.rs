//! What the recorder hands on to the follower, so that it need not read back what was written a moment ago.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use unefois_ledger::PublicPart;

/// An entry as the follower needs it.
#[derive(Debug)]
pub(crate) struct Fed {
    /// Its position.
    pub(crate) index: u64,
    /// Its public part.
    pub(crate) public: PublicPart,
    /// The subject that it is about, when it is about somebody.
    pub(crate) subject: Option<[u8; 16]>,
}

/// Entries that were recorded and are not indexed, in order; some may be missing, and are read from the store.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    /// Behind a lock, which each side holds for a moment.
    waiting: Arc<Mutex<VecDeque<Fed>>>,
    entries_max: usize,
}

impl Feed {
    pub(crate) fn new(entries_max: usize) -> Self {
        Self { waiting: Arc::default(), entries_max }
    }

    /// Hands entries on. Those for which there is no room are left out.
    pub(crate) fn offer(&self, entries: Vec<Fed>) {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() + entries.len() <= self.entries_max {
            waiting.extend(entries);
        }
    }

    /// Takes the entries from `next` on without a gap, at most `count_max`; those before it are dropped. With none, where
    /// the next one is that waits.
    pub(crate) fn take(&self, next: u64, count_max: usize) -> Result<Vec<Fed>, Option<u64>> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while waiting.front().is_some_and(|fed| fed.index < next) {
            waiting.pop_front();
        }
        let without_gap = waiting.iter().zip(next..).take(count_max).take_while(|(fed, due)| fed.index == *due).count();
        if without_gap == 0 {
            Err(waiting.front().map(|fed| fed.index))
        } else {
            Ok(waiting.drain(..without_gap).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fed(index: u64) -> Fed {
        Fed { index, public: PublicPart::default(), subject: None }
    }

    fn offer(feed: &Feed, indexes: &[u64]) {
        feed.offer(indexes.iter().map(|index| fed(*index)).collect());
    }

    fn taken(feed: &Feed, next: u64, count_max: usize) -> Result<Vec<u64>, Option<u64>> {
        feed.take(next, count_max).map(|taken| taken.iter().map(|fed| fed.index).collect())
    }

    #[test]
    fn what_was_offered_is_taken_in_order_and_once() {
        let feed = Feed::new(10);
        offer(&feed, &[3, 4]);
        offer(&feed, &[5, 6, 7]);
        assert_eq!(taken(&feed, 3, 3), Ok(vec![3, 4, 5]));
        assert_eq!(taken(&feed, 6, 9), Ok(vec![6, 7]));
        assert_eq!(taken(&feed, 8, 9), Err(None));
    }

    #[test]
    fn a_gap_is_not_stepped_over() {
        let feed = Feed::new(10);
        offer(&feed, &[1, 2, 4]);
        assert_eq!(taken(&feed, 0, 9), Err(Some(1)), "what comes before it is in the store");
        assert_eq!(taken(&feed, 1, 9), Ok(vec![1, 2]));
        assert_eq!(taken(&feed, 3, 9), Err(Some(4)));
        assert_eq!(taken(&feed, 4, 9), Ok(vec![4]));
    }

    #[test]
    fn what_is_indexed_is_dropped_and_what_has_no_room_is_left_out() {
        let feed = Feed::new(3);
        offer(&feed, &[0, 1]);
        offer(&feed, &[2, 3]);
        offer(&feed, &[4]);
        assert_eq!(taken(&feed, 1, 9), Ok(vec![1]));
        assert_eq!(taken(&feed, 2, 9), Err(Some(4)));
    }
}
