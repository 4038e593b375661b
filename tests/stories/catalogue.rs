//! The catalogue: on the command line without a hub, and from a hub.

use std::collections::BTreeSet;

use serde_json::Value;
use unefois_catalog::Catalog;
use unefois_proto::pb::{
    catalog::v1::{Dataset, GetDatasetRequest},
    dataset::v1::{Sensitivity, SubjectKind},
};
use unefois_testkit::{House, HouseSettings, reason_of};

use crate::UNEFOIS;

/// Runs `unefois catalog` where no hub runs.
fn catalog(house: &House, words: &[&str]) -> (bool, String, String) {
    house.runs(&[&["catalog"], words].concat(), "")
}

fn json(house: &House, words: &[&str]) -> Value {
    let (succeeded, output, errors) = catalog(house, &[words, &["--json"]].concat());
    assert!(succeeded, "{errors}");
    serde_json::from_str(&output).unwrap()
}

fn agreements(dataset: &Dataset) -> Vec<&str> {
    dataset.agreements.iter().map(|agreement| agreement.id.as_str()).collect()
}

#[test]
fn every_dataset_is_listed_without_a_hub_with_its_rows_and_who_provides_it_to_whom() {
    let house = House::build(UNEFOIS, &HouseSettings::default());
    let (succeeded, output, errors) = catalog(&house, &["list"]);
    assert!(succeeded, "{errors}");
    let listed = json(&house, &["list"]);
    let contract = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap();
    for dataset in contract.datasets() {
        assert!(output.contains(dataset.id()) && output.contains(&dataset.rows()[0]), "{output}");
        let found = listed.as_array().unwrap().iter().find(|listed| listed["dataset"] == dataset.id()).unwrap();
        let text = found.to_string();
        assert!(!found["meaning"].as_str().unwrap().is_empty(), "{text}");
        assert!(!found["providers"].as_array().unwrap().is_empty(), "{text}");
        assert!(!found["agreements"].as_array().unwrap().is_empty(), "{text}");
    }
    assert_eq!(listed.as_array().unwrap().len(), contract.datasets().count());
    assert!(output.contains("urssaf → france-travail"), "{output}");
}

#[test]
fn a_dataset_is_shown_field_by_field_with_meaning_unit_sensitivity_and_source() {
    let house = House::build(UNEFOIS, &HouseSettings::default());
    let shown = json(&house, &["show", "declared-turnover"]);
    assert_eq!((&shown["major"], &shown["about"]), (&1.into(), &"natural person".into()));
    assert_eq!(shown["rows"], serde_json::json!(["D13", "D14", "S01"]));
    let fields = shown["fields"].as_array().unwrap();
    let field = fields.iter().find(|field| field["path"] == "amounts.bnc_cents").unwrap();
    assert_eq!((&field["unit"], &field["sensitivity"]), (&"euro cents".into(), &"financial".into()));
    assert_eq!(field["meaning"], "Services taxed as non-commercial profits (BNC).");
    assert_eq!(field["source"], "code de la sécurité sociale, article L613-7");
    let benefits = shown["agreements"].as_array().unwrap().iter().find(|agreed| agreed["id"] == "d14-benefits");
    assert_eq!(benefits.unwrap()["consumer"], "cnaf");
    for dataset in json(&house, &["list"]).as_array().unwrap() {
        let (succeeded, output, errors) = catalog(&house, &["show", dataset["dataset"].as_str().unwrap()]);
        assert!(succeeded && output.contains("sensitivity"), "{output}{errors}");
    }
    let (succeeded, _, errors) = catalog(&house, &["show", "lottery-wins"]);
    assert!(
        !succeeded && errors.contains("there is no dataset `lottery-wins`; there are: artist-author-income"),
        "{errors}"
    );
}

#[test]
fn another_registry_file_says_who_provides_a_dataset_there() {
    let house = House::build(UNEFOIS, &HouseSettings::default());
    let file = house.path().join("other.toml");
    let agency =
        "[[agency]]\ncode = \"msa\"\nname = \"MSA\"\nroles = [\"provider\"]\ndatasets = [\"family-quotient\"]\n";
    std::fs::write(&file, agency).unwrap();
    let shown = json(&house, &["show", "family-quotient", "--registry", file.to_str().unwrap()]);
    assert_eq!((&shown["providers"], &shown["agreements"]), (&serde_json::json!(["msa"]), &serde_json::json!([])));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_says_what_it_exchanges_and_agreements_to_their_parties_only() {
    let house = House::open(UNEFOIS).await;
    let of = async |agency: &str| -> Dataset {
        unefois_client::dataset(&house.agency(agency).await, "declared-turnover").await.unwrap()
    };
    let cnaf = of("cnaf").await;
    assert_eq!(cnaf.message, "unefois.income.v1.DeclaredTurnover");
    assert_eq!(
        (cnaf.subject_kind(), cnaf.providers.as_slice()),
        (SubjectKind::NaturalPerson, ["urssaf".to_owned()].as_slice())
    );
    assert_eq!(
        (cnaf.natural_key.join(" "), cnaf.rows.join(" ")),
        ("siren period".to_owned(), "D13 D14 S01".to_owned())
    );
    let siren = cnaf.fields.iter().find(|field| field.path == "siren").unwrap();
    assert_eq!((siren.sensitivity(), siren.unit.as_str()), (Sensitivity::Identifying, "SIREN"));
    assert!(siren.meaning.contains("company number") && siren.source.contains("annex 2"));

    let ids = agreements(&cnaf);
    assert!(ids.contains(&"d14-benefits") && !ids.contains(&"d13-unemployment"), "{ids:?}");
    let urssaf = of("urssaf").await;
    assert!(agreements(&urssaf).contains(&"d13-unemployment"), "it provides under all of them");
    assert_eq!(agreements(&of("operator").await), agreements(&urssaf));
    assert!(agreements(&of("dge").await).is_empty());

    let connection = house.agency("cnaf").await;
    let listed = unefois_client::datasets(&connection).await.unwrap();
    let contract = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap();
    assert_eq!(listed.len(), contract.datasets().count());
    assert!(listed.iter().all(|dataset| dataset.fields.is_empty() && !dataset.meaning.is_empty()));
    for asked in [("lottery-wins", 0), ("declared-turnover", 2)] {
        let asked = GetDatasetRequest { dataset: asked.0.to_owned(), major: asked.1 };
        let status = connection.catalog().get_dataset(asked).await.unwrap_err();
        assert_eq!(reason_of(&status), "DATASET_UNKNOWN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_contract_of_a_hub_is_all_that_a_generator_needs() {
    let house = House::open(UNEFOIS).await;
    let contract = unefois_client::contract(&house.agency("cnaf").await).await.unwrap();
    let read = Catalog::load(&contract).unwrap();
    let ours = Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap();
    let names = |catalog: &Catalog| {
        catalog.datasets().map(|dataset| dataset.message_name().to_owned()).collect::<BTreeSet<_>>()
    };
    assert_eq!(names(&read), names(&ours));
    let turnover = read.dataset("declared-turnover").unwrap();
    assert!(turnover.meaning().contains("auto-entrepreneur"), "with comments, which generators copy");
}
