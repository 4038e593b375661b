//! The rows: the servers that are measured beside one another. A new one is a variant, a name, and how it starts.

use std::process::Command;

use anyhow::Context;

use crate::{entries::Entries, report::Label, running::Running, site::Site};

/// What sealing adds: the blind, the nonce and the tag.
const SEALING_BYTES: usize = 32 + 12 + 16;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Row {
    /// Answers at once.
    #[value(name = "echo")]
    Echo,
    /// Answers when a row is durable in SQLite, many rows a commit.
    #[value(name = "sqlite-append")]
    SqliteAppend,
    /// Answers when a payload was read from PostgreSQL and a row is durable there, many calls a statement.
    #[value(name = "pg-batched")]
    PgBatched,
    /// The same with two statements a call.
    #[value(name = "by-hand")]
    ByHand,
    /// The hub as it is shipped, on its embedded store.
    #[value(name = "unefois/sqlite")]
    UnefoisSqlite,
    /// The hub as it is shipped, on PostgreSQL.
    #[value(name = "unefois/postgres")]
    UnefoisPostgres,
}

impl Row {
    /// As it stands in the figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::SqliteAppend => "sqlite-append",
            Self::PgBatched => "pg-batched",
            Self::ByHand => "by-hand",
            Self::UnefoisSqlite => "unefois/sqlite",
            Self::UnefoisPostgres => "unefois/postgres",
        }
    }

    /// Whether PostgreSQL works for it.
    pub(crate) fn is_on_postgres(self) -> bool {
        match self {
            Self::Echo | Self::SqliteAppend | Self::UnefoisSqlite => false,
            Self::PgBatched | Self::ByHand | Self::UnefoisPostgres => true,
        }
    }

    /// Starts the server, where the site does not have it already.
    pub(crate) fn start(self, site: &Site) -> anyhow::Result<Running<'_>> {
        match self {
            Self::Echo => Running::bare(self, site, bare_command("echo-server", site)?, Entries::None),
            Self::SqliteAppend => {
                let database = site.folder("append.sqlite");
                let mut command = bare_command("append-server", site)?;
                command.args(rows_arguments(site)).arg("--data").arg(&database);
                Running::bare(self, site, command, Entries::Sqlite(database))
            }
            Self::PgBatched => self.start_on_tables(bare_command("batched-server", site)?, site),
            Self::ByHand => {
                let mut command = bare_command("by-hand-server", site)?;
                command.args(["--pool", &site.pool.to_string()]);
                self.start_on_tables(command, site)
            }
            Self::UnefoisSqlite => Ok(Running::hub(self, &site.sqlite)),
            Self::UnefoisPostgres => Ok(Running::hub(self, site.postgres()?)),
        }
    }

    fn start_on_tables<'site>(self, mut command: Command, site: &'site Site) -> anyhow::Result<Running<'site>> {
        let cluster = site.cluster()?;
        let database = self.name().to_owned();
        cluster.database_create(&database);
        command.args(rows_arguments(site)).args(["--url", &cluster.url(&database)]);
        command.args(["--records", &site.population.subjects.to_string()]);
        command.args(["--payload-bytes", &(site.sizes.record_bytes + SEALING_BYTES).to_string()]);
        Running::bare(self, site, command, Entries::Postgres { cluster, database })
    }
}

impl From<Row> for Label {
    fn from(row: Row) -> Self {
        Self { name: row.name(), is_on_postgres: row.is_on_postgres() }
    }
}

/// This program as a bare server.
fn bare_command(name: &str, site: &Site) -> anyhow::Result<Command> {
    let pki = site.sqlite.house.pki();
    let server = pki.server();
    let mut command = Command::new(std::env::current_exe().context("where this program lies is not known")?);
    command.arg(name).arg("--certificate").arg(server.certificate).arg("--key").arg(server.key);
    command.arg("--ca").arg(pki.ca());
    command.args(["--answer-bytes", &site.sizes.answer_bytes.to_string()]);
    Ok(command)
}

fn rows_arguments(site: &Site) -> [String; 4] {
    let [leaf, sealed] =
        [site.sizes.leaf_bytes, site.sizes.personal_bytes + SEALING_BYTES].map(|size| size.to_string());
    ["--leaf-bytes".to_owned(), leaf, "--sealed-bytes".to_owned(), sealed]
}
