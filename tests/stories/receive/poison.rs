//! An event that a subscriber can never take is given up after its attempts, and holds back its own subject only.

use unefois_client::{Connection, Receiver, cursor_of};
use unefois_proto::pb::subscription::v1::{
    DeadLetter, DeadLetterCause, Delivery, ListDeadLettersRequest, RejectionKind, ReplayDeadLetterRequest,
};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of};

use super::words::{attribute, ends, entries, fetched, id_of, receiver, siret_of, status_of, subscribed, told};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// A hub where what was rejected is soon told again.
async fn scene(people: &[&Person]) -> (House, Connection) {
    let more = "[limits.broker]\ndelivery-backoff = \"20ms\"\n".to_owned();
    let house = House::open_with(UNEFOIS, &HouseSettings { more, ..HouseSettings::default() }).await;
    let cnaf = house.agency("cnaf").await;
    for person in people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
    }
    (house, cnaf)
}

async fn letters(consumer: &Connection, subscription_id: &str) -> Vec<DeadLetter> {
    let list = ListDeadLettersRequest { subscription_id: subscription_id.to_owned(), ..Default::default() };
    consumer.subscription().list_dead_letters(list).await.unwrap().into_inner().dead_letters
}

async fn cannot(receiver: &mut Receiver, delivery: &Delivery) {
    receiver.reject(id_of(delivery), "schema-unknown", RejectionKind::ForNow).await;
}

/// Takes whatever is told, but for what is about this person, which it rejects: until the person's event was told that
/// often, and so many events of others were.
async fn takes_all_but(receiver: &mut Receiver, siret: &str, attempts: u32, others: usize) -> (String, Vec<String>) {
    let (mut poison, mut tellings, mut taken) = (String::new(), 0, Vec::new());
    while tellings < attempts || taken.len() < others {
        let delivery = told(receiver).await;
        if siret_of(&delivery) == siret {
            tellings += 1;
            assert_eq!(delivery.attempt, tellings);
            poison = id_of(&delivery).to_owned();
            cannot(receiver, &delivery).await;
        } else {
            receiver.acknowledge(cursor_of(&delivery)).await;
            taken.push(siret_of(&delivery));
        }
    }
    (poison, taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_always_rejected_holds_back_nobody_else_and_is_replayed_when_it_can_be_taken() {
    let people: Vec<Person> = (1_060..1_070).map(Person::invented).collect();
    let (marie, others) = people.split_first().unwrap();
    let (house, cnaf) = scene(&people.iter().collect::<Vec<_>>()).await;
    let urssaf = house.agency("urssaf").await;
    let id = subscribed(&cnaf, 3).await;
    let mut receiver = receiver(&cnaf, &id);
    for person in &people {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let (poison, taken) = takes_all_but(&mut receiver, &marie.siret, 3, others.len()).await;
    assert_eq!(taken, others.iter().map(|person| person.siret.clone()).collect::<Vec<_>>());
    for person in [marie, &others[0]] {
        acknowledged(&urssaf, ends(person)).await;
    }
    let next = [told(&mut receiver).await, told(&mut receiver).await];
    assert_eq!(next.each_ref().map(siret_of), [&*marie.siret, &others[0].siret]);
    let gaps = next.each_ref().map(|delivery| attribute(delivery, "missingbefore"));
    assert_eq!(gaps, [Some("true".to_owned()), None]);
    receiver.acknowledge(cursor_of(&next[1])).await;
    let found = letters(&cnaf, &id).await;
    assert_eq!(found.len(), 1);
    assert_eq!(
        (found[0].event_id.as_str(), found[0].attempts, found[0].reason.as_str()),
        (&*poison, 3, "schema-unknown")
    );
    assert!(found[0].cause() == DeadLetterCause::Rejected && found[0].replayed_at.is_none());
    assert_eq!(status_of(&cnaf, &id).await.dead_letters, 1);

    let replay = ReplayDeadLetterRequest { subscription_id: id.clone(), event_id: poison.clone() };
    cnaf.subscription().replay_dead_letter(replay).await.unwrap();
    let replayed = told(&mut receiver).await;
    assert_eq!((id_of(&replayed), replayed.attempt), (poison.as_str(), 1));
    receiver.acknowledge(cursor_of(&replayed)).await;
    receiver.close().await;
    assert_eq!(status_of(&cnaf, &id).await.dead_letters, 0);
    assert!(letters(&cnaf, &id).await.iter().all(|letter| letter.replayed_at.is_some()));
    acknowledged(&urssaf, affiliation_of(marie)).await;
    let last = fetched(&cnaf, &id).await;
    assert_eq!((last.len(), attribute(&last[0], "missingbefore")), (1, None), "nothing is missing any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_outlive_a_hub_that_is_killed() {
    let (marie, paul) = (Person::invented(1_071), Person::invented(1_072));
    let (mut house, cnaf) = scene(&[&marie, &paul]).await;
    let id = subscribed(&cnaf, 3).await;
    let urssaf = house.agency("urssaf").await;
    for person in [&marie, &paul] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let mut before = receiver(&cnaf, &id);
    let (poison, _) = takes_all_but(&mut before, &marie.siret, 1, 1).await;
    let second = told(&mut before).await;
    assert_eq!((id_of(&second), second.attempt), (poison.as_str(), 2));
    house.kill();
    house.start();
    let cnaf = house.agency("cnaf").await;
    let mut after = receiver(&cnaf, &id);
    let mut attempts = Vec::new();
    while letters(&cnaf, &id).await.is_empty() {
        let Ok(next) = tokio::time::timeout(std::time::Duration::from_millis(200), after.next()).await else {
            continue;
        };
        let unefois_client::Told::Event(delivery) = next.unwrap() else { panic!("it holds") };
        if siret_of(&delivery) == marie.siret {
            attempts.push(delivery.attempt);
            cannot(&mut after, &delivery).await;
        }
    }
    // The one in whose midst the hub was killed may be told once more.
    assert!(attempts == [2, 3] || attempts == [3], "{attempts:?}");
    let letter = letters(&cnaf, &id).await.remove(0);
    assert_eq!((letter.event_id.as_str(), letter.attempts), (poison.as_str(), 3));
    let told = entries(&house).await.into_iter().map(|entry| entry.delivery.unwrap().attempt).max();
    assert_eq!(told, Some(3));
}
