//! Erasure: afterwards nothing leads to the person, and every proof still holds.

use unefois_client::{Pulled, RetryPolicy, pull};
use unefois_ledger::verify_export;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    consent::v1::{GrantRequest, ListRequest},
    exchange::v1::PullRequest,
    ledger::v1::{EntryKind, Outcome, Purpose},
    subject::v1::{EraseRequest, EraseResponse, ErasureScope, ListExchangesRequest, MergeRequest, Subject},
};
use unefois_testkit::{House, Person, affiliation_of, declared, item, pull_request, reason_of, turnover_of};

use crate::{UNEFOIS, acknowledged, rejected};

fn erase_request(subject: Subject, scope: ErasureScope) -> EraseRequest {
    EraseRequest { subject: Some(subject), scope: scope.into(), case_reference: "decision 12".to_owned() }
}

async fn erased(house: &House, subject: Subject, scope: ErasureScope) -> EraseResponse {
    let operator = house.agency("operator").await;
    operator.subject().erase(erase_request(subject, scope)).await.unwrap().into_inner()
}

async fn pulled(house: &House, request: PullRequest) -> Result<Pulled, String> {
    let cnaf = house.agency("cnaf").await;
    pull(&cnaf, request, &RetryPolicy::never()).await.map_err(|error| match error {
        unefois_client::PullError::Refused(refused) => refused.reason,
        broken => panic!("{broken}"),
    })
}

/// What the person sees of the exchanges about them.
async fn seen(house: &House, subject: Subject) -> Vec<String> {
    let portal = house.agency("portail").await;
    let request = ListExchangesRequest {
        subject: Some(subject),
        case_reference: "session 1".to_owned(),
        page_size: 100,
        page_token: String::new(),
    };
    let listed = portal.subject().list_exchanges(request).await.unwrap().into_inner();
    listed.exchanges.into_iter().map(|exchange| exchange.sentence).collect()
}

async fn consents(house: &House, subject: Subject) -> usize {
    let portal = house.agency("portail").await;
    let request = ListRequest { subject: Some(subject), case_reference: "session 2".to_owned() };
    portal.consent().list(request).await.unwrap().into_inner().consents.len()
}

/// What the auditor finds about a person, but for audits.
async fn found(house: &House, subject: Subject) -> usize {
    let search = SearchExchangesRequest { subject: Some(subject), page_size: 500, ..Default::default() };
    let found = house.audited(search).await.into_iter();
    found.filter(|entry| entry.public_part.as_ref().unwrap().kind() != EntryKind::AuditQuery).count()
}

/// A hub that holds two records and a consent of Marie and one record of Paul, each pulled once.
async fn busy_house(marie: &Person, paul: &Person) -> (House, Vec<Pulled>) {
    let house = House::open(UNEFOIS).await;
    let urssaf = house.agency("urssaf").await;
    for published in [turnover_of(marie, 1), turnover_of(marie, 2), affiliation_of(marie), turnover_of(paul, 3)] {
        acknowledged(&urssaf, published).await;
    }
    let consent = GrantRequest {
        subject: Some(marie.by_nir()),
        consumer: "france-travail".to_owned(),
        dataset: "declared-turnover".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: vec![7; 32],
    };
    house.agency("portail").await.consent().grant(consent).await.unwrap();
    let mut receipts = Vec::new();
    for person in [marie, paul] {
        receipts.push(pulled(&house, pull_request("d14-benefits", person.by_nir())).await.unwrap());
    }
    (house, receipts)
}

async fn everything_verifies(house: &House, receipts: &[Pulled]) {
    let key = house.public_key().await;
    receipts.iter().for_each(|pulled| drop(pulled.verify(&key).unwrap()));
    verify_export(house.exported().await.as_slice(), &key, None).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erased_payload_is_gone_and_its_trace_stays() {
    let (marie, paul) = (Person::invented(120), Person::invented(121));
    let (house, receipts) = busy_house(&marie, &paul).await;
    let done = erased(&house, marie.by_siret(), ErasureScope::Payload).await;
    assert_eq!((done.records, done.traces), (2, 0), "the turnover, twice revised, and the affiliation");

    let by_nir = || pull_request("d14-benefits", marie.by_nir());
    assert_eq!(pulled(&house, by_nir()).await.unwrap_err(), "NOT_FOUND");
    pulled(&house, pull_request("d14-benefits", paul.by_nir())).await.unwrap();
    everything_verifies(&house, &receipts).await;

    let sentences = seen(&house, marie.by_nir()).await;
    assert!(sentences.iter().any(|sentence| sentence.contains("a obtenu")), "{sentences:?}");
    assert!(sentences.iter().any(|sentence| sentence.ends_with("ont été effacées.")), "{sentences:?}");
    assert_eq!(consents(&house, marie.by_nir()).await, 1);

    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 9)).await;
    let afresh = pulled(&house, by_nir()).await.unwrap();
    assert_eq!(afresh.response.freshness.unwrap().revision, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_whole_erasure_nothing_leads_to_the_person_and_a_new_mention_starts_afresh() {
    let (marie, paul) = (Person::invented(122), Person::invented(123));
    let (house, receipts) = busy_house(&marie, &paul).await;
    assert_eq!(found(&house, marie.by_nir()).await, 2, "a release and a consent");
    let paul_before = found(&house, paul.by_nir()).await;
    let done = erased(&house, marie.by_nir(), ErasureScope::PayloadAndTrace).await;
    assert_eq!(done.records, 2);
    assert_eq!(done.traces, 3, "a release, a consent, an audit");

    for subject in [marie.by_nir(), marie.by_siren(), marie.by_siret()] {
        assert_eq!(found(&house, subject.clone()).await, 0);
        assert_eq!(consents(&house, subject.clone()).await, 0);
        assert!(!seen(&house, subject).await.iter().any(|sentence| sentence.contains("a obtenu")));
    }
    assert_eq!(found(&house, paul.by_nir()).await, paul_before);
    everything_verifies(&house, &receipts).await;
    let erasures = SearchExchangesRequest { kind: EntryKind::Subject.into(), ..Default::default() };
    assert_eq!(house.audited(erasures).await.len(), 1);

    // The listings above mentioned the three identifiers one by one: they are three subjects now, and strangers.
    let published = item("declared-turnover", vec![marie.by_nir()], &declared(&marie, 9));
    acknowledged(&house.agency("urssaf").await, published).await;
    let afresh = pulled(&house, pull_request("d14-benefits", marie.by_nir())).await.unwrap();
    assert_eq!(afresh.response.freshness.unwrap().revision, 1);
    let by_siren = pulled(&house, pull_request("d14-benefits", marie.by_siren())).await;
    assert_eq!(by_siren.unwrap_err(), "NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_reaches_every_file_that_was_joined() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(124);
    let urssaf = house.agency("urssaf").await;
    acknowledged(&urssaf, item("declared-turnover", vec![marie.by_siren()], &declared(&marie, 1))).await;
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let merge = MergeRequest {
        kept: Some(marie.by_nir()),
        merged: Some(marie.by_siren()),
        case_reference: "decision 13".to_owned(),
    };
    let operator = house.agency("operator").await;
    operator.subject().merge(merge).await.unwrap();
    pulled(&house, pull_request("d14-benefits", marie.by_nir())).await.unwrap();
    assert_eq!(erased(&house, marie.by_siren(), ErasureScope::PayloadAndTrace).await.records, 2);
    for subject in [marie.by_nir(), marie.by_siren(), marie.by_siret()] {
        let again = operator.subject().erase(erase_request(subject, ErasureScope::PayloadAndTrace)).await;
        assert_eq!(reason_of(&again.unwrap_err()), "SUBJECT_UNKNOWN");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_erased_does_not_come_back_by_a_repeat() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(125);
    let urssaf = house.agency("urssaf").await;
    let published = turnover_of(&marie, 1);
    acknowledged(&urssaf, published.clone()).await;
    let numbered = || {
        let mut request = pull_request("d14-benefits", marie.by_nir());
        request.context.as_mut().unwrap().request_id = Some("request-1".to_owned());
        request
    };
    let first = pulled(&house, numbered()).await.unwrap();
    let first = first.verify(&house.public_key().await).unwrap().public.entry_id;
    erased(&house, marie.by_nir(), ErasureScope::Payload).await;
    let afresh = || pull_request("d14-benefits", marie.by_nir());
    assert_eq!(pulled(&house, afresh()).await.unwrap_err(), "NOT_FOUND");
    assert_eq!(pulled(&house, numbered()).await.unwrap_err(), "RECORD_ERASED");
    assert_eq!(rejected(&urssaf, published).await.reason, "RECORD_ERASED");
    assert_eq!(pulled(&house, numbered()).await.unwrap_err(), "RECORD_ERASED");
    acknowledged(&urssaf, turnover_of(&marie, 2)).await;
    assert_eq!(pulled(&house, numbered()).await.unwrap_err(), "RECORD_ERASED");
    pulled(&house, afresh()).await.unwrap();
    let repeats = SearchExchangesRequest { kind: EntryKind::Repeat.into(), ..Default::default() };
    let repeats = house.audited(repeats).await.into_iter().map(|entry| entry.public_part.unwrap());
    let repeats: Vec<_> = repeats.map(|public| (public.repeats, public.reason)).collect();
    assert_eq!(repeats, vec![(first, "RECORD_ERASED".to_owned()); 3]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_released_after_an_erasure_that_was_fetched_before_it() {
    let house = House::open(UNEFOIS).await;
    let urssaf = house.agency("urssaf").await;
    let cnaf = house.agency("cnaf").await;
    let key = house.public_key().await;
    let scopes = [ErasureScope::Payload, ErasureScope::PayloadAndTrace];
    for (n, scope) in (130..).zip(scopes.into_iter().cycle().take(6)) {
        let marie = Person::invented(n);
        acknowledged(&urssaf, turnover_of(&marie, 1)).await;
        let asking: Vec<_> = (0..60)
            .map(|_| {
                let (client, request) = (cnaf.clone(), pull_request("d14-benefits", marie.by_nir()));
                tokio::spawn(async move { pull(&client, request, &RetryPolicy::never()).await })
            })
            .collect();
        let done = erased(&house, marie.by_nir(), scope).await;
        let erasure = house
            .audited(SearchExchangesRequest { kind: EntryKind::Subject.into(), ..Default::default() })
            .await
            .into_iter()
            .find(|entry| entry.public_part.as_ref().unwrap().entry_id == uuid_bytes(&done.exchange_id))
            .unwrap();
        for answer in futures::future::join_all(asking).await {
            if let Ok(answer) = answer.unwrap() {
                assert!(answer.receipt.index < erasure.index, "released at {}", answer.receipt.index);
                answer.verify(&key).unwrap();
            }
        }
        let released = SearchExchangesRequest {
            outcome: Outcome::Released.into(),
            page_size: 500,
            recorded_from: Some(unefois_proto::timestamp_from_micros(
                erasure.public_part.as_ref().unwrap().recorded_at_micros,
            )),
            ..Default::default()
        };
        let late = house.audited(released).await.into_iter().filter(|entry| entry.index > erasure.index).count();
        assert_eq!(late, 0);
    }
    everything_verifies(&house, &[]).await;
}

fn uuid_bytes(text: &str) -> Vec<u8> {
    text.parse::<uuid::Uuid>().unwrap().as_bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_says_what_it_erases_and_why() {
    let house = House::open(UNEFOIS).await;
    let marie = Person::invented(126);
    acknowledged(&house.agency("urssaf").await, turnover_of(&marie, 1)).await;
    let operator = house.agency("operator").await;
    let refused = |request: EraseRequest| {
        let mut service = operator.subject();
        async move { reason_of(&service.erase(request).await.unwrap_err()) }
    };
    let good = erase_request(marie.by_nir(), ErasureScope::Payload);
    assert_eq!(refused(EraseRequest { scope: 0, ..good.clone() }).await, "ARGUMENT_INVALID");
    assert_eq!(refused(EraseRequest { case_reference: String::new(), ..good.clone() }).await, "CONTEXT_INCOMPLETE");
    assert_eq!(refused(EraseRequest { subject: None, ..good }).await, "CONTEXT_INCOMPLETE");
    let unknown = erase_request(Person::invented(127).by_nir(), ErasureScope::Payload);
    assert_eq!(refused(unknown).await, "SUBJECT_UNKNOWN");
    pulled(&house, pull_request("d14-benefits", marie.by_nir())).await.unwrap();
}
