//! What a house writes into its hub's configuration.

use std::path::Path;

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
    let provider = provider.as_ref().map(|base_url| {
        format!(
            "[[provider]]\nkind = \"api-entreprise\"\nagency = \"dgfip\"\ndataset = \"company-turnover\"\n\
             base-url = \"{base_url}\"\ntoken = \"secret\"\ncontext = \"test\"\nobject = \"test\"\n\
             recipient-siret = \"73282932000074\"\ntimeout-ms = 2000\npause-ms-max = 200\n"
        )
    });
    format!(
        "{storage}{admin}\
         [server]\nlisten = \"127.0.0.1:0\"\ncertificate = {:?}\nkey = {:?}\nclient-ca = {ca:?}\n\
         [identifiers]\nsandbox = {sandbox:?}\n{}\n{more}\n",
        server.certificate,
        server.key,
        provider.unwrap_or_default(),
    )
}
