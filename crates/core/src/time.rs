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
    use super::{paris_day, until_next_paris_day};

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
