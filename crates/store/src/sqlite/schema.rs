//! The schema of a file: migrated when it is opened. Its history is kept as sqlx keeps it, whose migrator has a
//! connection of its own kind.

use rusqlite::{Connection, TransactionBehavior, params};
use sqlx::migrate::Migrator;

use super::ask::Ask;
use crate::{
    error::{Doing, Error},
    schema::missing,
};

pub(super) static HUB: Migrator = sqlx::migrate!("../../migrations/sqlite");
pub(super) static KEYS: Migrator = sqlx::migrate!("../../migrations/sqlite-keys");

const HISTORY: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
         version BIGINT PRIMARY KEY, description TEXT NOT NULL, installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
         success BOOLEAN NOT NULL, checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";

/// Applies what a file lacks, all of it or nothing.
pub(super) fn migrate(connection: &mut Connection, migrator: &Migrator, database: &str) -> Result<(), Error> {
    let tx = connection.transaction_with_behavior(TransactionBehavior::Immediate).doing("migrate its schema")?;
    tx.run(HISTORY, []).doing("migrate its schema")?;
    let had = "SELECT version, checksum FROM _sqlx_migrations WHERE success";
    let had = tx.rows(had, [], |row| Ok((row.get(0)?, row.get(1)?))).doing("read the history of its schema")?;
    for migration in missing(migrator, &had, database)? {
        tx.execute_batch(migration.sql.as_str()).doing("migrate its schema")?;
        let note = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                    VALUES (?, ?, TRUE, ?, 0)";
        tx.run(note, params![migration.version, &*migration.description, &*migration.checksum])
            .doing("note the history of its schema")?;
    }
    tx.commit().doing("migrate its schema")
}
