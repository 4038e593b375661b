//! The words of these stories: who subscribes, what is told, and what is recorded of it.

use std::time::Duration;

use prost::Message;
use unefois_client::{Connection, Receiver, ReceiverSettings, Told, cursor_of};
use unefois_proto::pb::{
    audit::v1::SearchExchangesRequest,
    io::cloudevents::v1::cloud_event::{Data, cloud_event_attribute_value::Attr},
    ledger::v1::{EntryKind, Outcome, PublicPart},
    publication::v1::{PublicationChange, PublishRequest},
    status::v1::SelfEmployedAffiliation,
    subscription::v1::{
        AcknowledgeEventsRequest, CreateRequest, Delivery, FetchEventsRequest, GetRequest, Reach, SubscriptionStatus,
        Terms,
    },
};
use unefois_testkit::{DEMONSTRATION_REGISTRY, House, Person, affiliation_of};

/// How long an event may take, on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A subscription of the CNAF to the affiliations of those on whom it has a dossier.
pub(crate) fn asked(name: &str, attempts_max: u32) -> CreateRequest {
    CreateRequest {
        name: name.to_owned(),
        agreement: "d09-cnaf".to_owned(),
        filter: None,
        reach: Reach::Unspecified.into(),
        terms: Some(Terms { retention_days: 7, redelivery_after: None, attempts_max }),
    }
}

/// Creates a subscription. Gives its identifier.
pub(crate) async fn creates(consumer: &Connection, request: CreateRequest) -> String {
    let created = consumer.subscription().create(request).await.unwrap().into_inner();
    created.subscription.unwrap().subscription_id
}

pub(crate) async fn subscribed(consumer: &Connection, attempts_max: u32) -> String {
    creates(consumer, asked("affiliations", attempts_max)).await
}

/// The registry of the demonstration with one more line in the agreement of that subscription.
pub(crate) fn registry_with(line: &str) -> String {
    DEMONSTRATION_REGISTRY.replace("id = \"d09-cnaf\"", &format!("id = \"d09-cnaf\"\n{line}"))
}

pub(crate) fn receiver(consumer: &Connection, subscription_id: &str) -> Receiver {
    Receiver::new(consumer.clone(), ReceiverSettings::of(subscription_id))
}

/// What is told next, which must come.
pub(crate) async fn next(receiver: &mut Receiver) -> Told {
    tokio::time::timeout(PATIENCE, receiver.next()).await.expect("nothing is told").unwrap()
}

/// The next event, which must come.
pub(crate) async fn told(receiver: &mut Receiver) -> Delivery {
    match next(receiver).await {
        Told::Event(delivery) => *delivery,
        other => panic!("{other:?}"),
    }
}

/// The next events, so many of them.
pub(crate) async fn told_all(receiver: &mut Receiver, count: usize) -> Vec<Delivery> {
    let mut deliveries = Vec::with_capacity(count);
    for _nth in 0..count {
        deliveries.push(told(receiver).await);
    }
    deliveries
}

pub(crate) async fn fetched(consumer: &Connection, subscription_id: &str) -> Vec<Delivery> {
    let request = FetchEventsRequest { subscription_id: subscription_id.to_owned(), events_max: 0, from: None };
    let fetched = consumer.subscription().fetch_events(request).await.unwrap().into_inner();
    assert_eq!(fetched.held_because, "");
    fetched.deliveries
}

pub(crate) async fn has(consumer: &Connection, subscription_id: &str, delivery: &Delivery) {
    let (subscription_id, up_to) = (subscription_id.to_owned(), cursor_of(delivery).to_owned());
    consumer.subscription().acknowledge_events(AcknowledgeEventsRequest { subscription_id, up_to }).await.unwrap();
}

/// How a subscription does.
pub(crate) async fn status_of(consumer: &Connection, subscription_id: &str) -> SubscriptionStatus {
    let request = GetRequest { subscription_id: subscription_id.to_owned() };
    let found = consumer.subscription().get(request).await.unwrap().into_inner();
    found.subscription.unwrap().status.unwrap()
}

pub(crate) fn id_of(delivery: &Delivery) -> &str {
    &delivery.event.as_ref().unwrap().id
}

pub(crate) fn ids(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(id_of).collect()
}

pub(crate) fn kind_of(delivery: &Delivery) -> &str {
    &delivery.event.as_ref().unwrap().r#type
}

/// The name of an attribute whose value is a text or true.
pub(crate) fn attribute(delivery: &Delivery, name: &str) -> Option<String> {
    match delivery.event.as_ref().unwrap().attributes.get(name)?.attr.clone()? {
        Attr::CeString(text) | Attr::CeUriRef(text) => Some(text),
        Attr::CeBoolean(truth) => Some(truth.to_string()),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn record_of(delivery: &Delivery) -> SelfEmployedAffiliation {
    match delivery.event.as_ref().unwrap().data.clone() {
        Some(Data::ProtoData(any)) => SelfEmployedAffiliation::decode(any.value.as_slice()).unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Whom an event is about.
pub(crate) fn siret_of(delivery: &Delivery) -> String {
    record_of(delivery).siret.unwrap()
}

/// The entries of all deliveries, oldest first.
pub(crate) async fn entries(house: &House) -> Vec<PublicPart> {
    let search = SearchExchangesRequest { kind: EntryKind::Delivery.into(), page_size: 500, ..Default::default() };
    house.audited(search).await.into_iter().rev().map(|entry| entry.public_part.unwrap()).collect()
}

/// The outcome, the attempt and whether it repeats another of every entry of a delivery, oldest first.
pub(crate) async fn recorded(house: &House) -> Vec<(Outcome, u32, bool)> {
    let of =
        |entry: &PublicPart| (entry.outcome(), entry.delivery.as_ref().unwrap().attempt, !entry.repeats.is_empty());
    entries(house).await.iter().map(of).collect()
}

pub(crate) fn ends(person: &Person) -> PublishRequest {
    PublishRequest { change: PublicationChange::End.into(), ..affiliation_of(person) }
}

/// The affiliation of a person, but for what is changed.
pub(crate) fn affiliation_with(person: &Person, change: impl FnOnce(&mut SelfEmployedAffiliation)) -> PublishRequest {
    let published = affiliation_of(person);
    let mut record = SelfEmployedAffiliation::decode(published.data.as_slice()).unwrap();
    change(&mut record);
    PublishRequest { data: record.encode_to_vec(), ..published }
}
