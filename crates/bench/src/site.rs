//! Where it is measured: hubs with the same people, a PostgreSQL for all that are on one, and the sizes of messages.

use std::{path::PathBuf, sync::Arc};

use anyhow::Context;
use unefois_testkit::{House, PostgresCluster, Storage};

use crate::{
    arguments::PullOptions,
    hub::{self, Hub, Sizes},
    optimised::Server,
    population::Population,
    questions::Questions,
    row::Row,
};

/// The hubs, and what is asked of them.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) questions: Arc<Questions>,
    pub(crate) sizes: Sizes,
    pub(crate) population: Population,
    /// How many connections the row `by-hand` has.
    pub(crate) pool: u32,
    binary: String,
    /// Always there: the bare servers are as large as its messages, and have its certificates.
    pub(crate) sqlite: Hub,
    postgres: Option<OnPostgres>,
}

/// What is on PostgreSQL: every row in a database of its own, in one cluster.
#[derive(Debug)]
enum OnPostgres {
    Hub(Box<Hub>),
    /// No hub is measured: the house is there for its cluster.
    BareServers(Box<House>),
}

impl Site {
    /// Starts the hubs that are measured, fills them, and looks at some answers.
    pub(crate) async fn open(options: &PullOptions, server: &Server) -> anyhow::Result<Self> {
        let binary = server.path()?;
        let population = Population { subjects: options.subjects, agreements: options.agreements };
        println!("Publishing {} records under {} agreements", options.subjects, options.agreements);
        let sqlite = Hub::start(hub::house(binary, Storage::Sqlite), population).await?;
        let postgres = match options.rows.as_slice() {
            rows if rows.contains(&Row::UnefoisPostgres) => {
                let hub = Hub::start(hub::house(binary, Storage::Postgres), population).await?;
                Some(OnPostgres::Hub(Box::new(hub)))
            }
            rows if rows.iter().any(|row| row.is_on_postgres()) => {
                Some(OnPostgres::BareServers(Box::new(hub::house(binary, Storage::Postgres))))
            }
            _ => None,
        };
        let questions = Arc::new(population.questions());
        let sizes = sqlite.look(&questions, population).await?;
        Ok(Self { questions, sizes, population, pool: options.pool, binary: binary.to_owned(), sqlite, postgres })
    }

    /// The `unefois` that is measured.
    pub(crate) fn binary(&self) -> &str {
        &self.binary
    }

    /// Where a server that is started beside the hub keeps its things.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        self.sqlite.house.path().join(name)
    }

    /// The hub on PostgreSQL.
    pub(crate) fn postgres(&self) -> anyhow::Result<&Hub> {
        match &self.postgres {
            Some(OnPostgres::Hub(hub)) => Ok(hub),
            Some(OnPostgres::BareServers(_)) | None => anyhow::bail!("no hub on PostgreSQL is measured"),
        }
    }

    /// The PostgreSQL of all rows that are on one.
    pub(crate) fn cluster(&self) -> anyhow::Result<&PostgresCluster> {
        let house = match &self.postgres {
            Some(OnPostgres::Hub(hub)) => Some(&hub.house),
            Some(OnPostgres::BareServers(house)) => Some(&**house),
            None => None,
        };
        house.and_then(House::postgres).context("no row on PostgreSQL is measured")
    }
}
