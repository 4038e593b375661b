//! The first and the last instant of an agreement, on every day of many years.

use jiff::{Timestamp, ToSpan, civil::Date, civil::date, tz::TimeZone};
use unefois_core::{AgreementState, ConsentRule, Reason, paris_day};

use crate::{generate, reference::calendar, world::reason};

const NANOS: i128 = 1_000_000_000;

/// The first second of that day in Paris: the only one of four that begins it.
fn midnight(day: Date) -> i128 {
    let utc = day.to_zoned(TimeZone::UTC).unwrap().timestamp().as_second();
    let begins = |second: &i64| {
        let due = (day.year(), day.month(), day.day());
        calendar::paris_day(*second) == due && calendar::paris_day(second - 1) != due
    };
    let candidates: Vec<i64> = [-2, -1].into_iter().map(|hour| utc + hour * 3_600).filter(begins).collect();
    assert_eq!(candidates.len(), 1, "{day}");
    i128::from(candidates[0]) * NANOS
}

#[test]
fn an_agreement_of_one_day_is_in_force_from_midnight_to_midnight_in_paris() {
    let mut world = (0..).map(generate::world).find(|world| reason(&world.decided()).is_none()).unwrap();
    for file in &mut world.files {
        file.agreements.retain(|agreement| agreement.id == world.request.agreement);
        for agreement in &mut file.agreements {
            (agreement.state, agreement.consent) = (AgreementState::InForce, ConsentRule::NotRequired);
        }
    }
    let mut day = date(2024, 1, 1);
    while day < date(2036, 1, 1) {
        for agreement in world.files.iter_mut().flat_map(|file| &mut file.agreements) {
            (agreement.valid_from, agreement.valid_until) = (day, Some(day));
        }
        let next = day.checked_add(1.day()).unwrap();
        let (first, after) = (midnight(day), midnight(next));
        for (instant, due) in [
            (first - 1, Some(Reason::AgreementNotYetInForce)),
            (first, None),
            (after - 1, None),
            (after, Some(Reason::AgreementExpired)),
        ] {
            world.now = Timestamp::from_nanosecond(instant).unwrap();
            assert_eq!(reason(&world.decided()), due, "{day} at {}", world.now);
        }
        day = next;
    }
}

#[test]
fn every_hour_has_the_day_that_it_has_in_paris() {
    let (first, last) = (1_700_000_000_i64, 2_100_000_000);
    for second in (first - first % 3_600..last).step_by(3_600) {
        let day = paris_day(Timestamp::from_second(second).unwrap());
        assert_eq!((day.year(), day.month(), day.day()), calendar::paris_day(second), "{second}");
    }
}
