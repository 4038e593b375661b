//! A live provider, which is understood in the first major, under an agreement on the second.

use prost::Message;
use serde_json::json;
use tempfile::TempDir;
use unefois_catalog::Catalog;
use unefois_client::{RetryPolicy, pull};
use unefois_proto::pb::{
    exchange::v1::PullRequest,
    income::v1::CompanyTurnover,
    ledger::v1::Source,
    subject::v1::{Subject, subject::Identifier},
};
use unefois_testkit::{ApiGouv, House, HouseSettings, Script, context};

use crate::UNEFOIS;

const SIRET: &str = "73282932000074";

/// The next major of `company-turnover`: the turnover has another name and number, and the day is gone.
const NEXT: &str = r#"
    syntax = "proto3";
    package unefois.income.v2;
    import "unefois/dataset/v1/options.proto";
    message CompanyTurnover {
      option (unefois.dataset.v1.dataset) = {
        id: "company-turnover" major: 2 subject_kind: SUBJECT_KIND_COMPANY natural_key: ["siret", "year"]
        french_name: "chiffre d'affaires annuel" rows: "API-ENTREPRISE"
      };
      optional string siret = 1 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC identifier: IDENTIFIER_KIND_SIRET}];
      optional int32 year = 2 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_PUBLIC norm: NORM_YEAR}];
      optional int64 sales_cents = 9 [(unefois.dataset.v1.field) = {sensitivity: SENSITIVITY_FINANCIAL continues: "turnover_cents"}];
    }
"#;

const AGREEMENT: &str = r#"
[[agreement]]
id = "company-turnover-next"
title = "DGFIP → Urssaf: yearly turnover of companies, in its second major version"
consumer = "urssaf"
provider = "dgfip"
dataset = "company-turnover"
dataset-major = 2
fields = ["year", "sales_cents"]
operations = ["pull"]
purpose = "simplification"
legal-basis = "crpa-l114-8-i"
population = ["company"]
valid-from = "2024-01-01"
"#;

const ANSWER: &str = "{\"data\":[{\"data\":{\"chiffre_affaires\":12.34,\"date_fin_exercice\":\"2023-12-31\"}}]}";

fn numbered(request_id: &str) -> PullRequest {
    let mut context = context("company-turnover-next");
    context.request_id = Some(request_id.to_owned());
    PullRequest {
        context: Some(context),
        dataset: "company-turnover".to_owned(),
        subject: Some(Subject { identifier: Some(Identifier::Siret(SIRET.to_owned())) }),
        key: CompanyTurnover { year: Some(2023), ..CompanyTurnover::default() }.encode_to_vec(),
        field_mask: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_answer_is_told_in_the_second_major_and_repeated_without_asking_again() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("next.proto"), NEXT).unwrap();
    let provider = ApiGouv::serve(None).await;
    let settings = HouseSettings {
        provider: Some(provider.base_url()),
        more: format!("[catalog]\nfolders = [{:?}]\n", folder.path()),
        ..HouseSettings::default()
    };
    let house = House::open_with(UNEFOIS, &settings).await;
    house.applies(AGREEMENT).await.unwrap();
    let catalog = Catalog::load_with_folders(
        unefois_proto::FILE_DESCRIPTOR_SET,
        [folder.path()],
        unefois_catalog::FolderLimits::default(),
    )
    .unwrap();
    let urssaf = house.agency("urssaf").await;
    provider.answers_next(Script::Answer("200 OK", "", ANSWER)).await;

    let first = pull(&urssaf, numbered("live-next"), &RetryPolicy::never()).await.unwrap();

    let told = catalog.version("company-turnover", 2).unwrap();
    let record = told.to_json(first.response.data.as_deref().unwrap()).unwrap();
    assert_eq!(record, json!({"year": 2023, "sales_cents": 1_234}), "no more than was granted");
    assert_eq!(first.response.freshness.as_ref().unwrap().source(), Source::Live);
    let public = first.verify(&house.public_key().await).unwrap().public;
    assert_eq!((public.dataset_major, public.dataset.as_str()), (2, "company-turnover"));
    assert!(provider.asked().await.contains(SIRET), "it is asked by the key that both majors have");

    // The provider would say 404 now.
    let again = pull(&urssaf, numbered("live-next"), &RetryPolicy::never()).await.unwrap();
    assert_eq!(again.response.data, first.response.data);
    assert_eq!((again.receipt.index, provider.all_asked().await.len()), (first.receipt.index, 1));
}
