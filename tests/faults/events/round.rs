//! One round: providers publish, subscribers are told, and at a moment that the seed decides something strikes.

use std::{
    sync::{Arc, atomic::AtomicU32},
    time::Duration,
};

use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::sync::{RwLock, watch};
use unefois_client::Connection;
use unefois_testkit::{House, Person};

use super::{
    heard::Broken,
    published::{Acknowledged, Published},
    publisher::Publisher,
    subscriber::{Listening, Subscriber},
};
use crate::{
    load::BrokeOff,
    nodes::{PATIENCE, blow::Blow},
};

/// How long after its moment something strikes, in milliseconds: while a batch is under way.
const UNTIL_STRUCK: std::ops::Range<u64> = 0..30;
/// How long what was struck stays down, in milliseconds.
const DOWN: std::ops::Range<u64> = 0..600;
/// How many publish at each node.
const PUBLISHERS: usize = 2;

/// The nodes, and those of whom is published, each with the number of the next record.
#[derive(Debug)]
pub(super) struct World {
    pub(super) nodes: Vec<RwLock<House>>,
    pub(super) people: Vec<(Person, AtomicU32)>,
}

/// How far a round is. Clones count together.
#[derive(Debug, Clone)]
pub(super) struct Progress(Arc<watch::Sender<Counts>>);

#[derive(Debug, Clone, Copy, Default)]
struct Counts {
    published: usize,
    told: usize,
}

/// When something strikes: once so much is published, or told to all subscribers together.
#[derive(Debug, Clone, Copy)]
enum Moment {
    Published(usize),
    Told(usize),
}

impl World {
    /// A connection of an agency to one of the nodes; waits while that is down on purpose.
    pub(super) async fn connect(&self, agency: &str, at: usize) -> Result<Connection, BrokeOff> {
        let node = self.nodes[at].read().await;
        Ok(node.connect(Some(node.pki().client(agency, "main"))).await?)
    }

    /// The last node, so that every node is looked at once.
    pub(super) async fn node(&self, number: usize) -> tokio::sync::RwLockReadGuard<'_, House> {
        self.nodes[number % self.nodes.len()].read().await
    }
}

impl Progress {
    fn new() -> Self {
        Self(Arc::new(watch::Sender::new(Counts::default())))
    }

    pub(super) fn published(&self, more: usize) {
        self.0.send_modify(|counts| counts.published += more);
    }

    pub(super) fn told(&self, more: usize) {
        self.0.send_modify(|counts| counts.told += more);
    }

    async fn reaches(&self, moment: Moment) {
        let is_reached = |counts: &Counts| match moment {
            Moment::Published(due) => counts.published >= due,
            Moment::Told(due) => counts.told >= due,
        };
        self.0.subscribe().wait_for(is_reached).await.unwrap();
    }
}

/// So many records are published at all nodes together, and told to all subscribers; meanwhile something strikes, if
/// anything. Gives the subscribers, who must have been told everything.
pub(super) async fn round(
    world: &Arc<World>,
    (seed, due): (u64, usize),
    blow: Option<Blow>,
    (published, subscribers): (&mut Published, Vec<Subscriber>),
) -> Result<Vec<Subscriber>, Broken> {
    let mut random = StdRng::seed_from_u64(seed);
    let progress = Progress::new();
    let (say, total) = watch::channel(None);
    let publishers = publishers(world, due, &mut random, &progress);
    let listening: Vec<_> = subscribers
        .into_iter()
        .map(|subscriber| {
            let (world, random) = (Arc::clone(world), StdRng::seed_from_u64(random.random()));
            let (progress, total) = (progress.clone(), total.clone());
            tokio::spawn(Listening { subscriber, world, random, progress, total }.goes_on())
        })
        .collect();
    if let Some(blow) = blow {
        let at = random.random_range(0..due);
        let moment = if random.random() { Moment::Published(at) } else { Moment::Told(at) };
        // Where it does not come, whoever stands in the way says so below.
        let _come = tokio::time::timeout(PATIENCE, progress.reaches(moment)).await;
        // Not to hope for anything: this is the moment of the blow.
        tokio::time::sleep(Duration::from_millis(random.random_range(UNTIL_STRUCK))).await;
        blow.strikes(&world.nodes, Duration::from_millis(random.random_range(DOWN))).await;
    }
    let mut acknowledged: Vec<Acknowledged> = Vec::new();
    for publisher in publishers {
        acknowledged.append(&mut publisher.await.unwrap());
    }
    published.add(acknowledged);
    say.send_replace(Some(published.events()));
    let mut subscribers = Vec::new();
    for subscriber in listening {
        let subscriber = subscriber.await.unwrap()?;
        subscriber.heard.is_all_of(published)?;
        subscribers.push(subscriber);
    }
    Ok(subscribers)
}

fn publishers(
    world: &Arc<World>,
    due: usize,
    random: &mut StdRng,
    progress: &Progress,
) -> Vec<tokio::task::JoinHandle<Vec<Acknowledged>>> {
    let count = PUBLISHERS * world.nodes.len();
    let publisher = |nth: usize| Publisher {
        world: Arc::clone(world),
        at: nth % world.nodes.len(),
        random: StdRng::seed_from_u64(random.random()),
        // Together exactly as many as are due.
        due: (due + nth) / count,
        progress: progress.clone(),
    };
    (0..count).map(publisher).map(|publisher| tokio::spawn(publisher.goes_on())).collect()
}
