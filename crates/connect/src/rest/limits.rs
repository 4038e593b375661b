//! The provider's own limits, as its answers state them, kept so that a used-up limit costs it no further call.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use http::header::{DATE, HeaderMap, HeaderName, RETRY_AFTER};
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use tokio::time::Instant;

const RATE_LIMIT_REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("ratelimit-reset");

/// How long who was asked too often is left alone, where it does not say.
const PAUSE_UNSTATED: Duration = Duration::from_secs(1);

/// Until when the provider, or the host of its files, must not be asked.
pub(super) struct Pause {
    /// Longest pause that is believed: a provider's slip must not shut it off for days.
    longest: Duration,
    /// Behind a lock because every question reads it and every answer may move it; held for a comparison only.
    until: Mutex<Option<Instant>>,
}

impl Pause {
    pub(super) fn new(longest: Duration) -> Self {
        Self { longest, until: Mutex::new(None) }
    }

    /// What is left of the pause at `now`; `None` when the provider may be asked.
    pub(super) fn left(&self, now: Instant) -> Option<Duration> {
        let until = *self.until.lock().unwrap_or_else(PoisonError::into_inner);
        until.and_then(|until| until.checked_duration_since(now)).filter(|left| !left.is_zero())
    }

    /// Learns from an answer that arrived at `now`. A pause is never shortened: answers may arrive out of order, and a
    /// later word of an earlier state would end it too soon.
    pub(super) fn learn(&self, status: StatusCode, headers: &HeaderMap, now: Instant) {
        let used_up = number(headers, &RATE_LIMIT_REMAINING) == Some(0);
        let wait = match status {
            StatusCode::TOO_MANY_REQUESTS => self.retry_after(status, headers),
            _ if used_up => self.stated(headers, &[RATE_LIMIT_RESET]),
            _ => None,
        };
        let Some(wait) = wait else { return };
        let mut until = self.until.lock().unwrap_or_else(PoisonError::into_inner);
        // A wait beyond what the clock can count leaves the pause as it is.
        *until = (*until).max(now.checked_add(wait));
    }

    /// When the provider wants to be asked again: `Retry-After` (RFC 9110, section 10.2.3) or, where the answer is not
    /// about a fault of its own, `RateLimit-Reset`; after 429 there is always a wait.
    pub(super) fn retry_after(&self, status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
        if status.is_server_error() {
            return self.stated(headers, &[RETRY_AFTER]);
        }
        let stated = self.stated(headers, &[RETRY_AFTER, RATE_LIMIT_RESET]);
        let unstated = (status == StatusCode::TOO_MANY_REQUESTS).then(|| PAUSE_UNSTATED.min(self.longest));
        stated.or(unstated)
    }

    /// The first of these headers that states a wait, bounded.
    fn stated(&self, headers: &HeaderMap, names: &[HeaderName]) -> Option<Duration> {
        let stated = names.iter().find_map(|name| wait(headers, name));
        stated.map(|wait| wait.min(self.longest))
    }
}

/// Numbers from here on are instants (seconds since 1970), smaller ones are spans: `RateLimit-Reset` is found in both
/// forms, and no limit lasts thirty years.
const FIRST_INSTANT_SECONDS: i64 = 1_000_000_000;

/// A wait stated as seconds, as an instant in seconds since 1970, or as a date; the last two count from the answer's
/// own `Date`, so that the clocks of hub and provider need not agree.
fn wait(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    let until = match number(headers, name) {
        Some(seconds) if seconds < FIRST_INSTANT_SECONDS => {
            return u64::try_from(seconds).ok().map(Duration::from_secs);
        }
        Some(instant) => instant,
        None => date(headers, name)?.as_second(),
    };
    let seconds = until.saturating_sub(date(headers, &DATE)?.as_second());
    Some(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}

fn number(headers: &HeaderMap, name: &HeaderName) -> Option<i64> {
    headers.get(name)?.to_str().ok()?.trim().parse().ok()
}

/// An HTTP date in its one modern form, which is that of mail too.
fn date(headers: &HeaderMap, name: &HeaderName) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(headers.get(name)?.to_str().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_secs(60);

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let header = |(name, value): &(&str, &str)| (name.parse().unwrap(), value.parse().unwrap());
        pairs.iter().map(header).collect::<HeaderMap>()
    }

    /// What is left, just after, of the pause that an answer imposed.
    fn pause_after(status: StatusCode, pairs: &[(&str, &str)]) -> Option<u64> {
        let (pause, now) = (Pause::new(LONGEST), Instant::now());
        pause.learn(status, &headers(pairs), now);
        pause.left(now).map(|left| left.as_secs())
    }

    #[test]
    fn a_used_up_limit_pauses_until_it_is_renewed() {
        let used_up = [("RateLimit-Remaining", "0"), ("RateLimit-Reset", "20")];
        assert_eq!(pause_after(StatusCode::OK, &used_up), Some(20));
        assert_eq!(pause_after(StatusCode::NOT_FOUND, &used_up), Some(20));
        assert_eq!(pause_after(StatusCode::BAD_GATEWAY, &used_up), Some(20));
    }

    #[test]
    fn a_renewal_stated_as_an_instant_counts_from_the_date_of_the_answer() {
        let date = ("Date", "Thu, 01 Jan 2026 00:00:00 GMT");
        let used_up = ("RateLimit-Remaining", "0");
        let reset = ("RateLimit-Reset", "1767225630");
        assert_eq!(pause_after(StatusCode::OK, &[date, used_up, reset]), Some(30));
        assert_eq!(pause_after(StatusCode::OK, &[used_up, reset]), None);
        let past = ("RateLimit-Reset", "1767225000");
        assert_eq!(pause_after(StatusCode::OK, &[date, used_up, past]), None);
    }

    #[test]
    fn a_limit_not_used_up_pauses_nothing() {
        let remaining = [("RateLimit-Remaining", "1"), ("RateLimit-Reset", "20")];
        assert_eq!(pause_after(StatusCode::OK, &remaining), None);
        assert_eq!(pause_after(StatusCode::BAD_GATEWAY, &[("Retry-After", "20")]), None);
    }

    #[test]
    fn too_many_questions_pause_for_what_retry_after_says() {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let both = [("Retry-After", "3"), ("RateLimit-Reset", "20")];
        assert_eq!(pause_after(status, &both), Some(3));
        assert_eq!(pause_after(status, &both[1..]), Some(20));
        assert_eq!(pause_after(status, &[]), Some(1));
    }

    #[test]
    fn retry_after_may_be_a_date() {
        let pairs = [("Date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("Retry-After", "Thu, 01 Jan 2026 00:00:07 GMT")];
        assert_eq!(pause_after(StatusCode::TOO_MANY_REQUESTS, &pairs), Some(7));
        assert_eq!(pause_after(StatusCode::TOO_MANY_REQUESTS, &pairs[1..]), Some(1));
    }

    #[test]
    fn a_pause_is_never_longer_than_configured() {
        for wait in ["61", "999999999", "Fri, 01 Jan 2100 00:00:00 GMT"] {
            let pairs = [("Date", "Thu, 01 Jan 2026 00:00:00 GMT"), ("Retry-After", wait)];
            assert_eq!(pause_after(StatusCode::TOO_MANY_REQUESTS, &pairs), Some(60), "{wait}");
        }
    }

    #[test]
    fn headers_that_make_no_sense_pause_no_longer_than_none() {
        for wait in ["-1", "soon", "", "1.5", "99999999999999999999"] {
            let pairs = [("Retry-After", wait)];
            assert_eq!(pause_after(StatusCode::TOO_MANY_REQUESTS, &pairs), Some(1), "{wait}");
        }
    }

    #[test]
    fn a_pause_ends_and_is_never_shortened() {
        let (pause, now) = (Pause::new(LONGEST), Instant::now());
        for seconds in ["20", "5"] {
            pause.learn(StatusCode::TOO_MANY_REQUESTS, &headers(&[("Retry-After", seconds)]), now);
        }
        assert_eq!(pause.left(now + Duration::from_secs(19)), Some(Duration::from_secs(1)));
        assert_eq!(pause.left(now + Duration::from_secs(20)), None);
    }
}
