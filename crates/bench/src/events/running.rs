//! The servers that tell events, each started, filled and ready.

use std::{
    path::Path,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use anyhow::Context;
use unefois_testkit::{Person, PostgresCluster, Storage};

use super::{hub::TellingHub, nats::Nats, rabbitmq::Rabbitmq, teller::Teller, tells::Tells};
use crate::{hub, optimised::Server, running::Processes};

/// How many bytes the other servers carry where no hub is measured that would say: about what it tells of a turnover.
const PAYLOAD_BYTES: usize = 800;

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) teller: Teller,
    pub(crate) processes: Processes,
    pub(crate) tells: Rc<dyn Tells>,
    /// The number of the event that is published next.
    pub(crate) next: AtomicU64,
}

/// What all servers are filled with.
#[derive(Debug, Clone)]
pub(crate) struct Filling {
    pub(crate) people: Arc<Vec<Person>>,
    pub(crate) retained: u64,
}

impl Filling {
    pub(crate) fn new(subjects: u32, retained: u64) -> Self {
        Self { people: Arc::new((0..subjects).map(Person::invented).collect()), retained }
    }
}

/// Starts the servers. The hubs come first: the others carry as much as they tell.
pub(crate) async fn start(
    tellers: &[Teller],
    filling: &Filling,
    server: &Server,
    nats_server: Option<&Path>,
) -> anyhow::Result<Vec<Running>> {
    let mut servers = Vec::new();
    let mut payload_bytes = None;
    for teller in tellers.iter().copied().filter(|teller| teller.is_hub()) {
        let (hub, bytes) = start_hub(teller, filling, server).await.with_context(|| teller.name())?;
        servers.push(hub);
        payload_bytes = payload_bytes.max(Some(bytes));
    }
    let payload_bytes = payload_bytes.unwrap_or(PAYLOAD_BYTES);
    println!("An event has {payload_bytes} bytes");
    for teller in tellers.iter().copied().filter(|teller| !teller.is_hub()) {
        let (processes, tells): (_, Rc<dyn Tells>) = match teller {
            Teller::Nats => {
                let nats = Nats::start(nats_server, filling.retained, payload_bytes).await.context("nats")?;
                (of_one(nats.process_id()), Rc::new(nats))
            }
            Teller::Rabbitmq => {
                let rabbitmq = Rabbitmq::start(payload_bytes).await.context("rabbitmq")?;
                (of_one(rabbitmq.process_id()), Rc::new(rabbitmq))
            }
            Teller::UnefoisSqlite | Teller::UnefoisPostgres => continue,
        };
        servers.push(Running { teller, processes, tells, next: AtomicU64::new(filling.retained) });
    }
    // As they were asked for.
    servers.sort_by_key(|server| tellers.iter().position(|teller| *teller == server.teller));
    Ok(servers)
}

/// Starts a hub. Gives how many bytes it tells of an event, too.
pub(crate) async fn start_hub(teller: Teller, filling: &Filling, server: &Server) -> anyhow::Result<(Running, usize)> {
    let storage = match teller {
        Teller::UnefoisSqlite => Storage::Sqlite,
        Teller::UnefoisPostgres => Storage::Postgres,
        Teller::Nats | Teller::Rabbitmq => anyhow::bail!("it is no hub"),
    };
    println!("{}: publishing {} events", teller.name(), filling.retained);
    let hub = TellingHub::start(hub::house_of(server, storage, "")?, &filling.people, filling.retained).await?;
    let bytes = hub.look(filling.retained).await?;
    Ok((Running::hub(teller, Rc::new(hub), filling), bytes))
}

impl Running {
    /// A hub that was looked at, which took one event more than it was filled with.
    pub(crate) fn hub(teller: Teller, hub: Rc<TellingHub>, filling: &Filling) -> Self {
        let database = hub.house().postgres().map(PostgresCluster::process_id);
        let processes = Processes { server: hub.house().process_id(), database };
        Self { teller, processes, tells: hub, next: AtomicU64::new(filling.retained + 1) }
    }

    /// How many events were published to it since it was started.
    pub(crate) fn published(&self) -> u64 {
        self.next.load(Ordering::Relaxed)
    }
}

fn of_one(server: u32) -> Processes {
    Processes { server, database: None }
}
