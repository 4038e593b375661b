//! Random worlds out of small universes, so that things meet often; most are a flaw or two away from a grant.

pub mod chance;
mod days;
mod register;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use unefois_core::{
    Agreement, Caller, Consent, ConsentId, ExchangeRequest, FieldName, Purpose, QuotaState, RegistryFile, Revocation,
    Role,
};
use uuid::Uuid;

use crate::world::World;
use chance::Chance;
use register::{
    AGENCIES, AGREEMENTS, DATASETS, FLAW, KINDS, OPERATIONS, UNKNOWN, agency, agency_code, agreement, agreement_id,
    dataset, party,
};
pub use register::{BODIES, FIELDS};

/// A world. The same seed makes the same one.
pub fn world(seed: u64) -> World {
    let chance = &mut Chance::of(seed);
    let files = files(chance);
    let agreements: Vec<Agreement> = files.iter().flat_map(|file| file.agreements.clone()).collect();
    // Where the registry has no agreement, the caller has one in mind all the same.
    let relied_on = if agreements.is_empty() { agreement(chance, "first") } else { chance.pick(&agreements) };
    let now = days::instant_near(chance, &relied_on);
    let consents = (0..chance.below(4)).map(|_| consent(chance, &relied_on, now)).collect();
    let request = request(chance, &relied_on);
    let quota = if chance.one_in(FLAW) { QuotaState::Exhausted } else { QuotaState::Left };
    World { files, request, consents, quota, now }
}

/// Two files; what the second names again, it replaces.
fn files(chance: &mut Chance) -> Vec<RegistryFile> {
    let mut files = vec![RegistryFile::default(), RegistryFile::default()];
    for names in AGENCIES {
        for file in placed(chance) {
            files[file].agencies.push(agency(chance, names));
        }
    }
    for id in AGREEMENTS {
        for file in placed(chance) {
            files[file].agreements.push(agreement(chance, id));
        }
    }
    if chance.one_in(2) {
        files[chance.below(2)].revocations.push(revocation(certificate(chance), chance));
    }
    files
}

/// The files that hold an item: the first, the second, both, or seldom none.
fn placed(chance: &mut Chance) -> Vec<usize> {
    if chance.one_in(FLAW) { Vec::new() } else { chance.pick(&[vec![0], vec![1], vec![0, 1]]) }
}

/// One of a few certificates.
fn certificate(chance: &mut Chance) -> [u8; 32] {
    [u8::try_from(chance.below(FLAW)).unwrap(); 32]
}

fn revocation(fingerprint: [u8; 32], chance: &mut Chance) -> Revocation {
    Revocation { fingerprint, agency: party(chance), reason: "lost".to_owned() }
}

/// A request that nearly fits the agreement.
fn request(chance: &mut Chance, agreement: &Agreement) -> ExchangeRequest {
    let caller = Caller {
        agency: if chance.one_in(FLAW) { party(chance) } else { agreement.consumer.clone() },
        system: "main".to_owned(),
        roles: chance.most_of(&Role::ALL, 2).into_iter().collect::<BTreeSet<_>>(),
        certificate: certificate(chance),
    };
    ExchangeRequest {
        caller,
        agreement: if chance.one_in(FLAW) { agreement_id(UNKNOWN) } else { agreement.id.clone() },
        dataset: if chance.one_in(FLAW) { dataset(chance.pick(&DATASETS)) } else { agreement.dataset.clone() },
        dataset_major: if chance.one_in(FLAW) { agreement.dataset_major + 1 } else { agreement.dataset_major },
        operation: chance.pick(&OPERATIONS),
        purpose: if chance.one_in(FLAW) { chance.pick(&Purpose::ALL) } else { agreement.purpose },
        subject_kind: chance.pick(&KINDS),
        local_body: if chance.one_in(3) { Some(chance.pick(&BODIES).to_owned()) } else { None },
        asked_fields: if chance.one_in(2) { Some(mask(chance)) } else { None },
        consent_asked: if chance.one_in(4) { Some(consent_id(chance)) } else { None },
    }
}

/// Some fields, in any order, some of them twice or of no agreement.
fn mask(chance: &mut Chance) -> Vec<FieldName> {
    let known = [FIELDS.as_slice(), &["siren", "unheard_of"]].concat();
    chance.most_of(&known, 2).into_iter().map(FieldName::from).collect()
}

/// A consent that nearly fits the agreement, within seconds of its limits.
fn consent(chance: &mut Chance, agreement: &Agreement, now: Timestamp) -> Consent {
    let near = [-1_000_000_000, -1, 0, 1, 1_000_000_000].map(|nanos| now + SignedDuration::from_nanos(nanos));
    Consent {
        id: consent_id(chance),
        consumer: if chance.one_in(FLAW) { party(chance) } else { agreement.consumer.clone() },
        dataset: if chance.one_in(FLAW) { dataset(chance.pick(&DATASETS)) } else { agreement.dataset.clone() },
        purpose: if chance.one_in(FLAW) { chance.pick(&Purpose::ALL) } else { agreement.purpose },
        granted_at: chance.pick(&near),
        expires_at: chance.maybe(&near),
        withdrawn_at: chance.maybe(&near),
        granted_by: agency_code("portail"),
        evidence_digest: [7; 32],
    }
}

fn consent_id(chance: &mut Chance) -> ConsentId {
    ConsentId(Uuid::from_u128(u128::try_from(chance.below(3)).unwrap()))
}
