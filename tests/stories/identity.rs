//! Who a record is about: identifiers that belong together, and two files of one person.

use unefois_client::{RetryPolicy, pull};
use unefois_proto::pb::{status::v1::GetSelfEmployedAffiliationRequest, subject::v1::MergeRequest};
use unefois_testkit::{House, Person, affiliation_of, context, declared, item, pull_request, reason_of, turnover_of};

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

#[tokio::test(flavor = "multi_thread")]
async fn two_identifiers_that_were_asked_about_before_anybody_joined_them_wait_for_an_operator() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(58);
    let cnaf = house.agency("cnaf").await;
    for subject in [marie.by_nir(), marie.by_siren()] {
        let status = cnaf.exchange().pull(pull_request("d14-benefits", subject)).await.unwrap_err();
        assert_eq!(reason_of(&status), "NOT_FOUND");
    }
    let urssaf = house.agency("urssaf").await;
    let published = turnover_of(&marie, 1);
    assert_eq!(rejected(&urssaf, published.clone()).await.reason, "IDENTITY_CONFLICT");
    let (kept, merged) = (Some(marie.by_nir()), Some(marie.by_siren()));
    let request = MergeRequest { kept, merged, case_reference: "decision 10".to_owned() };
    house.agency("operator").await.subject().merge(request).await.unwrap();
    acknowledged(&urssaf, published).await;
    for subject in [marie.by_nir(), marie.by_siren()] {
        pull(&cnaf, pull_request("d14-benefits", subject), &RetryPolicy::never()).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_at_once_leave_one_person() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(54);
    acknowledged(
        &house.agency("urssaf").await,
        item("declared-turnover", vec![marie.by_siren()], &declared(&marie, 1)),
    )
    .await;
    let cnaf = house.agency("cnaf").await;
    for subject in [marie.by_nir(), marie.by_siret()] {
        let status = cnaf.exchange().pull(pull_request("d14-benefits", subject)).await.unwrap_err();
        assert_eq!(reason_of(&status), "NOT_FOUND");
    }
    let operator = house.agency("operator").await;
    let merge = |kept, merged| {
        let mut service = operator.subject();
        let request = MergeRequest { kept: Some(kept), merged: Some(merged), case_reference: "decision 8".to_owned() };
        async move { service.merge(request).await.map(drop) }
    };
    let merging = [
        merge(marie.by_nir(), marie.by_siret()),
        merge(marie.by_siret(), marie.by_siren()),
        merge(marie.by_siren(), marie.by_nir()),
    ];
    for merged in futures::future::join_all(merging).await {
        // Two merges join three files: the third may come too late.
        assert!(merged.is_ok() || reason_of(&merged.unwrap_err()) == "ARGUMENT_INVALID");
    }
    for subject in [marie.by_nir(), marie.by_siret(), marie.by_siren()] {
        let answer = pull(&cnaf, pull_request("d14-benefits", subject), &RetryPolicy::never()).await;
        answer.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_with_two_establishments_is_asked_about_one_of_them() {
    let house = House::open(UNEFOIS).await;
    let (marie, other) = (Person::invented(55), Person::invented(56));
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let second = affiliation_of(&Person { nir: marie.nir.clone(), ..other.clone() });
    acknowledged(&urssaf, second).await;
    let cnam = house.agency("cnam").await;
    let ask = |subject, siret: Option<&str>| GetSelfEmployedAffiliationRequest {
        context: Some(context("s02-cnam")),
        subject: Some(subject),
        siret: siret.map(str::to_owned),
        field_mask: None,
    };
    let status = cnam.status().get_self_employed_affiliation(ask(marie.by_nir(), None)).await.unwrap_err();
    assert_eq!((reason_of(&status).as_str(), status.code()), ("RECORD_AMBIGUOUS", tonic::Code::FailedPrecondition));
    for siret in [&marie.siret, &other.siret] {
        let answer = cnam.status().get_self_employed_affiliation(ask(marie.by_nir(), Some(siret))).await.unwrap();
        assert_eq!(answer.into_inner().data.unwrap().siret.as_ref(), Some(siret));
    }
    let answer = cnam.status().get_self_employed_affiliation(ask(other.by_siret(), None)).await.unwrap();
    assert_eq!(answer.into_inner().data.unwrap().siret, Some(other.siret));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_never_mentioned_is_not_merged() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(57);
    let request = MergeRequest {
        kept: Some(marie.by_nir()),
        merged: Some(marie.by_siren()),
        case_reference: "decision 9".to_owned(),
    };
    let operator = house.agency("operator").await;
    let status = operator.subject().merge(request.clone()).await.unwrap_err();
    assert_eq!((reason_of(&status).as_str(), status.code()), ("SUBJECT_UNKNOWN", tonic::Code::NotFound));
    let status = operator.subject().merge(MergeRequest { case_reference: String::new(), ..request }).await.unwrap_err();
    assert_eq!(reason_of(&status), "CONTEXT_INCOMPLETE");
}
