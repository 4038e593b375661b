//! What should be decided: slow, obvious, and written from the promises, not from the code.

pub mod calendar;
mod consent;
pub mod law;
mod policy;
mod register;

use jiff::civil::Date;
use unefois_core::{Agreement, AgreementState, Decision, FieldName, Grant, QuotaState, Reason, Refusal, Role};

use crate::world::World;
use calendar::Day;
use consent::Lack;
pub use policy::digest;
pub use register::{agencies, agency, agreements, named};

/// A rule of the caller: its reason, and whether it holds.
type OfCaller = (Reason, fn(&World) -> bool);
/// A rule of the agreement that the caller relies on: its reason, and whether it holds.
type OfAgreement = (Reason, fn(&World, &Agreement) -> bool);

/// Asked first.
const OF_CALLER: [OfCaller; 3] = [
    (Reason::CertificateRevoked, |world| {
        let certificate = world.request.caller.certificate;
        !world.files.iter().flat_map(|file| &file.revocations).any(|revoked| revoked.fingerprint == certificate)
    }),
    (Reason::RoleNotHeld, |world| {
        agency(world, &world.request.caller.agency).is_some_and(|agency| agency.roles.contains(&Role::Consumer))
    }),
    (Reason::AgreementUnknown, |world| named(world).is_some()),
];

/// Asked then, in this order. Whoever breaks the first is told nothing of the agreement.
const OF_AGREEMENT: [OfAgreement; 17] = [
    (Reason::AgreementOfAnotherConsumer, |world, agreement| {
        agency(world, &world.request.caller.agency).is_some_and(|caller| caller.code == agreement.consumer)
    }),
    (Reason::AgreementSuspended, |_, agreement| agreement.state != AgreementState::Suspended),
    (Reason::AgreementTerminated, |_, agreement| agreement.state != AgreementState::Terminated),
    (Reason::AgreementNotYetInForce, |world, agreement| day(agreement.valid_from) <= today(world)),
    (Reason::AgreementExpired, |world, agreement| agreement.valid_until.is_none_or(|last| today(world) <= day(last))),
    (Reason::ProviderNotAssigned, |world, agreement| {
        let provider = agency(world, &agreement.provider);
        provider.is_some_and(|it| it.roles.contains(&Role::Provider) && it.datasets.contains(&agreement.dataset))
    }),
    (Reason::DatasetNotCovered, |world, agreement| {
        (&agreement.dataset, agreement.dataset_major) == (&world.request.dataset, world.request.dataset_major)
    }),
    (Reason::OperationNotCovered, |world, agreement| agreement.operations.contains(&world.request.operation)),
    (Reason::PurposeNotCovered, |world, agreement| agreement.purpose == world.request.purpose),
    (Reason::PurposeNotPermitted, |_, agreement| law::permits(agreement.legal_basis.code(), agreement.purpose)),
    (Reason::PopulationNotCovered, |world, agreement| agreement.population.contains(&world.request.subject_kind)),
    (Reason::LocalBodyUnknown, |world, agreement| match &world.request.local_body {
        Some(named) => {
            let consumer = agency(world, &agreement.consumer);
            consumer.is_some_and(|it| it.local_bodies.iter().any(|body| body.code == *named))
        }
        None => true,
    }),
    (Reason::FieldNotGranted, |world, agreement| !leaving(world, agreement).is_empty()),
    (Reason::ConsentRequired, |world, agreement| consent::lack(world, agreement) != Some(Lack::NoneGiven)),
    (Reason::ConsentWithdrawn, |world, agreement| consent::lack(world, agreement) != Some(Lack::Withdrawn)),
    (Reason::ConsentExpired, |world, agreement| consent::lack(world, agreement) != Some(Lack::Expired)),
    (Reason::QuotaExceeded, |world, _| world.quota != QuotaState::Exhausted),
];

/// What should be decided in that world.
pub fn decision(world: &World) -> Decision {
    if let Some((reason, _)) = OF_CALLER.iter().find(|(_, holds)| !holds(world)) {
        return Decision::Refusal(told_nothing(*reason));
    }
    let agreement = named(world).unwrap();
    match OF_AGREEMENT.iter().find(|(_, holds)| !holds(world, agreement)) {
        None => Decision::Grant(grant(world, agreement)),
        Some((reason @ Reason::AgreementOfAnotherConsumer, _)) => Decision::Refusal(told_nothing(*reason)),
        Some((reason, _)) => Decision::Refusal(Refusal {
            reason: *reason,
            provider: Some(agreement.provider.clone()),
            legal_basis: Some(agreement.legal_basis),
            policy_digest: Some(digest(agreement)),
        }),
    }
}

fn told_nothing(reason: Reason) -> Refusal {
    Refusal { reason, provider: None, legal_basis: None, policy_digest: None }
}

fn grant(world: &World, agreement: &Agreement) -> Grant {
    let mut withheld: Vec<FieldName> = Vec::new();
    for asked in world.request.asked_fields.iter().flatten() {
        if !agreement.fields.contains(asked) && !withheld.contains(asked) {
            withheld.push(asked.clone());
        }
    }
    Grant {
        agreement: agreement.id.clone(),
        consumer: agreement.consumer.clone(),
        provider: agreement.provider.clone(),
        legal_basis: agreement.legal_basis,
        purpose: agreement.purpose,
        fields: leaving(world, agreement),
        withheld,
        policy_digest: digest(agreement),
    }
}

/// What leaves: what the agreement grants, in its order, if it was asked for or nothing was named.
fn leaving(world: &World, agreement: &Agreement) -> Vec<FieldName> {
    let mut leaving = agreement.fields.clone();
    if let Some(asked) = &world.request.asked_fields {
        leaving.retain(|field| asked.contains(field));
    }
    leaving
}

fn today(world: &World) -> Day {
    calendar::paris_day(world.now.as_nanosecond().div_euclid(1_000_000_000).try_into().unwrap())
}

fn day(date: Date) -> Day {
    (date.year(), date.month(), date.day())
}
