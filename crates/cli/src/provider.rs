//! Providers that are asked live: their tables in the configuration, and the connectors made from them.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Context;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as duration;
use serde::Deserialize;
use unefois_catalog::Catalog;
use unefois_connect::{Interface, RestProvider, RestSettings, Secret, TrustedRoots};
use unefois_core::{AgencyCode, DatasetId};

use crate::config::Unusable;

/// A `[[provider]]`: how to reach it, in whose name and within which limits. What it is asked, and how its answer is
/// read, is in the file of its interface.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ProviderConfig {
    pub(crate) agency: String,
    pub(crate) interface: PathBuf,
    pub(crate) base_url: String,
    #[serde(default)]
    pub(crate) secret: Option<Secret>,
    #[serde(default)]
    pub(crate) secret_file: Option<PathBuf>,
    #[serde(default)]
    pub(crate) parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) file_hosts: Vec<String>,
    #[serde(default = "ProviderConfig::timeout_default", with = "duration")]
    pub(crate) timeout: Duration,
    #[serde(default = "ProviderConfig::answer_size_bytes_default")]
    pub(crate) answer_size_bytes_max: usize,
    #[serde(default = "ProviderConfig::file_size_bytes_default")]
    pub(crate) file_size_bytes_max: usize,
    #[serde(default = "ProviderConfig::in_flight_default")]
    pub(crate) in_flight_max: usize,
    #[serde(default = "ProviderConfig::pause_default", with = "duration")]
    pub(crate) pause_max: Duration,
    #[serde(default)]
    pub(crate) ca: Option<PathBuf>,
}

impl ProviderConfig {
    fn timeout_default() -> Duration {
        Duration::from_secs(5)
    }

    fn answer_size_bytes_default() -> usize {
        64 * 1024
    }

    fn file_size_bytes_default() -> usize {
        8 * 1024 * 1024
    }

    fn in_flight_default() -> usize {
        20
    }

    fn pause_default() -> Duration {
        Duration::from_secs(60)
    }

    /// Its paths, which are relative to the folder of the configuration.
    pub(crate) fn paths(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        let Self { interface, secret_file, ca, .. } = self;
        std::iter::once(interface).chain(secret_file.as_mut()).chain(ca.as_mut())
    }

    fn connect(&self, catalog: &Catalog) -> anyhow::Result<((AgencyCode, DatasetId), RestProvider)> {
        let agency = AgencyCode::parse(&self.agency).context("agency")?;
        let text = read(&self.interface, "interface")?;
        let (interface, dataset) = Interface::load(&text, |id| catalog.dataset(id))?;
        let settings = RestSettings {
            name: format!("{agency}/{}", dataset.id()),
            base_url: self.base_url.clone(),
            secret: self.secret()?,
            parameters: self.parameters.clone(),
            file_hosts: self.file_hosts.clone(),
            trusted_roots: match &self.ca {
                None => TrustedRoots::System,
                Some(file) => TrustedRoots::Pem(read(file, "ca")?.into_bytes()),
            },
            timeout: self.timeout,
            answer_size_bytes_max: self.answer_size_bytes_max,
            file_size_bytes_max: self.file_size_bytes_max,
            in_flight_max: self.in_flight_max,
            pause_max: self.pause_max,
        };
        let dataset = DatasetId::parse(dataset.id())?;
        Ok(((agency, dataset), RestProvider::new(settings, interface)?))
    }

    fn secret(&self) -> anyhow::Result<Secret> {
        match (&self.secret, &self.secret_file) {
            (Some(secret), None) => Ok(secret.clone()),
            (None, Some(file)) => Ok(Secret::new(read(file, "secret-file")?.trim_end().to_owned())),
            (None, None) | (Some(_), Some(_)) => anyhow::bail!("it has either `secret` or `secret-file`"),
        }
    }
}

/// The connectors of all providers that are configured.
pub(crate) fn providers(
    configured: &[ProviderConfig],
    catalog: &Catalog,
) -> anyhow::Result<HashMap<(AgencyCode, DatasetId), RestProvider>> {
    let mut connectors = HashMap::new();
    for (place, provider) in configured.iter().enumerate() {
        let named = || format!("[[provider]] {} (`{}`)", place + 1, provider.interface.display());
        let (whose, connector) = provider.connect(catalog).with_context(|| Unusable(named()))?;
        let twice = format!("agency `{}` is asked for dataset `{}` already", whose.0, whose.1);
        anyhow::ensure!(connectors.insert(whose, connector).is_none(), Unusable(format!("{}: {twice}", named())));
    }
    Ok(connectors)
}

fn read(file: &Path, key: &str) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {key} `{}`", file.display()))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use unefois_catalog::Catalog;

    use super::{ProviderConfig, providers};
    use crate::config::Config;

    fn demonstration() -> (Config, Catalog) {
        let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/demonstration"));
        let mut config: Config =
            toml::from_str(&std::fs::read_to_string(folder.join("unefois.toml")).unwrap()).unwrap();
        for provider in &mut config.provider {
            provider.paths().for_each(|path| *path = folder.join(&*path));
            // A machine that tests may have no authorities that the real addresses would need.
            provider.base_url = "http://localhost".to_owned();
        }
        (config, Catalog::load(unefois_proto::FILE_DESCRIPTOR_SET).unwrap())
    }

    #[test]
    fn the_demonstration_asks_six_providers() {
        let (config, catalog) = demonstration();
        let connectors = providers(&config.provider, &catalog).unwrap();
        assert_eq!(connectors.len(), 6);
        assert!(!format!("{config:?} {connectors:?}").contains("\"sandbox\""), "a secret is shown");
    }

    #[test]
    fn a_provider_that_cannot_be_asked_is_named_by_its_place() {
        let (mut config, catalog) = demonstration();
        config.provider[3].secret = None;
        let error = format!("{:#}", providers(&config.provider, &catalog).unwrap_err());
        assert!(error.contains("[[provider]] 4") && error.contains("`secret-file`"), "{error}");
        let (mut config, catalog) = demonstration();
        config.provider[5].interface = config.provider[4].interface.clone();
        config.provider[5].agency = config.provider[4].agency.clone();
        let error = format!("{:#}", providers(&config.provider, &catalog).unwrap_err());
        assert!(error.contains("[[provider]] 6") && error.contains("already"), "{error}");
    }

    #[test]
    fn the_documented_provider_is_understood_and_its_limits_are_the_default_ones() {
        let (_, text) = include_str!("../../../deploy/unefois.toml").split_once("# [[provider]]\n").unwrap();
        let keys: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("# ")).collect();
        let least = r#"agency = "dgfip"
            interface = "x"
            base-url = "https://provider.example""#;
        let read = |keys: &str| {
            let config: Config = toml::from_str(&format!("[[provider]]\n{keys}")).unwrap();
            config.provider.into_iter().next().unwrap()
        };
        let (documented, default) = (read(&keys.join("\n")), read(least));
        let limits = |of: &ProviderConfig| {
            let ProviderConfig {
                timeout, answer_size_bytes_max, file_size_bytes_max, in_flight_max, pause_max, ..
            } = of;
            (*timeout, *answer_size_bytes_max, *file_size_bytes_max, *in_flight_max, *pause_max)
        };
        assert_eq!(limits(&documented), limits(&default));
        assert!(documented.secret_file.is_some() && documented.ca.is_some() && !documented.parameters.is_empty());
    }
}
