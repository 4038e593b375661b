//! An agreement that is suspended holds its subscriptions still: nothing is told, and nothing is lost.

use unefois_client::{Receiver, Told, cursor_of};
use unefois_proto::pb::{
    ledger::v1::Outcome,
    subscription::v1::{FetchEventsRequest, Reach},
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, affiliation_of};

use super::words::{
    asked, creates, ends, entries, fetched, kind_of, next, receiver, registry_with, siret_of, status_of, subscribed,
    told, told_all,
};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{closes, declaration, opens},
};

/// Waits until the receiver is told that it is held, or that it goes on. No event may come before.
async fn is_told(receiver: &mut Receiver, due: &Told) {
    assert_eq!(&next(receiver).await, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suspended_agreement_holds_what_was_published_and_tells_it_in_order_when_it_is_resumed() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let people: Vec<Person> = (1_010..1_016).map(Person::invented).collect();
    for person in &people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    let id = subscribed(&cnaf, 5).await;
    for person in &people[..3] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    house.applies(&registry_with("state = \"suspended\"")).await.unwrap();
    let status = status_of(&cnaf, &id).await;
    assert_eq!((status.lag, status.held_because.as_str()), (3, "AGREEMENT_SUSPENDED"));
    let fetch = FetchEventsRequest { subscription_id: id.clone(), events_max: 0, from: None };
    let answer = cnaf.subscription().fetch_events(fetch).await.unwrap().into_inner();
    assert_eq!((answer.deliveries.len(), answer.held_because.as_str()), (0, "AGREEMENT_SUSPENDED"));
    let mut receiver = receiver(&cnaf, &id);
    is_told(&mut receiver, &Told::Holds("AGREEMENT_SUSPENDED".to_owned())).await;
    for person in &people[3..] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    assert_eq!(status_of(&cnaf, &id).await.lag, 6, "nothing was passed");
    assert!(entries(&house).await.is_empty(), "and nothing left");

    house.applies(DEMONSTRATION_REGISTRY).await.unwrap();
    is_told(&mut receiver, &Told::GoesOn).await;
    let deliveries = told_all(&mut receiver, 6).await;
    let due: Vec<&str> = people.iter().map(|person| person.siret.as_str()).collect();
    assert_eq!(deliveries.iter().map(siret_of).collect::<Vec<_>>(), due);
    receiver.acknowledge(cursor_of(&deliveries[5])).await;
    receiver.close().await;
    let status = status_of(&cnaf, &id).await;
    assert_eq!((status.lag, status.held_because.as_str()), (0, ""));
    assert!(entries(&house).await.iter().all(|entry| entry.outcome() == Outcome::Released));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_that_is_connected_is_held_by_the_first_event_after_a_suspension() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(1_017);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    let mut receiver = receiver(&cnaf, &id);
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let created = told(&mut receiver).await;
    receiver.acknowledge(cursor_of(&created)).await;
    house.applies(&registry_with("state = \"suspended\"")).await.unwrap();
    acknowledged(&urssaf, ends(&marie)).await;
    is_told(&mut receiver, &Told::Holds("AGREEMENT_SUSPENDED".to_owned())).await;
    house.applies(DEMONSTRATION_REGISTRY).await.unwrap();
    is_told(&mut receiver, &Told::GoesOn).await;
    let ended = told(&mut receiver).await;
    assert_eq!(kind_of(&ended), "unefois.self-employed-affiliation.ended.v1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_goes_on_when_what_held_it_is_of_no_concern_any_more() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(1_120), Person::invented(1_121));
    for person in [&marie, &paul] {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    let id = subscribed(&cnaf, 5).await;
    let mut receiver = receiver(&cnaf, &id);
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let created = told(&mut receiver).await;
    receiver.acknowledge(cursor_of(&created)).await;
    house.applies(&registry_with("state = \"suspended\"")).await.unwrap();
    acknowledged(&urssaf, ends(&marie)).await;
    is_told(&mut receiver, &Told::Holds("AGREEMENT_SUSPENDED".to_owned())).await;
    closes(&cnaf, marie.by_nir()).await.unwrap();
    house.applies(DEMONSTRATION_REGISTRY).await.unwrap();
    is_told(&mut receiver, &Told::GoesOn).await;
    acknowledged(&urssaf, affiliation_of(&paul)).await;
    assert_eq!(siret_of(&told(&mut receiver).await), paul.siret);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_population_that_is_no_longer_granted_is_told_of_open_dossiers_only() {
    let house = House::open(UNEFOIS).await;
    house.applies(&registry_with("whole-population = true")).await.unwrap();
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(1_018), Person::invented(1_019));
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let mut request = asked("everybody", 5);
    request.reach = Reach::WholePopulation.into();
    let id = creates(&cnaf, request).await;
    for person in [&marie, &paul] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    assert_eq!(fetched(&cnaf, &id).await.iter().map(siret_of).collect::<Vec<_>>(), [&*marie.siret, &paul.siret]);
    house.applies(DEMONSTRATION_REGISTRY).await.unwrap();
    let deliveries = fetched(&cnaf, &id).await;
    assert_eq!(deliveries.iter().map(siret_of).collect::<Vec<_>>(), [&*marie.siret], "she has a dossier");
}
