//! Where the files of a hub are that no database holds: its secrets and its outside checkpoints.

use std::path::PathBuf;

use anyhow::Context;
use unefois_store::{CheckpointFiles, DataDirectory, StorageKind};
use unefois_vault::Keyring;

use crate::config::Config;

/// The files of a hub.
pub(crate) struct Place {
    pub(crate) directory: DataDirectory,
    pub(crate) keyring: PathBuf,
    pub(crate) outside: CheckpointFiles,
}

impl Place {
    /// As the configuration names them.
    pub(crate) fn of(config: &Config) -> Self {
        let directory = DataDirectory::new(&config.hub.data_directory);
        let keyring = config.hub.keyring.clone().unwrap_or_else(|| directory.keyring());
        let outside = config.hub.outside_checkpoint.clone();
        let outside = match config.storage.kind {
            StorageKind::Sqlite => CheckpointFiles::One(outside.unwrap_or_else(|| directory.checkpoint())),
            StorageKind::Postgres => CheckpointFiles::Shared(outside.unwrap_or_else(|| directory.path().to_owned())),
        };
        Self { directory, keyring, outside }
    }

    /// A new embedded hub gets its secrets. One that lost them, or its key store, is not begun anew.
    pub(crate) fn make_keyring_for_new_data(&self) -> anyhow::Result<()> {
        let Self { directory, keyring, .. } = self;
        if !keyring.exists() && !directory.database().exists() {
            Keyring::generate().save_new(keyring)?;
        }
        // Before anything is made: one without its secrets has lost them.
        Keyring::load(keyring)?;
        // The key store is made before the database: one without it has lost it, and an empty one would open nothing.
        anyhow::ensure!(
            directory.key_store().exists() || !directory.database().exists(),
            "`{}` is missing, and nothing in `{}` can be opened without it: restore it from a backup",
            directory.key_store().display(),
            directory.database().display()
        );
        Ok(())
    }

    /// A new hub on a server gets its secrets where its schema is made.
    pub(crate) fn make_keyring_for_new_schema(&self) -> anyhow::Result<()> {
        let Self { directory, keyring, .. } = self;
        if keyring.exists() {
            return Ok(());
        }
        let folder = keyring.parent().unwrap_or(directory.path());
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make `{}`", folder.display()))?;
        Ok(Keyring::generate().save_new(keyring)?)
    }
}
