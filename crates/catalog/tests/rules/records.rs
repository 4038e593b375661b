//! What the annotations of a contract allow in records and in keys.

use serde_json::json;
use unefois_catalog::{IdentifierKind, InvalidKey};

use crate::made_up::{GOOD, contract, with_stay};

/// The canonical bytes of a record with these fields besides its key; otherwise field and rule.
fn published(more: &serde_json::Value) -> Result<Vec<u8>, String> {
    let catalog = contract(GOOD).unwrap();
    let stay = catalog.dataset("stay").unwrap();
    let mut record = json!({"nir": "255081416802538", "siret": "73282932000074", "number": 0});
    record.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let bytes = stay.from_json(&record).unwrap();
    stay.canonicalise(&bytes).map_err(|invalid| format!("{}: {}: {}", invalid.dataset, invalid.field, invalid.rule))
}

#[test]
fn a_number_that_cannot_be_below_zero_is_not_wherever_it_stands() {
    for more in [json!({"cents": 0}), json!({"nights": 0}), json!({"balance": -1}), json!({"parts": [0, 1]})] {
        assert!(published(&more).is_ok(), "{more}");
    }
    for (more, field) in
        [(json!({"cents": -1}), "cents"), (json!({"nights": -1}), "nights"), (json!({"parts": [1, -1]}), "parts")]
    {
        assert_eq!(published(&more), Err(format!("stay: {field}: the number is below zero")));
    }
}

#[test]
fn a_value_is_one_of_its_enumeration_in_messages_and_lists_too() {
    assert!(published(&json!({"first": {"kind": 1}, "others": [{}, {"kinds": [1, 1]}]})).is_ok());
    for (more, field) in [
        (json!({"first": {"kind": 2}}), "first.kind"),
        (json!({"first": {"kind": 0}}), "first.kind"),
        (json!({"others": [{}, {"kinds": [1, 2]}]}), "others.kinds"),
    ] {
        assert_eq!(published(&more), Err(format!("stay: {field}: the value is not one of its enumeration")));
    }
}

#[test]
fn the_identifiers_of_a_record_are_found_with_the_kinds_that_their_fields_claim() {
    let bytes = published(&json!({"spi": "3023217600053", "siren": "732829320"})).unwrap();
    with_stay(|stay| {
        let found = stay.identifiers(&bytes).unwrap();
        let found: Vec<_> = found.iter().map(|found| (found.field.as_str(), found.kind, found.text.as_str())).collect();
        assert_eq!(
            found,
            [
                ("nir", IdentifierKind::Nir, "255081416802538"),
                ("siren", IdentifierKind::Siren, "732829320"),
                ("siret", IdentifierKind::Siret, "73282932000074"),
                ("spi", IdentifierKind::Spi, "3023217600053"),
            ]
        );
        assert!(stay.identifiers(&[0xff]).is_err());
    });
}

#[test]
fn an_identifier_of_the_subject_stands_in_for_the_key_field_of_its_kind_and_no_other() {
    let bytes = published(&json!({})).unwrap();
    with_stay(|stay| {
        let of_record = stay.key_of_record(&bytes).unwrap();
        let asked =
            |json: serde_json::Value, subject| stay.key_of_question(&stay.from_json(&json).unwrap(), subject).unwrap();
        let nir = Some((IdentifierKind::Nir, "255081416802538"));
        let known = json!({"siret": "73282932000074", "number": 0});
        assert_eq!(asked(known.clone(), nir), of_record);
        assert_eq!(asked(json!({"number": 0}), nir).discriminator, None);
        assert_eq!(asked(known, None).discriminator, None);
        // What the question names itself, the subject's identifier does not replace.
        let other = asked(json!({"nir": "295109912611193", "siret": "73282932000074", "number": 0}), nir);
        assert_eq!(other.selector, of_record.selector);
        assert_ne!(other.discriminator, of_record.discriminator);
        let unnumbered = stay.key_of_question(&[], nir);
        assert!(matches!(unnumbered, Err(InvalidKey::Missing { field, .. }) if field == "number"));
    });
}

#[test]
fn the_field_of_the_highest_number_can_be_granted() {
    let bytes = published(&json!({"finished": true})).unwrap();
    with_stay(|stay| {
        let kept = stay.minimise(&bytes, stay.field_set(["finished"]).unwrap()).unwrap();
        assert_eq!(stay.to_json(&kept).unwrap(), json!({"finished": true}));
    });
}

#[test]
fn a_field_of_no_dataset_never_leaves_whatever_was_granted() {
    let (siren, beyond) = ([0x12, 0x01, b'7'], [0x92, 0x04, 0x01, b'8']);
    with_stay(|stay| {
        // Field 66: its number and that of the granted one differ by 64.
        let kept = stay.minimise(&[&siren[..], &beyond].concat(), stay.field_set(["siren"]).unwrap()).unwrap();
        assert_eq!(kept, siren);
    });
}

#[test]
fn a_revision_changed_the_fields_that_came_went_or_read_otherwise() {
    let before = published(&json!({"cents": 5, "parts": [1, 2], "others": [{"kinds": [1]}, {}]})).unwrap();
    let catalog = contract(GOOD).unwrap();
    let stay = catalog.dataset("stay").unwrap();
    let name = |number| stay.fields().iter().find(|field| field.number == number).unwrap().name.clone();
    let changed = |old: &[u8], new: &[u8]| -> Vec<String> {
        stay.changed_fields(old, new).unwrap().numbers().map(name).collect()
    };
    assert_eq!(changed(&before, &before), [""; 0]);
    for (after, due) in [
        (json!({"cents": 6, "parts": [1, 2], "others": [{"kinds": [1]}, {}]}), vec!["cents"]),
        (json!({"parts": [1, 2], "others": [{"kinds": [1]}, {}]}), vec!["cents"]),
        (json!({"cents": 5, "parts": [2, 1], "others": [{"kinds": [1]}, {}]}), vec!["parts"]),
        (json!({"cents": 5, "parts": [1, 2], "others": [{}, {"kinds": [1]}]}), vec!["others"]),
        (json!({"cents": 5, "parts": [1, 2], "others": [{"kinds": [1]}]}), vec!["others"]),
    ] {
        let after = published(&after).unwrap();
        assert_eq!(changed(&before, &after), due);
        assert_eq!(changed(&after, &before), due, "a difference has no direction");
    }
    let mut all = changed(&[], &before);
    all.sort_unstable();
    assert_eq!(all, ["cents", "nir", "number", "others", "parts", "siret"], "of a new record, all that it sets");
    assert!(stay.changed_fields(&[0xff], &before).is_err() && stay.changed_fields(&before, &[0xff]).is_err());
}
