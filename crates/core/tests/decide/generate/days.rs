//! The days that matter and the instants around them.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};
use unefois_core::Agreement;

use super::{chance::Chance, register::FLAW};

/// First days of agreements: the year's first, those of the clock changes, and a leap day.
pub const FIRST: [Date; 6] =
    [date(2026, 1, 1), date(2026, 3, 29), date(2026, 7, 1), date(2026, 10, 25), date(2026, 12, 31), date(2028, 2, 29)];

/// An instant, mostly within the days of the agreement or within hours of them.
pub fn instant_near(chance: &mut Chance, agreement: &Agreement) -> Timestamp {
    let day = if chance.one_in(FLAW) {
        chance.pick(&FIRST)
    } else {
        agreement.valid_until.filter(|_| chance.one_in(2)).unwrap_or(agreement.valid_from)
    };
    let midnight = day.to_zoned(TimeZone::UTC).unwrap().timestamp();
    // Midnight in Paris is at 22:00 or 23:00 of the day before.
    let hour = chance.pick(&[-3, -2, -1, 0, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23]);
    let nudge = chance.pick(&[-1, 0, 1]);
    midnight + SignedDuration::from_hours(hour) + SignedDuration::from_nanos(nudge)
}
