//! Rounds of kills at random moments, of either node and of PostgreSQL, under the load of many callers on both nodes.
//!
//! Ten rounds of known seeds here; `cargo xtask soak` says in the environment from which seed on, and how many.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::{RwLock, watch};
use unefois_testkit::{House, HouseSettings, Person, PostgresDurability};

use super::{
    PATIENCE,
    blow::{BLOWS, Blow, Nodes},
    on_postgres,
};
use crate::{
    UNEFOIS,
    load::{Agencies, BrokeOff, apply, with_id},
    promises::Promises,
    rounds::{Named, seeds},
};

/// How long the load lasts before the blow, in milliseconds.
const UNTIL_STRUCK: std::ops::Range<u64> = 5..600;
/// How long what was struck stays down, in milliseconds.
const DOWN: std::ops::Range<u64> = 0..1_200;
/// How many calls each node must answer after the blow, before the round ends.
const ANSWERED_AFTER: u64 = 10;
/// How many people one caller publishes in one round at most.
const NEW_PEOPLE_MAX: u32 = 400;
/// How many callers there are, two of each kind: one on each node.
const CALLERS: u32 = NODES * KINDS;
const KINDS: u32 = 4;
const NODES: u32 = 2;
/// The lease of a killed node runs out soon enough that one of the next rounds takes its shard.
const CONFIGURATION: &str = "[limits.store]\nlease = \"5s\"\ntransaction-idle-max = \"2s\"\n";

/// What a caller does.
#[derive(Debug, Clone, Copy)]
enum Kind {
    PullsWithId,
    PullsWithoutId,
    Publishes,
    Consents,
}

/// One caller of one round, on one node.
struct Caller {
    kind: Kind,
    nodes: Arc<Nodes>,
    at: usize,
    /// How many calls each node has answered.
    answered: Arc<[AtomicU64; NODES as usize]>,
    random: StdRng,
    /// No other caller of any round has this number.
    number: u32,
    tried: u32,
    /// People of whom a record is published.
    known: Arc<Vec<u32>>,
    promises: Promises,
}

impl Caller {
    /// Goes on until told to stop, whatever happens to the node.
    async fn goes_on(mut self, until: watch::Receiver<bool>) -> Promises {
        let mut connected = None;
        while !*until.borrow() {
            let connection = match connected.take() {
                Some(connection) => Ok(connection),
                None => Agencies::of(&*self.nodes[self.at].read().await).await,
            };
            let outcome = match &connection {
                Ok(agencies) => self.acts(agencies).await,
                Err(BrokeOff(reason)) => Err(BrokeOff(reason.clone())),
            };
            match outcome {
                Ok(()) => {
                    self.answered[self.at].fetch_add(1, Ordering::Relaxed);
                    connected = connection.ok();
                }
                Err(BrokeOff(reason)) => {
                    // A hub that gives a reason is still there.
                    connected = connection.ok().filter(|_| !reason.is_empty());
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }
        }
        self.promises
    }

    fn somebody(&mut self) -> Person {
        Person::invented(self.known[self.random.random_range(0..self.known.len())])
    }

    async fn acts(&mut self, agencies: &Agencies) -> Result<(), BrokeOff> {
        // Counted before: what was not answered is not tried again as something else.
        self.tried += 1;
        let (person, nth) = (self.somebody(), self.tried);
        match self.kind {
            Kind::Publishes if nth < NEW_PEOPLE_MAX => {
                let person = Person::invented(100_000 + self.number * NEW_PEOPLE_MAX + nth);
                let cents = i64::from(self.random.random_range(0..1_000_000_u32));
                agencies.publish(&person, cents, &mut self.promises).await
            }
            Kind::PullsWithId | Kind::Publishes => {
                // Now and then one that was asked before, by itself.
                let nth = if self.random.random_bool(0.2) { self.random.random_range(1..=nth) } else { nth };
                let id = format!("{}-{nth}", self.number);
                let request = self.promises.asked.get(&id).cloned().unwrap_or_else(|| with_id(&person, &id));
                agencies.pull_with_id(&request, &mut self.promises).await
            }
            Kind::PullsWithoutId => agencies.pull_without_id(&person, &mut self.promises).await,
            Kind::Consents => {
                let consent = agencies.grant(&person, &mut self.promises).await?;
                if self.random.random_bool(0.5) {
                    agencies.withdraw(consent, &mut self.promises).await?;
                }
                Ok(())
            }
        }
    }
}

/// Waits until each node answers again, and says how long the first answers took.
async fn until_they_answer(answered: &[AtomicU64], since: Instant, what: &str) {
    let counts = || answered.iter().map(|count| count.load(Ordering::Relaxed)).collect::<Vec<_>>();
    for due in [1, ANSWERED_AFTER] {
        let before = counts();
        let seen = async {
            while counts().iter().zip(&before).any(|(now, before)| *now < before + due) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        let is_seen = tokio::time::timeout(PATIENCE, seen).await.is_ok();
        assert!(is_seen, "{what}: a node does not answer any more: {before:?}, then {:?}", counts());
        println!("{what}: each node answered {due} more after {} ms", since.elapsed().as_millis());
    }
}

/// Lets callers loose on both nodes, strikes at a moment that the seed decides, and lets them go on.
async fn round(nodes: &Arc<Nodes>, number: u32, seed: u64, known: &Arc<Vec<u32>>) -> Promises {
    let mut random = StdRng::seed_from_u64(seed);
    let blow = Blow::of(seed, &BLOWS);
    let kinds = [Kind::PullsWithId, Kind::PullsWithoutId, Kind::Publishes, Kind::Consents];
    let (stop, until) = watch::channel(false);
    let answered: Arc<[AtomicU64; NODES as usize]> = Arc::default();
    let callers: Vec<_> = (0..CALLERS)
        .map(|position| {
            let caller = Caller {
                kind: kinds[(position / NODES) as usize],
                nodes: Arc::clone(nodes),
                at: (position % NODES) as usize,
                answered: Arc::clone(&answered),
                random: StdRng::seed_from_u64(random.random()),
                number: number * CALLERS + position,
                tried: 0,
                known: Arc::clone(known),
                promises: Promises::default(),
            };
            tokio::spawn(caller.goes_on(until.clone()))
        })
        .collect();
    // Not to hope for anything: this is the moment of the blow.
    tokio::time::sleep(Duration::from_millis(random.random_range(UNTIL_STRUCK))).await;
    let since = blow.strikes(nodes, Duration::from_millis(random.random_range(DOWN))).await;
    until_they_answer(&*answered, since, &format!("round {number}, seed {seed}, {blow:?}")).await;
    stop.send_replace(true);
    let mut promises = Promises::default();
    for caller in callers {
        promises.add(caller.await.unwrap());
    }
    promises
}

#[tokio::test(flavor = "multi_thread")]
async fn whenever_a_node_or_postgresql_is_killed_everything_acknowledged_is_there_once() {
    let settings = HouseSettings { durability: PostgresDurability::Durable, ..on_postgres(CONFIGURATION) };
    let first = House::build(UNEFOIS, &settings).started();
    let mut all = Promises::default();
    apply(&first, &mut all).await.unwrap();
    // Only now: of what adds authority a running node hears a moment later.
    let second = first.second_node().started();
    let agencies = Agencies::of(&second).await.unwrap();
    for person in 9_000..9_020 {
        agencies.publish(&Person::invented(person), i64::from(person), &mut all).await.unwrap();
    }
    let known = Arc::new((9_000..9_020).collect());
    let nodes: Arc<Nodes> = Arc::from([RwLock::new(first), RwLock::new(second)]);
    for (number, seed) in (0..).zip(seeds()) {
        let named = Named::of(number, seed);
        let mut promises = round(&nodes, number, seed, &known).await;
        for node in &*nodes {
            assert!(node.write().await.ended().is_none(), "a node that was not killed goes on");
        }
        promises.registry = all.registry;
        promises.stand_at(&*nodes[number as usize % 2].read().await).await;
        all.add(promises);
        all.are_in_the_ledger_of(&*nodes[1 - number as usize % 2].read().await).await;
        drop(named);
        let (pulls, publications) = (all.pulled.len() + all.released.len(), all.publications.len());
        println!("round {number}, seed {seed}: {pulls} pulls, {publications} publications stand");
    }
}
