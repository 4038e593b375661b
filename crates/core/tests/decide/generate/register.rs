//! Random agencies and agreements.

use jiff::{ToSpan, civil::Date};
use unefois_core::{
    Agency, AgencyCode, Agreement, AgreementId, AgreementState, ConsentCollector, ConsentRule, DatasetId, FieldName,
    LegalBasis, LocalBody, Operation, Purpose, Role, SubjectKind,
};

use super::{chance::Chance, days};
use crate::reference::law::LAW;

/// Agencies, and the former code of each.
pub const AGENCIES: [(&str, &str); 4] =
    [("urssaf", "acoss"), ("cnaf", "cnaf-paris"), ("france-travail", "pole-emploi"), ("dgfip", "dgi")];
pub const AGREEMENTS: [&str; 3] = ["first", "second", "third"];
/// An agreement that nobody made.
pub const UNKNOWN: &str = "fourth";
pub const DATASETS: [&str; 3] = ["declared-turnover", "company-turnover", "affiliation"];
pub const FIELDS: [&str; 5] = ["siren", "period", "amounts", "status", "declared_on"];
pub const BODIES: [&str; 2] = ["caisse-31", "caisse-75"];
pub const OPERATIONS: [Operation; 5] =
    [Operation::Pull, Operation::Push, Operation::Check, Operation::Threshold, Operation::Document];
pub const KINDS: [SubjectKind; 2] = [SubjectKind::NaturalPerson, SubjectKind::Company];

/// How often one thing is left out or wrong: seldom enough that nothing else is, one time in three.
pub const FLAW: usize = 20;

/// An agency that has nearly every role and dataset.
pub fn agency(chance: &mut Chance, (code, alias): (&str, &str)) -> Agency {
    let body = |code: &&str| LocalBody { code: (*code).to_owned(), name: (*code).to_owned() };
    Agency {
        code: agency_code(code),
        name: code.to_owned(),
        aliases: chance.maybe(&[agency_code(alias)]).into_iter().collect(),
        roles: chance.most_of(&Role::ALL, FLAW),
        local_bodies: chance.most_of(&BODIES, 4).iter().map(body).collect(),
        datasets: chance.most_of(&DATASETS, FLAW).into_iter().map(dataset).collect(),
        systems: Vec::new(),
    }
}

/// An agreement whose terms nearly always go together.
pub fn agreement(chance: &mut Chance, id: &str) -> Agreement {
    let (legal_basis, purpose) = legal_basis_and_purpose(chance);
    let (valid_from, valid_until) = days_of_validity(chance);
    Agreement {
        id: agreement_id(id),
        title: chance.pick(&["Turnover", "Turnover (D14)"]).to_owned(),
        consumer: party(chance),
        provider: party(chance),
        dataset: dataset(chance.pick(&DATASETS)),
        dataset_major: 1,
        fields: chance.most_of(&FIELDS, 2).into_iter().map(FieldName::from).collect(),
        operations: chance.most_of(&OPERATIONS, FLAW),
        purpose,
        legal_basis,
        consent: chance.pick(&[ConsentRule::NotRequired, ConsentRule::Required]),
        consent_collected_by: chance.pick(&[ConsentCollector::Portal, ConsentCollector::PortalOrConsumer]),
        population: chance.most_of(&KINDS, FLAW),
        whole_population: chance.one_in(2),
        valid_from,
        valid_until,
        daily_quota: chance.maybe(&[0, 1, 100]),
        state: state(chance),
    }
}

fn legal_basis_and_purpose(chance: &mut Chance) -> (LegalBasis, Purpose) {
    let (code, permitted) = chance.pick(&LAW);
    let purpose = if chance.one_in(FLAW) { chance.pick(&Purpose::ALL) } else { chance.pick(permitted) };
    (LegalBasis::from_code(code).unwrap(), purpose)
}

fn state(chance: &mut Chance) -> AgreementState {
    if chance.one_in(FLAW) {
        return chance.pick(&[AgreementState::Suspended, AgreementState::Terminated]);
    }
    AgreementState::InForce
}

/// From one of the days that matter; for ever, for that day only, or for some more.
fn days_of_validity(chance: &mut Chance) -> (Date, Option<Date>) {
    let first = chance.pick(&days::FIRST);
    let last = [None, Some(first), Some(first.checked_add(3.days()).unwrap())];
    (first, chance.pick(&last))
}

/// An agency, seldom by its former code.
pub fn party(chance: &mut Chance) -> AgencyCode {
    let (code, alias) = chance.pick(&AGENCIES);
    agency_code(if chance.one_in(2 * FLAW) { alias } else { code })
}

pub fn agency_code(code: &str) -> AgencyCode {
    AgencyCode::parse(code).unwrap()
}

pub fn agreement_id(id: &str) -> AgreementId {
    AgreementId::parse(id).unwrap()
}

pub fn dataset(id: &str) -> DatasetId {
    DatasetId::parse(id).unwrap()
}
