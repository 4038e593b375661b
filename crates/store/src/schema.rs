//! What the history of a schema says, on either backend: whether this program knows all of it, and what is missing.

use std::collections::BTreeMap;

use sqlx::migrate::{Migration, Migrator};

use crate::error::Error;

/// The migrations that a database lacks, in their order. `applied` are those that it has had, with their checksums.
pub(crate) fn missing<'all>(
    migrator: &'all Migrator,
    applied: &[(i64, Vec<u8>)],
    database: &str,
) -> Result<Vec<&'all Migration>, Error> {
    let mut unapplied: BTreeMap<i64, &Migration> = migrator.iter().map(|known| (known.version, known)).collect();
    for (version, checksum) in applied {
        let (database, version) = (database.to_owned(), *version);
        match unapplied.remove(&version) {
            None => return Err(Error::SchemaNewer { database, version }),
            Some(known) if known.checksum != *checksum => return Err(Error::SchemaAltered { database, version }),
            Some(_) => {}
        }
    }
    Ok(unapplied.into_values().collect())
}
