//! Values that a norm forbids are refused where they enter, by field and rule.

use serde_json::{Value, json};

use crate::comments::{CONTRACT, example_of};

/// The example of a dataset with another value at a place.
fn with(dataset: &str, place: &str, value: &Value) -> Result<(), (String, String)> {
    let dataset = CONTRACT.catalog.dataset(dataset).unwrap();
    let mut record = example_of(dataset.message_name()).unwrap();
    let known = record.pointer_mut(place).unwrap_or_else(|| panic!("the example has no {place}"));
    *known = value.clone();
    let bytes = dataset.from_json(&record).unwrap();
    dataset.canonicalise(&bytes).map(drop).map_err(|invalid| {
        let text = value.as_str().filter(|text| text.len() > 4);
        assert!(text.is_none_or(|text| !format!("{invalid:?}").contains(text)), "the error quotes the value");
        (invalid.field, invalid.rule)
    })
}

#[test]
fn a_value_that_breaks_its_norm_is_refused_by_field_and_rule() {
    let day = |year: i32, month: i32, day: i32| json!({"year": year, "month": month, "day": day});
    for (dataset, place, bad, field, rule) in [
        ("bank-details", "/iban", json!("FR7630006000011234567890188"), "iban", "the key of the IBAN is wrong"),
        ("bank-details", "/iban", json!("FR763000600001123456789018"), "iban", "an IBAN has the length"),
        ("bank-details", "/iban", json!("US64SVBKUS6S3300958879"), "iban", "an IBAN begins with a country"),
        ("bank-details", "/bic", json!("AGRIFRP"), "bic", "a BIC has 8 or 11"),
        ("bank-details", "/closed_on", day(2015, 5, 3), "closed_on", "it is before `opened_on`"),
        ("bank-details", "/holder_name", json!("x".repeat(141)), "holder_name", "the text has more than 140"),
        ("self-employed-affiliation", "/naf", json!("6201Z"), "naf", "a NAF code has the form"),
        ("self-employed-affiliation", "/naf", json!("34.01Z"), "naf", "NAF rev. 2 has no such division"),
        ("self-employed-affiliation", "/activity_end", day(2024, 8, 31), "activity_end", "it is before"),
        ("contact-details", "/address/postal_code", json!("3140"), "address.postal_code", "a postal code has"),
        ("contact-details", "/address/commune_cog", json!("20004"), "address.commune_cog", "a commune has"),
        ("contact-details", "/address/country_cog", json!("75107"), "address.country_cog", "a country has"),
        ("contact-details", "/address/street", json!("x".repeat(39)), "address.street", "the text has more than 38"),
        ("contact-details", "/email", json!("marie.leroux"), "email", "an e-mail address is"),
        ("contact-details", "/telephone", json!("0601020304"), "telephone", "a telephone number is"),
        (
            "home-service-approval",
            "/activities/0/departments_cog",
            json!(["31", "96"]),
            "activities.departments_cog",
            "the COG has no",
        ),
        ("artist-author-income", "/year", json!(0), "year", "it is not a year"),
        ("company-turnover", "/year", json!(10_000), "year", "it is not a year"),
        (
            "artist-author-income",
            "/wages_and_royalties_cents",
            json!(-1),
            "wages_and_royalties_cents",
            "the number is below",
        ),
        ("monthly-resources", "/month/month", json!(13), "month", "it is not a month"),
        (
            "monthly-resources",
            "/payments/0/period_end",
            day(2026, 2, 28),
            "payments.period_end",
            "it is before `period_start`",
        ),
        ("family-quotient", "/children/0/birth_date", day(2015, 2, 29), "children.birth_date", "it is not a day"),
    ] {
        let (at, broken) = with(dataset, place, &bad).expect_err(place);
        assert_eq!(at, field, "{dataset}{place}");
        assert!(broken.starts_with(rule), "{dataset}{place}: {broken}");
    }
}

#[test]
fn a_value_that_keeps_its_norm_is_taken() {
    let day = |year: i32, month: i32, day: i32| json!({"year": year, "month": month, "day": day});
    for (dataset, place, good) in [
        ("bank-details", "/iban", json!("DE89370400440532013000")),
        ("bank-details", "/bic", json!("PSSTFRPPPAR")),
        ("bank-details", "/closed_on", day(2015, 5, 4)),
        ("bank-details", "/holder_name", json!("É".repeat(140))),
        ("self-employed-income", "/profits/bnc_cents", json!(-1)),
        ("monthly-resources", "/payments/0/net_taxable_cents", json!(-100)),
        ("contact-details", "/address/commune_cog", json!("97411")),
        ("home-service-approval", "/activities/0/departments_cog", json!([])),
    ] {
        assert_eq!(with(dataset, place, &good), Ok(()), "{dataset}{place}");
    }
}

#[test]
fn identifiers_are_found_wherever_they_stand() {
    let dataset = CONTRACT.catalog.dataset("monthly-resources").unwrap();
    let bytes = dataset.from_json(&example_of(dataset.message_name()).unwrap()).unwrap();
    let found: Vec<String> = dataset.identifiers(&bytes).unwrap().into_iter().map(|found| found.field).collect();
    assert_eq!(found, ["payments.payer_siret"]);
}

#[test]
fn a_key_field_that_tells_apart_may_be_left_out_of_a_question() {
    let dataset = CONTRACT.catalog.dataset("bank-details").unwrap();
    let of_record =
        dataset.key_of_record(&dataset.from_json(&example_of(dataset.message_name()).unwrap()).unwrap()).unwrap();
    let open = dataset.key_of_question(&[], None).unwrap();
    assert_eq!((&open.selector, open.discriminator), (&of_record.selector, None));
    let named = dataset.from_json(&json!({"iban": "FR7630006000011234567890189"})).unwrap();
    assert_eq!(dataset.key_of_question(&named, None).unwrap(), of_record);
}
