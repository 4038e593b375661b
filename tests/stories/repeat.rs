//! Repeats of a request: the first answer under the first receipt, as long as it is still permitted.

use unefois_client::{RetryPolicy, pull, self_employed_affiliation};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    consent::v1::{GrantRequest, WithdrawRequest},
    exchange::v1::PullRequest,
    ledger::v1::{EntryKind, Purpose},
    status::v1::GetSelfEmployedAffiliationRequest,
    subject::v1::Subject,
};
use unefois_testkit::{House, Person, affiliation_of, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged};

fn numbered(agreement: &str, subject: Subject, request_id: &str) -> PullRequest {
    let mut request = pull_request(agreement, subject);
    request.context.as_mut().unwrap().request_id = Some(request_id.to_owned());
    request
}

async fn repeats(house: &House) -> usize {
    let search = SearchExchangesRequest { kind: EntryKind::Repeat.into(), ..Default::default() };
    house.audited(search).await.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_under_the_first_receipt_even_after_a_new_revision_and_a_restart() {
    let mut house = House::open(UNEFOIS).await;
    let marie = Person::invented(30);
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 100)).await;
    let cnaf = house.agency("cnaf").await;
    let ask = || numbered("d14-benefits", marie.by_nir(), "request-1");
    let first = pull(&cnaf, ask(), &RetryPolicy::never()).await.unwrap();
    acknowledged(&urssaf, turnover_of(&marie, 200)).await;
    house.stop();
    house.start();
    let again = pull(&house.agency("cnaf").await, ask(), &RetryPolicy::never()).await.unwrap();
    assert_eq!(again.response.data, first.response.data);
    assert_eq!((again.receipt.index, &again.receipt.entry), (first.receipt.index, &first.receipt.entry));
    again.verify(&house.public_key().await).unwrap();
    assert_eq!(repeats(&house).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_sent_many_times_at_once_is_one_exchange() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(31);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 100)).await;
    let cnaf = house.agency("cnaf").await;
    let never = RetryPolicy::never();
    let asked = (0..10).map(|_| pull(&cnaf, numbered("d14-benefits", marie.by_nir(), "request-2"), &never));
    let answers = futures::future::join_all(asked).await;
    let indexes: std::collections::BTreeSet<u64> =
        answers.into_iter().map(|answer| answer.unwrap().receipt.index).collect();
    assert_eq!(indexes.len(), 1);
    assert_eq!(repeats(&house).await, 9);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_request_under_the_same_identifier_is_refused() {
    let house = House::open(UNEFOIS).await;
    let (marie, paul) = (Person::invented(32), Person::invented(33));
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, turnover_of(&marie, 1)).await;
    acknowledged(&urssaf, turnover_of(&paul, 2)).await;
    let cnaf = house.agency("cnaf").await;
    let ask = |subject| numbered("d14-benefits", subject, "request-3");
    cnaf.exchange().pull(ask(marie.by_nir())).await.unwrap();
    let status = cnaf.exchange().pull(ask(paul.by_nir())).await.unwrap_err();
    assert_eq!((reason_of(&status).as_str(), status.code()), ("REQUEST_ID_REUSED", tonic::Code::AlreadyExists));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_after_a_withdrawal_is_refused_and_recorded_as_a_repeat() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(34);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let portal = house.agency("portail").await;
    let grant = GrantRequest {
        subject: Some(marie.by_nir()),
        consumer: "france-travail".to_owned(),
        dataset: "declared-turnover".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: vec![1; 32],
    };
    let consent = portal.consent().grant(grant).await.unwrap().into_inner().consent.unwrap();
    let france_travail = house.agency("france-travail").await;
    let ask = || numbered("d13-unemployment", marie.by_nir(), "request-4");
    let first = pull(&france_travail, ask(), &RetryPolicy::never()).await.unwrap();
    portal.consent().withdraw(WithdrawRequest { consent_id: consent.consent_id }).await.unwrap();
    let status = france_travail.exchange().pull(ask()).await.unwrap_err();
    assert_eq!(reason_of(&status), "CONSENT_WITHDRAWN");
    let search = SearchExchangesRequest { kind: EntryKind::Repeat.into(), ..Default::default() };
    let public = house.audited(search).await[0].public_part.clone().unwrap();
    assert_eq!(public.reason, "CONSENT_WITHDRAWN");
    assert_eq!(public.repeats, first.verify(&house.public_key().await).unwrap().public.entry_id);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_refused_when_a_field_of_the_first_answer_is_no_longer_granted() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(35);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let cnaf = house.agency("cnaf").await;
    let ask = || numbered("d14-benefits", marie.by_nir(), "request-5");
    cnaf.exchange().pull(ask()).await.unwrap();
    let registry = unefois_testkit::DEMONSTRATION_REGISTRY
        .replace(r#"fields = ["siren", "period", "amounts", "status"]"#, r#"fields = ["siren", "period", "status"]"#);
    assert_eq!(house.applies(&registry).await.unwrap().changes.len(), 1);
    let status = cnaf.exchange().pull(ask()).await.unwrap_err();
    assert_eq!(reason_of(&status), "FIELD_NOT_GRANTED");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_was_refused_or_found_nothing_is_decided_afresh_under_its_identifier() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(36);
    let cnaf = house.agency("cnaf").await;
    let ask = || numbered("d14-benefits", marie.by_nir(), "request-6");
    let status = cnaf.exchange().pull(numbered("nothing", marie.by_nir(), "request-6")).await.unwrap_err();
    assert_eq!(reason_of(&status), "AGREEMENT_UNKNOWN");
    let status = cnaf.exchange().pull(ask()).await.unwrap_err();
    assert_eq!(reason_of(&status), "NOT_FOUND");
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    pull(&cnaf, ask(), &RetryPolicy::never()).await.unwrap();
    assert_eq!(repeats(&house).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_identifier_belongs_to_its_agency() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(37);
    acknowledged(&house.agency("urssaf").await, affiliation_of(&marie)).await;
    let mut indexes = Vec::new();
    for (agency, agreement) in [("cnaf", "d09-cnaf"), ("cnam", "s02-cnam")] {
        let request = GetSelfEmployedAffiliationRequest {
            context: numbered(agreement, marie.by_nir(), "request-7").context,
            subject: Some(marie.by_nir()),
            siret: None,
            field_mask: None,
        };
        let consumer = house.agency(agency).await;
        let answer = self_employed_affiliation(&consumer, request, &RetryPolicy::never()).await.unwrap();
        indexes.push(answer.pulled.receipt.index);
    }
    assert_ne!(indexes[0], indexes[1]);
    assert_eq!(repeats(&house).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_gets_the_first_answer_though_the_same_question_would_find_several_now() {
    let house = House::open(UNEFOIS).await;
    let (marie, other) = (Person::invented(38), Person::invented(39));
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let cnam = house.agency("cnam").await;
    let ask = |request_id: &str| GetSelfEmployedAffiliationRequest {
        context: numbered("s02-cnam", marie.by_nir(), request_id).context,
        subject: Some(marie.by_nir()),
        siret: None,
        field_mask: None,
    };
    let first = self_employed_affiliation(&cnam, ask("request-8"), &RetryPolicy::never()).await.unwrap();

    // A second establishment of hers.
    acknowledged(&urssaf, affiliation_of(&Person { nir: marie.nir.clone(), ..other })).await;
    let status = cnam.status().get_self_employed_affiliation(ask("request-9")).await.unwrap_err();
    assert_eq!(reason_of(&status), "RECORD_AMBIGUOUS");

    let again = self_employed_affiliation(&cnam, ask("request-8"), &RetryPolicy::never()).await.unwrap();
    assert_eq!(again.pulled.response.data, first.pulled.response.data);
    assert_eq!(again.pulled.receipt.index, first.pulled.receipt.index);
    assert_eq!(repeats(&house).await, 1);
}
