//! Restrictions: changes of a world after which somebody may do less, or as much, and never more.

use jiff::{SignedDuration, ToSpan};
use unefois_core::{
    Agency, Agreement, AgreementState, ConsentId, ConsentRule, FieldName, QuotaState, RegistryFile, Revocation,
};
use uuid::Uuid;

use crate::{
    generate::{BODIES, FIELDS, chance::Chance},
    reference::{agencies, agreements},
    world::World,
};

type Restriction = fn(&mut World, &mut Chance);

const RESTRICTIONS: [Restriction; 18] = [
    |world, _| {
        let caller = &world.request.caller;
        let lost = Revocation { fingerprint: caller.certificate, agency: caller.agency.clone(), reason: String::new() };
        world.files.push(RegistryFile { revocations: vec![lost], ..RegistryFile::default() });
    },
    |world, chance| amend_agency(world, chance, |agency, chance| take_one(&mut agency.roles, chance)),
    |world, chance| amend_agency(world, chance, |agency, chance| take_one(&mut agency.datasets, chance)),
    |world, chance| amend_agency(world, chance, |agency, chance| take_one(&mut agency.local_bodies, chance)),
    |world, chance| amend_agency(world, chance, |agency, chance| take_one(&mut agency.aliases, chance)),
    |world, chance| amend_agreement(world, chance, |agreement, _| agreement.state = AgreementState::Suspended),
    |world, chance| amend_agreement(world, chance, |agreement, _| agreement.state = AgreementState::Terminated),
    |world, chance| amend_agreement(world, chance, |agreement, chance| take_one(&mut agreement.fields, chance)),
    |world, chance| amend_agreement(world, chance, |agreement, chance| take_one(&mut agreement.operations, chance)),
    |world, chance| amend_agreement(world, chance, |agreement, chance| take_one(&mut agreement.population, chance)),
    |world, chance| amend_agreement(world, chance, |agreement, _| agreement.consent = ConsentRule::Required),
    |world, chance| amend_agreement(world, chance, begin_later),
    |world, chance| amend_agreement(world, chance, end_earlier),
    |world, chance| take_one(&mut world.consents, chance),
    |world, chance| {
        let instant = world.now - SignedDuration::from_nanos(i64::from(chance.one_in(2)));
        if let Some(consent) = world.consents.first_mut() {
            consent.withdrawn_at = Some(consent.withdrawn_at.map_or(instant, |earlier| earlier.min(instant)));
            consent.expires_at = Some(consent.expires_at.map_or(instant, |earlier| earlier.min(instant)));
        }
    },
    |world, _| world.quota = QuotaState::Exhausted,
    |world, chance| match &mut world.request.asked_fields {
        Some(asked) => take_one(asked, chance),
        None => {
            world.request.asked_fields = Some(chance.most_of(&FIELDS, 2).into_iter().map(FieldName::from).collect())
        }
    },
    |world, chance| {
        let request = &mut world.request;
        let number = u128::from(chance.one_in(2));
        request.consent_asked = request.consent_asked.or(Some(ConsentId(Uuid::from_u128(number))));
        request.local_body.get_or_insert_with(|| chance.pick(&BODIES).to_owned());
    },
];

/// The same world with one restriction more.
pub fn restricted(world: &World, chance: &mut Chance) -> World {
    let mut restricted = world.clone();
    chance.pick(&RESTRICTIONS)(&mut restricted, chance);
    restricted
}

/// A file that replaces one agency by itself with a change.
fn amend_agency(world: &mut World, chance: &mut Chance, change: fn(&mut Agency, &mut Chance)) {
    if let Some(mut agency) = one_of(&agencies(world), chance).cloned() {
        change(&mut agency, chance);
        world.files.push(RegistryFile { agencies: vec![agency], ..RegistryFile::default() });
    }
}

/// A file that replaces one agreement by itself with a change.
fn amend_agreement(world: &mut World, chance: &mut Chance, change: fn(&mut Agreement, &mut Chance)) {
    if let Some(mut agreement) = one_of(&agreements(world), chance).cloned() {
        change(&mut agreement, chance);
        world.files.push(RegistryFile { agreements: vec![agreement], ..RegistryFile::default() });
    }
}

fn begin_later(agreement: &mut Agreement, _: &mut Chance) {
    agreement.valid_from = agreement.valid_from.checked_add(1.day()).unwrap();
}

fn end_earlier(agreement: &mut Agreement, _: &mut Chance) {
    let first = agreement.valid_from;
    agreement.valid_until = Some(agreement.valid_until.map_or(first, |last| last.checked_sub(1.day()).unwrap()));
}

fn one_of<T: Clone>(items: &[T], chance: &mut Chance) -> Option<T> {
    if items.is_empty() { None } else { Some(chance.pick(items)) }
}

fn take_one<T>(items: &mut Vec<T>, chance: &mut Chance) {
    if !items.is_empty() {
        items.remove(chance.below(items.len()));
    }
}
