//! What the annotations of a contract say of a dataset, and which contracts stop the hub.

use unefois_catalog::{Catalog, Field, IdentifierKind, InvalidCatalog, Sensitivity, SubjectKind};

use crate::made_up::{GOOD, contract, descriptors, with_stay};

/// Another message that claims the identifier of the first.
const VISIT: &str = r#"
    message Visit {
      option (unefois.dataset.v1.dataset) = {
        id: "stay" major: 1 subject_kind: SUBJECT_KIND_COMPANY natural_key: "siren" french_name: "visite" rows: "T02"
      };
      optional string siren = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC identifier: IDENTIFIER_KIND_SIREN}];
    }
"#;

/// The message and the rule for which a contract that differs by this is refused.
fn refusal(from: &str, to: &str) -> (String, String) {
    let text = GOOD.replacen(from, to, 1);
    assert_ne!(text, GOOD, "`{from}` is not there");
    match contract(&text) {
        Err(InvalidCatalog::Rule { message, rule }) => (message, rule),
        other => panic!("`{to}` gives {other:?}"),
    }
}

#[test]
fn a_dataset_is_what_its_annotations_say() {
    with_stay(|stay| {
        assert_eq!((stay.major(), stay.french_name(), stay.subject_kind()), (2, "séjour", SubjectKind::NaturalPerson));
        assert_eq!((stay.message_name(), stay.rows()), ("test.v1.Stay", &["T01".to_owned()][..]));
        assert_eq!(stay.natural_key().collect::<Vec<_>>(), ["nir", "siret", "number"]);
    });
    let of_companies = GOOD.replace("SUBJECT_KIND_NATURAL_PERSON", "SUBJECT_KIND_COMPANY");
    let catalog = contract(&of_companies).unwrap();
    assert_eq!(catalog.dataset("stay").unwrap().subject_kind(), SubjectKind::Company);
    let of_either = GOOD.replace("SUBJECT_KIND_NATURAL_PERSON", "SUBJECT_KIND_EITHER");
    assert_eq!(contract(&of_either).unwrap().dataset("stay").unwrap().subject_kind(), SubjectKind::Either);
}

#[test]
fn fields_come_in_the_order_of_their_numbers_with_their_annotations() {
    use Sensitivity::{Financial, Identifying, Personal, Public};
    let field =
        |name: &str, number, sensitivity, identifier| Field { name: name.to_owned(), number, sensitivity, identifier };
    with_stay(|stay| {
        assert_eq!(
            stay.fields(),
            [
                field("nir", 1, Identifying, Some(IdentifierKind::Nir)),
                field("siren", 2, Public, Some(IdentifierKind::Siren)),
                field("siret", 3, Public, Some(IdentifierKind::Siret)),
                field("spi", 4, Identifying, Some(IdentifierKind::Spi)),
                field("number", 5, Public, None),
                field("cents", 6, Financial, None),
                field("nights", 7, Personal, None),
                field("balance", 8, Financial, None),
                field("parts", 9, Financial, None),
                field("first", 10, Personal, None),
                field("others", 11, Personal, None),
                field("finished", 63, Personal, None),
            ]
        );
    });
}

#[test]
fn a_dataset_that_breaks_a_rule_stops_the_hub_which_says_where_and_why() {
    let stay = |from: &str, to: &str, words: &str| {
        let (message, rule) = refusal(from, to);
        assert_eq!((message.as_str(), rule.as_str()), ("test.v1.Stay", words));
    };
    stay("id: \"stay\"", "", "a dataset has an identifier");
    stay("major: 2", "", "the major version is at least 1");
    stay("subject_kind: SUBJECT_KIND_NATURAL_PERSON", "", "the kind of subject 0 is not known");
    stay("natural_key: [\"nir\", \"siret\", \"number\"]", "", "a dataset has a natural key");
    stay("\"siret\", \"number\"]", "\"siret\", \"nights_\"]", "the key field `nights_` is not one of its fields");
    stay(" rows: \"T01\"", "", "a dataset serves a row");
    stay(
        "rows: \"T01\"",
        "rows: \"T01\" told_apart_by: \"nights\"",
        "`nights` tells records apart and is not part of the key",
    );
    let rows = |more: &str, words: &str| stay("rows: \"T01\"", &format!("rows: \"T01\" {more}"), words);
    let repeats = |rule: &str| format!("repeats: {{{rule}}}");
    rows(&repeats("list: \"parts\" same: \"kind\""), "`parts` is not a list of messages");
    rows(&repeats("list: \"first\" same: \"kind\""), "`first` is not a list of messages");
    rows(&repeats("list: \"others\""), "the items of `others` cannot be compared");
    rows(&repeats("list: \"others\" same: \"size\""), "the items of `others` cannot be compared");
    let unmarked = "list: \"others\" same: \"kind\" mark: \"kind\" record_mark: \"finished\"";
    rows(&repeats(unmarked), "the items of `others` cannot be marked");
    rows("homonyms: {traits: \"nights\" same: \"kind\"}", "the traits in `nights` cannot be compared");
    rows("homonyms: {traits: \"first\"}", "the traits in `first` cannot be compared");
    rows("homonyms: {traits: \"first\" same: \"kind\"}", "the traits in `first` cannot be compared");
    stay("= 63 [", "= 64 [", "field `finished` has a number above 63");
    stay(
        "= 63 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}]",
        "= 63",
        "field `finished` is not annotated",
    );
    stay("sensitivity: SENSITIVITY_IDENTIFYING ", "", "field `nir` does not say how sensitive it is");
    stay(
        "not_negative: true}];\n      optional int64 balance",
        "norm: NORM_IBAN}];\n      optional int64 balance",
        "field `nights` has a rule for texts and is not one",
    );
    stay(
        "not_negative: true}];\n      optional int64 balance",
        "length_max: 3}];\n      optional int64 balance",
        "field `nights` has a rule for texts and is not one",
    );
    stay(
        "IDENTIFIER_KIND_SPI",
        "IDENTIFIER_KIND_SPI not_negative: true",
        "field `spi` has a rule for numbers and is not one",
    );
    stay(
        "IDENTIFIER_KIND_SPI",
        "IDENTIFIER_KIND_SPI norm: NORM_YEAR",
        "field `spi` has a rule for numbers and is not one",
    );
    stay(
        "IDENTIFIER_KIND_SPI",
        "IDENTIFIER_KIND_SPI not_before: \"nir\"",
        "field `spi` cannot be compared with what it is not before",
    );
    stay("Room first = 10", "map<string, Room> first = 10", "`test.v1.Stay.first` is a map");
    stay("optional bool finished", "bool finished", "`test.v1.Stay.finished` is not optional");
    stay("optional Kind kind = 1", "Kind kind = 1", "`test.v1.Room.kind` is not optional");
    stay("optional Kind kind = 1", "optional float kind = 1", "`test.v1.Room.kind` is a floating-point field");
    stay("optional Kind kind = 1", "optional double kind = 1", "`test.v1.Room.kind` is a floating-point field");
    stay("optional Kind kind = 1", "Room kind = 1", "`test.v1.Room` holds itself");
}

#[test]
fn a_contract_without_the_options_or_with_one_dataset_twice_is_refused() {
    let without = Catalog::load(&descriptors("message Stay { optional string siren = 1; }"));
    assert!(matches!(without, Err(InvalidCatalog::OptionMissing { option: "unefois.dataset.v1.dataset" })));
    let twice = format!("{GOOD} {}", VISIT.replace("major: 1", "major: 2"));
    assert!(matches!(contract(&twice), Err(InvalidCatalog::DatasetTwice { dataset, major: 2 }) if dataset == "stay"));
    assert!(matches!(Catalog::load(b"no descriptors"), Err(InvalidCatalog::Descriptors(_))));
}

#[test]
fn a_message_without_annotations_is_no_dataset() {
    assert_eq!(contract(GOOD).unwrap().datasets().count(), 1);
    assert_eq!(contract("message Stay { map<string, float> anything = 1; }").unwrap().datasets().count(), 0);
}
