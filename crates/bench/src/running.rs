//! A server that runs, how it is called, and which processes work for it.

use std::process::Command;

use unefois_client::{ClientSettings, ConnectError, Connection};
use unefois_testkit::{HubProcess, Pki};

use crate::{bare, entries::Entries, hub::Hub, row::Row, site::Site};

/// Which answers are right.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Due {
    /// Those that begin with the bytes that the question names.
    Data,
    /// Those of that length.
    Length(usize),
}

/// The processes of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processes {
    /// The one that is called.
    pub(crate) server: u32,
    /// The first of its PostgreSQL.
    pub(crate) database: Option<u32>,
}

/// A server that runs.
#[derive(Debug)]
pub(crate) struct Running<'site> {
    pub(crate) row: Row,
    pub(crate) processes: Processes,
    pub(crate) entries: Entries<'site>,
    /// Absent for a server that is none.
    pub(crate) hub: Option<&'site Hub>,
    client: ClientSettings,
    method: &'static str,
    due: Due,
    /// Killed when this is dropped; absent for the hubs of the site.
    _process: Option<HubProcess>,
}

impl<'site> Running<'site> {
    /// Starts a bare server.
    pub(crate) fn bare(row: Row, site: &'site Site, command: Command, entries: Entries<'site>) -> anyhow::Result<Self> {
        let log = site.folder(&format!("{}.log", row.name()));
        let process = HubProcess::spawn(command, &log).map_err(anyhow::Error::msg)?;
        let database = if row.is_on_postgres() { Some(site.cluster()?.process_id()) } else { None };
        Ok(Self {
            row,
            processes: Processes { server: process.id(), database },
            entries,
            hub: None,
            client: client(site.sqlite.house.pki(), process.endpoint()),
            method: bare::METHOD,
            due: Due::Length(site.sizes.answer_bytes),
            _process: Some(process),
        })
    }

    /// A hub, which runs already.
    pub(crate) fn hub(row: Row, hub: &'site Hub) -> Self {
        let house = &hub.house;
        let database = house.postgres().map(unefois_testkit::PostgresCluster::process_id);
        Self {
            row,
            processes: Processes { server: house.process_id(), database },
            entries: Entries::Ledger(hub),
            hub: Some(hub),
            client: client(house.pki(), house.endpoint()),
            method: "/unefois.exchange.v1.ExchangeService/Pull",
            due: Due::Data,
            _process: None,
        }
    }

    /// Opens a connection with the certificate of the consumer.
    pub(crate) async fn connect(&self) -> Result<Connection, ConnectError> {
        Connection::open(&self.client).await
    }

    /// How it is connected to.
    pub(crate) fn client(&self) -> &ClientSettings {
        &self.client
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
