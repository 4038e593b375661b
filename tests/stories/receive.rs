//! Being told: what is published reaches who subscribed, once it is recorded that it may.

mod agreement;
mod away;
mod changed;
mod consent;
mod crash;
mod granted;
mod idle;
mod need_to_know;
mod poison;
mod redelivery;
mod refused;
mod replay;
mod slow;
pub(crate) mod words;

use unefois_client::cursor_of;
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    ledger::v1::{EntryKind, Outcome},
    subscription::v1::{
        FetchEventsRequest, ListDeadLettersRequest, PauseRequest, RejectionKind, ReplayDeadLetterRequest,
    },
};
use unefois_testkit::{House, Person, affiliation_of, reason_of};

use self::words::{attribute, ends, fetched, has, kind_of, receiver, record_of, recorded, subscribed, told};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{closes, declaration, opens},
};

#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_told_with_what_the_agreement_grants_and_only_about_open_dossiers() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(901), Person::invented(902));
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    let mut receiver = receiver(&cnaf, &id);
    for published in [affiliation_of(&paul), affiliation_of(&marie), ends(&marie), ends(&paul)] {
        acknowledged(&urssaf, published).await;
    }
    let created = told(&mut receiver).await;
    assert_eq!(kind_of(&created), "unefois.self-employed-affiliation.created.v1");
    assert_eq!(record_of(&created).siret.as_deref(), Some(marie.siret.as_str()));
    assert_eq!(attribute(&created, "agreement").as_deref(), Some("d09-cnaf"));
    assert_eq!(attribute(&created, "revision").as_deref(), Some("1"));
    let event = created.event.as_ref().unwrap();
    assert!(!event.attributes.contains_key("subject") && event.source.starts_with("/unefois/"));
    let ended = told(&mut receiver).await;
    assert_eq!((kind_of(&ended), ended.attempt), ("unefois.self-employed-affiliation.ended.v1", 1));
    receiver.acknowledge(cursor_of(&ended)).await;
    receiver.close().await;
    assert!(fetched(&cnaf, &id).await.is_empty(), "all is acknowledged, and Paul is nobody's concern");
    assert_eq!(recorded(&house).await, [(Outcome::Released, 1, false); 2]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_acknowledged_is_told_again_also_after_a_crash_and_names_its_first_telling() {
    let mut house = House::open(UNEFOIS).await;
    let marie = Person::invented(903);
    let cnaf = house.agency("cnaf").await;
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    acknowledged(&house.agency("urssaf").await, affiliation_of(&marie)).await;
    let first = fetched(&cnaf, &id).await;
    assert_eq!(first.len(), 1);
    house.kill();
    house.start();
    let cnaf = house.agency("cnaf").await;
    let again = fetched(&cnaf, &id).await;
    assert_eq!(again[0].event.as_ref().unwrap().id, first[0].event.as_ref().unwrap().id);
    let search = SearchExchangesRequest { kind: EntryKind::Delivery.into(), ..Default::default() };
    let newest = house.audited(search).await.remove(0).public_part.unwrap();
    assert_eq!(uuid::Uuid::from_slice(&newest.repeats).unwrap().to_string(), first[0].exchange_id);
    // A cursor of the process that was killed still counts.
    has(&cnaf, &id, &first[0]).await;
    assert!(fetched(&cnaf, &id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rejected_event_becomes_a_dead_letter_the_next_say_so_and_it_is_told_again_when_asked_for() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(904);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 2).await;
    let mut receiver = receiver(&cnaf, &id);
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let poison = told(&mut receiver).await;
    let event_id = poison.event.as_ref().unwrap().id.clone();
    receiver.reject(&event_id, "not-now", RejectionKind::ForNow).await;
    let second = told(&mut receiver).await;
    assert_eq!((&second.event.as_ref().unwrap().id, second.attempt), (&event_id, 2));
    receiver.reject(&event_id, "not-now", RejectionKind::ForNow).await;
    acknowledged(&urssaf, ends(&marie)).await;
    let next = told(&mut receiver).await;
    assert_eq!(attribute(&next, "missingbefore").as_deref(), Some("true"));
    receiver.acknowledge(cursor_of(&next)).await;
    let list = ListDeadLettersRequest { subscription_id: id.clone(), ..Default::default() };
    let letters = cnaf.subscription().list_dead_letters(list).await.unwrap().into_inner().dead_letters;
    assert_eq!((letters.len(), &letters[0].event_id, letters[0].reason.as_str()), (1, &event_id, "not-now"));
    let replay = ReplayDeadLetterRequest { subscription_id: id.clone(), event_id: event_id.clone() };
    cnaf.subscription().replay_dead_letter(replay).await.unwrap();
    let replayed = told(&mut receiver).await;
    assert_eq!((&replayed.event.as_ref().unwrap().id, replayed.attempt), (&event_id, 1));
    receiver.acknowledge(cursor_of(&replayed)).await;
    receiver.close().await;
    let due = [(1, false), (2, true), (1, false), (1, false)].map(|(n, repeats)| (Outcome::Released, n, repeats));
    assert_eq!(recorded(&house).await, due);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_has_one_receiver_and_tells_nothing_while_it_pauses_or_without_a_dossier() {
    let house = House::open(UNEFOIS).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(905);
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let id = subscribed(&cnaf, 5).await;
    let mut first = receiver(&cnaf, &id);
    acknowledged(&urssaf, affiliation_of(&marie)).await;
    let delivery = told(&mut first).await;
    let fetch = FetchEventsRequest { subscription_id: id.clone(), events_max: 0, from: None };
    let refused = cnaf.subscription().fetch_events(fetch.clone()).await.unwrap_err();
    assert_eq!(reason_of(&refused), "SUBSCRIPTION_IN_USE");
    let cnam = house.agency("cnam").await;
    let refused = cnam.subscription().fetch_events(fetch.clone()).await.unwrap_err();
    assert_eq!(reason_of(&refused), "SUBSCRIPTION_UNKNOWN");
    first.acknowledge(cursor_of(&delivery)).await;
    closes(&cnaf, marie.by_nir()).await.unwrap();
    cnaf.subscription().pause(PauseRequest { subscription_id: id.clone() }).await.unwrap();
    let ended = tokio::time::timeout(std::time::Duration::from_secs(60), first.next()).await.unwrap();
    assert_eq!(ended.unwrap_err().reason, "SUBSCRIPTION_PAUSED");
    assert_eq!(reason_of(&cnaf.subscription().fetch_events(fetch).await.unwrap_err()), "SUBSCRIPTION_PAUSED");
}
