//! The catalogue over the project's own contract: canonical bytes, keys, minimising, JSON.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::json;
use unefois_catalog::{Catalog, Dataset, IdentifierKind, InvalidKey};

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    let mut compiler = protox::Compiler::new([concat!(env!("CARGO_MANIFEST_DIR"), "/../../proto")]).unwrap();
    compiler.include_imports(true).open_files(["unefois/income/v1/declared_turnover.proto"]).unwrap();
    Catalog::load(&compiler.encode_file_descriptor_set()).unwrap()
});

fn turnover() -> &'static Dataset {
    CATALOG.dataset("declared-turnover").unwrap()
}

fn record() -> serde_json::Value {
    json!({
        "siren": "732829320",
        "period": {"month": {"year": 2026, "month": 3}},
        "amounts": {"bic_services_cents": 123_456, "bnc_cents": 0},
        "status": "DECLARATION_STATUS_DECLARED",
        "declared_with_doubt": false,
    })
}

fn canonical(json: &serde_json::Value) -> Result<Vec<u8>, String> {
    let bytes = turnover().from_json(json).map_err(|invalid| invalid.to_string())?;
    turnover().canonicalise(&bytes).map_err(|invalid| format!("{}: {}", invalid.field, invalid.rule))
}

#[test]
fn a_dataset_has_its_fields_and_its_key() {
    assert_eq!(turnover().fields().len(), 7);
    assert_eq!(turnover().natural_key().collect::<Vec<_>>(), ["siren", "period"]);
}

#[test]
fn a_record_survives_json_and_canonical_bytes() {
    let bytes = canonical(&record()).unwrap();
    assert_eq!(turnover().to_json(&bytes).unwrap(), record());
    assert_eq!(turnover().canonicalise(&bytes).unwrap(), bytes);
}

#[test]
fn a_record_that_breaks_a_rule_is_refused_with_its_field() {
    let with = |path: &str, value: serde_json::Value| {
        let mut json = record();
        *json.pointer_mut(path).unwrap() = value;
        canonical(&json).unwrap_err()
    };
    assert!(with("/period/month/month", json!(13)).starts_with("period.month: "));
    assert!(with("/amounts/bnc_cents", json!(-1)).starts_with("amounts.bnc_cents: "));
    assert!(with("/status", json!(9)).starts_with("status: "));
    assert!(with("/status", json!("DECLARATION_STATUS_UNSPECIFIED")).starts_with("status: "));
    assert!(with("/period", json!({})).starts_with("period: "));
    let mut keyless = record();
    keyless.as_object_mut().unwrap().remove("siren");
    assert!(canonical(&keyless).unwrap_err().starts_with("siren: "));
    let mut dated = record();
    dated["declared_on"] = json!({"year": 2026, "month": 2, "day": 29});
    assert!(canonical(&dated).unwrap_err().starts_with("declared_on: "));
}

#[test]
fn unknown_fields_are_refused_in_bytes_and_in_json() {
    let mut bytes = canonical(&record()).unwrap();
    bytes.extend_from_slice(&[0xf8, 0x06, 0x01]); // field 111
    assert!(turnover().canonicalise(&bytes).is_err());
    let mut json = record();
    json["surprise"] = json!(1);
    assert!(turnover().from_json(&json).is_err());
}

#[test]
fn a_question_by_another_identifier_leaves_the_discriminator_open() {
    let key = turnover().from_json(&json!({"period": {"month": {"year": 2026, "month": 3}}})).unwrap();
    let of_record = turnover().key_of_record(&canonical(&record()).unwrap()).unwrap();
    let by_siren = turnover().key_of_question(&key, Some((IdentifierKind::Siren, "732829320"))).unwrap();
    assert_eq!(by_siren, of_record);
    let by_nir = turnover().key_of_question(&key, Some((IdentifierKind::Nir, "255081416802538"))).unwrap();
    assert_eq!((by_nir.selector, by_nir.discriminator), (of_record.selector, None));
}

#[test]
fn a_key_names_its_fields_all_of_them_and_no_others() {
    let question = |json: serde_json::Value| turnover().key_of_question(&turnover().from_json(&json).unwrap(), None);
    assert!(matches!(question(json!({})), Err(InvalidKey::Missing { field, .. }) if field == "period"));
    let other = question(json!({"status": "DECLARATION_STATUS_NIL"}));
    assert!(matches!(other, Err(InvalidKey::NotAKeyField { field, .. }) if field == "status"));
}

proptest! {
    /// Minimising keeps the granted fields as they are and nothing of the others.
    #[test]
    fn minimised_bytes_hold_the_granted_fields_and_no_others(
        granted in proptest::sample::subsequence(vec!["siren", "period", "amounts", "status", "declared_with_doubt"], 0..=5),
    ) {
        let bytes = canonical(&record()).unwrap();
        let set = turnover().field_set(granted.iter().copied()).unwrap();
        let minimised = turnover().minimise(&bytes, set).unwrap();
        let mut due = record();
        due.as_object_mut().unwrap().retain(|field, _| granted.contains(&field.as_str()));
        prop_assert_eq!(turnover().to_json(&minimised).unwrap(), due);
    }

    /// Whatever is stored, minimising does not panic.
    #[test]
    fn no_bytes_make_minimising_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let set = turnover().field_set(["siren"]).unwrap();
        let _any = turnover().minimise(&bytes, set);
        let _any = turnover().canonicalise(&bytes);
    }
}
