//! What a server has recorded, seen from beside it: whoever was answered must have an entry there.

use std::path::PathBuf;

use unefois_testkit::PostgresCluster;

use crate::{bare, hub::Hub};

/// Where the entries of a server are.
#[derive(Debug, Clone)]
pub(crate) enum Entries<'site> {
    /// It records nothing.
    None,
    /// In a database of SQLite.
    Sqlite(PathBuf),
    /// In a database of PostgreSQL.
    Postgres { cluster: &'site PostgresCluster, database: String },
    /// In the ledger of a hub.
    Ledger(&'site Hub),
}

impl Entries<'_> {
    /// How many there are, where any are recorded.
    pub(crate) async fn count(&self) -> anyhow::Result<Option<u64>> {
        match self {
            Self::None => Ok(None),
            Self::Sqlite(database) => bare::append::rows_count(database).map(Some),
            Self::Postgres { cluster, database } => {
                Ok(Some(cluster.runs_sql(database, "SELECT count(*) FROM entry").parse()?))
            }
            Self::Ledger(hub) => hub.size().await.map(Some),
        }
    }
}
