//! Periods: the months, quarters and years that records are about.

use std::fmt;

/// The years that a period may lie in: four digits, as ISO 8601 writes them.
const YEARS: std::ops::RangeInclusive<u16> = 1..=9999;

/// A civil year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Year(u16);

/// A month of a civil year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    year: Year,
    month: u8,
}

/// A quarter of a civil year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Quarter {
    year: Year,
    quarter: u8,
}

/// What a record is about, in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Period {
    /// A month, such as `2026-03`.
    Month(Month),
    /// A quarter, such as `2026-Q1`.
    Quarter(Quarter),
    /// A year, such as `2025`.
    Year(Year),
}

/// Numbers that are not a period.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPeriod {
    /// The year has not one to four digits, or is zero.
    #[error("a year is 1 to 9999, not {0}")]
    Year(u16),
    /// There is no such month.
    #[error("a month is 1 to 12, not {0}")]
    Month(u8),
    /// There is no such quarter.
    #[error("a quarter is 1 to 4, not {0}")]
    Quarter(u8),
}

impl Year {
    /// That year, 1 to 9999.
    ///
    /// # Errors
    /// It is another number.
    pub fn new(year: u16) -> Result<Self, InvalidPeriod> {
        if YEARS.contains(&year) { Ok(Self(year)) } else { Err(InvalidPeriod::Year(year)) }
    }

    /// Its number.
    #[must_use]
    pub fn number(self) -> u16 {
        self.0
    }
}

impl Month {
    /// That month, 1 to 12, of that year.
    ///
    /// # Errors
    /// The year or the month is another number.
    pub fn new(year: u16, month: u8) -> Result<Self, InvalidPeriod> {
        let year = Year::new(year)?;
        if (1..=12).contains(&month) { Ok(Self { year, month }) } else { Err(InvalidPeriod::Month(month)) }
    }

    /// Its year.
    #[must_use]
    pub fn year(self) -> Year {
        self.year
    }

    /// Its number in the year: 1 to 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.month
    }

    /// The quarter that it lies in.
    #[must_use]
    pub fn quarter(self) -> Quarter {
        Quarter { year: self.year, quarter: self.month.div_ceil(3) }
    }
}

impl Quarter {
    /// That quarter, 1 to 4, of that year.
    ///
    /// # Errors
    /// The year or the quarter is another number.
    pub fn new(year: u16, quarter: u8) -> Result<Self, InvalidPeriod> {
        let year = Year::new(year)?;
        if (1..=4).contains(&quarter) { Ok(Self { year, quarter }) } else { Err(InvalidPeriod::Quarter(quarter)) }
    }

    /// Its year.
    #[must_use]
    pub fn year(self) -> Year {
        self.year
    }

    /// Its number in the year: 1 to 4.
    #[must_use]
    pub fn quarter(self) -> u8 {
        self.quarter
    }
}

impl fmt::Display for Year {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.0)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{:02}", self.year, self.month)
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-Q{}", self.year, self.quarter)
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Month(month) => month.fmt(f),
            Self::Quarter(quarter) => quarter.fmt(f),
            Self::Year(year) => year.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidPeriod, Month, Period, Quarter, Year};

    #[test]
    fn periods_are_written_as_people_write_them() {
        assert_eq!(Period::Month(Month::new(2026, 3).unwrap()).to_string(), "2026-03");
        assert_eq!(Period::Quarter(Quarter::new(2026, 1).unwrap()).to_string(), "2026-Q1");
        assert_eq!(Period::Year(Year::new(2025).unwrap()).to_string(), "2025");
    }

    #[test]
    fn a_period_gives_back_the_numbers_that_it_was_made_of() {
        let (month, quarter) = (Month::new(2026, 3).unwrap(), Quarter::new(2025, 4).unwrap());
        assert_eq!((month.year().number(), month.month()), (2026, 3));
        assert_eq!((quarter.year().number(), quarter.quarter()), (2025, 4));
    }

    #[test]
    fn a_period_that_is_not_in_the_calendar_is_refused() {
        assert_eq!(Year::new(0), Err(InvalidPeriod::Year(0)));
        assert_eq!(Year::new(10_000), Err(InvalidPeriod::Year(10_000)));
        assert_eq!(Month::new(2026, 0), Err(InvalidPeriod::Month(0)));
        assert_eq!(Month::new(2026, 13), Err(InvalidPeriod::Month(13)));
        assert_eq!(Quarter::new(2026, 0), Err(InvalidPeriod::Quarter(0)));
        assert_eq!(Quarter::new(2026, 5), Err(InvalidPeriod::Quarter(5)));
        assert_eq!(Month::new(0, 1), Err(InvalidPeriod::Year(0)));
    }

    #[test]
    fn a_month_lies_in_its_quarter() {
        let quarters: Vec<u8> = (1..=12).map(|month| Month::new(2026, month).unwrap().quarter().quarter()).collect();
        assert_eq!(quarters, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4]);
    }
}
