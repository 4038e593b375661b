//! The rows: the servers that are measured beside one another. A new one is a variant, a name, and how it starts.

use std::process::Command;

use anyhow::Context;
use unefois_client::{ClientSettings, ConnectError, Connection};
use unefois_testkit::{HubProcess, Pki};

use crate::{bare, site::Site};

/// What sealing adds: the blind, the nonce and the tag.
const SEALING_BYTES: usize = 32 + 12 + 16;

/// A kind of server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Row {
    /// Answers at once.
    #[value(name = "echo")]
    Echo,
    /// Answers when a row is durable, many rows a commit.
    #[value(name = "sqlite-append")]
    SqliteAppend,
    /// The hub as it is shipped, on its embedded store.
    #[value(name = "unefois/sqlite")]
    UnefoisSqlite,
}

/// Which answers are right.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Due {
    /// Those that begin with the bytes that the question names.
    Data,
    /// Those of that length.
    Length(usize),
}

/// A server that runs, and how it is called.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) row: Row,
    client: ClientSettings,
    process_id: u32,
    method: &'static str,
    due: Due,
    /// Killed when this is dropped; absent for the hub of the site.
    _process: Option<HubProcess>,
}

impl Row {
    /// As it stands in the figures.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Echo => "echo",
            Self::SqliteAppend => "sqlite-append",
            Self::UnefoisSqlite => "unefois/sqlite",
        }
    }

    /// Whether its answers carry receipts.
    pub(crate) fn has_receipts(self) -> bool {
        match self {
            Self::Echo | Self::SqliteAppend => false,
            Self::UnefoisSqlite => true,
        }
    }

    /// Starts the server, where the site does not have it already.
    pub(crate) fn start(self, site: &Site) -> anyhow::Result<Running> {
        let pki = site.house.pki();
        match self {
            Self::Echo => Running::bare(self, site, bare_command("echo-server", site)?),
            Self::SqliteAppend => {
                let mut command = bare_command("append-server", site)?;
                command.arg("--data").arg(site.folder("append"));
                command.args(["--leaf-bytes", &site.sizes.leaf_bytes.to_string()]);
                command.args(["--sealed-bytes", &(site.sizes.personal_bytes + SEALING_BYTES).to_string()]);
                Running::bare(self, site, command)
            }
            Self::UnefoisSqlite => Ok(Running {
                row: self,
                client: client(pki, site.house.endpoint()),
                process_id: site.house.process_id(),
                method: "/unefois.exchange.v1.ExchangeService/Pull",
                due: Due::Data,
                _process: None,
            }),
        }
    }
}

impl Running {
    fn bare(row: Row, site: &Site, command: Command) -> anyhow::Result<Self> {
        let log = site.folder(&format!("{}.log", row.name()));
        let process = HubProcess::spawn(command, &log).map_err(anyhow::Error::msg)?;
        Ok(Self {
            row,
            client: client(site.house.pki(), process.endpoint()),
            process_id: process.id(),
            method: bare::METHOD,
            due: Due::Length(site.sizes.answer_bytes),
            _process: Some(process),
        })
    }

    /// Opens a connection with the certificate of the consumer.
    pub(crate) async fn connect(&self) -> Result<Connection, ConnectError> {
        Connection::open(&self.client).await
    }

    /// The number of its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process_id
    }

    /// The method that is measured.
    pub(crate) fn method(&self) -> &'static str {
        self.method
    }

    /// Which answers are right.
    pub(crate) fn due(&self) -> Due {
        self.due
    }
}

impl Due {
    /// Whether this is the answer to a question whose answer begins with `begin`.
    pub(crate) fn is_met_by(self, answer: &[u8], begin: &[u8]) -> bool {
        match self {
            Self::Data => answer.starts_with(begin),
            Self::Length(length) => answer.len() == length,
        }
    }
}

/// This program as a bare server.
fn bare_command(name: &str, site: &Site) -> anyhow::Result<Command> {
    let server = site.house.pki().server();
    let mut command = Command::new(std::env::current_exe().context("where this program lies is not known")?);
    command.arg(name).arg("--certificate").arg(server.certificate).arg("--key").arg(server.key);
    command.arg("--ca").arg(site.house.pki().ca());
    command.args(["--answer-bytes", &site.sizes.answer_bytes.to_string()]);
    Ok(command)
}

fn client(pki: &Pki, endpoint: String) -> ClientSettings {
    let consumer = pki.client("cnaf", "main");
    ClientSettings {
        endpoint,
        ca: pki.ca(),
        certificate: Some(consumer.certificate),
        key: Some(consumer.key),
        ..ClientSettings::default()
    }
}
