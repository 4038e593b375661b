//! Consents: a subject's permission, with its evidence, revocable (consentement; RGPD articles 4(11) and 7).

use jiff::Timestamp;
use uuid::Uuid;

use crate::{agency::AgencyCode, dataset::DatasetId, purpose::Purpose};

/// The identifier of a consent: a UUID that tells nothing of the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ConsentId(pub Uuid);

/// One consent: a subject permits one consumer to have one dataset for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Its identifier.
    pub id: ConsentId,
    /// The consumer that is permitted.
    pub consumer: AgencyCode,
    /// The dataset.
    pub dataset: DatasetId,
    /// The purpose.
    pub purpose: Purpose,
    /// When it was granted.
    pub granted_at: Timestamp,
    /// The last instant at which it holds; `None`: until withdrawn.
    pub expires_at: Option<Timestamp>,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// The agency that recorded it.
    pub granted_by: AgencyCode,
    /// SHA-256 of the evidence, which that agency keeps.
    pub evidence_digest: [u8; 32],
}

/// What the consents of a subject come to for one exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentState {
    /// There is none.
    Absent,
    /// This one is in force.
    InForce(ConsentId),
    /// There was one, and it was withdrawn.
    Withdrawn,
    /// There was one, and it expired.
    Expired,
}

/// What the consents of a subject come to at `now`. Any one in force suffices; otherwise the newest says why. Where
/// the caller names one, no other counts.
///
/// A grant and a withdrawal count as soon as they are known: their instants are of the clock of whichever node recorded
/// them, which may be ahead of the one that says `now`.
#[must_use]
pub fn state_of(
    consents: &[Consent],
    consumer: &AgencyCode,
    dataset: &DatasetId,
    purpose: Purpose,
    asked: Option<ConsentId>,
    now: Timestamp,
) -> ConsentState {
    let fits = |consent: &&Consent| {
        consent.consumer == *consumer
            && consent.dataset == *dataset
            && consent.purpose == purpose
            && asked.is_none_or(|asked| asked == consent.id)
    };
    let state = |consent: &Consent| {
        if consent.withdrawn_at.is_some() {
            ConsentState::Withdrawn
        } else if consent.expires_at.is_some_and(|at| at < now) {
            ConsentState::Expired
        } else {
            ConsentState::InForce(consent.id)
        }
    };
    let fitting = || consents.iter().filter(fits);
    if let Some(in_force) = fitting().map(state).find(|state| matches!(state, ConsentState::InForce(_))) {
        return in_force;
    }
    fitting().max_by_key(|consent| (consent.granted_at, consent.id)).map_or(ConsentState::Absent, state)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Instants as seconds: the rules only compare them.
    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn consent(number: u128, granted: i64) -> Consent {
        Consent {
            id: ConsentId(Uuid::from_u128(number)),
            consumer: AgencyCode::parse("france-travail").unwrap(),
            dataset: DatasetId::parse("declared-turnover").unwrap(),
            purpose: Purpose::Simplification,
            granted_at: at(granted),
            expires_at: None,
            withdrawn_at: None,
            granted_by: AgencyCode::parse("portail").unwrap(),
            evidence_digest: [7; 32],
        }
    }

    fn state(consents: &[Consent], asked: Option<u128>, now: i64) -> ConsentState {
        let Consent { consumer, dataset, purpose, .. } = consent(0, 0);
        let asked = asked.map(|number| ConsentId(Uuid::from_u128(number)));
        state_of(consents, &consumer, &dataset, purpose, asked, at(now))
    }

    fn in_force(number: u128) -> ConsentState {
        ConsentState::InForce(ConsentId(Uuid::from_u128(number)))
    }

    #[test]
    fn a_consent_holds_from_its_grant_to_its_last_instant() {
        let consents = [Consent { expires_at: Some(at(20)), ..consent(1, 10) }];
        assert_eq!(state(&consents, None, 9), in_force(1), "another clock granted it");
        assert_eq!(state(&consents, None, 10), in_force(1));
        assert_eq!(state(&consents, None, 20), in_force(1));
        assert_eq!(state(&consents, None, 21), ConsentState::Expired);
    }

    #[test]
    fn a_withdrawal_counts_however_far_ahead_the_clock_was_that_recorded_it() {
        let consents = [Consent { withdrawn_at: Some(at(20)), ..consent(1, 10) }];
        for now in [9, 19, 20, 21] {
            assert_eq!(state(&consents, None, now), ConsentState::Withdrawn);
        }
    }

    #[test]
    fn a_withdrawn_consent_that_has_also_expired_is_withdrawn() {
        let both = Consent { withdrawn_at: Some(at(15)), expires_at: Some(at(20)), ..consent(1, 10) };
        assert_eq!(state(&[both], None, 30), ConsentState::Withdrawn);
    }

    #[test]
    fn any_one_in_force_suffices_and_otherwise_the_newest_says_why() {
        let withdrawn = Consent { withdrawn_at: Some(at(15)), ..consent(1, 10) };
        let expired = Consent { expires_at: Some(at(25)), ..consent(2, 20) };
        assert_eq!(state(&[withdrawn.clone(), consent(3, 5)], None, 30), in_force(3));
        assert_eq!(state(&[withdrawn.clone(), expired.clone()], None, 30), ConsentState::Expired);
        assert_eq!(state(&[expired, withdrawn], None, 30), ConsentState::Expired);
    }

    #[test]
    fn where_one_is_named_no_other_counts() {
        let withdrawn = Consent { withdrawn_at: Some(at(15)), ..consent(1, 10) };
        let consents = [withdrawn, consent(2, 10)];
        assert_eq!(state(&consents, Some(1), 30), ConsentState::Withdrawn);
        assert_eq!(state(&consents, Some(2), 30), in_force(2));
        assert_eq!(state(&consents, Some(3), 30), ConsentState::Absent);
    }

    #[test]
    fn a_consent_to_another_consumer_dataset_or_purpose_is_none() {
        let others = [
            Consent { consumer: AgencyCode::parse("cnaf").unwrap(), ..consent(1, 10) },
            Consent { dataset: DatasetId::parse("company-turnover").unwrap(), ..consent(2, 10) },
            Consent { purpose: Purpose::Fraud, ..consent(3, 10) },
        ];
        assert_eq!(state(&others, None, 30), ConsentState::Absent);
    }

    prop_compose! {
        fn any_consent()(
            number in 0_u128..4,
            granted in 0_i64..30,
            expires in prop::option::of(0_i64..30),
            withdrawn in prop::option::of(0_i64..30),
        ) -> Consent {
            Consent { expires_at: expires.map(at), withdrawn_at: withdrawn.map(at), ..consent(number, granted) }
        }
    }

    proptest! {
        #[test]
        fn something_is_in_force_exactly_when_a_consent_is_unexpired_and_not_withdrawn(
            consents in prop::collection::vec(any_consent(), 0..5), now in 0_i64..30,
        ) {
            let holds = consents.iter().any(|consent| {
                consent.withdrawn_at.is_none() && consent.expires_at.is_none_or(|last| at(now) <= last)
            });
            prop_assert_eq!(matches!(state(&consents, None, now), ConsentState::InForce(_)), holds);
        }
    }
}
