//! What is counted and traced of events: published, told, told again, given up, and how far each subscription is behind.

use tonic::Request;
use unefois_client::{Receiver, ReceiverSettings, Told, cursor_of};
use unefois_proto::pb::{
    publication::v1::PublicationChange,
    subscription::v1::{Delivery, RejectionKind},
};
use unefois_testkit::{Collector, House, HouseSettings, Person, affiliation_of, attribute};

use crate::{
    UNEFOIS, acknowledged,
    dossier::{declaration, opens},
    subscription::{asked, creates},
    trace::{CALLER, TRACE, hexadecimal},
};

/// Subscriptions are looked at so often that a test need not wait.
pub(crate) const WATCHED: &str = "[limits.broker]\nsubscription-watch-every = \"50ms\"\ndelivery-backoff = \"1ms\"\n";

async fn told(receiver: &mut Receiver) -> Delivery {
    match tokio::time::timeout(std::time::Duration::from_secs(60), receiver.next()).await.unwrap().unwrap() {
        Told::Event(delivery) => *delivery,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_counted_where_they_are_published_and_told_and_each_subscription_says_how_far_it_is_behind() {
    let house = House::open_with(UNEFOIS, &HouseSettings { more: WATCHED.to_owned(), ..Default::default() }).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let (marie, paul) = (Person::invented(910), Person::invented(911));
    let subscription = creates(&cnaf, asked("one")).await.unwrap();
    let id = subscription.subscription_id;
    let of = |what: &str| format!("unefois_broker_subscription_{what}{{agency=\"cnaf\",subscription=\"{id}\"}}");
    house.measures(&of("lag_entries"), |lag| lag == 0.0).await;
    for person in [&marie, &paul] {
        opens(&cnaf, declaration(person.by_nir(), 30)).await.unwrap();
        acknowledged(&urssaf, affiliation_of(person)).await;
    }
    let mut ended = affiliation_of(&marie);
    ended.change = PublicationChange::End.into();
    acknowledged(&urssaf, ended).await;
    house.measures(&of("lag_entries"), |lag| lag == 3.0).await;
    house.measures(&of("lag_seconds"), |age| age >= 1.0).await;

    let mut receiver = Receiver::new(cnaf.clone(), ReceiverSettings::of(&id));
    let first = told(&mut receiver).await;
    house.measures("unefois_broker_receivers_number{state=\"told\"}", |connected| connected == 1.0).await;
    let (_paul, _ended) = (told(&mut receiver).await, told(&mut receiver).await);
    let rejected = &first.event.as_ref().unwrap().id;
    receiver.reject(rejected, "not-now", RejectionKind::ForNow).await;
    let again = [told(&mut receiver).await, told(&mut receiver).await];
    assert_eq!((&again[0].event.as_ref().unwrap().id, again[0].attempt), (rejected, 2));
    receiver.reject(rejected, "never", RejectionKind::ForGood).await;
    let last = told(&mut receiver).await;
    receiver.acknowledge(cursor_of(&last)).await;
    receiver.close().await;

    house.measures(&of("lag_entries"), |lag| lag == 0.0).await;
    for (series, due) in [
        ("unefois_broker_events_total{kind=\"created\"}", 2.0),
        ("unefois_broker_events_total{kind=\"ended\"}", 1.0),
        ("unefois_broker_deliveries_total{outcome=\"told\"}", 3.0),
        // The rejected one, and what followed it of its subject; that once more when it was given up.
        ("unefois_broker_deliveries_total{outcome=\"told-again\"}", 3.0),
        ("unefois_broker_deliveries_total{outcome=\"dead-lettered\"}", 1.0),
        ("unefois_broker_deliveries_total{outcome=\"refused\"}", 0.0),
        ("unefois_broker_delivery_seconds_count", 3.0),
        ("unefois_broker_receivers_number{state=\"told\"}", 0.0),
        ("unefois_broker_receivers_number{state=\"holding\"}", 0.0),
        (&of("lag_seconds"), 0.0),
        (&of("dead_letters_entries"), 1.0),
    ] {
        house.measures(series, |measured| measured == due).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_goes_on_with_the_trace_of_its_publication() {
    let collector = Collector::serve().await;
    let house = House::open_with(UNEFOIS, &HouseSettings { more: collector.settings(), ..Default::default() }).await;
    let (urssaf, cnaf) = (house.agency("urssaf").await, house.agency("cnaf").await);
    let marie = Person::invented(912);
    let subscription = creates(&cnaf, asked("one")).await.unwrap();
    opens(&cnaf, declaration(marie.by_nir(), 30)).await.unwrap();
    let mut request = Request::new(futures::stream::iter(vec![affiliation_of(&marie)]));
    request.metadata_mut().insert("traceparent", format!("00-{TRACE}-{CALLER}-01").parse().unwrap());
    urssaf.publication().publish(request).await.unwrap().into_inner().message().await.unwrap().unwrap();
    told(&mut Receiver::new(cnaf.clone(), ReceiverSettings::of(&subscription.subscription_id))).await;
    let find = |collector: &Collector| collector.spans().into_iter().find(|span| span.name == "deliver");
    let span = collector.shows("the span of the delivery", find).await;
    assert_eq!((hexadecimal(&span.trace_id).as_str(), hexadecimal(&span.parent_span_id).as_str()), (TRACE, CALLER));
    assert_eq!(attribute(&span.attributes, "unefois.consumer.agency"), Some("cnaf"));
    assert_eq!(attribute(&span.attributes, "unefois.outcome"), Some("told"));
}
