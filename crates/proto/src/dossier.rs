//! Dossiers on the wire.

use jiff::civil::Date;
use unefois_core::{DossierTerms, ImpersonalCode, InvalidImpersonalCode};

use crate::pb;

/// A declaration whose terms are none. Its subject is read by [`identifier_from_wire`](crate::identifier_from_wire).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDeclaration {
    /// The reason has another shape.
    #[error("the reason is not valid")]
    Reason(#[source] InvalidImpersonalCode),
    /// The last day is missing, or is no day of the calendar.
    #[error("the last day is not a day of the calendar")]
    LastDay,
}

impl InvalidDeclaration {
    /// The field at fault.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::Reason(_) => "reason",
            Self::LastDay => "last_day",
        }
    }

    /// The rule that is broken, in words.
    #[must_use]
    pub fn rule(&self) -> String {
        match self {
            Self::Reason(invalid) => invalid.to_string(),
            Self::LastDay => self.to_string(),
        }
    }
}

/// The terms of a dossier, from the wire.
///
/// # Errors
/// See [`InvalidDeclaration`].
pub fn dossier_terms_from_wire(
    reason: &str,
    last_day: Option<pb::calendar::v1::Date>,
) -> Result<DossierTerms, InvalidDeclaration> {
    let reason = ImpersonalCode::parse(reason).map_err(InvalidDeclaration::Reason)?;
    let last_day = last_day.and_then(date).ok_or(InvalidDeclaration::LastDay)?;
    Ok(DossierTerms { reason, last_day })
}

fn date(wire: pb::calendar::v1::Date) -> Option<Date> {
    let pb::calendar::v1::Date { year, month, day } = wire;
    let (year, month, day) = (i16::try_from(year?), i8::try_from(month?), i8::try_from(day?));
    let date = Date::new(year.ok()?, month.ok()?, day.ok()?).ok()?;
    (date.year() >= 1).then_some(date)
}

/// A last day, to the wire.
#[must_use]
pub fn last_day_to_wire(day: Date) -> pb::calendar::v1::Date {
    pb::calendar::v1::Date {
        year: Some(day.year().into()),
        month: Some(day.month().into()),
        day: Some(day.day().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_read_and_what_is_wrong_is_named() {
        let day = |year, month, day| Some(pb::calendar::v1::Date { year, month, day });
        let terms = dossier_terms_from_wire("benefit-claim", day(Some(2026), Some(2), Some(28))).unwrap();
        assert_eq!((terms.reason.as_str(), terms.last_day.to_string().as_str()), ("benefit-claim", "2026-02-28"));
        assert_eq!(Some(last_day_to_wire(terms.last_day)), day(Some(2026), Some(2), Some(28)));
        for bad in
            [None, day(Some(2026), Some(2), Some(29)), day(Some(0), Some(1), Some(1)), day(Some(2026), None, Some(1))]
        {
            assert_eq!(dossier_terms_from_wire("rsa", bad), Err(InvalidDeclaration::LastDay));
        }
        let named = dossier_terms_from_wire("2 55 08", None).unwrap_err();
        assert_eq!((named.field(), named.rule().contains("digits")), ("reason", true));
    }
}
