//! The rules of the registry: each refuses a file by its own name, and says which item broke it.

use unefois_client::Refused;
use unefois_core::RegistryRule;
use unefois_proto::pb::registry::v1::ApplyRequest;
use unefois_testkit::{House, Person, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged, rejected};

/// An agreement that is as it should be.
const GOOD: &str = r#"
[[agreement]]
id = "good"
title = "good"
consumer = "cnaf"
provider = "urssaf"
dataset = "declared-turnover"
fields = ["period"]
operations = ["pull"]
purpose = "simplification"
legal-basis = "crpa-l114-8-i"
population = ["natural-person"]
valid-from = "2020-01-01"
"#;

const SYSTEM: &str = "systems = [{ name = \"x\", certificates = [{ issuer = \"CN=A\", subject = \"CN=B\" }] }]";

fn agency(code: &str, more: &str) -> String {
    format!("[[agency]]\ncode = \"{code}\"\nname = \"{code}\"\nroles = [\"consumer\"]\n{more}\n")
}

/// A file that breaks the rule, and the path that it breaks it at.
fn broken(rule: RegistryRule) -> (String, &'static str) {
    let with = |good: &str, bad: &str| GOOD.replace(good, bad);
    match rule {
        RegistryRule::ItemDuplicate => (format!("{GOOD}{GOOD}"), "agreement.good"),
        RegistryRule::AgencyNameClash => (agency("one", "aliases = [\"cnaf\"]"), "agency.one.aliases"),
        RegistryRule::CertificateRuleClash => {
            (format!("{}{}", agency("one", SYSTEM), agency("two", SYSTEM)), "agency.two.systems")
        }
        RegistryRule::AgencyUnknown => (with("\"cnaf\"", "\"nobody\""), "agreement.good.consumer"),
        RegistryRule::RoleNotHeld => (with("\"cnaf\"", "\"portail\""), "agreement.good.consumer"),
        RegistryRule::DatasetNotAssigned => (with("\"urssaf\"", "\"dgfip\""), "agreement.good.dataset"),
        RegistryRule::PurposeNotPermitted => (with("-8-i\"", "-8-ii\""), "agreement.good.legal-basis"),
        RegistryRule::ListEmpty => (with("[\"pull\"]", "[]"), "agreement.good.operations"),
        RegistryRule::FieldDuplicate => (with("[\"period\"]", "[\"period\", \"period\"]"), "agreement.good.fields"),
        RegistryRule::ValidityReversed => {
            (format!("{GOOD}valid-until = \"2019-12-31\"\n"), "agreement.good.valid-until")
        }
        RegistryRule::NotCatalogued => (with("[\"period\"]", "[\"salary\"]"), "agreement.good.fields"),
        RegistryRule::AgreementTerminated => (GOOD.to_owned(), "agreement.good.state"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rule_of_the_registry_refuses_a_file_by_its_name() {
    let house = House::open(UNEFOIS).await;
    let operator = house.agency("operator").await;
    for rule in RegistryRule::ALL {
        if *rule == RegistryRule::AgreementTerminated {
            house.applies(&format!("{GOOD}state = \"terminated\"\n")).await.unwrap();
        }
        let (registry_toml, path) = broken(*rule);
        let request = ApplyRequest { registry_toml, dry_run: false };
        let refused = Refused::from_status(&operator.registry().apply(request).await.unwrap_err());
        assert_eq!(refused.reason, "REGISTRY_INVALID");
        let found = refused.violations.iter().any(|(at, words)| at == path && words.starts_with(rule.code()));
        assert!(found, "{rule:?}: {:?}", refused.violations);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_registry_is_refused_and_changes_nothing() {
    let house = House::open(UNEFOIS).await;
    let applied = house.applies(&GOOD.replace("\"good\"", "\"first\"")).await.unwrap();
    let files = [
        "nonsense".to_owned(),
        "[[agency]]\ncode = \"x y\"\nname = \"x\"\nroles = []\n".to_owned(),
        format!("{GOOD}unknown-key = 1\n"),
        GOOD.replace("2020-01-01", "2020-02-30"),
        GOOD.replace("natural-person", "everybody"),
        GOOD.replace("crpa-l114-8-i", "because"),
        "[[revocation]]\nfingerprint = \"00\"\nagency = \"cnaf\"\nreason = \"x\"\n".to_owned(),
        // A good change beside a bad one.
        format!("{GOOD}{}", agency("one", "aliases = [\"cnaf\"]")),
    ];
    for file in files {
        let status = house.applies(&file).await.unwrap_err();
        assert_eq!(reason_of(&status), "REGISTRY_INVALID", "{file}");
    }
    let after = house.applies(&GOOD.replace("\"good\"", "\"first\"")).await.unwrap();
    assert_eq!((after.version, after.changes.len()), (applied.version, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn files_applied_at_once_are_applied_one_after_another() {
    let house = House::open(UNEFOIS).await;
    let before = house.applies(GOOD).await.unwrap().version;
    let files: Vec<String> = (0..8).map(|number| GOOD.replace("good", &format!("good-{number}"))).collect();
    let applied = futures::future::join_all(files.iter().map(|file| house.applies(file))).await;
    let mut versions: Vec<u64> = applied.into_iter().map(|applied| applied.unwrap().version).collect();
    versions.sort_unstable();
    assert_eq!(versions, (before + 1..=before + 8).collect::<Vec<_>>());
    for file in files {
        assert_eq!(house.applies(&file).await.unwrap().changes.len(), 0, "it is in force");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agency_that_loses_a_dataset_or_a_role_loses_what_it_could_do() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(110);
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 1)).await;
    let cnaf = house.agency("cnaf").await;
    cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap();
    house
        .applies("[[agency]]\ncode = \"urssaf\"\nname = \"Urssaf\"\nroles = [\"provider\"]\ndatasets = []\n")
        .await
        .unwrap();
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    assert_eq!(reason_of(&status), "PROVIDER_NOT_ASSIGNED");
    assert_eq!(rejected(&urssaf, turnover_of(&marie, 2)).await.reason, "DATASET_NOT_ASSIGNED");
    house.applies("[[agency]]\ncode = \"cnaf\"\nname = \"CNAF\"\nroles = [\"auditor\"]\n").await.unwrap();
    let status = cnaf.exchange().pull(pull_request("d14-benefits", marie.by_nir())).await.unwrap_err();
    assert_eq!(reason_of(&status), "ROLE_REQUIRED");
}
