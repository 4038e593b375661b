//! `unefois migrate`: brings the schemas on PostgreSQL to the ones of this program.

use std::path::Path;

use anyhow::Context;
use unefois_store::{Migrated, StorageKind, Store};

use crate::{config::Config, output, place::Place};

pub(crate) async fn run(file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    if config.storage.kind == StorageKind::Sqlite {
        output::print_line!("nothing to do: an embedded hub migrates its own files when it starts");
        return Ok(());
    }
    let Migrated { applied, was_empty } = Store::migrate_postgres(&config.storage, &config.limits.store).await?;
    let place = Place::of(&config);
    if was_empty && !place.keyring.exists() {
        place.make_keyring_for_new_schema().context("the new hub has no secrets")?;
        output::print_line!("made the secrets of a new hub: `{}`; every node needs the same", place.keyring.display());
    }
    match applied {
        0 => output::print_line!("nothing to do: the schemas are the ones of this program"),
        1 => output::print_line!("1 migration was applied"),
        several => output::print_line!("{several} migrations were applied"),
    }
    Ok(())
}
