//! Events under faults: whatever is killed or slow, every subscriber is told everything, in order, until it has it.
//!
//! Ten rounds of known seeds here; `cargo xtask soak` says in the environment from which seed on, how many, and how many
//! events there are in all of them.

mod delays;
mod entries;
mod heard;
mod published;
mod publisher;
mod round;
mod subscriber;

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use tokio::sync::RwLock;
use unefois_client::Connection;
use unefois_proto::pb::{
    calendar::v1::Date,
    dossier::v1::{Declaration, OpenRequest},
    subscription::v1::{CreateRequest, Reach, Terms},
};
use unefois_testkit::{House, HouseSettings, Person, PostgresDurability};

use self::{
    entries::Entries,
    heard::Broken,
    published::Published,
    round::{World, round},
    subscriber::{Subscriber, Way},
};
use crate::{
    UNEFOIS,
    nodes::{
        blow::{BLOWS, Blow},
        on_postgres,
    },
    rounds::{Named, named, seeds_of},
};

/// How many events there are in a round, where nobody says otherwise.
const EVENTS: usize = 500;
/// Of how many people is published: so few that publishers meet in subjects and in partitions.
const PEOPLE: u32 = 60;
/// Nobody acknowledges late here: whatever is told again, is because something broke.
const REDELIVERY: i64 = 3_600;
/// Whose node was killed is told by another soon; the log is folded often enough that kills fall into it.
const ON_SQLITE: &str = "[limits.store]\nfold-after-pages = 200\n[limits.broker]\nreceiver-lease = \"2s\"\n";
const ON_POSTGRES: &str =
    "[limits.store]\nlease = \"5s\"\ntransaction-idle-max = \"2s\"\n[limits.broker]\nreceiver-lease = \"2s\"\n";

/// Those who are told the same: how, and under which agreement.
const SUBSCRIBERS: [(&str, &str, Way); 2] = [("cnaf", "d09-cnaf", Way::Receives), ("cnam", "s02-cnam", Way::Fetches)];

/// A hub of two nodes on PostgreSQL.
async fn two_nodes(settings: &HouseSettings) -> Vec<House> {
    let first = House::open_with(UNEFOIS, settings).await;
    // Only now: of what adds authority a running node hears a moment later.
    let second = first.second_node().started();
    vec![first, second]
}

/// A hub with these nodes, people nobody knows yet, and whoever has a dossier on all of them.
async fn scene(nodes: Vec<House>, told: &[(&'static str, &str, Way)]) -> (Arc<World>, Vec<Subscriber>) {
    // Its certificate is issued before several want it at once.
    drop(nodes[0].agency("urssaf").await);
    let people: Vec<_> = (0..PEOPLE).map(|number| Person::invented(20_000 + number)).collect();
    let mut subscribers = Vec::new();
    for (agency, agreement, way) in told {
        let consumer = nodes[0].agency(agency).await;
        for person in &people {
            opens(&consumer, person).await;
        }
        subscribers.push(Subscriber::new(agency, *way, subscribes(&consumer, agreement).await));
    }
    let people = people.into_iter().map(|person| (person, AtomicU32::new(0))).collect();
    (Arc::new(World { nodes: nodes.into_iter().map(RwLock::new).collect(), people }), subscribers)
}

async fn opens(consumer: &Connection, person: &Person) {
    #[allow(clippy::disallowed_methods, reason = "a test runs now")]
    let day = jiff::Timestamp::now() + Duration::from_secs(100 * 24 * 3_600);
    let day = day.to_zoned(jiff::tz::TimeZone::UTC).date();
    let part = |part: i8| Some(i32::from(part));
    let last_day = Date { year: Some(i32::from(day.year())), month: part(day.month()), day: part(day.day()) };
    let declaration =
        Declaration { subject: Some(person.by_nir()), reason: "benefit-claim".to_owned(), last_day: Some(last_day) };
    let request = OpenRequest { declaration: Some(declaration), case_reference: "FILE-1".to_owned() };
    consumer.dossier().open(request).await.unwrap();
}

async fn subscribes(consumer: &Connection, agreement: &str) -> String {
    let redelivery_after = Some(prost_types::Duration { seconds: REDELIVERY, nanos: 0 });
    let request = CreateRequest {
        name: "affiliations".to_owned(),
        agreement: agreement.to_owned(),
        filter: None,
        reach: Reach::Unspecified.into(),
        terms: Some(Terms { retention_days: 7, redelivery_after, attempts_max: 50 }),
    };
    consumer.subscription().create(request).await.unwrap().into_inner().subscription.unwrap().subscription_id
}

/// Round after round, each with one of these blows, on one hub.
async fn withstand(nodes: Vec<House>, blows: &[Blow]) {
    let (world, mut subscribers) = scene(nodes, &SUBSCRIBERS).await;
    let (mut published, mut entries) = (Published::default(), Entries::default());
    let seeds = seeds_of("UNEFOIS_SOAK_EVENT_ROUNDS");
    let events = named("UNEFOIS_SOAK_EVENTS").map(|all| usize::try_from(all).unwrap().div_ceil(seeds.len()));
    let events = events.unwrap_or(EVENTS);
    for (number, seed) in (0..).zip(seeds) {
        let flags = format!("--seed {seed} --rounds 1 --event-rounds 1 --events {events}");
        let named = Named::with(number, flags);
        let blow = Blow::of(seed, blows);
        let done = round(&world, (seed, events), Some(blow), (&mut published, subscribers)).await;
        subscribers = done.unwrap_or_else(|broken| panic!("{blow:?}: {broken:?}"));
        for node in &world.nodes {
            assert!(node.write().await.ended().is_none(), "a node that was not killed goes on");
        }
        entries.read_on(&*world.node(number as usize).await).await;
        for subscriber in &subscribers {
            entries.are_of(subscriber);
        }
        drop(named);
        let told: usize = subscribers.iter().map(|subscriber| subscriber.entries.len()).sum();
        println!("round {number}, seed {seed}, {blow:?}: {} events, told {told} times", published.events());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_hub_is_killed_every_subscriber_is_told_everything_in_order() {
    let settings = HouseSettings { more: ON_SQLITE.to_owned(), ..HouseSettings::default() };
    withstand(vec![House::open_with(UNEFOIS, &settings).await], &[Blow::KillsNode(0)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_node_or_postgresql_is_killed_every_subscriber_is_told_everything_in_order() {
    let settings = HouseSettings { durability: PostgresDurability::Durable, ..on_postgres(ON_POSTGRES) };
    withstand(two_nodes(&settings).await, &BLOWS).await;
}
