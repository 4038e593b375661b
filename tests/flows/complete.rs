//! Catalogue, registry and promises say the same.

use std::collections::BTreeSet;

use unefois_core::{Agreement, Operation, SubjectKind};

use crate::{
    catalog,
    promises::{FLOWS, PROMISES},
    registry,
};

/// The annex, row by row, and what else the requirements count among the exchanges.
const ROWS: [&str; 28] = [
    "API-ENTREPRISE",
    "API-PARTICULIER",
    "D01",
    "D02",
    "D03",
    "D04",
    "D05",
    "D06",
    "D07",
    "D08",
    "D09",
    "D10",
    "D11",
    "D12",
    "D13",
    "D14",
    "D15a",
    "D15b",
    "D16",
    "DRM",
    "S01",
    "S02",
    "S03",
    "S05",
    "S07",
    "S10",
    "S11",
    "S12",
];

fn terms(agreement: &Agreement) -> (&str, &str, &str, &str) {
    let Agreement { provider, consumer, dataset, purpose, .. } = agreement;
    (provider.as_str(), consumer.as_str(), dataset.as_str(), purpose.code())
}

#[test]
fn every_row_is_promised() {
    let promised: BTreeSet<&str> = PROMISES.iter().map(|(row, ..)| *row).collect();
    assert_eq!(promised, BTreeSet::from(ROWS));
}

#[test]
fn every_dataset_serves_the_rows_that_promise_it_and_no_others() {
    let catalog = catalog();
    let promised: BTreeSet<(&str, &str)> = PROMISES.iter().map(|(row, _, _, dataset, _)| (*dataset, *row)).collect();
    let served = catalog.datasets().flat_map(|dataset| dataset.rows().iter().map(|row| (dataset.id(), row.as_str())));
    assert_eq!(served.collect::<BTreeSet<_>>(), promised);
}

#[test]
fn every_promise_has_its_agreement_and_every_agreement_its_promise() {
    let registry = registry();
    let agreed: BTreeSet<_> = registry.agreements.iter().map(terms).collect();
    let promised: BTreeSet<_> = PROMISES
        .iter()
        .map(|(_, provider, consumer, dataset, purpose)| (*provider, *consumer, *dataset, *purpose))
        .collect();
    assert_eq!(agreed, promised);
}

#[test]
fn what_asks_for_a_flow_is_pushed_and_nothing_else() {
    let registry = registry();
    let pushed: BTreeSet<_> = registry
        .agreements
        .iter()
        .filter(|agreement| agreement.operations.contains(&Operation::Push))
        .map(terms)
        .collect();
    let asked: BTreeSet<_> = PROMISES
        .iter()
        .filter(|(row, ..)| FLOWS.contains(row))
        .map(|(_, provider, consumer, dataset, purpose)| (*provider, *consumer, *dataset, *purpose))
        .collect();
    assert_eq!(pushed, asked);
}

#[test]
fn the_whole_population_is_granted_to_find_unclaimed_rights_only() {
    let registry = registry();
    let everybody = registry.agreements.iter().filter(|agreement| agreement.whole_population);
    assert_eq!(everybody.map(|agreement| agreement.id.as_str()).collect::<Vec<_>>(), ["d14-non-take-up"]);
}

#[test]
fn what_is_asked_for_fraud_and_for_unclaimed_rights_has_a_basis_of_its_own() {
    let registry = registry();
    let bases: BTreeSet<(&str, &str)> =
        registry.agreements.iter().map(|agreement| (agreement.purpose.code(), agreement.legal_basis.code())).collect();
    let of = |purpose: &str| -> BTreeSet<&str> {
        bases.iter().filter(|(of, _)| *of == purpose).map(|(_, basis)| *basis).collect()
    };
    assert_eq!(of("non-take-up"), BTreeSet::from(["crpa-l114-8-ii"]));
    assert!(of("fraud").is_disjoint(&of("simplification")) && !of("fraud").is_empty());
}

#[test]
fn contact_details_of_persons_and_of_companies_are_two_agreements() {
    let registry = registry();
    for agreement in registry.agreements.iter().filter(|agreement| agreement.dataset.as_str() == "contact-details") {
        let due =
            if agreement.id.as_str().starts_with("d15a") { SubjectKind::NaturalPerson } else { SubjectKind::Company };
        assert_eq!(agreement.population, [due], "{}", agreement.id);
    }
}
