//! The schemas: brought up to date by a command of its own, and known to be so before anything is served.

use sqlx::{Connection, PgConnection, migrate::Migrator};

use super::connection::{self, Both};
use crate::{
    StorageSettings,
    error::{Doing, Error},
    open::{Migrated, StoreLimits},
    schema::missing,
};

pub(super) static HUB: Migrator = sqlx::migrate!("../../migrations/postgres");
pub(super) static KEYS: Migrator = sqlx::migrate!("../../migrations/postgres-keys");

/// Held by one who migrates a database.
const LOCK: &str = "SELECT pg_advisory_lock(hashtext('unefois.migrate'))";

/// Applies what is missing to both databases, one process at a time.
pub(crate) async fn migrate(settings: &StorageSettings, limits: &StoreLimits) -> Result<Migrated, Error> {
    let (mut applied, mut was_empty) = (0, false);
    // Making an index may take longer than any statement of the hub, and others wait for it. Zero is no limit.
    let no_limit = std::time::Duration::ZERO;
    let limits = StoreLimits { statement_max: no_limit, lock_wait_max: no_limit, ..limits.clone() };
    let Both { hub, keys } = Both::of(settings, &limits)?;
    for (migrator, options, url) in [(&HUB, hub, &settings.url), (&KEYS, keys, &settings.keys_url)] {
        let mut connection = connection::connect(&options, &limits).await?;
        // Before the history is read: of several that find the database empty one must be the first, who makes the secrets
        // of the hub. It is let go with the connection.
        sqlx::query(LOCK).execute(&mut connection).await.doing("wait for its turn to migrate")?;
        let before = history(&mut connection).await?.len();
        was_empty |= before == 0 && std::ptr::eq(migrator, &raw const HUB);
        migrator.run(&mut connection).await.map_err(|source| Error::Schema { database: named(url), source })?;
        applied += history(&mut connection).await?.len().saturating_sub(before);
        connection.close().await.doing("close its database")?;
    }
    Ok(Migrated { applied: applied as u64, was_empty })
}

/// Whether the schema of a database is the one of this program.
pub(super) async fn check(migrator: &Migrator, connection: &mut PgConnection, url: &str) -> Result<(), Error> {
    let applied = history(connection).await?;
    match missing(migrator, &applied, &named(url))?.len() {
        0 => Ok(()),
        missing => Err(Error::SchemaOlder { database: named(url), missing }),
    }
}

/// The migrations that a database has had; none when it has never seen one.
async fn history(connection: &mut PgConnection) -> Result<Vec<(i64, Vec<u8>)>, Error> {
    let is_there: bool = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .doing("look for the history of its schema")?;
    if !is_there {
        return Ok(Vec::new());
    }
    sqlx::query_as("SELECT version, checksum FROM _sqlx_migrations WHERE success ORDER BY version")
        .fetch_all(connection)
        .await
        .doing("read the history of its schema")
}

/// A database as an operator is told of it: without the password.
pub(crate) fn named(url: &str) -> String {
    match url.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (_secret, place))) => format!("{scheme}://{}", place.split('?').next().unwrap_or(place)),
        None => url.split('?').next().unwrap_or(url).to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn a_database_is_named_without_its_password() {
        assert_eq!(named("postgresql://hub:secret@db:5432/hub?sslmode=verify-full"), "postgresql://db:5432/hub");
        assert_eq!(named("postgresql://db/hub"), "postgresql://db/hub");
    }
}
