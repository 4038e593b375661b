//! Hubs that have not begun: alone, beside another, or as another node.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use tempfile::TempDir;

use super::{
    House, HouseSettings,
    configuration::{configuration, of_storage},
    storage::Databases,
};
use crate::{pki::Pki, process::Paths, proxy::PostgresProxy};

impl House {
    /// Everything but the process.
    #[must_use]
    pub fn build(binary: &str, settings: &HouseSettings) -> Self {
        let directory = TempDir::new().unwrap();
        let pki = Arc::new(Pki::init(&directory.path().join("pki")));
        let paths = Paths::in_folder(directory.path());
        let databases = Databases::of(settings, directory.path(), &paths.data).map(Arc::new);
        let storage = of_storage(databases.as_deref());
        std::fs::write(&paths.config, configuration(settings, &storage, &pki.server(), &pki.ca())).unwrap();
        Self { binary: PathBuf::from(binary), directory, pki, paths, hub: None, databases }
    }

    /// Another hub with the same certificates and configuration, and with nothing in it. It needs this one's folder.
    #[must_use]
    pub fn beside(&self) -> Self {
        let directory = TempDir::new().unwrap();
        let paths = Paths::in_folder(directory.path());
        let databases = self.databases.as_ref().map(|ours| Arc::new(ours.beside(directory.path(), &paths.data)));
        let text = std::fs::read_to_string(&self.paths.config).unwrap();
        let [ours, theirs] = [&self.databases, &databases].map(|databases| of_storage(databases.as_deref()));
        assert!(text.contains(&ours), "where the hub keeps what it knows was written by someone else");
        std::fs::write(&paths.config, text.replace(&ours, &theirs)).unwrap();
        Self { binary: self.binary.clone(), directory, pki: Arc::clone(&self.pki), paths, hub: None, databases }
    }

    /// Another node of this hub, which must be on PostgreSQL: a process with a port, a data directory and a log of its
    /// own, and with the databases, the secrets and the outside checkpoints of this one, which starts first and lasts
    /// longer.
    #[must_use]
    pub fn second_node(&self) -> Self {
        let directory = TempDir::new().unwrap();
        let paths = Paths::in_folder(directory.path());
        let databases = Arc::clone(self.databases.as_ref().expect("nodes share a PostgreSQL"));
        std::fs::copy(&self.paths.config, &paths.config).unwrap();
        let (binary, pki) = (self.binary.clone(), Arc::clone(&self.pki));
        Self { binary, directory, pki, paths, hub: None, databases: Some(databases) }
    }

    /// Lets the node, from its next start on, reach its database (not the key store) through a proxy.
    pub fn reaches_database_through(&self, proxy: &PostgresProxy) {
        let port = self.postgres().expect("a proxy stands before a PostgreSQL").port();
        let text = std::fs::read_to_string(&self.paths.config).unwrap();
        let (direct, through) = ("\nurl = \"postgresql://", format!("127.0.0.1:{}/", proxy.port()));
        let (before, after) = text.split_once(direct).unwrap();
        let after = after.replacen(&format!("127.0.0.1:{port}/"), &through, 1);
        std::fs::write(&self.paths.config, format!("{before}{direct}{after}")).unwrap();
    }

    /// Lets the hub, from its next start on, trust the certificates of partners' authorities too.
    pub fn trusts_partners(&self, ca: &Path) {
        let text = std::fs::read_to_string(&self.paths.config).unwrap();
        let text = text.replace("[identifiers]", &format!("partner-ca = {ca:?}\n[identifiers]"));
        std::fs::write(&self.paths.config, text).unwrap();
    }
}
