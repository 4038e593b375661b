//! Consents: a subject's permission, with its evidence, revocable (consentement; RGPD articles 4(11) and 7).

use jiff::Timestamp;
use uuid::Uuid;

use crate::{agency::AgencyCode, dataset::DatasetId, purpose::Purpose};

/// The identifier of a consent.
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
            && consent.granted_at <= now
    };
    let state = |consent: &Consent| {
        if consent.withdrawn_at.is_some_and(|at| at <= now) {
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
