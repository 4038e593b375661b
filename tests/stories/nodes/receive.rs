//! A subscription on two nodes: whichever was published to, the one that is asked tells, and one of them at a time.

use unefois_client::{Receiver, ReceiverSettings, Refused, Told, cursor_of};
use unefois_proto::pb::{
    io::cloudevents::v1::cloud_event::cloud_event_attribute_value::Attr,
    subscription::v1::{Delivery, FetchEventsRequest},
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, Person, affiliation_of};

use super::{Connection, Nodes};
use crate::{
    acknowledged,
    dossier::{declaration, opens},
    receive::words::{
        ends, fetched, ids, next, receiver, registry_with, siret_of, status_of, subscribed, told, told_all,
    },
};

/// Two nodes where a receiver's subscription is soon free when its node is gone, and the CNAF with a dossier on each of
/// these people and a subscription.
async fn scene(people: &[Person]) -> (Nodes, [Connection; 2], String) {
    let nodes = Nodes::with("[limits.broker]\nreceiver-lease = \"3s\"\n").await;
    let consumers = nodes.agencies("cnaf").await;
    for person in people {
        opens(&consumers[0], declaration(person.by_nir(), 30)).await.unwrap();
    }
    let id = subscribed(&consumers[0], 5).await;
    (nodes, consumers, id)
}

/// The reason for which a node does not tell.
async fn refusal(consumer: &Connection, subscription_id: &str) -> Option<String> {
    let request = FetchEventsRequest { subscription_id: subscription_id.to_owned(), events_max: 1, from: None };
    let answer = consumer.subscription().fetch_events(request).await;
    answer.err().map(|status| Refused::from_status(&status).reason)
}

fn recorded_at(delivery: &Delivery) -> prost_types::Timestamp {
    match delivery.event.as_ref().unwrap().attributes["time"].attr {
        Some(Attr::CeTimestamp(at)) => at,
        ref other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_whose_node_is_killed_goes_on_at_the_other_after_what_it_acknowledged() {
    let people: Vec<Person> = (1_120..1_128).map(Person::invented).collect();
    let (mut nodes, [here, there], id) = scene(&people).await;
    let urssaf = nodes.first.agency("urssaf").await;
    let mut first = receiver(&there, &id);
    for person in &people[..5] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let before = told_all(&mut first, 5).await;
    let sirets = |people: &[Person]| people.iter().map(|person| person.siret.clone()).collect::<Vec<_>>();
    assert_eq!(before.iter().map(siret_of).collect::<Vec<_>>(), sirets(&people[..5]));
    first.acknowledge(cursor_of(&before[2])).await;
    let oldest = Some(recorded_at(&before[3]));
    Nodes::hear(async || status_of(&here, &id).await.oldest_unacknowledged == oldest).await;

    nodes.second.kill();
    assert_eq!(refusal(&here, &id).await.as_deref(), Some("SUBSCRIPTION_IN_USE"), "the lease has not ended");
    for person in &people[5..] {
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let mut second = receiver(&here, &id);
    let after = told_all(&mut second, 5).await;
    assert_eq!(ids(&after[..2]), ids(&before[3..]), "what was not acknowledged is told again");
    assert_eq!(after.iter().map(siret_of).collect::<Vec<_>>(), sirets(&people[3..]));
    second.acknowledge(cursor_of(&after[4])).await;
    second.close().await;
    assert!(fetched(&here, &id).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_receiver_at_the_other_node_is_refused_for_as_long_as_the_first_is_told() {
    let people: Vec<Person> = (1_130..1_140).map(Person::invented).collect();
    let (nodes, [here, there], id) = scene(&people).await;
    let publishers = nodes.agencies("urssaf").await;
    let mut first = receiver(&there, &id);
    let began = std::time::Instant::now();
    let mut turns = 0;
    // Longer than a lease lasts that nobody renews.
    while began.elapsed() < std::time::Duration::from_secs(7) {
        let (person, at) = (&people[turns % people.len()], turns % 2);
        let publication = if (turns / people.len()).is_multiple_of(2) { affiliation_of(person) } else { ends(person) };
        acknowledged(&publishers[at], publication).await;
        let delivery = told(&mut first).await;
        assert_eq!(siret_of(&delivery), person.siret);
        first.acknowledge(cursor_of(&delivery)).await;
        assert_eq!(refusal(&here, &id).await.as_deref(), Some("SUBSCRIPTION_IN_USE"), "turn {turns}");
        let policy = unefois_client::RetryPolicy::never();
        let mut second = Receiver::new(here.clone(), ReceiverSettings { policy, ..ReceiverSettings::of(&id) });
        let refused = second.next().await.unwrap_err();
        assert!(refused.reason == "SUBSCRIPTION_IN_USE" && refused.retry_after.is_some(), "{refused:?}");
        turns += 1;
    }
    first.close().await;
    Nodes::hear(async || refusal(&here, &id).await.is_none()).await;
    assert!(fetched(&here, &id).await.is_empty(), "everything was acknowledged");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agreement_that_is_suspended_at_one_node_holds_a_receiver_at_the_other() {
    let people: Vec<Person> = (1_141..1_143).map(Person::invented).collect();
    let (nodes, [_, there], id) = scene(&people).await;
    let urssaf = nodes.first.agency("urssaf").await;
    let mut receiver = receiver(&there, &id);
    acknowledged(&urssaf, affiliation_of(&people[0])).await;
    assert_eq!(siret_of(&told(&mut receiver).await), people[0].siret);
    nodes.first.applies(&registry_with("state = \"suspended\"")).await.unwrap();
    acknowledged(&urssaf, affiliation_of(&people[1])).await;
    assert_eq!(next(&mut receiver).await, Told::Holds("AGREEMENT_SUSPENDED".to_owned()));
    nodes.first.applies(DEMONSTRATION_REGISTRY).await.unwrap();
    assert_eq!(next(&mut receiver).await, Told::GoesOn);
    assert_eq!(siret_of(&told(&mut receiver).await), people[1].siret);
}
