//! Opening the hub's files: ours or new ones, migrated.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OpenFlags, config::DbConfig};
use sqlx::migrate::Migrator;

use super::{Readers, Writer, schema};
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
/// How many statements a connection keeps prepared: more than there are.
const STATEMENTS: usize = 256;
/// How much of the database the writer keeps in memory, in KiB.
const WRITER_CACHE_KIB: i32 = 65_536;
/// How much a reader does. It forgets it whenever something was committed, and that costs the more, the more there was.
const READER_CACHE_KIB: i32 = 4_096;

/// Opens the database of a data directory.
pub(crate) fn open(directory: &DataDirectory, limits: &StoreLimits) -> Result<(Readers, Writer), Error> {
    let path = directory.database();
    let writer = connect(&path, limits, &schema::HUB, APPLICATION_HUB)?;
    Ok((Readers::new(path, limits), writer))
}

/// Opens and migrates the key store's file.
pub(super) fn connect_key_store(path: &Path, limits: &StoreLimits) -> Result<Writer, Error> {
    connect(path, limits, &schema::KEYS, APPLICATION_KEYS)
}

/// Opens a database that is there, for reading.
pub(super) fn connect_to_read(path: &Path, limits: &StoreLimits) -> Result<Connection, Error> {
    // Each connection is on one thread at a time.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).doing("open a reader")?;
    settle(&connection, limits, READER_CACHE_KIB).doing("open a reader")?;
    connection.pragma_update(None, "query_only", "ON").doing("open a reader")?;
    Ok(connection)
}

/// What every connection has.
fn settle(connection: &Connection, limits: &StoreLimits, cache_kib: i32) -> rusqlite::Result<()> {
    connection.busy_timeout(limits.lock_wait_max)?;
    // A statement is planned once. Otherwise one with a limit is planned again for each limit that it is given.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // Negative: a size, and not a number of pages.
    connection.pragma_update(None, "cache_size", -cache_kib)
}

/// What a connection that writes has besides.
fn settle_to_write(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", "ON")?;
    // What is deleted is overwritten: an erased row must not live on in a free page.
    connection.pragma_update(None, "secure_delete", "ON")?;
    // The writer folds the log itself, and sees when it fails.
    connection.pragma_update(None, "wal_autocheckpoint", 0)
}

fn connect(path: &Path, limits: &StoreLimits, migrator: &Migrator, application: i32) -> Result<Writer, Error> {
    let not_a_database = |error: rusqlite::Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => Error::NotOurs { path: path.to_owned() },
        _ => Error::Sqlite { action: "open its database", source: error },
    };
    check_header(path, application)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(not_a_database)?;
    settle(&connection, limits, WRITER_CACHE_KIB)
        .and_then(|()| settle_to_write(&connection))
        .map_err(not_a_database)?;
    let mut writer = Writer::new(connection, path, limits.fold_after_pages);
    let connection = writer.connection()?;
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(not_a_database);
    let (found, tables) = (number("PRAGMA application_id")?, number("SELECT count(*) FROM sqlite_schema")?);
    if found != i64::from(application) && (found != 0 || tables != 0) {
        return Err(Error::NotOurs { path: path.to_owned() });
    }
    if found == 0 {
        connection.pragma_update(None, "application_id", application).doing("mark its database")?;
    }
    schema::migrate(connection, migrator, &path.display().to_string())?;
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
