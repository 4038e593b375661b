//! Opening the hub's database: ours or a new one, migrated, with a pool of readers.

use std::path::Path;

use sqlx::{
    ConnectOptions, Connection, SqliteConnection, SqlitePool,
    migrate::Migrator,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use super::Writer;
use crate::{
    directory::DataDirectory,
    error::{Doing, Error},
    open::StoreLimits,
};

/// `UneF`: marks a database file as the hub's (SQLite's `application_id`).
const APPLICATION_HUB: i32 = 0x556e_6546;
/// `UneK`: marks a database file as a key store.
const APPLICATION_KEYS: i32 = 0x556e_654b;

/// How long the header of an SQLite database is.
const HEADER_BYTES: usize = 100;

static HUB: Migrator = sqlx::migrate!("../../migrations/sqlite");
static KEYS: Migrator = sqlx::migrate!("../../migrations/sqlite-keys");

/// Reading. Clones share the pool.
#[derive(Debug, Clone)]
pub(crate) struct Readers {
    pub(super) pool: SqlitePool,
}

impl Readers {
    pub(crate) async fn close(&self) {
        self.pool.close().await;
    }
}

/// Opens the database of a data directory.
pub(crate) async fn open(directory: &DataDirectory, limits: &StoreLimits) -> Result<(Readers, Writer), Error> {
    let path = directory.database();
    let writer = connect(&path, limits, &HUB, APPLICATION_HUB).await?;
    let pool = SqlitePoolOptions::new()
        .max_connections(limits.readers_max)
        .acquire_timeout(limits.reader_wait_max)
        .test_before_acquire(false)
        .connect_with(options(&path, limits).read_only(true).pragma("query_only", "ON"))
        .await
        .doing("open its readers")?;
    Ok((Readers { pool }, writer))
}

/// Opens and migrates the key store's file.
pub(super) async fn connect_key_store(path: &Path, limits: &StoreLimits) -> Result<Writer, Error> {
    connect(path, limits, &KEYS, APPLICATION_KEYS).await
}

fn options(path: &Path, limits: &StoreLimits) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(limits.lock_wait_max)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        // What is deleted is overwritten: an erased row must not live on in a free page.
        .pragma("secure_delete", "ON")
        .pragma("cache_size", "-65536")
        .statement_cache_capacity(256)
        .disable_statement_logging()
}

async fn connect(path: &Path, limits: &StoreLimits, migrator: &Migrator, application: i32) -> Result<Writer, Error> {
    let not_a_database = |error: sqlx::Error| match &error {
        sqlx::Error::Database(inner) if inner.code().as_deref() == Some("26") => {
            Error::NotOurs { path: path.to_owned() }
        }
        _ => Error::Sql { action: "open its database", source: error },
    };
    check_header(path, application)?;
    let options = options(path, limits)
        .create_if_missing(true)
        // The writer folds the log itself, and sees when it fails.
        .pragma("wal_autocheckpoint", "0");
    let connection = SqliteConnection::connect_with(&options).await.map_err(not_a_database)?;
    let mut writer = Writer::new(connection, path, limits.fold_after_pages);
    let connection = writer.connection()?;
    let found: i32 =
        sqlx::query_scalar("PRAGMA application_id").fetch_one(&mut *connection).await.map_err(not_a_database)?;
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema")
        .fetch_one(&mut *connection)
        .await
        .map_err(not_a_database)?;
    if found != application && (found != 0 || tables != 0) {
        return Err(Error::NotOurs { path: path.to_owned() });
    }
    if found == 0 {
        let mark = format!("PRAGMA application_id = {application}");
        sqlx::query(sqlx::AssertSqlSafe(mark)).execute(&mut *connection).await.doing("mark its database")?;
    }
    migrator
        .run(&mut *connection)
        .await
        .map_err(|source| Error::Schema { database: path.display().to_string(), source })?;
    Ok(writer)
}

/// Looks before SQLite does: its first pragma would already write to a file that is not ours, a database or not.
///
/// The header is SQLite's file format, section 1.3: the schema cookie at byte 40 is 0 until the first table is made,
/// and the `application_id` is at byte 68.
fn check_header(path: &Path, application: i32) -> Result<(), Error> {
    use std::io::Read;
    let not_ours = || Error::NotOurs { path: path.to_owned() };
    let Ok(file) = std::fs::File::open(path) else { return Ok(()) };
    let mut header = Vec::with_capacity(HEADER_BYTES);
    if file.take(HEADER_BYTES as u64).read_to_end(&mut header).is_err() {
        return Err(not_ours());
    }
    if header.is_empty() {
        return Ok(());
    }
    let Ok(header) = <[u8; HEADER_BYTES]>::try_from(header) else { return Err(not_ours()) };
    let number = |at: usize| i32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]);
    let (schema_cookie, found) = (number(40), number(68));
    let is_ours = found == application || (found == 0 && schema_cookie == 0);
    if header.starts_with(b"SQLite format 3\0") && is_ours { Ok(()) } else { Err(not_ours()) }
}
