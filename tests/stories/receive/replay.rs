//! A subscription that is set back is told again what is still kept, and nobody is told what is not.

use std::time::Duration;

use unefois_client::{Connection, ReceiveFrom, Receiver, ReceiverSettings, Refused, cursor_of};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    io::cloudevents::v1::cloud_event::cloud_event_attribute_value::Attr,
    ledger::v1::EntryKind,
    subscription::v1::{AcknowledgeEventsRequest, Delivery, FetchEventsRequest, fetch_events_request},
};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of};

use super::words::{
    PATIENCE, ends, entries, fetched, has, ids, receiver, siret_of, status_of, subscribed, told, told_all,
};
use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
};

/// The CNAF, its subscription, and what it was told of these people and has acknowledged.
async fn scene(more: &str, people: &[Person]) -> (House, Connection, String, Vec<Delivery>) {
    let house = House::open_with(UNEFOIS, &HouseSettings { more: more.to_owned(), ..HouseSettings::default() }).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let id = subscribed(&cnaf, 5).await;
    for person in people {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let told = fetched(&cnaf, &id).await;
    assert_eq!(told.len(), people.len());
    has(&cnaf, &id, told.last().unwrap()).await;
    (house, cnaf, id, told)
}

fn from(consumer: &Connection, subscription_id: &str, from: ReceiveFrom) -> Receiver {
    Receiver::new(consumer.clone(), ReceiverSettings { from, ..ReceiverSettings::of(subscription_id) })
}

/// When an event was recorded.
fn recorded_at(delivery: &Delivery) -> prost_types::Timestamp {
    match delivery.event.as_ref().unwrap().attributes["time"].attr {
        Some(Attr::CeTimestamp(at)) => at,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_set_back_to_a_cursor_or_to_an_instant_and_told_the_same_events() {
    let people: Vec<Person> = (1_090..1_094).map(Person::invented).collect();
    let (house, cnaf, id, before) = scene("", &people).await;
    let mut again = from(&cnaf, &id, ReceiveFrom::Cursor(cursor_of(&before[1]).to_owned()));
    let told = told_all(&mut again, 2).await;
    assert_eq!(ids(&told), ids(&before[2..]));
    assert_eq!(told.iter().map(|delivery| delivery.attempt).collect::<Vec<_>>(), [1, 1]);
    again.acknowledge(cursor_of(&told[1])).await;
    again.close().await;
    assert!(fetched(&cnaf, &id).await.is_empty());

    let mut again = from(&cnaf, &id, ReceiveFrom::RecordedAt(recorded_at(&before[1])));
    assert_eq!(ids(&told_all(&mut again, 3).await), ids(&before[1..]));
    again.close().await;
    // It is set there for good, for who fetches too.
    let told = fetched(&cnaf, &id).await;
    assert_eq!(ids(&told), ids(&before[1..]));
    has(&cnaf, &id, &told[2]).await;
    for (from, due) in [
        (fetch_events_request::From::Cursor(cursor_of(&told[0]).to_owned()), &before[2..]),
        (fetch_events_request::From::RecordedAt(recorded_at(&before[3])), &before[3..]),
    ] {
        let request = FetchEventsRequest { subscription_id: id.clone(), events_max: 0, from: Some(from) };
        let told = cnaf.subscription().fetch_events(request).await.unwrap().into_inner().deliveries;
        assert_eq!(ids(&told), ids(due));
        has(&cnaf, &id, told.last().unwrap()).await;
    }
    assert!(fetched(&cnaf, &id).await.is_empty());

    let search = SearchExchangesRequest { kind: EntryKind::Subscription.into(), ..Default::default() };
    let verbs = house.audited(search).await.into_iter().map(|entry| entry.public_part.unwrap().change.unwrap().verb);
    assert_eq!(verbs.filter(|verb| verb == "rewind").count(), 4);
    assert_eq!(entries(&house).await.iter().filter(|entry| entry.repeats.is_empty()).count(), 4 + 2 + 3 + 2 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_that_was_told_before_a_subscription_was_set_back_acknowledges_nothing_after_it() {
    let people: Vec<Person> = (1_095..1_098).map(Person::invented).collect();
    let (_house, cnaf, id, before) = scene("", &people).await;
    let mut again = from(&cnaf, &id, ReceiveFrom::Cursor(cursor_of(&before[0]).to_owned()));
    assert_eq!(ids(&[told(&mut again).await]), ids(&before[1..2]));
    again.close().await;
    let acknowledges = async |delivery: &Delivery| {
        let up_to = cursor_of(delivery).to_owned();
        let request = AcknowledgeEventsRequest { subscription_id: id.clone(), up_to };
        cnaf.subscription().acknowledge_events(request).await.map_err(|status| Refused::from_status(&status).reason)
    };
    acknowledges(&before[0]).await.unwrap();
    acknowledges(&before[2]).await.unwrap();
    let told = fetched(&cnaf, &id).await;
    assert_eq!(ids(&told), ids(&before[1..]));
    acknowledges(&told[1]).await.unwrap();
    assert!(fetched(&cnaf, &id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn from_where_something_is_no_longer_kept_nobody_is_told() {
    let people: Vec<Person> = (1_100..1_103).map(Person::invented).collect();
    let more = "[limits.broker]\nevents-kept = \"1ms\"\nhousekeeping-every = \"100ms\"\n";
    let (house, cnaf, id, before) = scene(more, &people).await;
    let first = ReceiveFrom::Cursor(cursor_of(&before[0]).to_owned());
    let refused = async {
        // Each time the subscription is set back, what follows is kept until it has acknowledged it again.
        let mut turn = tokio::time::interval(Duration::from_millis(300));
        loop {
            turn.tick().await;
            let mut again = from(&cnaf, &id, first.clone());
            match again.next().await {
                Err(refused) => return refused,
                Ok(unefois_client::Told::Event(_)) => {
                    let rest = told_all(&mut again, 1).await;
                    again.acknowledge(cursor_of(&rest[0])).await;
                    again.close().await;
                }
                Ok(other) => panic!("{other:?}"),
            }
        }
    };
    let refused = tokio::time::timeout(PATIENCE, refused).await.expect("old events are kept");
    assert_eq!(refused.reason, "CURSOR_EXPIRED");
    // It goes on where it was; and from an instant with what is there.
    let status = status_of(&cnaf, &id).await;
    assert_eq!((status.lag, status.held_because.as_str()), (0, ""));
    let marie = &people[0];
    acknowledged(&house.agency("urssaf").await, ends(marie)).await;
    let mut receiver = receiver(&cnaf, &id);
    assert_eq!(siret_of(&told(&mut receiver).await), marie.siret);
    receiver.close().await;
    let mut again = from(&cnaf, &id, ReceiveFrom::RecordedAt(recorded_at(&before[0])));
    assert_eq!(siret_of(&told(&mut again).await), marie.siret);
}
