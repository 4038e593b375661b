//! Values that a norm or a key forbids: rejected at publication, by field and rule, and never quoted.

use serde_json::{Value, json};
use unefois_core::SubjectKind;
use unefois_proto::pb::publication::v1::publish_response::Result as Fate;
use unefois_testkit::{House, item};

use crate::{
    UNEFOIS, catalog,
    example::{example_of, subject},
    published,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_value_is_rejected_by_field_and_rule_and_the_rest_is_taken() {
    use SubjectKind::{Company, NaturalPerson};
    let (house, catalog) = (House::open(UNEFOIS).await, catalog());
    let early = json!({"year": 2015, "month": 5, "day": 3});
    let cases: [(&str, &str, SubjectKind, &str, Value, &str, &str); 10] = [
        (
            "dgfip",
            "bank-details",
            NaturalPerson,
            "/iban",
            json!("FR7630006000011234567890188"),
            "PAYLOAD_INVALID",
            "iban",
        ),
        ("dgfip", "bank-details", Company, "/bic", json!("AGRIFRP"), "PAYLOAD_INVALID", "bic"),
        ("dgfip", "bank-details", NaturalPerson, "/closed_on", early, "PAYLOAD_INVALID", "closed_on"),
        ("urssaf", "self-employed-affiliation", NaturalPerson, "/naf", json!("34.11Z"), "PAYLOAD_INVALID", "naf"),
        ("urssaf", "declared-turnover", NaturalPerson, "/siren", json!("732829321"), "IDENTIFIER_INVALID", "siren"),
        ("urssaf", "artist-author-income", NaturalPerson, "/year", json!(20_255), "PAYLOAD_INVALID", "year"),
        ("cnav", "monthly-resources", NaturalPerson, "/month/month", json!(13), "PAYLOAD_INVALID", "month"),
        (
            "cnav",
            "monthly-resources",
            NaturalPerson,
            "/payments/0/payer_siret",
            json!("81000011700013"),
            "IDENTIFIER_INVALID",
            "payments.payer_siret",
        ),
        (
            "msa",
            "family-quotient",
            NaturalPerson,
            "/address/postal_code",
            json!("3140"),
            "PAYLOAD_INVALID",
            "address.postal_code",
        ),
        (
            "dge",
            "contact-details",
            Company,
            "/address/commune_cog",
            json!("20004"),
            "PAYLOAD_INVALID",
            "address.commune_cog",
        ),
    ];
    for (provider, dataset, kind, place, bad, reason, field) in cases {
        let provider = house.agency(provider).await;
        let dataset = catalog.dataset(dataset).unwrap();
        let good = example_of(dataset);
        let mut record = good.clone();
        *record.pointer_mut(place).unwrap() = bad.clone();
        let mut wrong = item(dataset.id(), vec![subject(kind)], &());
        wrong.data = dataset.from_json(&record).unwrap();
        let Fate::Rejected(rejected) = published(&provider, wrong).await else { panic!("{place}: it was taken") };
        assert_eq!((rejected.reason.as_str(), rejected.field), (reason, format!("data.{field}")), "{place}");
        assert!(bad.as_str().is_none_or(|bad| !rejected.message.contains(bad)), "{place}: {}", rejected.message);
        let mut right = item(dataset.id(), vec![subject(kind)], &());
        right.data = dataset.from_json(&good).unwrap();
        assert!(matches!(published(&provider, right).await, Fate::Acknowledged(_)), "{place}");
    }
}
