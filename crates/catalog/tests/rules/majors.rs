//! Two major versions of one dataset: both are served, and a record of one is told in the other.

use serde_json::json;
use unefois_catalog::{Catalog, InvalidCatalog};

use crate::made_up::contract;

const FIRST: &str = r#"
    message Stay {
      option (unefois.dataset.v1.dataset) = {
        id: "stay" major: 1 subject_kind: SUBJECT_KIND_NATURAL_PERSON natural_key: ["number"] french_name: "séjour" rows: "T01"
      };
      optional int32 number = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC}];
      Amounts amounts = 2 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL}];
      optional bool finished = 3 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
      optional string note = 4 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
    }
    message Amounts { optional int64 paid_cents = 1; optional int64 due_cents = 2; }
"#;

const SECOND: &str = r#"
    message StayAgain {
      option (unefois.dataset.v1.dataset) = {
        id: "stay" major: 2 subject_kind: SUBJECT_KIND_NATURAL_PERSON natural_key: ["number"] french_name: "séjour" rows: "T01"
      };
      optional int32 number = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC}];
      optional int64 paid_cents = 2 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL continues: "amounts.paid_cents"}];
      optional int64 due_cents = 3 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL continues: "amounts.due_cents"}];
      optional bool over = 4 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL continues: "finished"}];
      optional string room = 5 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
    }
"#;

fn both() -> Catalog {
    contract(&format!("{FIRST}{SECOND}")).unwrap()
}

/// A record of one major version, told in another.
fn converted(record: &serde_json::Value, from: u32, to: u32) -> serde_json::Value {
    let catalog = both();
    let (from, to) = (catalog.version("stay", from).unwrap(), catalog.version("stay", to).unwrap());
    let canonical = from.canonicalise(&from.from_json(record).unwrap()).unwrap();
    let converted = catalog.convert(&canonical, from, to).unwrap();
    assert_eq!(to.canonicalise(&converted).unwrap(), converted, "what is converted is canonical");
    to.to_json(&converted).unwrap()
}

#[test]
fn both_majors_are_in_the_catalogue_and_the_first_is_the_one_that_is_meant_without_a_number() {
    let catalog = both();
    assert_eq!(
        catalog.majors("stay").map(|stay| stay.message_name()).collect::<Vec<_>>(),
        ["test.v1.Stay", "test.v1.StayAgain"]
    );
    assert_eq!(catalog.dataset("stay").unwrap().major(), 1);
    assert_eq!(catalog.datasets().map(|stay| stay.stored_name()).collect::<Vec<_>>(), ["stay", "stay/2"]);
    for stay in catalog.datasets() {
        assert_eq!(catalog.stored(&stay.stored_name()).unwrap().major(), stay.major());
    }
    assert!(catalog.version("stay", 3).is_none() && catalog.stored("stay/x").is_none());
}

#[test]
fn a_record_is_told_in_the_next_major_without_what_it_does_not_continue() {
    let first = json!({"number": 1, "amounts": {"paid_cents": 0, "due_cents": 7}, "finished": false, "note": "quiet"});
    assert_eq!(converted(&first, 1, 2), json!({"number": 1, "paid_cents": 0, "due_cents": 7, "over": false}));
}

#[test]
fn a_record_is_told_in_the_previous_major_without_what_is_new() {
    let second = json!({"number": 1, "due_cents": 7, "over": true, "room": "12"});
    assert_eq!(converted(&second, 2, 1), json!({"number": 1, "amounts": {"due_cents": 7}, "finished": true}));
    assert_eq!(converted(&json!({"number": 1}), 2, 1), json!({"number": 1}));
}

#[test]
fn a_record_is_told_in_a_major_further_away_step_by_step() {
    let third = SECOND
        .replace("StayAgain", "StayAtLast")
        .replace("major: 2", "major: 3")
        .replace("amounts.paid_cents", "paid_cents")
        .replace("amounts.due_cents", "due_cents")
        .replace("\"finished\"", "\"over\"");
    let catalog = contract(&format!("{FIRST}{SECOND}{third}")).unwrap();
    let [first, _, last] = catalog.majors("stay").collect::<Vec<_>>()[..] else { panic!("three majors") };
    let told = |record: serde_json::Value, from: &unefois_catalog::Dataset, to: &unefois_catalog::Dataset| {
        let canonical = from.canonicalise(&from.from_json(&record).unwrap()).unwrap();
        to.to_json(&catalog.convert(&canonical, from, to).unwrap()).unwrap()
    };
    let in_first = json!({"number": 1, "amounts": {"paid_cents": 5}, "finished": true});
    let in_last = json!({"number": 1, "paid_cents": 5, "over": true});
    assert_eq!(told(in_first.clone(), first, last), in_last);
    assert_eq!(told(in_last, last, first), in_first);
    assert!(catalog.convert(&[0xff], first, last).is_err(), "what is no record is not left out");
}

#[test]
fn majors_with_a_gap_are_refused_and_the_first_may_be_gone() {
    let third = SECOND.replace("StayAgain", "StayAtLast").replace("major: 2", "major: 3");
    let without_past =
        SECOND.replace("amounts.paid_cents", "").replace("amounts.due_cents", "").replace("\"finished\"", "\"\"");
    for of_third in [third.clone(), without_past.replace("StayAgain", "StayAtLast").replace("major: 2", "major: 3")] {
        let refused = contract(&format!("{FIRST}{of_third}")).unwrap_err();
        let is_gap = matches!(&refused, InvalidCatalog::Rule { message, rule }
            if message == "test.v1.StayAtLast" && rule.contains("the version 2 is missing"));
        assert!(is_gap, "{refused}");
    }
    let third = third.replace("amounts.paid_cents", "paid_cents").replace("amounts.due_cents", "due_cents");
    let catalog = contract(&format!("{without_past}{}", third.replace("\"finished\"", "\"over\""))).unwrap();
    assert_eq!(catalog.dataset("stay").unwrap().major(), 2);
}

#[test]
fn a_major_that_cannot_be_converted_is_refused() {
    let refused = |from: &str, to: &str| {
        assert!(SECOND.contains(from), "{from}");
        match contract(&format!("{FIRST}{}", SECOND.replacen(from, to, 1))) {
            Err(InvalidCatalog::Rule { message, rule }) => {
                assert_eq!(message, "test.v1.StayAgain");
                rule
            }
            other => panic!("{from} → {to}: {other:?}"),
        }
    };
    assert!(refused("\"finished\"", "\"amounts\"").contains("`over` continues `amounts`"));
    assert!(refused("\"finished\"", "\"amounts.finished\"").contains("`over` continues"));
    assert!(refused("\"finished\"", "\"note\"").contains("of another type"));
    assert!(refused("int32 number = 1", "int32 number = 9").contains("another key"));
    assert!(refused("int32 number", "int64 number").contains("another key"));
    assert!(refused("[\"number\"]", "[\"number\", \"room\"]").contains("another key"));
    let alone = contract(SECOND).unwrap_err();
    assert!(matches!(alone, InvalidCatalog::Rule { rule, .. } if rule.contains("a major version that is not there")));
}
