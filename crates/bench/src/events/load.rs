//! One load on one server: what is published is told to every subscription and acknowledged, and all of it is counted.

use std::{
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use futures::future::try_join_all;
use tokio::{
    task::JoinSet,
    time::{sleep_until, timeout},
};

use super::{
    flight::{Flight, Source},
    follower::{Counting, Follower},
    running::Running,
    tells::{Over, Publisher, Subscriber},
};
use crate::{
    cpu::Processor,
    measured::{Measured, Tally, Used},
    pace::{CountedFrom, Pace},
    shape::Shape,
};

/// How long what was published last may take to be told, and a subscription to end.
const PATIENCE: Duration = Duration::from_secs(60);
/// How many events may be on their way where the publisher waits for nobody.
const OPEN_ROOM: u32 = 100_000;
/// How many subscriptions are made at the same time.
const AT_ONCE: usize = 8;

/// What is done to a server, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    /// Subscriptions × events that each may have unacknowledged.
    pub(crate) shape: Shape,
    pub(crate) warm_up: Duration,
    pub(crate) measured: Duration,
    pub(crate) publishing: Publishing,
    pub(crate) subjects: u32,
}

/// When events are published.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Publishing {
    /// When there is room: as many are on their way as each subscription may have unacknowledged.
    Closed,
    /// So many a second, whoever is late; latencies count from when an event was due.
    Due(u64),
}

/// What a load is made of when everybody is connected.
struct Connected {
    publisher: Box<dyn Publisher>,
    subscribers: Vec<Box<dyn Subscriber>>,
}

impl Load {
    /// Puts the load on the server, and measures it. Any event that is lost, told twice or out of its subject's order is an
    /// error of the whole run.
    pub(crate) async fn run(&self, server: &Running, processor: Processor) -> anyhow::Result<Measured> {
        let Connected { publisher, subscribers } = self.connect(server).await?;
        let from = Instant::now() + self.warm_up;
        let until = from + self.measured;
        let first = server.next.load(Ordering::Relaxed);
        let (room, pace, counting) = match self.publishing {
            Publishing::Closed => (self.shape.streams.into(), Pace::Closed { until }, Counting::Told { from, until }),
            Publishing::Due(rate) => (OPEN_ROOM, Pace::open(rate, until, CountedFrom::Due), Counting::Due { from }),
        };
        let flight = Arc::new(Flight::new(room, self.shape.connections.into()));
        let (over, hears) = Over::new();
        let mut following = JoinSet::new();
        for subscriber in subscribers {
            let follower = Follower::new(&flight, first, self.subjects, counting);
            following.spawn(subscriber.follow(follower, hears.clone()));
        }
        let publishing = async {
            let published = publisher.publish(Source::new(&flight, pace, first)).await?;
            flight.lands(PATIENCE).await?;
            anyhow::Ok(published)
        };
        let using = self.used(server, processor, from);
        let (published, used) = tokio::select! {
            done = async { tokio::try_join!(publishing, using) } => done?,
            Some(ended) = following.join_next() => {
                ended??;
                anyhow::bail!("a subscriber ended before the load");
            }
        };
        let end = first + published;
        server.next.store(end, Ordering::Relaxed);
        over.send(true).context("nobody is told any more")?;
        let tallies = timeout(PATIENCE, ended(following, end)).await.context("a subscription does not end")??;
        Measured::of(tallies, self.measured, used)
    }

    async fn connect(&self, server: &Running) -> anyhow::Result<Connected> {
        let Shape { connections: subscriptions, streams: window } = self.shape;
        let mut subscribers = Vec::with_capacity(subscriptions.into());
        let numbers: Vec<u16> = (0..subscriptions).collect();
        for some in numbers.chunks(AT_ONCE) {
            let connecting = some.iter().map(|number| server.tells.subscriber(format!("load-{number}"), window));
            subscribers.append(&mut try_join_all(connecting).await.context("a subscription was not made")?);
        }
        let publisher = server.tells.publisher().await.context("a publisher has no connection")?;
        Ok(Connected { publisher, subscribers })
    }

    /// What the processes use while events count.
    async fn used(&self, server: &Running, processor: Processor, from: Instant) -> anyhow::Result<Used> {
        let used = || {
            anyhow::Ok([
                processor.used_by(server.processes.server)?,
                processor.used_by(std::process::id())?,
                processor.used_by_database(server.processes)?,
            ])
        };
        sleep_until(from.into()).await;
        let before = used()?;
        sleep_until((from + self.measured).into()).await;
        let after = used()?;
        let [server, generator, database] = std::array::from_fn(|of| after[of].saturating_sub(before[of]));
        Ok(Used { server, generator, database })
    }
}

/// What every subscription was told, which must be everything before event `end`.
async fn ended(mut following: JoinSet<anyhow::Result<Follower>>, end: u64) -> anyhow::Result<Vec<Tally>> {
    let mut tallies = Vec::new();
    while let Some(follower) = following.join_next().await {
        tallies.push(follower??.end(end)?);
    }
    ensure!(!tallies.is_empty(), "there is no subscription");
    Ok(tallies)
}
