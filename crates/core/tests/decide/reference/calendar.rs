//! The day in Paris, counted by hand: UTC+1, and UTC+2 from the last Sunday of March to the last of October, both at
//! 01:00 UTC (directive 2000/84/CE).

const DAY: i64 = 86_400;
const HOUR: i64 = 3_600;

/// Year, month and day. They compare as days do.
pub type Day = (i16, i8, i8);

/// The day in Paris at that second since 1970 (UTC).
pub fn paris_day(second: i64) -> Day {
    let (year, ..) = day_of(second.div_euclid(DAY));
    let summer = last_sunday(year, 3) * DAY + HOUR..last_sunday(year, 10) * DAY + HOUR;
    let ahead = if summer.contains(&second) { 2 * HOUR } else { HOUR };
    day_of((second + ahead).div_euclid(DAY))
}

/// The day that is so many days after 1 January 1970.
fn day_of(mut days: i64) -> Day {
    let mut year = 1970;
    while days >= days_of_year(year) {
        days -= days_of_year(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_of_month(year, month) {
        days -= days_of_month(year, month);
        month += 1;
    }
    (year, month, i8::try_from(days + 1).unwrap())
}

/// The last Sunday of a month of 31 days, in days after 1 January 1970, which was a Thursday.
fn last_sunday(year: i16, month: i8) -> i64 {
    let years: i64 = (1970..year).map(days_of_year).sum();
    let months: i64 = (1..month).map(|month| days_of_month(year, month)).sum();
    let first = years + months;
    (first..first + 31).rev().find(|day| day % 7 == 3).unwrap()
}

fn days_of_year(year: i16) -> i64 {
    if is_leap_year(year) { 366 } else { 365 }
}

fn days_of_month(year: i16, month: i8) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn is_leap_year(year: i16) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}
