//! What the consents of the subject lack for an exchange under an agreement.

use unefois_core::{Agreement, Consent, ConsentRule};

use crate::world::World;

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    NoneGiven,
    Withdrawn,
    Expired,
}

/// What is missing; `None` where the agreement demands no consent, or any one holds.
pub fn lack(world: &World, agreement: &Agreement) -> Option<Lack> {
    if agreement.consent == ConsentRule::NotRequired {
        return None;
    }
    let mut given: Vec<&Consent> =
        world.consents.iter().filter(|consent| is_given(consent, world, agreement)).collect();
    if given.iter().any(|consent| consent.withdrawn_at.is_none() && !has_expired(consent, world)) {
        return None;
    }
    // Of two granted at one instant, the identifier tells which is the newer.
    given.sort_by_key(|consent| (consent.granted_at, consent.id));
    match given.last() {
        None => Some(Lack::NoneGiven),
        Some(newest) if newest.withdrawn_at.is_some() => Some(Lack::Withdrawn),
        Some(_) => Some(Lack::Expired),
    }
}

/// Whether it was given to this consumer, for this dataset and purpose, and is the one relied on, if one is. Its instant
/// is of another clock.
fn is_given(consent: &Consent, world: &World, agreement: &Agreement) -> bool {
    (&consent.consumer, &consent.dataset) == (&agreement.consumer, &agreement.dataset)
        && consent.purpose == agreement.purpose
        && (world.request.consent_asked.is_none() || world.request.consent_asked == Some(consent.id))
}

/// After the last instant at which it holds.
fn has_expired(consent: &Consent, world: &World) -> bool {
    matches!(consent.expires_at, Some(last) if world.now > last)
}
