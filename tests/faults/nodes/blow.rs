//! What happens to nodes and to PostgreSQL under load, each back after a while.

use std::time::{Duration, Instant};

use tokio::sync::RwLock;
use unefois_testkit::House;

/// The nodes, each behind a lock: one that is killed and started again is held by whoever does that, and its callers wait
/// until they can connect to it.
pub(crate) type Nodes = [RwLock<House>];

/// What happens.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Blow {
    KillsNode(usize),
    StopsPostgres,
    CutsConnections,
    /// Of the hub's database and of the key store.
    CutsAllConnections,
}

/// Rounds of two nodes whose seeds follow one another are struck by each blow in turn.
pub(crate) const BLOWS: [Blow; 5] =
    [Blow::StopsPostgres, Blow::KillsNode(0), Blow::CutsConnections, Blow::KillsNode(1), Blow::CutsAllConnections];

impl Blow {
    /// The one that a seed decides on.
    pub(crate) fn of(seed: u64, blows: &[Self]) -> Self {
        blows[usize::try_from(seed % blows.len() as u64).unwrap()]
    }

    /// Strikes, and brings back what was struck. Gives since when everything is there again.
    pub(crate) async fn strikes(self, nodes: &Nodes, down: Duration) -> Instant {
        match self {
            Self::KillsNode(nth) => {
                let mut node = nodes[nth].write().await;
                node.kill();
                tokio::time::sleep(down).await;
                node.start();
            }
            Self::StopsPostgres => {
                let node = nodes[0].read().await;
                node.postgres().unwrap().stop_immediately();
                tokio::time::sleep(down).await;
                node.postgres().unwrap().start_again();
            }
            Self::CutsConnections => drop(nodes[0].read().await.postgres().unwrap().connections_cut("hub")),
            Self::CutsAllConnections => {
                let node = nodes[0].read().await;
                for database in ["hub", "keys"] {
                    node.postgres().unwrap().connections_cut(database);
                }
            }
        }
        Instant::now()
    }
}
