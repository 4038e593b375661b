//! Who a record is about: identifiers that belong together, and two files of one person.

use unefois_client::{RetryPolicy, pull};
use unefois_proto::pb::subject::v1::MergeRequest;
use unefois_testkit::{House, Person, declared, item, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged, rejected};

#[tokio::test(flavor = "multi_thread")]
async fn identifiers_of_two_subjects_are_a_conflict_and_nothing_is_stored() {
    let house = House::open(UNEFOIS).await;
    let (marie, paul) = (Person::invented(50), Person::invented(51));
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 1)).await;
    acknowledged(&urssaf, turnover_of(&paul, 2)).await;
    let mixed = item("declared-turnover", vec![marie.by_nir(), paul.by_siren()], &declared(&paul, 3));
    assert_eq!(rejected(&urssaf, mixed).await.reason, "IDENTITY_CONFLICT");
    let cnaf = house.agency("cnaf").await;
    let answer = pull(&cnaf, pull_request("d14-benefits", paul.by_nir()), &RetryPolicy::never()).await.unwrap();
    assert_eq!(answer.response.freshness.unwrap().revision, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identifier_that_comes_with_a_known_one_joins_its_subject() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(52);
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, item("declared-turnover", vec![marie.by_siren()], &declared(&marie, 1))).await;
    let cnaf = house.agency("cnaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 2)).await;
    let answer = pull(&cnaf, pull_request("d14-benefits", marie.by_nir()), &RetryPolicy::never()).await.unwrap();
    assert_eq!(answer.response.freshness.unwrap().revision, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_files_of_one_person_are_joined_by_an_operator_only_and_found_by_either_identifier() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(53);
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, item("declared-turnover", vec![marie.by_siren()], &declared(&marie, 1))).await;
    let cnaf = house.agency("cnaf").await;
    let by_nir = || pull_request("d14-benefits", marie.by_nir());
    let status = cnaf.exchange().pull(by_nir()).await.unwrap_err();
    assert_eq!(reason_of(&status), "NOT_FOUND");
    let merge = MergeRequest {
        kept: Some(marie.by_nir()),
        merged: Some(marie.by_siren()),
        case_reference: "decision 7".to_owned(),
    };
    let status = urssaf.subject().merge(merge.clone()).await.unwrap_err();
    assert_eq!(reason_of(&status), "ROLE_REQUIRED");
    let operator = house.agency("operator").await;
    operator.subject().merge(merge.clone()).await.unwrap();
    let answer = pull(&cnaf, by_nir(), &RetryPolicy::never()).await.unwrap();
    answer.verify(&house.public_key().await).unwrap();
    let status = operator.subject().merge(merge).await.unwrap_err();
    assert_eq!(reason_of(&status), "ARGUMENT_INVALID");
}
