//! What a house writes into its hub's configuration.

use std::{fmt::Write, path::Path};

use super::{HouseSettings, storage::Databases};
use crate::pki::Client;

/// The tables that say where the hub keeps what it knows.
pub(super) fn of_storage(databases: Option<&Databases>) -> String {
    databases.map_or_else(|| "[hub]\ndata-directory = \"data\"\n".to_owned(), Databases::configuration)
}

pub(super) fn configuration(settings: &HouseSettings, storage: &str, server: &Client, ca: &Path) -> String {
    let HouseSettings { sandbox, provider, more, storage: _, durability: _, postgres_settings: _ } = settings;
    // A table stands in a file once.
    let admin = if more.contains("[admin]") { "" } else { "[admin]\nlisten = \"127.0.0.1:0\"\n" };
    let provider = provider.as_ref().map(|base_url| live_providers(base_url, &["company-turnover"]));
    format!(
        "{storage}{admin}\
         [server]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient-ca = {ca:?}\n\
         [identifiers]\nsandbox = {sandbox:?}\n{}\n{more}\n",
        server.certificate,
        server.key,
        provider.unwrap_or_default(),
    )
}

/// The providers of the demonstration's configuration for these datasets, at another address: as lines of a
/// configuration. Files may be linked there too.
#[must_use]
pub fn live_providers(base_url: &str, datasets: &[&str]) -> String {
    let demonstration = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/demonstration");
    let text = std::fs::read_to_string(format!("{demonstration}/unefois.toml")).unwrap();
    let host = base_url.trim_start_matches("http://");
    let mut tables = String::new();
    for dataset in datasets {
        let interface = format!("\ninterface = \"providers/{dataset}.toml\"\n");
        let table = text.split("[[provider]]").find(|table| table.contains(&interface));
        tables.push_str("[[provider]]\ntimeout = \"2s\"\npause-max = \"200ms\"\n");
        for line in table.unwrap_or_else(|| panic!("the demonstration has no provider of `{dataset}`")).lines() {
            match line.split_once(" = ").map(|(key, _)| key) {
                Some("interface") => writeln!(tables, "interface = \"{demonstration}/providers/{dataset}.toml\""),
                Some("base-url") => writeln!(tables, "base-url = {base_url:?}"),
                Some("file-hosts") => writeln!(tables, "file-hosts = [{host:?}]"),
                Some(_) | None => writeln!(tables, "{line}"),
            }
            .unwrap();
        }
    }
    tables
}
