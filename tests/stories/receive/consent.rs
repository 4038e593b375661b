//! A consent that is withdrawn after something was published stops its delivery, and nobody else's.

mod race;

use unefois_client::{Connection, cursor_of};
use unefois_proto::pb::{
    consent::v1::{GrantRequest, WithdrawRequest},
    ledger::v1::{Outcome, Purpose},
    subject::v1::ListExchangesRequest,
};
use unefois_testkit::{House, Person, affiliation_of};

use super::words::{
    attribute, ends, entries, fetched, has, id_of, receiver, registry_with, siret_of, subscribed, told,
};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// A hub whose agreement demands a consent, and the CNAF with a dossier on each of these people.
async fn scene(people: &[&Person]) -> (House, Connection) {
    let house = House::open(UNEFOIS).await;
    house.applies(&registry_with("consent = \"required\"")).await.unwrap();
    let cnaf = house.agency("cnaf").await;
    for person in people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    (house, cnaf)
}

/// Grants a consent. Gives its identifier.
async fn grants(house: &House, person: &Person) -> String {
    let request = GrantRequest {
        subject: Some(person.by_nir()),
        consumer: "cnaf".to_owned(),
        dataset: "self-employed-affiliation".to_owned(),
        purpose: Purpose::Simplification.into(),
        expires_at: None,
        evidence_digest: vec![7; 32],
    };
    let granted = house.agency("portail").await.consent().grant(request).await.unwrap().into_inner();
    granted.consent.unwrap().consent_id
}

async fn withdraws(house: &House, consent_id: String) {
    house.agency("portail").await.consent().withdraw(WithdrawRequest { consent_id }).await.unwrap();
}

/// What the person is shown of who was told something.
async fn seen(house: &House, person: &Person) -> Vec<String> {
    let request = ListExchangesRequest {
        subject: Some(person.by_nir()),
        case_reference: "session".to_owned(),
        page_size: 100,
        page_token: String::new(),
    };
    let listed = house.agency("portail").await.subject().list_exchanges(request).await.unwrap().into_inner();
    let sentences = listed.exchanges.into_iter().rev().map(|exchange| exchange.sentence);
    sentences.filter(|sentence| sentence.contains("informé d'un changement")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consent_that_is_withdrawn_after_publication_stops_what_is_told_of_that_person_only() {
    let (marie, paul) = (Person::invented(1_001), Person::invented(1_002));
    let (house, cnaf) = scene(&[&marie, &paul]).await;
    let urssaf = house.agency("urssaf").await;
    let of_marie = grants(&house, &marie).await;
    grants(&house, &paul).await;
    let id = subscribed(&cnaf, 5).await;
    for person in [&marie, &paul] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    withdraws(&house, of_marie).await;
    let mut receiver = receiver(&cnaf, &id);
    let first = told(&mut receiver).await;
    assert_eq!(siret_of(&first), paul.siret, "Marie has withdrawn her consent");
    grants(&house, &marie).await;
    acknowledged(&urssaf, ends(&marie)).await;
    let second = told(&mut receiver).await;
    assert_eq!((siret_of(&second), attribute(&second, "revision")), (marie.siret.clone(), Some("2".to_owned())));
    receiver.acknowledge(cursor_of(&second)).await;
    receiver.close().await;
    assert!(fetched(&cnaf, &id).await.is_empty(), "what was refused is passed");

    let recorded: Vec<_> = entries(&house)
        .await
        .into_iter()
        .map(|entry| (entry.outcome(), entry.reason, entry.released_fields.len()))
        .collect();
    let released = || (Outcome::Released, String::new(), 5);
    assert_eq!(recorded, [(Outcome::Refused, "CONSENT_WITHDRAWN".to_owned(), 0), released(), released()]);
    let sentences = seen(&house, &marie).await;
    assert_eq!(sentences.len(), 2, "{sentences:?}");
    assert!(sentences[0].contains("n'a pas été informé"), "{}", sentences[0]);
    assert!(sentences[1].contains("a été informé"), "{}", sentences[1]);
    assert_eq!(seen(&house, &paul).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_again_is_decided_again() {
    let (marie, paul) = (Person::invented(1_003), Person::invented(1_004));
    let (house, cnaf) = scene(&[&marie, &paul]).await;
    let urssaf = house.agency("urssaf").await;
    let of_marie = grants(&house, &marie).await;
    grants(&house, &paul).await;
    let id = subscribed(&cnaf, 5).await;
    for person in [&marie, &paul] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let first = fetched(&cnaf, &id).await;
    assert_eq!(first.len(), 2);
    withdraws(&house, of_marie).await;
    let again = fetched(&cnaf, &id).await;
    assert_eq!(
        (again.len(), id_of(&again[0])),
        (1, id_of(&first[1])),
        "nobody acknowledged it, and only Paul's may go"
    );
    has(&cnaf, &id, &again[0]).await;
    assert!(fetched(&cnaf, &id).await.is_empty());
    let recorded = entries(&house).await;
    let refused: Vec<_> = recorded.iter().filter(|entry| entry.outcome() == Outcome::Refused).collect();
    assert_eq!((recorded.len(), refused.len()), (4, 1));
    assert_eq!(refused[0].repeats, recorded[0].entry_id, "the refusal names the first telling");
}
