//! Days, as French administrations count them.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

/// The day of `at` in Europe/Paris: quotas and the validity of agreements go by it.
///
/// # Panics
/// Never: the time zone is compiled in.
#[must_use]
pub fn paris_day(at: Timestamp) -> Date {
    use std::sync::LazyLock;
    static PARIS: LazyLock<TimeZone> =
        LazyLock::new(|| TimeZone::get("Europe/Paris").expect("the time zones are compiled in"));
    at.to_zoned(PARIS.clone()).date()
}

#[cfg(test)]
mod tests {
    use super::paris_day;

    #[test]
    fn the_day_turns_at_midnight_in_paris_in_winter_and_in_summer() {
        let day = |at: &str| paris_day(at.parse().unwrap()).to_string();
        assert_eq!(day("2026-01-31T22:59:59Z"), "2026-01-31");
        assert_eq!(day("2026-01-31T23:00:00Z"), "2026-02-01");
        assert_eq!(day("2026-07-31T22:00:00Z"), "2026-08-01");
    }
}
