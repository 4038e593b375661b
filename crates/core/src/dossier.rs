//! Dossiers: a consumer's declaration that it has an open file on a subject (need to know).

use jiff::{Span, Timestamp, civil::Date};

use crate::{agency::AgencyCode, code::ImpersonalCode, event::SubjectId, reason::Reason, time::paris_day};

/// What one agency last declared of one subject. Earlier declarations stand in the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dossier {
    /// Who has it open.
    pub agency: AgencyCode,
    /// On whom.
    pub subject: SubjectId,
    /// Why, and until when.
    pub terms: DossierTerms,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed before its last day.
    pub closed_at: Option<Timestamp>,
}

/// What an agency declares of a dossier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DossierTerms {
    /// Why: a code of the agency, such as `benefit-claim`.
    pub reason: ImpersonalCode,
    /// The last day (Europe/Paris), included.
    pub last_day: Date,
}

/// Whether an agency has a dossier open on a subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DossierState {
    /// It has.
    Open,
    /// It never had, it was closed, or its last day has passed.
    NotOpen,
}

impl DossierTerms {
    /// Whether a dossier may be opened with these terms at `now`: its last day has not passed, and lies at most so many
    /// days ahead.
    ///
    /// # Errors
    /// [`Reason::DossierTermInvalid`].
    pub fn check(&self, now: Timestamp, days_max: u16) -> Result<(), Reason> {
        let today = paris_day(now);
        let last = today.checked_add(Span::new().days(i64::from(days_max))).unwrap_or(Date::MAX);
        if self.last_day < today || self.last_day > last { Err(Reason::DossierTermInvalid) } else { Ok(()) }
    }
}

impl Dossier {
    /// Whether it is open at `now`. A closing counts as soon as it is known, whatever clock recorded it.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> DossierState {
        if self.closed_at.is_some() || paris_day(now) > self.terms.last_day {
            DossierState::NotOpen
        } else {
            DossierState::Open
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn terms(last_day: &str) -> DossierTerms {
        DossierTerms { reason: ImpersonalCode::parse("benefit-claim").unwrap(), last_day: last_day.parse().unwrap() }
    }

    fn at(instant: &str) -> Timestamp {
        instant.parse().unwrap()
    }

    #[test]
    fn a_dossier_is_open_through_its_last_day_in_paris_unless_it_was_closed() {
        let mut dossier = Dossier {
            agency: AgencyCode::parse("cnaf").unwrap(),
            subject: SubjectId(Uuid::from_u128(7)),
            terms: terms("2026-06-30"),
            opened_at: at("2026-01-01T00:00:00Z"),
            closed_at: None,
        };
        assert_eq!(dossier.state(at("2026-06-30T21:59:59Z")), DossierState::Open);
        assert_eq!(dossier.state(at("2026-06-30T22:00:00Z")), DossierState::NotOpen);
        dossier.closed_at = Some(at("2026-05-01T00:00:00Z"));
        assert_eq!(dossier.state(at("2026-04-30T00:00:00Z")), DossierState::NotOpen, "another clock closed it");
    }

    #[test]
    fn a_last_day_is_neither_past_nor_too_far_ahead() {
        let now = at("2026-06-30T21:59:59Z");
        for (last_day, good) in
            [("2026-06-29", false), ("2026-06-30", true), ("2026-07-10", true), ("2026-07-11", false)]
        {
            assert_eq!(terms(last_day).check(now, 10).is_ok(), good, "{last_day}");
        }
        assert!(terms("9999-12-31").check(now, u16::MAX).is_err());
    }
}
