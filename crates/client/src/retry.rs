//! When a call that failed is made again.

use std::time::Duration;

use crate::refusal::Refused;

/// How often, and how patiently, a call is made again when [`Refused::is_retryable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// How many attempts there are in all; 0 counts as 1.
    pub attempts_max: u32,
    /// The wait before the second attempt. It doubles each time, and is never shorter than the hub asks for.
    pub backoff: Duration,
    /// The longest wait. A hub that asks for a longer one is not called again: an exhausted quota comes back tomorrow.
    pub backoff_max: Duration,
}

impl RetryPolicy {
    /// One attempt only.
    #[must_use]
    pub fn never() -> Self {
        Self { attempts_max: 1, ..Self::default() }
    }

    /// How long to wait after attempt number `attempt`, from 1; `None` when there is no further one.
    pub(crate) fn wait(&self, attempt: u32, refused: &Refused) -> Option<Duration> {
        let asked = refused.retry_after.unwrap_or_default();
        if attempt >= self.attempts_max || !refused.is_retryable() || asked > self.backoff_max {
            return None;
        }
        let doubled = self.backoff.saturating_mul(2_u32.saturating_pow(attempt - 1));
        Some(doubled.min(self.backoff_max).max(asked))
    }
}

impl Default for RetryPolicy {
    /// Four attempts, 100 ms apart at first, at most 5 s.
    fn default() -> Self {
        Self { attempts_max: 4, backoff: Duration::from_millis(100), backoff_max: Duration::from_secs(5) }
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::*;

    fn refused(code: Code, retry_after: Option<Duration>) -> Refused {
        Refused {
            code,
            reason: String::new(),
            message: String::new(),
            exchange_id: None,
            retry_after,
            violations: Vec::new(),
        }
    }

    #[test]
    fn waits_double_up_to_the_longest() {
        let policy = RetryPolicy { attempts_max: 100, ..RetryPolicy::default() };
        let unavailable = refused(Code::Unavailable, None);
        let waits = [1, 2, 3, 6, 7, 99].map(|attempt| policy.wait(attempt, &unavailable).unwrap().as_millis());
        assert_eq!(waits, [100, 200, 400, 3_200, 5_000, 5_000]);
    }

    #[test]
    fn attempts_end() {
        let unavailable = refused(Code::Unavailable, None);
        assert!(RetryPolicy::default().wait(3, &unavailable).is_some());
        assert_eq!(RetryPolicy::default().wait(4, &unavailable), None);
        assert_eq!(RetryPolicy::never().wait(1, &unavailable), None);
    }

    #[test]
    fn a_wait_is_never_shorter_than_the_hub_asks_for() {
        let second = Duration::from_secs(1);
        let wait = RetryPolicy::default().wait(1, &refused(Code::ResourceExhausted, Some(second)));
        assert_eq!(wait, Some(second));
    }

    #[test]
    fn a_hub_that_asks_for_more_patience_than_there_is_is_not_called_again() {
        let tomorrow = Duration::from_secs(86_400);
        assert_eq!(RetryPolicy::default().wait(1, &refused(Code::ResourceExhausted, Some(tomorrow))), None);
    }

    #[test]
    fn a_refusal_by_a_rule_is_final() {
        assert_eq!(RetryPolicy::default().wait(1, &refused(Code::PermissionDenied, None)), None);
    }
}
