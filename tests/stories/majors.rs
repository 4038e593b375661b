//! Two major versions of one dataset: providers and consumers move to the next one when they are ready.

mod live;
mod published;
mod repeated;
mod told;

use std::path::Path;

use serde_json::{Value, json};
use tempfile::TempDir;
use unefois_catalog::{Catalog, FolderLimits};
use unefois_client::{Connection, Pulled, RetryPolicy, declared_turnover, pull};
use unefois_proto::pb::{
    exchange::v1::PullRequest,
    publication::v1::{AcknowledgementKind, PublishRequest},
    subject::v1::ListExchangesRequest,
};
use unefois_testkit::{House, HouseSettings, Person, pull_request, turnover_of, turnover_request};

use crate::{UNEFOIS, acknowledged};

/// The next major of `declared-turnover`: amounts at the top, the status and what is doubtful gone, a note added.
const NEXT: &str = r#"
    syntax = "proto3";
    package unefois.income.v2;
    import "unefois/calendar/v1/period.proto";
    import "unefois/dataset/v1/options.proto";
    message DeclaredTurnover {
      option (unefois.dataset.v1.dataset) = {
        id: "declared-turnover" major: 2 subject_kind: SUBJECT_KIND_NATURAL_PERSON natural_key: ["siren", "period"]
        french_name: "chiffre d'affaires déclaré par activité" rows: "D14"
      };
      optional string siren = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_IDENTIFYING identifier: IDENTIFIER_KIND_SIREN}];
      unefois.calendar.v1.Period period = 2 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL}];
      optional int64 services_cents = 3 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL continues: "amounts.bnc_cents"}];
      optional string note = 4 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PERSONAL length_max: 80}];
    }
"#;

/// CNAF as a consumer that has moved, beside its agreement on the first major.
const AGREEMENT: &str = r#"
[[agreement]]
id = "d14-next"
title = "D14 in its second major version"
consumer = "cnaf"
provider = "urssaf"
dataset = "declared-turnover"
dataset-major = 2
fields = ["siren", "period", "services_cents", "note"]
operations = ["pull"]
purpose = "simplification"
legal-basis = "crpa-l114-8-i"
population = ["natural-person"]
valid-from = "2026-01-01"
"#;

/// A hub that serves both majors, and what reads them.
struct Both {
    house: House,
    catalog: Catalog,
    cnaf: Connection,
    urssaf: Connection,
    folder: TempDir,
}

impl Both {
    async fn open() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("next.proto"), NEXT).unwrap();
        let more = format!("[catalog]\nfolders = [{:?}]\n", folder.path());
        let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
        house.applies(AGREEMENT).await.unwrap();
        let folders: [&Path; 1] = [folder.path()];
        let catalog =
            Catalog::load_with_folders(unefois_proto::FILE_DESCRIPTOR_SET, folders, FolderLimits::default()).unwrap();
        let (cnaf, urssaf) = (house.agency("cnaf").await, house.agency("urssaf").await);
        Self { house, catalog, cnaf, urssaf, folder }
    }

    /// A record in the second major.
    fn next_of(&self, person: &Person, services_cents: i64) -> PublishRequest {
        let record = json!({
            "siren": person.siren, "period": {"month": {"year": 2026, "month": 3}},
            "services_cents": services_cents, "note": "corrected",
        });
        let data = self.catalog.version("declared-turnover", 2).unwrap().from_json(&record).unwrap();
        PublishRequest { data, dataset_major: 2, ..turnover_of(person, 0) }
    }

    async fn pulls(&self, request: PullRequest) -> (Value, Pulled) {
        let answer = pull(&self.cnaf, request, &RetryPolicy::never()).await.unwrap();
        let public = answer.verify(&self.house.public_key().await).unwrap().public;
        let told_in = self.catalog.version(&public.dataset, public.dataset_major).unwrap();
        (told_in.to_json(answer.response.data.as_deref().unwrap()).unwrap(), answer)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_the_first_major_is_told_in_the_second_where_the_agreement_names_it() {
    let both = Both::open().await;
    let marie = Person::invented(1);
    acknowledged(&both.urssaf, turnover_of(&marie, 123_400)).await;

    let (record, answer) = both.pulls(pull_request("d14-next", marie.by_nir())).await;

    let period = json!({"month": {"year": 2026, "month": 3}});
    assert_eq!(record, json!({"siren": marie.siren, "period": period, "services_cents": 123_400}));
    let public = answer.verify(&both.house.public_key().await).unwrap().public;
    assert_eq!((public.dataset_major, public.dataset.as_str()), (2, "declared-turnover"));
    assert_eq!(public.released_fields, ["siren", "period", "services_cents", "note"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_the_second_major_is_told_in_the_first_to_who_has_not_moved() {
    let both = Both::open().await;
    let marie = Person::invented(2);
    acknowledged(&both.urssaf, turnover_of(&marie, 123_400)).await;
    acknowledged(&both.urssaf, both.next_of(&marie, 99_900)).await;

    let request = turnover_request("d14-benefits", marie.by_siren());
    let typed = declared_turnover(&both.cnaf, request, &RetryPolicy::never()).await.unwrap();

    assert_eq!(typed.data.amounts.unwrap().bnc_cents, Some(99_900), "the newest of both majors");
    assert_eq!((typed.data.siren, typed.data.status), (Some(marie.siren.clone()), None));
    let (record, _) = both.pulls(pull_request("d14-next", marie.by_nir())).await;
    assert_eq!((&record["services_cents"], &record["note"]), (&json!(99_900), &json!("corrected")));

    // The provider goes back to what it said first: what it said last counts, in whichever major.
    let again = acknowledged(&both.urssaf, turnover_of(&marie, 123_400)).await;
    assert_eq!((again.revision, again.kind()), (2, AcknowledgementKind::Revised));
    let (record, _) = both.pulls(pull_request("d14-next", marie.by_nir())).await;
    assert_eq!((&record["services_cents"], &record["note"]), (&json!(123_400), &Value::Null));
    let same = acknowledged(&both.urssaf, turnover_of(&marie, 123_400)).await;
    assert_eq!((same.revision, same.kind()), (2, AcknowledgementKind::Unchanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_typed_call_of_the_first_major_is_refused_under_an_agreement_on_the_second() {
    let both = Both::open().await;
    let marie = Person::invented(3);
    acknowledged(&both.urssaf, both.next_of(&marie, 1)).await;

    let request = turnover_request("d14-next", marie.by_nir());
    let refused = declared_turnover(&both.cnaf, request, &RetryPolicy::never()).await.unwrap_err();

    assert!(refused.to_string().contains("DATASET_NOT_COVERED"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_on_a_major_that_is_not_there_is_refused() {
    let both = Both::open().await;
    let third = AGREEMENT.replace("dataset-major = 2", "dataset-major = 3").replace("d14-next", "d14-third");
    let refused = both.house.applies(&third).await.unwrap_err();
    assert_eq!(unefois_testkit::reason_of(&refused), "REGISTRY_INVALID");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_reads_the_name_of_the_major_that_was_told() {
    let both = Both::open().await;
    let marie = Person::invented(5);
    acknowledged(&both.urssaf, turnover_of(&marie, 1)).await;
    for agreement in ["d14-benefits", "d14-next"] {
        both.pulls(pull_request(agreement, marie.by_nir())).await;
    }
    let request = ListExchangesRequest {
        subject: Some(marie.by_nir()),
        case_reference: "session".to_owned(),
        page_size: 10,
        page_token: String::new(),
    };
    let portal = both.house.agency("portail").await;
    let listed = portal.subject().list_exchanges(request).await.unwrap().into_inner().exchanges;
    let told: Vec<&str> = listed.iter().map(|exchange| exchange.dataset.as_str()).collect();
    assert_eq!(told, ["chiffre d'affaires déclaré par activité", "chiffre d'affaires déclaré"], "the newest first");
    assert!(listed[0].sentence.contains("« chiffre d'affaires déclaré par activité »"), "{}", listed[0].sentence);
}
