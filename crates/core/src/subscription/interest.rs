//! Whether an event is of interest to a subscription.

use std::collections::BTreeSet;

use super::Reach;
use crate::{
    dataset::SubjectKind,
    dossier::DossierState,
    event::{EventKind, FieldNumbers},
};

/// What a subscription is to be told about one dataset in one major version: its filter under its agreement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interest {
    /// The kinds of events; none: all of them.
    pub kinds: BTreeSet<EventKind>,
    /// The fields that the agreement grants and the filter names.
    pub fields: FieldNumbers,
    /// The kinds of subjects that the agreement covers.
    pub population: BTreeSet<SubjectKind>,
    /// Whom it is about, see [`Reach::under`].
    pub reach: Reach,
}

/// What becomes of an event for one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is to be told.
    Tell,
    /// It is passed: the cursor moves over it, and nobody is told.
    Pass(PassedBecause),
}

/// Why an event is passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PassedBecause {
    /// It is of another kind.
    Kind,
    /// It is about another kind of subject.
    Population,
    /// Nothing of what may be told has changed.
    Fields,
    /// The agency has no open dossier on the subject.
    Dossier,
}

impl Interest {
    /// Whether an event that changed these fields is to be told, given the kind of its subject and the agency's dossier.
    ///
    /// An end concerns every field of its record, whichever of them the publication changed.
    #[must_use]
    pub fn verdict(
        &self,
        kind: EventKind,
        changed: FieldNumbers,
        (about, dossier): (SubjectKind, DossierState),
    ) -> Verdict {
        if !self.kinds.is_empty() && !self.kinds.contains(&kind) {
            return Verdict::Pass(PassedBecause::Kind);
        }
        if !self.population.contains(&about) {
            return Verdict::Pass(PassedBecause::Population);
        }
        let concerned = match kind {
            EventKind::Created | EventKind::Revised | EventKind::Corrected => self.fields.meets(changed),
            EventKind::Ended => !self.fields.is_empty(),
        };
        if !concerned {
            return Verdict::Pass(PassedBecause::Fields);
        }
        match (self.reach, dossier) {
            (Reach::WholePopulation, _) | (Reach::OpenDossiers, DossierState::Open) => Verdict::Tell,
            (Reach::OpenDossiers, DossierState::NotOpen) => Verdict::Pass(PassedBecause::Dossier),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(numbers: &[u32]) -> FieldNumbers {
        FieldNumbers::of(numbers.iter().copied()).unwrap()
    }

    /// A person on whom the agency has a dossier.
    const KNOWN: (SubjectKind, DossierState) = (SubjectKind::NaturalPerson, DossierState::Open);

    fn interest() -> Interest {
        let population = BTreeSet::from([SubjectKind::NaturalPerson]);
        Interest { kinds: BTreeSet::new(), fields: fields(&[2, 3]), population, reach: Reach::OpenDossiers }
    }

    #[test]
    fn an_event_that_touches_no_granted_field_is_passed() {
        use EventKind::{Corrected, Created, Ended, Revised};
        for (kind, changed, due) in [
            (Created, &[1, 2][..], Verdict::Tell),
            (Revised, &[3], Verdict::Tell),
            (Revised, &[1, 4], Verdict::Pass(PassedBecause::Fields)),
            (Corrected, &[4], Verdict::Pass(PassedBecause::Fields)),
            (Corrected, &[], Verdict::Pass(PassedBecause::Fields)),
            (Ended, &[], Verdict::Tell),
        ] {
            assert_eq!(interest().verdict(kind, fields(changed), KNOWN), due, "{kind:?} {changed:?}");
        }
        let nothing = Interest { fields: fields(&[]), ..interest() };
        assert_eq!(nothing.verdict(Ended, fields(&[1]), KNOWN), Verdict::Pass(PassedBecause::Fields));
    }

    #[test]
    fn only_the_kinds_asked_for_are_told() {
        let ends = Interest { kinds: BTreeSet::from([EventKind::Ended]), ..interest() };
        for kind in EventKind::ALL {
            let told = ends.verdict(kind, fields(&[2]), KNOWN) == Verdict::Tell;
            assert_eq!(told, kind == EventKind::Ended, "{kind:?}");
            assert_eq!(interest().verdict(kind, fields(&[2]), KNOWN), Verdict::Tell);
        }
    }

    #[test]
    fn without_a_dossier_one_is_told_only_where_the_whole_population_is_granted() {
        let unknown = (SubjectKind::NaturalPerson, DossierState::NotOpen);
        let verdict = |reach| Interest { reach, ..interest() }.verdict(EventKind::Revised, fields(&[2]), unknown);
        assert_eq!(verdict(Reach::OpenDossiers), Verdict::Pass(PassedBecause::Dossier));
        assert_eq!(verdict(Reach::WholePopulation), Verdict::Tell);
    }

    #[test]
    fn whom_the_agreement_does_not_cover_is_passed() {
        let company = (SubjectKind::Company, DossierState::Open);
        let verdict = |interest: Interest| interest.verdict(EventKind::Created, fields(&[2]), company);
        assert_eq!(verdict(interest()), Verdict::Pass(PassedBecause::Population));
        let everybody = Interest { reach: Reach::WholePopulation, ..interest() };
        assert_eq!(verdict(everybody), Verdict::Pass(PassedBecause::Population));
        let both = BTreeSet::from([SubjectKind::NaturalPerson, SubjectKind::Company]);
        assert_eq!(verdict(Interest { population: both, ..interest() }), Verdict::Tell);
    }
}
