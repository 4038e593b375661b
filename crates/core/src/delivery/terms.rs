//! How a desk tells: its times, its attempts, and its limits.

use jiff::SignedDuration;

use crate::reason::Reason;

/// How events are told again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskTerms {
    /// After how long without an acknowledgement an event is told again.
    pub redelivery_after: SignedDuration,
    /// After how many attempts an event becomes a dead letter; at least 1.
    pub attempts_max: u32,
    /// How long an event waits after its first rejection; twice as long after each further one, up to
    /// `redelivery_after`.
    pub backoff_first: SignedDuration,
}

/// How much a desk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskLimits {
    /// Events that are not settled, told or not. At least the largest window.
    pub events_max: usize,
    /// Events told and dead-lettered in one turn; at least 1.
    pub turn_events_max: usize,
}

/// How many events a receiver wants in its hand at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window(usize);

impl Window {
    /// A window that a receiver asks for.
    ///
    /// # Errors
    /// [`Reason::ArgumentInvalid`]: it is 0, or more than `most`.
    pub fn of(asked: u32, most: u32) -> Result<Self, Reason> {
        if asked == 0 || asked > most {
            return Err(Reason::ArgumentInvalid);
        }
        usize::try_from(asked).map(Self).map_err(|_too_large| Reason::ArgumentInvalid)
    }

    /// How many events.
    #[must_use]
    pub fn events(self) -> usize {
        self.0
    }
}

impl DeskTerms {
    /// How long an event waits that was rejected at its `attempts`-th attempt.
    pub(super) fn backoff(&self, attempts: u32) -> SignedDuration {
        let doublings = attempts.saturating_sub(1).min(30);
        self.backoff_first.saturating_mul(1 << doublings).min(self.redelivery_after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_from_one_to_the_limit() {
        assert_eq!([0, 11].map(|asked| Window::of(asked, 10)), [Err(Reason::ArgumentInvalid); 2]);
        assert_eq!([1, 10].map(|asked| Window::of(asked, 10).unwrap().events()), [1, 10]);
    }

    #[test]
    fn waits_double_up_to_the_time_of_redelivery() {
        let seconds = SignedDuration::from_secs;
        let terms = DeskTerms { redelivery_after: seconds(30), attempts_max: 5, backoff_first: seconds(5) };
        assert_eq!([1, 2, 3, 4, u32::MAX].map(|attempts| terms.backoff(attempts).as_secs()), [5, 10, 20, 30, 30]);
    }
}
