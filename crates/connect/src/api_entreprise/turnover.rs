//! What DGFIP answers about the turnover of a company, read strictly.

use std::borrow::Cow;
use std::fmt;

use jiff::civil::Date;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::amount::cents_of_euros;
use crate::failure::{InvalidAnswer, ProviderFailure};

/// The turnover of a company in one fiscal year (exercice).
///
/// `Debug` tells neither whose it is nor how much, so that neither gets into a log.
#[derive(Clone, PartialEq, Eq)]
pub struct CompanyTurnover {
    /// The SIRET asked for.
    pub siret: String,
    /// The year asked for, in which the fiscal year ended.
    pub year: i16,
    /// The turnover, in euro-cents.
    pub turnover_cents: i64,
    /// Last day of the fiscal year (date de fin d'exercice).
    pub fiscal_year_end: Date,
}

impl fmt::Debug for CompanyTurnover {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("CompanyTurnover")
            .field("year", &self.year)
            .field("fiscal_year_end", &self.fiscal_year_end)
            .finish_non_exhaustive()
    }
}

/// Finds the year asked in the body of an answer.
pub(super) fn read(body: &[u8], siret: &str, year: i16) -> Result<CompanyTurnover, ProviderFailure> {
    let answer: Answer = serde_json::from_slice(body)
        .map_err(|error| InvalidAnswer::Shape { line: error.line(), column: error.column() })?;
    let mut found: Option<(Date, i64)> = None;
    for Item { data: statement } in answer.data {
        let end = date(&statement.date_fin_exercice)?;
        if end.year() != year || found.is_some_and(|(later, _)| later > end) {
            continue;
        }
        let cents = cents_of_euros(statement.chiffre_affaires.get())
            .map_err(|source| InvalidAnswer::Amount { field: "chiffre_affaires", source })?;
        if found.is_some_and(|(same, other_cents)| same == end && other_cents != cents) {
            return Err(InvalidAnswer::Contradiction { field: "chiffre_affaires" }.into());
        }
        found = Some((end, cents));
    }
    let (fiscal_year_end, turnover_cents) = found.ok_or(ProviderFailure::NotFound)?;
    Ok(CompanyTurnover { siret: siret.to_owned(), year, turnover_cents, fiscal_year_end })
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    data: Vec<Item<'a>>,
}

#[derive(Deserialize)]
struct Item<'a> {
    #[serde(borrow)]
    data: Statement<'a>,
}

/// One fiscal year.
#[derive(Deserialize)]
struct Statement<'a> {
    /// In euros. Its text as written: a number type would round it.
    #[serde(borrow)]
    chiffre_affaires: &'a RawValue,
    #[serde(borrow)]
    date_fin_exercice: Cow<'a, str>,
}

/// Reads `YYYY-MM-DD` and nothing else, which the calendar's own parser would be more generous about.
fn date(text: &str) -> Result<Date, InvalidAnswer> {
    let invalid = InvalidAnswer::Date { field: "date_fin_exercice" };
    let shaped = text.bytes().enumerate().all(|(place, byte)| match place {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    if text.len() != 10 || !shaped {
        return Err(invalid);
    }
    text.parse().map_err(|_not_in_the_calendar: jiff::Error| invalid)
}
