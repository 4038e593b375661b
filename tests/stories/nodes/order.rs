//! What is published to both nodes at once is told once, each person's in its order.

use std::collections::HashMap;

use unefois_client::{Connection, cursor_of};
use unefois_proto::pb::{
    calendar::v1::Date,
    publication::v1::{PublishRequest, publish_response::Result as Fate},
    subscription::v1::{CreateRequest, Reach},
};
use unefois_testkit::Person;

use super::Nodes;
use crate::{
    publish,
    receive::words::{affiliation_with, asked, attribute, creates, fetched, receiver, registry_with, siret_of, told},
};

const PEOPLE: u32 = 40;
/// How often each node publishes something new about everybody.
const ROUNDS: i32 = 12;

/// The affiliation of a person that ends on a day which nobody else names.
fn ends_on(person: &Person, node: i32, round: i32) -> PublishRequest {
    let day = Date { year: Some(2030 + node), month: Some(1 + round), day: Some(1) };
    affiliation_with(person, |record| record.activity_end = Some(day))
}

/// One node after another round; gives how many revisions it made.
async fn publishes(publisher: Connection, people: Vec<Person>, node: i32) -> usize {
    let mut made = 0;
    for round in 0..ROUNDS {
        let answers = publish(&publisher, people.iter().map(|person| ends_on(person, node, round)).collect()).await;
        let stored = answers.iter().filter(|answer| matches!(answer.result, Some(Fate::Acknowledged(_))));
        made += stored.count();
    }
    made
}

#[tokio::test(flavor = "multi_thread")]
async fn what_both_nodes_publish_at_once_is_told_once_and_in_the_order_of_its_revisions() {
    let nodes = Nodes::start().await;
    nodes.first.applies(&registry_with("whole-population = true")).await.unwrap();
    let [_, consumer] = nodes.agencies("cnaf").await;
    let id = creates(&consumer, CreateRequest { reach: Reach::WholePopulation.into(), ..asked("everybody", 5) }).await;
    let people: Vec<Person> = (30_000..30_000 + PEOPLE).map(Person::invented).collect();
    let [here, there] = nodes.agencies("urssaf").await;
    let publishing =
        [(0, here), (1, there)].map(|(node, publisher)| tokio::spawn(publishes(publisher, people.clone(), node)));
    let due = people.len() * 2 * usize::try_from(ROUNDS).unwrap();
    let mut receiver = receiver(&consumer, &id);
    let mut heard: HashMap<String, Vec<u64>> = HashMap::new();
    for _nth in 0..due {
        let delivery = told(&mut receiver).await;
        assert_eq!(delivery.attempt, 1);
        receiver.acknowledge(cursor_of(&delivery)).await;
        let revision = attribute(&delivery, "revision").unwrap().parse().unwrap();
        heard.entry(siret_of(&delivery)).or_default().push(revision);
    }
    let mut made = 0;
    for publishing in publishing {
        made += publishing.await.unwrap();
    }
    assert_eq!((made, heard.len()), (due, people.len()));
    let in_order: Vec<u64> = (1..=u64::try_from(2 * ROUNDS).unwrap()).collect();
    assert!(heard.values().all(|revisions| *revisions == in_order), "{heard:?}");
    receiver.close().await;
    assert!(fetched(&consumer, &id).await.is_empty());
}
