//! The configuration: one TOML file, overridden by the environment and by flags.

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use figment::{
    Figment,
    providers::{Env, Format, Toml},
};
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::Deserialize;
use unefois_catalog::FolderLimits;
use unefois_store::StorageSettings;
use unefois_telemetry::{LogSettings, TelemetrySettings};

use crate::provider::ProviderConfig;

/// Everything that can be configured. `deploy/unefois.toml` documents each key.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct Config {
    pub(crate) hub: HubConfig,
    pub(crate) storage: StorageSettings,
    pub(crate) server: ServerConfig,
    pub(crate) identifiers: IdentifiersConfig,
    pub(crate) catalog: CatalogConfig,
    pub(crate) admin: AdminConfig,
    pub(crate) log: LogSettings,
    pub(crate) telemetry: TelemetrySettings,
    pub(crate) limits: LimitsConfig,
    pub(crate) provider: Vec<ProviderConfig>,
    pub(crate) client: ClientConfig,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct HubConfig {
    pub(crate) name: String,
    pub(crate) data_directory: PathBuf,
    pub(crate) keyring: Option<PathBuf>,
    pub(crate) outside_checkpoint: Option<PathBuf>,
    pub(crate) trust_domain: String,
    pub(crate) operator: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ServerConfig {
    pub(crate) listen: SocketAddr,
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
    pub(crate) client_ca: PathBuf,
    pub(crate) partner_ca: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct IdentifiersConfig {
    pub(crate) sandbox: Vec<String>,
}

/// Datasets beside those of the contract.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct CatalogConfig {
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) entries_max: usize,
    pub(crate) size_bytes_max: u64,
}

impl Default for CatalogConfig {
    fn default() -> Self {
        let FolderLimits { entries_max, size_bytes_max } = FolderLimits::default();
        Self { folders: Vec::new(), entries_max, size_bytes_max }
    }
}

/// The port of probes and scrapers.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct AdminConfig {
    pub(crate) listen: SocketAddr,
    #[serde(with = "duration")]
    pub(crate) drain_notice: Duration,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct LimitsConfig {
    pub(crate) broker: unefois_broker::Limits,
    pub(crate) server: unefois_api::ServerLimits,
    pub(crate) admin: unefois_api::AdminLimits,
    pub(crate) store: unefois_store::StoreLimits,
}

/// How commands call a hub.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ClientConfig {
    pub(crate) hub: Option<String>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) certificate: Option<PathBuf>,
    pub(crate) key: Option<PathBuf>,
}

impl Default for HubConfig {
    fn default() -> Self {
        Self {
            name: "unefois.local".to_owned(),
            data_directory: PathBuf::from("unefois-data"),
            keyring: None,
            outside_checkpoint: None,
            trust_domain: "unefois.local".to_owned(),
            operator: "operator".to_owned(),
        }
    }
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8443)),
            certificate: PathBuf::from("pki/server.pem"),
            key: PathBuf::from("pki/server.key"),
            client_ca: PathBuf::from("pki/ca.pem"),
            partner_ca: None,
        }
    }
}

impl Default for AdminConfig {
    fn default() -> Self {
        Self { listen: SocketAddr::from(([127, 0, 0, 1], 9443)), drain_notice: Duration::ZERO }
    }
}

/// What was configured, or typed, cannot be used: nothing was done.
#[derive(Debug)]
pub(crate) struct Unusable(pub(crate) String);

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for Unusable {}

impl Config {
    /// Reads the file, then the environment (`UNEFOIS_HUB__NAME` for `hub.name`). Paths of the file are relative to
    /// its folder.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let mut figment = Figment::new();
        if let Some(file) = file {
            if !file.is_file() {
                return Err(Unusable(format!("there is no configuration file `{}`", file.display())).into());
            }
            figment = figment.merge(Toml::file_exact(file));
        }
        // `HUB__DATA_DIRECTORY` names the key `hub.data-directory`.
        let environment = Env::prefixed("UNEFOIS_")
            .ignore(&["CONFIG", "CI", "PYTHON", "SOAK_SEED", "SOAK_ROUNDS", "SOAK_EXCHANGES", "TEST_STORE"])
            .map(|key| key.as_str().replace("__", ".").replace('_', "-").into());
        let mut config: Self = figment.merge(environment).extract().context(Unusable(
            "the configuration is not valid; `deploy/unefois.toml` documents every key".to_owned(),
        ))?;
        if let Some(folder) = file.and_then(Path::parent) {
            config.resolve(folder);
        }
        Ok(config)
    }

    fn resolve(&mut self, folder: &Path) {
        let Self { hub, server, catalog, client, provider, telemetry, .. } = self;
        let paths = [&mut hub.data_directory, &mut server.certificate, &mut server.key, &mut server.client_ca];
        let optional = [
            &mut hub.keyring,
            &mut hub.outside_checkpoint,
            &mut server.partner_ca,
            &mut telemetry.otlp_ca,
            &mut client.ca,
            &mut client.certificate,
            &mut client.key,
        ];
        let of_providers = provider.iter_mut().flat_map(ProviderConfig::paths);
        for path in paths
            .into_iter()
            .chain(optional.into_iter().filter_map(Option::as_mut))
            .chain(of_providers)
            .chain(&mut catalog.folders)
        {
            *path = folder.join(&*path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;

    #[test]
    fn the_documented_configuration_is_the_default_one() {
        let documented = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/unefois.toml");
        let text = std::fs::read_to_string(documented).unwrap();
        let read: Config = toml::from_str(&text).unwrap();
        assert_eq!(format!("{read:?}"), format!("{:?}", Config::default()));
    }

    #[test]
    fn every_limit_is_documented() {
        let text = include_str!("../../../deploy/unefois.toml");
        let limits = [
            serde_json::to_value(unefois_broker::Limits::default()).unwrap(),
            serde_json::to_value(unefois_api::ServerLimits::default()).unwrap(),
            serde_json::to_value(unefois_api::AdminLimits::default()).unwrap(),
            serde_json::to_value(unefois_store::StoreLimits::default()).unwrap(),
        ];
        for name in limits.iter().flat_map(|limits| limits.as_object().unwrap().keys()) {
            assert!(text.contains(&format!("\n{name} = ")), "`{name}` is not documented");
        }
        let telemetry = serde_json::to_value(unefois_telemetry::TelemetrySettings::default()).unwrap();
        for name in telemetry.as_object().unwrap().keys() {
            let is_there = ["\n", "\n# "].iter().any(|before| text.contains(&format!("{before}{name} = ")));
            assert!(is_there, "`{name}` is not documented");
        }
    }

    #[test]
    fn the_production_configuration_is_understood_and_keeps_apart_what_must_not_be_lost_together() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/production.toml");
        let read: Config = toml::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let Config { hub, server, identifiers, admin, .. } = read;
        for apart in [hub.keyring, hub.outside_checkpoint] {
            assert!(!apart.unwrap().starts_with(&hub.data_directory));
        }
        assert!(identifiers.sandbox.is_empty() && admin.listen.ip().is_loopback() && !server.listen.ip().is_loopback());
        assert!(!admin.drain_notice.is_zero(), "whoever balances must notice before the door closes");
    }

    #[test]
    fn every_variable_that_deployments_set_overrides_a_documented_key() {
        let documented: toml::Table =
            toml::from_str(&uncommented(include_str!("../../../deploy/unefois.toml"))).unwrap();
        let deployments =
            [include_str!("../../../deploy/compose.yaml"), include_str!("../../../deploy/unefois.service")];
        let mut found = 0;
        for variable in deployments.iter().flat_map(|text| text.split(|c: char| !c.is_ascii_uppercase() && c != '_')) {
            let Some((table, key)) = variable.strip_prefix("UNEFOIS_").and_then(|key| key.split_once("__")) else {
                continue;
            };
            let [table, key] = [table, key].map(|part| part.to_lowercase().replace('_', "-"));
            assert!(documented.get(&table).is_some_and(|keys| keys.get(&key).is_some()), "{variable}");
            found += 1;
        }
        assert!(found > 10, "they set {found}");
    }

    /// With the keys that have no default, which stand in comments.
    fn uncommented(text: &str) -> String {
        let is_key = |line: &&str| line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' ') && !key.is_empty());
        let line = |line| str::strip_prefix(line, "# ").filter(is_key).unwrap_or(line);
        text.lines().map(line).collect::<Vec<_>>().join("\n")
    }
}
