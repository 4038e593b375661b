//! The command line: what an engineer types first, and what it says when it cannot.

use unefois_testkit::{House, HouseSettings, Person};

use crate::UNEFOIS;

fn runs(house: &House, agency: &str, arguments: &[&str], input: &str) -> (bool, String, String) {
    let flags = house.flags(agency);
    let arguments: Vec<&str> = flags.iter().map(String::as_str).chain(arguments.iter().copied()).collect();
    house.runs(&arguments, input)
}

const PULL: [&str; 13] = [
    "pull",
    "--dataset",
    "declared-turnover",
    "--agreement",
    "d14-benefits",
    "--purpose",
    "simplification",
    "--case",
    "FILE-1",
    "--agent",
    "AGENT-1",
    "--key-fields",
    r#"{"period":{"month":{"year":2026,"month":3}}}"#,
];

fn line(person: &Person, id: &str) -> String {
    format!(
        r#"{{"publication_id":"{id}","dataset":"declared-turnover","subjects":[{{"nir":"{}"}},{{"siren":"{1}"}}],"data":{{"siren":"{1}","period":{{"month":{{"year":2026,"month":3}}}},"amounts":{{"bnc_cents":4200}}}},"recorded_at":"2026-04-12T08:30:00Z"}}"#,
        person.nir, person.siren
    ) + "\n"
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_pull_search_export_and_verify() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(80);
    let (good, output, errors) = runs(&house, "urssaf", &["publish"], &line(&marie, "1"));
    assert!(good, "{errors}");
    assert!(output.contains("1 created, 0 revised, 0 unchanged, 0 rejected"), "{output}");

    let subject = format!("nir:{}\n", marie.nir);
    let (good, output, errors) = runs(&house, "cnaf", &PULL, &subject);
    assert!(good, "{errors}");
    assert!(output.contains("receipt verified") && output.contains("4200"), "{output}");

    let (good, output, errors) = runs(&house, "cour-des-comptes", &["audit", "search", "--case", "E-1"], "");
    assert!(good && output.contains("released"), "{output}{errors}");
    let (good, _, errors) = runs(&house, "cour-des-comptes", &["audit", "export", "export", "--case", "E-1"], "");
    assert!(good, "{errors}");
    let key = house.public_key().await.to_string();
    let (good, output, errors) = house.runs(&["audit", "verify", "export", "--public-key", &key], "");
    assert!(good && output.starts_with("verified: "), "{output}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_as_an_argument_is_refused() {
    let house = House::open(UNEFOIS).await;
    let arguments: Vec<&str> = PULL.into_iter().chain(["--subject", "nir:255081416802538"]).collect();
    let (good, _, errors) = runs(&house, "cnaf", &arguments, "");
    assert!(!good && errors.contains("history of the shell"), "{errors}");
    let (good, _, errors) = runs(&house, "cnaf", &PULL, "nonsense 185057800608436\n");
    assert!(!good && !errors.contains("185057800608436"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_line_stops_the_reading_and_what_came_before_is_durable() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(81);
    let input = line(&marie, "1") + "{\"publication_id\": nonsense\n";
    let (good, output, errors) = runs(&house, "urssaf", &["publish"], &input);
    assert!(!good && errors.contains("line 2") && output.contains("1 created"), "{output}{errors}");
    let broken = [line(&marie, "2").into_bytes(), vec![0xff, 0xfe, b'\n']].concat();
    std::fs::write(house.path().join("broken.jsonl"), broken).unwrap();
    let (good, _, errors) = runs(&house, "urssaf", &["publish", "broken.jsonl"], "");
    assert!(!good && errors.contains("line 2 is not UTF-8"), "{errors}");
    let (good, _, errors) = runs(&house, "urssaf", &["publish"], &line(&marie, "3").replace(&marie.siren, "123456789"));
    assert!(!good && errors.contains("IDENTIFIER_INVALID") && !errors.contains("123456789"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_says_its_reason_and_the_entry_that_records_it() {
    let house = House::open(UNEFOIS).await;
    let subject = format!("nir:{}\n", Person::invented(82).nir);
    let (good, _, errors) = runs(&house, "fafcea", &PULL, &subject);
    assert!(!good && errors.contains("AGREEMENT_OF_ANOTHER_CONSUMER") && errors.contains("recorded as"), "{errors}");
    let (good, _, errors) = house.runs(&PULL, &subject);
    assert!(!good && errors.contains("--certificate"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_registry_is_applied_while_no_hub_runs_and_refused_while_one_does() {
    let mut house = House::build(UNEFOIS, &HouseSettings::default());
    std::fs::write(house.path().join("registry.toml"), unefois_testkit::DEMONSTRATION_REGISTRY).unwrap();
    let apply = ["--config", "unefois.toml", "registry", "apply", "registry.toml"];
    let (good, output, errors) = house.runs(&apply, "");
    let changes = format!("{} changes", unefois_testkit::DEMONSTRATION_REGISTRY.matches("[[").count());
    assert!(good && output.contains(&changes), "{output}{errors}");
    house.start();
    assert_eq!(house.applies(unefois_testkit::DEMONSTRATION_REGISTRY).await.unwrap().changes.len(), 0);
    let (good, _, errors) = house.runs(&apply, "");
    assert!(!good && errors.contains("in use by another hub"), "{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_issued_renewed_and_revoked() {
    let house = House::open(UNEFOIS).await;
    let (good, output, errors) = house.runs(&["pki", "init", "other"], "");
    assert!(good && output.contains("operator-admin.pem"), "{errors}");
    let (good, _, errors) = house.runs(&["pki", "init", "other"], "");
    assert!(!good && errors.contains("error:"), "an authority is never overwritten");
    let issue = ["pki", "issue", "pki", "--agency", "cnam", "--system", "renewed"];
    assert!(house.runs(&issue, "").0);
    let (good, output, errors) = house.runs(&["pki", "renew", "pki", "pki/cnam-renewed.pem"], "");
    assert!(good && output.contains("still good until it is revoked"), "{output}{errors}");
    let revoke = ["pki", "revoke", "pki/cnam-renewed.pem", "--reason", "lost"];
    let (good, output, errors) = runs(&house, "operator", &revoke, "");
    assert!(good && output.contains("revoke"), "{output}{errors}");
}
