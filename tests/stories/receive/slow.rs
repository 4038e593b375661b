//! Subscribers who are slow, or deaf, cost the others nothing, and their lag is shown.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use unefois_client::{Connection, cursor_of};
use unefois_proto::pb::subscription::v1::{
    Acknowledge, CreateRequest, Delivery, Open, Reach, ReceiveRequest, ReceiveResponse, Terms, receive_request::Action,
    receive_response::Message,
};
use unefois_testkit::{House, HouseSettings, Person, affiliation_of};

use super::words::{
    PATIENCE, asked, attribute, creates, ends, id_of, receiver, registry_with, siret_of, status_of, told_all,
};
use crate::{UNEFOIS, publish};

/// How many people something happens to, twice: more than a stream holds that nobody reads.
const PEOPLE: u32 = 300;

/// How long nothing comes before it is looked whether anything is left.
const QUIET: Duration = Duration::from_millis(500);

/// How many events the slow one wants in its hand.
const WINDOW: u32 = 10;

/// Opens a stream and leaves it to the caller to read, or not.
async fn opened(
    consumer: &Connection,
    subscription_id: &str,
    window: u32,
) -> (mpsc::Sender<ReceiveRequest>, Streaming<ReceiveResponse>) {
    let (says, said) = mpsc::channel(1);
    let open = Open { subscription_id: subscription_id.to_owned(), window, from: None };
    says.send(ReceiveRequest { action: Some(Action::Open(open)) }).await.unwrap();
    let stream = consumer.subscription().receive(ReceiverStream::new(said)).await.unwrap().into_inner();
    (says, stream)
}

/// The next events of a stream, so many of them.
async fn heard(stream: &mut Streaming<ReceiveResponse>, count: usize) -> Vec<Delivery> {
    let mut heard = Vec::with_capacity(count);
    while heard.len() < count {
        let response = tokio::time::timeout(PATIENCE, stream.message()).await.expect("nothing is told").unwrap();
        match response.unwrap().message {
            Some(Message::Delivery(delivery)) => heard.push(delivery),
            other => panic!("{other:?}"),
        }
    }
    heard
}

/// Both events of each person, once each, and the first one first.
fn is_everything(told: &[Delivery], people: &[Person]) {
    let mut of: HashMap<String, Vec<String>> = HashMap::new();
    for delivery in told {
        of.entry(siret_of(delivery)).or_default().push(attribute(delivery, "revision").unwrap());
    }
    assert_eq!(told.len(), 2 * people.len());
    assert!(people.iter().all(|person| of[&person.siret] == ["1", "2"]));
}

/// A subscription whose receiver may take so long with an event.
fn everybody(name: &str, seconds: i64) -> CreateRequest {
    let redelivery_after = Some(prost_types::Duration { seconds, nanos: 0 });
    let terms = Some(Terms { retention_days: 7, redelivery_after, attempts_max: 5 });
    CreateRequest { reach: Reach::WholePopulation.into(), terms, ..asked(name, 5) }
}

/// A house whose CNAF may be told of everybody.
async fn open_house(more: &str) -> House {
    let house = House::open_with(UNEFOIS, &HouseSettings { more: more.to_owned(), ..HouseSettings::default() }).await;
    house.applies(&registry_with("whole-population = true")).await.unwrap();
    house
}

/// Something happens to everybody, twice.
async fn happens(house: &House, people: &[Person]) {
    let urssaf = house.agency("urssaf").await;
    for people in people.chunks(50) {
        publish(&urssaf, people.iter().map(affiliation_of).collect()).await;
        publish(&urssaf, people.iter().map(ends).collect()).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_slow_or_deaf_costs_another_nothing_and_is_seen_to_lag() {
    let house = open_house("[limits.broker]\nsubscription-lag-counted-max = 50\n").await;
    // One connection each: what one does not read does not stand in the way of the other on theirs.
    let [quick, slow, deaf] = [house.agency("cnaf").await, house.agency("cnaf").await, house.agency("cnaf").await];
    let [of_quick, of_slow, of_deaf] = [
        creates(&quick, everybody("quick", 3_600)).await,
        creates(&slow, everybody("slow", 3_600)).await,
        creates(&deaf, everybody("deaf", 3_600)).await,
    ];
    let (_slow_says, mut slow_hears) = opened(&slow, &of_slow, WINDOW).await;
    let (_deaf_says, mut deaf_hears) = opened(&deaf, &of_deaf, 1_000).await;
    let mut receiver = receiver(&quick, &of_quick);
    let people: Vec<Person> = (20_000..20_000 + PEOPLE).map(Person::invented).collect();
    let receiving = async {
        let mut told = Vec::new();
        while told.len() < 2 * people.len() {
            told.extend(told_all(&mut receiver, 1).await);
            receiver.acknowledge(cursor_of(told.last().unwrap())).await;
        }
        told
    };
    let ((), told) = tokio::join!(happens(&house, &people), receiving);
    is_everything(&told, &people);
    let status = status_of(&slow, &of_slow).await;
    // More than is counted exactly; but nothing else was published.
    assert_eq!(status.lag, u64::from(2 * PEOPLE - WINDOW), "no more than its window was told");
    assert!(status.receiving && status.oldest_unacknowledged.is_some() && status.expires_from.is_some(), "{status:?}");
    let status = status_of(&deaf, &of_deaf).await;
    assert!(status.receiving && status.oldest_unacknowledged.is_some(), "{status:?}");
    receiver.close().await;
    assert_eq!(status_of(&quick, &of_quick).await.lag, 0);

    // Nothing was lost on them: whenever they listen, they hear it.
    is_everything(&heard(&mut deaf_hears, 2 * people.len()).await, &people);
    assert_eq!(heard(&mut slow_hears, WINDOW as usize).await.len(), WINDOW as usize);
}

/// It has an event.
fn acknowledges(delivery: &Delivery) -> ReceiveRequest {
    ReceiveRequest { action: Some(Action::Acknowledge(Acknowledge { up_to: cursor_of(delivery).to_owned() })) }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_more_than_it_can_is_heard_and_comes_to_an_end() {
    let house = open_house("").await;
    let cnaf = house.agency("cnaf").await;
    // To take the whole window takes longer than an event may stay unacknowledged.
    let id = creates(&cnaf, everybody("steady", 1)).await;
    let people: Vec<Person> = (21_000..21_000 + PEOPLE).map(Person::invented).collect();
    happens(&house, &people).await;
    let (says, mut hears) = opened(&cnaf, &id, 1_000).await;
    let (mut told, mut known) = (Vec::new(), HashSet::new());
    let settling = async {
        loop {
            let Ok(response) = tokio::time::timeout(QUIET, hears.message()).await else {
                if status_of(&cnaf, &id).await.oldest_unacknowledged.is_none() {
                    return;
                }
                continue;
            };
            let Some(Message::Delivery(delivery)) = response.unwrap().unwrap().message else { panic!("it is held") };
            says.send(acknowledges(&delivery)).await.unwrap();
            if known.insert(id_of(&delivery).to_owned()) {
                told.push(delivery);
            }
            // This is the pace of who writes each into a database.
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, settling).await.expect("what was acknowledged is told again for ever");
    is_everything(&told, &people);
    assert_eq!(status_of(&cnaf, &id).await.dead_letters, 0);
}
