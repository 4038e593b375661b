//! A hub and the agencies around it.

mod build;
mod configuration;
mod storage;

use std::{
    path::{Path, PathBuf},
    process::ExitStatus,
    sync::Arc,
};

use tempfile::TempDir;
use unefois_client::{ClientSettings, ConnectError, Connection, Shard};
use unefois_ledger::VerifyingKey;
use unefois_proto::pb::{
    audit::v1::{FoundEntry, GetCheckpointRequest, SearchExchangesRequest},
    registry::v1::{ApplyRequest, ApplyResponse},
};

pub use self::configuration::live_providers;
use self::storage::Databases;
pub use self::storage::Storage;
use crate::{
    pki::{Client, Pki},
    postgres::{PostgresCluster, PostgresDurability},
    process::{HubProcess, Paths},
};

/// How a hub is set up.
#[derive(Debug, Default, Clone)]
pub struct HouseSettings {
    /// Identifiers accepted although their keys are wrong, such as `siret:13002526500001`.
    pub sandbox: Vec<String>,
    /// The base URL of the live provider of `company-turnover`.
    pub provider: Option<String>,
    /// More lines of the configuration, such as a `[limits.broker]` table.
    pub more: String,
    /// Where the hub keeps what it knows.
    pub storage: Storage,
    /// Whether what PostgreSQL commits outlives the machine.
    pub durability: PostgresDurability,
    /// More settings of that PostgreSQL, such as `shared_buffers=128MB`.
    pub postgres_settings: Vec<String>,
}

/// A hub as its users know it.
#[derive(Debug)]
pub struct House {
    directory: TempDir,
    binary: PathBuf,
    pki: Arc<Pki>,
    paths: Paths,
    hub: Option<HubProcess>,
    /// Those of PostgreSQL, shared with the other nodes of this hub; dropped after its process.
    databases: Option<Arc<Databases>>,
}

impl House {
    /// A hub of `unefois` at `binary` with the registry of the demonstration.
    pub async fn open(binary: &str) -> Self {
        Self::open_with(binary, &HouseSettings::default()).await
    }

    /// The same, set up otherwise.
    pub async fn open_with(binary: &str, settings: &HouseSettings) -> Self {
        let house = Self::build(binary, settings);
        let house = house.started();
        house.applies(crate::DEMONSTRATION_REGISTRY).await.unwrap();
        house
    }

    /// The same, with its process running.
    #[must_use]
    pub fn started(mut self) -> Self {
        self.start();
        self
    }

    /// Starts the process.
    pub fn start(&mut self) {
        self.hub = Some(self.try_start().unwrap());
    }

    /// Starts another process on the same data directory.
    ///
    /// # Errors
    /// What it wrote to standard error, when it did not come up.
    pub fn try_start(&self) -> Result<HubProcess, String> {
        self.migrate_once()?;
        HubProcess::start(&self.binary, &self.paths.config, &self.paths.log)
    }

    /// Starts the process by another program, such as `strace -D`: these are its words.
    ///
    /// # Errors
    /// What the process wrote to standard error, when it did not come up.
    pub fn start_by(&mut self, words: &[String]) -> Result<(), String> {
        self.migrate_once()?;
        let Paths { config, log, .. } = &self.paths;
        self.hub = Some(HubProcess::start_by(words, &self.binary, config, log)?);
        Ok(())
    }

    /// Makes the tables of PostgreSQL before the first start of any node; the embedded store makes its own.
    fn migrate_once(&self) -> Result<(), String> {
        let Some(databases) = &self.databases else { return Ok(()) };
        databases.migrate_once(&self.binary, &self.paths.config)
    }

    /// The PostgreSQL that the hub is on, if it is.
    #[must_use]
    pub fn postgres(&self) -> Option<&PostgresCluster> {
        self.databases.as_deref().map(Databases::cluster)
    }

    /// The identifier of the process.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.hub.as_ref().unwrap().id()
    }

    /// Whether the process has ended by itself, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.hub.as_mut().unwrap().ended()
    }

    /// Waits until the process has ended by itself.
    pub async fn end(&mut self) -> ExitStatus {
        self.hub.take().unwrap().end().await
    }

    /// Asks the process to stop and waits; it must end well.
    pub fn stop(&mut self) {
        let status = self.hub.take().unwrap().stop();
        assert!(status.success(), "{}", self.log());
    }

    /// Waits until the process, which was told to stop, has ended; it must end well.
    pub async fn ends(&mut self) {
        let mut turn = tokio::time::interval(std::time::Duration::from_millis(20));
        let hub = self.hub.as_mut().unwrap();
        let status = loop {
            turn.tick().await;
            if let Some(status) = hub.ended() {
                break status;
            }
        };
        assert!(status.success(), "{}", self.log());
    }

    /// Kills the process.
    pub fn kill(&mut self) {
        self.hub.take().unwrap().kill();
    }

    /// The folder of everything.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The data directory.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.paths.data
    }

    /// The outside checkpoint of the hub's first shard.
    #[must_use]
    pub fn outside_checkpoint(&self) -> PathBuf {
        match &self.databases {
            None => self.paths.data.join("checkpoint"),
            Some(databases) => databases.outside_checkpoints().join("checkpoint-0"),
        }
    }

    /// What the process has logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.paths.log).unwrap_or_default()
    }

    /// The certificates.
    #[must_use]
    pub fn pki(&self) -> &Pki {
        &self.pki
    }

    /// Where the hub listens.
    #[must_use]
    pub fn endpoint(&self) -> String {
        self.hub.as_ref().unwrap().endpoint()
    }

    /// The process.
    #[must_use]
    pub fn process(&self) -> &HubProcess {
        self.hub.as_ref().unwrap()
    }

    /// A connection of an agency, with a good certificate.
    pub async fn agency(&self, agency: &str) -> Connection {
        self.connect(Some(self.pki.client(agency, "main"))).await.unwrap()
    }

    /// A connection with that certificate, or none.
    ///
    /// # Errors
    /// The hub refuses it.
    pub async fn connect(&self, client: Option<Client>) -> Result<Connection, ConnectError> {
        let (certificate, key) = client.map(|client| (client.certificate, client.key)).unzip();
        let settings = ClientSettings {
            endpoint: self.endpoint(),
            ca: self.pki.ca(),
            certificate,
            key,
            ..ClientSettings::default()
        };
        Connection::open(&settings).await
    }

    /// The operator applies a registry file.
    ///
    /// # Errors
    /// The hub refuses it.
    pub async fn applies(&self, registry_toml: &str) -> Result<ApplyResponse, tonic::Status> {
        let request = ApplyRequest { registry_toml: registry_toml.to_owned(), dry_run: false };
        let operator = self.agency("operator").await;
        Ok(operator.registry().apply(request).await?.into_inner())
    }

    /// The public key of the ledger: that of its first shard, which verifies the others too.
    pub async fn public_key(&self) -> VerifyingKey {
        let auditor = self.agency("cour-des-comptes").await;
        let answer = auditor.audit().get_checkpoint(GetCheckpointRequest::default()).await.unwrap();
        answer.into_inner().public_key.parse().unwrap()
    }

    /// What the auditor finds, newest first.
    pub async fn audited(&self, search: SearchExchangesRequest) -> Vec<FoundEntry> {
        let auditor = self.agency("cour-des-comptes").await;
        let request = SearchExchangesRequest { case_reference: "audit".to_owned(), ..search };
        auditor.audit().search_exchanges(request).await.unwrap().into_inner().entries
    }

    /// The export of the one shard of the ledger, as a file of the auditor.
    pub async fn exported(&self) -> Vec<u8> {
        let mut files = self.exported_shards().await;
        assert_eq!(files.len(), 1, "the ledger has several shards");
        files.remove(0).1
    }

    /// The exports of all shards of the ledger that have entries, as files of the auditor, in the order of their slots.
    pub async fn exported_shards(&self) -> Vec<(Shard, Vec<u8>)> {
        let auditor = self.agency("cour-des-comptes").await;
        let mut files = Vec::new();
        for shard in unefois_client::shards(&auditor).await.unwrap() {
            let mut file = Vec::new();
            match unefois_client::export_to(&auditor, &shard, "audit", &mut file).await {
                Ok(_) => files.push((shard, file)),
                Err(error) => assert_eq!(shard.size, 0, "{}: {error}", shard.origin()),
            }
        }
        files
    }

    /// Runs `unefois` with these arguments, and this on its standard input. Gives whether it succeeded and what it
    /// wrote.
    #[must_use]
    pub fn runs(&self, arguments: &[&str], input: &str) -> (bool, String, String) {
        use std::io::Write;
        let mut child = std::process::Command::new(&self.binary)
            .args(arguments)
            .current_dir(self.directory.path())
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        // A command that refuses its arguments does not read its input.
        let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.success(), text(output.stdout), text(output.stderr))
    }

    /// The flags with which an agency runs a command.
    #[must_use]
    pub fn flags(&self, agency: &str) -> Vec<String> {
        let Client { certificate, key } = self.pki.client(agency, "main");
        let text = |path: PathBuf| path.to_str().unwrap().to_owned();
        let ca = text(self.pki.ca());
        let pairs =
            [("--hub", self.endpoint()), ("--ca", ca), ("--certificate", text(certificate)), ("--key", text(key))];
        pairs.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect()
    }
}
