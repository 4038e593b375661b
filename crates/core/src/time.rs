//! Days, as French administrations count them.

use std::{sync::LazyLock, time::Duration};

use jiff::{Timestamp, Zoned, civil::Date, tz::TimeZone};

static PARIS: LazyLock<TimeZone> =
    LazyLock::new(|| TimeZone::get("Europe/Paris").expect("the time zones are compiled in"));

/// The day of `at` in Europe/Paris: quotas and the validity of agreements go by it.
///
/// # Panics
/// Never: the time zone is compiled in.
#[must_use]
pub fn paris_day(at: Timestamp) -> Date {
    at.to_zoned(PARIS.clone()).date()
}

/// The instant at which `day` is over in Europe/Paris. The last day of the calendar never is.
///
/// # Panics
/// Never: the time zone is compiled in.
#[must_use]
pub fn paris_day_ends(day: Date) -> Timestamp {
    let next = day.tomorrow().and_then(|next| next.to_zoned(PARIS.clone()));
    next.map_or(Timestamp::MAX, |next| next.timestamp())
}

/// How long from `at` until the next day begins in Europe/Paris, when quotas are whole again. On the last day of the
/// calendar, nothing.
///
/// # Panics
/// Never: the time zone is compiled in.
#[must_use]
pub fn until_next_paris_day(at: Timestamp) -> Duration {
    let tomorrow = at.to_zoned(PARIS.clone()).tomorrow().and_then(|tomorrow| Zoned::start_of_day(&tomorrow));
    tomorrow.map_or(Duration::ZERO, |tomorrow| tomorrow.timestamp().duration_since(at).unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::{paris_day, paris_day_ends, until_next_paris_day};

    #[test]
    fn a_day_ends_when_the_next_one_begins_in_paris() {
        let ends = |day: &str| paris_day_ends(day.parse().unwrap()).to_string();
        assert_eq!(ends("2026-01-31"), "2026-01-31T23:00:00Z");
        assert_eq!(ends("2026-03-28"), "2026-03-28T23:00:00Z", "the clocks go forward in the night after");
        assert_eq!(ends("2026-07-31"), "2026-07-31T22:00:00Z");
        let end = paris_day_ends("2026-07-31".parse().unwrap());
        assert_eq!(paris_day(end - jiff::SignedDuration::from_micros(1)).to_string(), "2026-07-31");
        assert_eq!(paris_day_ends(jiff::civil::Date::MAX), jiff::Timestamp::MAX);
    }

    #[test]
    fn the_day_turns_at_midnight_in_paris_in_winter_and_in_summer() {
        let day = |at: &str| paris_day(at.parse().unwrap()).to_string();
        assert_eq!(day("2026-01-31T22:59:59Z"), "2026-01-31");
        assert_eq!(day("2026-01-31T23:00:00Z"), "2026-02-01");
        assert_eq!(day("2026-07-31T22:00:00Z"), "2026-08-01");
    }

    #[test]
    fn the_next_day_is_as_far_as_clocks_in_paris_say() {
        let seconds = |at: &str| until_next_paris_day(at.parse().unwrap()).as_secs();
        assert_eq!(seconds("2026-01-31T22:59:59Z"), 1);
        assert_eq!(seconds("2026-01-31T23:00:00Z"), 24 * 3600);
        assert_eq!(seconds("2026-03-28T23:00:00Z"), 23 * 3600, "an hour is skipped");
        assert_eq!(seconds("2026-10-24T22:00:00Z"), 25 * 3600, "an hour is repeated");
    }
}
