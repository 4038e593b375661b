//! Payments that are there twice, and people with the same traits.

use serde_json::{Value, json};
use unefois_catalog::{Dataset, Finding, FindingKind};

use crate::comments::{CONTRACT, example_of};

fn resources() -> &'static Dataset {
    CONTRACT.catalog.dataset("monthly-resources").unwrap()
}

/// The canonical bytes of the example, changed.
fn published(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut record = example_of(resources().message_name()).unwrap();
    change(&mut record);
    resources().canonicalise(&resources().from_json(&record).unwrap()).unwrap()
}

/// The findings of the example with these payments, each the first one with something else in it.
fn findings(changes: &[Value]) -> Vec<String> {
    let bytes = published(|record| {
        let first = record["payments"][0].clone();
        let payments = changes.iter().map(|change| {
            let mut payment = first.clone();
            for (field, value) in change.as_object().unwrap() {
                payment[field] = value.clone();
            }
            payment.as_object_mut().unwrap().retain(|_, value| !value.is_null());
            payment
        });
        record["payments"] = payments.collect();
    });
    let shown = resources().to_json(&bytes).unwrap();
    let found = resources().findings(&bytes).unwrap();
    assert_eq!(shown["possible_duplicate"], json!(!found.is_empty()), "the record is marked");
    assert!(found.iter().all(|finding| finding.kind == FindingKind::Duplicate));
    found.into_iter().map(|finding| finding.path).collect()
}

#[test]
fn a_payment_that_is_there_twice_is_marked_but_for_the_first() {
    let other = json!({"declaration_reference": "2026-03-02"});
    assert_eq!(findings(&[json!({})]), [] as [&str; 0]);
    // The same declaration of the same payer, whatever else it says.
    let again = json!({"gross_cents": 1});
    assert_eq!(findings(&[json!({}), again.clone()]), ["payments[1].duplicate"]);
    assert_eq!(findings(&[json!({}), again.clone(), again]), ["payments[1].duplicate", "payments[2].duplicate"]);
    // The same in everything but its reference, or without one.
    assert_eq!(findings(&[json!({}), other.clone()]), ["payments[1].duplicate"]);
    assert_eq!(findings(&[json!({}), json!({"declaration_reference": null})]), ["payments[1].duplicate"]);
    for (field, value) in [
        ("payer_siret", json!("73282932000074")),
        ("nature", json!("RESOURCE_NATURE_PENSION")),
        ("gross_cents", json!(220_001)),
        ("net_taxable_cents", json!(1)),
        ("period_start", json!({"year": 2026, "month": 3, "day": 2})),
    ] {
        let mut different = other.clone();
        different[field] = value;
        assert_eq!(findings(&[json!({}), different]), [] as [&str; 0], "{field}");
    }
    let nameless = json!({"payer_siret": null, "declaration_reference": null});
    assert_eq!(findings(&[nameless.clone(), nameless]), [] as [&str; 0], "nobody knows whether it is one payer");
}

#[test]
fn what_the_provider_marked_stays_marked() {
    let bytes = published(|record| {
        record["payments"][0]["duplicate"] = json!(true);
        record["possible_homonym"] = json!(true);
    });
    let found = resources().findings(&bytes).unwrap();
    let finding = |kind, path: &str| Finding { kind, path: path.to_owned() };
    let due =
        [finding(FindingKind::Duplicate, "payments[0].duplicate"), finding(FindingKind::Homonym, "possible_homonym")];
    assert_eq!(found, due);
}

#[test]
fn traits_are_the_same_whatever_their_case_and_punctuation() {
    let traits =
        |change: fn(&mut Value)| resources().traits(&published(|record| change(&mut record["identity"]))).unwrap();
    let of_marie = traits(|_| {}).unwrap();
    assert_eq!(traits(|person| person["birth_name"] = json!("le-roux")), Some(of_marie.clone()));
    assert_eq!(traits(|person| person["sex"] = json!("SEX_MALE")), Some(of_marie.clone()));
    for other in [
        traits(|person| person["birth_name"] = json!("LEROUXM")),
        traits(|person| person["first_names"] = json!("MARIE ANNE")),
        traits(|person| person["birth_date"]["day"] = json!(15)),
    ] {
        assert!(other.is_some_and(|other| other != of_marie));
    }
    assert_eq!(traits(|person| person["birth_name"] = json!("")), None);
    assert_eq!(traits(|person| drop(person.as_object_mut().unwrap().remove("birth_date"))), None);
    let turnover = CONTRACT.catalog.dataset("declared-turnover").unwrap();
    assert_eq!(turnover.traits(&[]), Ok(None));
    assert!(!turnover.has_doubts() && resources().has_doubts());
}

#[test]
fn a_record_is_marked_as_that_of_a_homonym_and_nothing_else_changes() {
    let bytes = published(|_| {});
    let marked = resources().marked_as_homonym(&bytes).unwrap();
    let mut due = resources().to_json(&bytes).unwrap();
    due["possible_homonym"] = json!(true);
    assert_eq!(resources().to_json(&marked).unwrap(), due);
    assert_eq!(resources().canonicalise(&marked).unwrap(), marked);
}
