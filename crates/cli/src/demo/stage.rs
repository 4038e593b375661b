//! Where the story takes place: a folder, a certificate authority, a hub, and the agencies that call it.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use tempfile::TempDir;
use unefois_client::{ClientSettings, Connection};
use unefois_core::AgencyCode;
use unefois_identity::{Authority, CertificateKind, IssueRequest, ServerName, SystemName, TrustDomain, Validity};
use unefois_ledger::VerifyingKey;
use unefois_proto::pb::{audit::v1::GetCheckpointRequest, registry::v1::ApplyRequest};

use super::{hub::HubProcess, show};
use crate::{client, output};

/// The agencies and agreements of the story.
const REGISTRY: &str = include_str!("../../../../deploy/demonstration/registry.toml");

/// Who calls the hub.
const AGENCIES: [&str; 7] = ["operator", "urssaf", "cnaf", "france-travail", "fafcea", "portail", "cour-des-comptes"];

/// The one system that each of them has here.
const SYSTEM: &str = "demo";

/// How long the certificates are good, in days.
const CERTIFICATE_DAYS: u32 = 30;

/// The folder of the demonstration and its hub.
#[derive(Debug)]
pub(crate) struct Stage {
    folder: Folder,
    listen: SocketAddr,
    hub: Option<HubProcess>,
}

#[derive(Debug)]
enum Folder {
    /// Removed at the end.
    Temporary(TempDir),
    /// The reader wants to keep it.
    Kept(PathBuf),
}

impl Stage {
    /// Makes the folder, the certificates and the configuration.
    pub(crate) fn build(kept: Option<PathBuf>) -> anyhow::Result<Self> {
        let folder = match kept {
            None => Folder::Temporary(tempfile::Builder::new().prefix("unefois-demo-").tempdir()?),
            Some(path) => {
                std::fs::create_dir(&path)
                    .with_context(|| format!("cannot make `{}`: name a folder that does not exist", path.display()))?;
                Folder::Kept(path.canonicalize()?)
            }
        };
        let stage = Self { folder, listen: SocketAddr::from(([127, 0, 0, 1], 0)), hub: None };
        stage.issue_certificates().context("the certificates cannot be made")?;
        std::fs::write(stage.config(), stage.configuration()).context("the configuration cannot be written")?;
        Ok(stage)
    }

    /// Starts the hub; after the first time, where it listened before.
    pub(crate) async fn start(&mut self) -> anyhow::Result<()> {
        let hub = HubProcess::start(&self.config(), &self.log(), self.listen).await?;
        self.listen = hub.address();
        self.hub = Some(hub);
        Ok(())
    }

    /// Has the operator apply the registry.
    pub(crate) async fn register(&self) -> anyhow::Result<()> {
        let operator = self.agency("operator").await?;
        let request = ApplyRequest { registry_toml: REGISTRY.to_owned(), dry_run: false };
        let applied = operator.registry().apply(request).await.map_err(|status| client::refused(&status))?;
        let changes = applied.into_inner().changes;
        let of = |noun: &str| changes.iter().filter(|change| change.noun == noun).count();
        let (agencies, agreements) = (of("agency"), of("agreement"));
        ensure!(agencies > 0 && agreements > 0, "the registry holds {agencies} agencies, {agreements} agreements");
        show::say(&format!("The operator registers {agencies} agencies and {agreements} agreements."));
        Ok(())
    }

    /// Kills the hub. Gives the number of the process that it was.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<u32> {
        let hub = self.hub.take().context("the hub does not run")?;
        let id = hub.id().context("the hub ended before it was killed")?;
        hub.kill().await?;
        Ok(id)
    }

    /// Stops the hub, and removes the folder unless the reader keeps it.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        let Self { folder, listen: _, hub } = self;
        let stopped = match hub {
            Some(hub) => hub.stop().await,
            None => Ok(()),
        };
        match folder {
            Folder::Temporary(folder) => folder.close().context("the temporary folder cannot be removed")?,
            Folder::Kept(path) => output::print_line!("What the demonstration made is in {}.", path.display()),
        }
        stopped
    }

    /// Returns when the hub ends, and says how.
    pub(crate) async fn hub_ended(&mut self) -> String {
        match &mut self.hub {
            Some(hub) => hub.ended().await.map_or_else(|error| error.to_string(), |status| status.to_string()),
            None => "it does not run".to_owned(),
        }
    }

    /// A connection of an agency.
    pub(crate) async fn agency(&self, agency: &str) -> anyhow::Result<Connection> {
        let settings = ClientSettings {
            endpoint: self.endpoint()?,
            ca: self.ca(),
            certificate: Some(self.certificate(agency)),
            key: Some(self.key(agency)),
            ..ClientSettings::default()
        };
        Connection::open(&settings).await.with_context(|| format!("`{agency}` cannot connect"))
    }

    /// The public key of the ledger, as the hub gives it to everybody.
    pub(crate) async fn public_key(&self) -> anyhow::Result<VerifyingKey> {
        let auditor = self.agency("cour-des-comptes").await?;
        let newest = auditor.audit().get_checkpoint(GetCheckpointRequest::default()).await;
        Ok(newest.map_err(|status| client::refused(&status))?.into_inner().public_key.parse()?)
    }

    /// Where the hub listens: `https://127.0.0.1:PORT`.
    pub(crate) fn endpoint(&self) -> anyhow::Result<String> {
        let hub = self.hub.as_ref().context("the hub does not run")?;
        Ok(format!("https://{}", hub.address()))
    }

    /// The folder of everything.
    pub(crate) fn folder(&self) -> &Path {
        match &self.folder {
            Folder::Temporary(folder) => folder.path(),
            Folder::Kept(path) => path,
        }
    }

    /// What the hub keeps.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder().join("data")
    }

    /// What the hub logs.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder().join("hub.log")
    }

    /// The certificate authority.
    pub(crate) fn ca(&self) -> PathBuf {
        self.pki().join("ca.pem")
    }

    /// The certificate of an agency.
    pub(crate) fn certificate(&self, agency: &str) -> PathBuf {
        self.pki().join(format!("{agency}-{SYSTEM}.pem"))
    }

    /// The key of that certificate.
    pub(crate) fn key(&self, agency: &str) -> PathBuf {
        self.pki().join(format!("{agency}-{SYSTEM}.key"))
    }

    fn pki(&self) -> PathBuf {
        self.folder().join("pki")
    }

    fn config(&self) -> PathBuf {
        self.folder().join("unefois.toml")
    }

    fn issue_certificates(&self) -> anyhow::Result<()> {
        let authority = Authority::init(&self.pki(), &TrustDomain::parse("unefois.local")?, output::now())?;
        let names = vec![ServerName::try_from("127.0.0.1")?, ServerName::try_from("localhost")?];
        issue(&authority, "hub", CertificateKind::Server { names })?;
        AGENCIES.into_iter().try_for_each(|agency| issue(&authority, agency, CertificateKind::Client))
    }

    /// Paths are relative to the folder of the file.
    fn configuration(&self) -> String {
        format!(
            "# The hub of the demonstration.\n\
             [hub]\ndata-directory = \"data\"\n\
             [admin]\nlisten = \"127.0.0.1:0\"\n\
             [server]\nlisten = \"{}\"\ncertificate = \"pki/hub-{SYSTEM}.pem\"\nkey = \"pki/hub-{SYSTEM}.key\"\n\
             client-ca = \"pki/ca.pem\"\n",
            self.listen
        )
    }
}

fn issue(authority: &Authority, agency: &str, kind: CertificateKind) -> anyhow::Result<()> {
    let request = IssueRequest {
        agency: AgencyCode::parse(agency)?,
        system: SystemName::parse(SYSTEM)?,
        kind,
        validity: Validity::Days(CERTIFICATE_DAYS),
    };
    authority.issue(&request, output::now())?;
    Ok(())
}
