//! What becomes of an event whose record changes, or whose subject is erased, before it is told.

use unefois_client::cursor_of;
use unefois_proto::pb::{
    publication::v1::{PublicationChange, PublishRequest},
    status::v1::SelfEmployedScheme,
    subject::v1::{EraseRequest, ErasureScope},
};
use unefois_testkit::{House, Person, affiliation_of};

use super::words::{
    affiliation_with, attribute, entries, fetched, has, kind_of, receiver, record_of, siret_of, subscribed, told,
    told_all,
};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

async fn erases(house: &House, person: &Person, scope: ErasureScope) {
    let request =
        EraseRequest { subject: Some(person.by_nir()), scope: scope.into(), case_reference: "decision".to_owned() };
    house.agency("operator").await.subject().erase(request).await.unwrap();
}

/// The affiliation of the person, which was under another scheme.
fn corrects(person: &Person) -> PublishRequest {
    let corrected = affiliation_with(person, |record| record.scheme = Some(SelfEmployedScheme::Ordinary.into()));
    PublishRequest { change: PublicationChange::Correction.into(), ..corrected }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_told_of_a_subject_that_was_erased_after_publication() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let people: Vec<Person> = (1_020..1_024).map(Person::invented).collect();
    for person in &people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    let id = subscribed(&cnaf, 5).await;
    for person in &people {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    erases(&house, &people[0], ErasureScope::Payload).await;
    erases(&house, &people[1], ErasureScope::PayloadAndTrace).await;
    let deliveries = fetched(&cnaf, &id).await;
    let due = || [people[2].siret.clone(), people[3].siret.clone()];
    assert_eq!(deliveries.iter().map(siret_of).collect::<Vec<_>>(), due());
    // In somebody's hand, and not acknowledged: it is not told again.
    erases(&house, &people[2], ErasureScope::PayloadAndTrace).await;
    let again = fetched(&cnaf, &id).await;
    assert_eq!(again.iter().map(siret_of).collect::<Vec<_>>(), due()[1..]);
    has(&cnaf, &id, &again[0]).await;
    assert!(fetched(&cnaf, &id).await.is_empty());
    let released = entries(&house).await.into_iter().filter(|entry| !entry.released_fields.is_empty()).count();
    assert_eq!(released, 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_connected_is_told_of_others_after_an_erasure() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(1_025), Person::invented(1_026));
    for person in [&marie, &paul] {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    let id = subscribed(&cnaf, 5).await;
    let mut receiver = receiver(&cnaf, &id);
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    assert_eq!(siret_of(&told(&mut receiver).await), marie.siret);
    erases(&house, &marie, ErasureScope::PayloadAndTrace).await;
    acknowledged(&urssaf, affiliation_of(&paul)).await;
    let next = told(&mut receiver).await;
    assert_eq!(siret_of(&next), paul.siret);
    // It covers an event that is there no more.
    receiver.acknowledge(cursor_of(&next)).await;
    receiver.close().await;
    assert!(fetched(&cnaf, &id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_that_was_corrected_before_it_is_told_is_told_as_it_was_and_then_as_it_is() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(1_027);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    acknowledged(&urssaf, corrects(&marie)).await;
    let mut receiver = receiver(&cnaf, &id);
    let deliveries = told_all(&mut receiver, 2).await;
    let heard: Vec<_> = deliveries
        .iter()
        .map(|one| (kind_of(one), attribute(one, "revision").unwrap(), record_of(one).scheme()))
        .collect();
    use SelfEmployedScheme::{AutoEntrepreneur, Ordinary};
    let due = [
        ("unefois.self-employed-affiliation.created.v1", "1".to_owned(), AutoEntrepreneur),
        ("unefois.self-employed-affiliation.corrected.v1", "2".to_owned(), Ordinary),
    ];
    assert_eq!(heard, due);
}
