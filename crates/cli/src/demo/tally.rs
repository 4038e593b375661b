//! What the story measures: exchanges, how long each took, and how many were refused.

use std::time::Duration;

/// Counted by the callers, not by the hub.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    released: Vec<Duration>,
    refused: usize,
}

impl Tally {
    pub(crate) fn released(&mut self, took: Duration) {
        self.released.push(took);
    }

    pub(crate) fn refused(&mut self) {
        self.refused += 1;
    }

    /// How many answers the callers received.
    pub(crate) fn released_count(&self) -> usize {
        self.released.len()
    }

    /// How many refusals they received.
    pub(crate) fn refused_count(&self) -> usize {
        self.refused
    }

    /// The median time of an exchange that was released, seen by its caller; `None` before the first.
    pub(crate) fn median(&self) -> Option<Duration> {
        let mut sorted = self.released.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Tally;

    #[test]
    fn the_median_is_the_time_in_the_middle() {
        let mut tally = Tally::default();
        assert_eq!(tally.median(), None);
        for milliseconds in [9, 1, 5] {
            tally.released(Duration::from_millis(milliseconds));
        }
        assert_eq!(tally.median(), Some(Duration::from_millis(5)));
    }
}
