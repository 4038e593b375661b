//! Asking a connection: statements are prepared once and found again.

use rusqlite::{Connection, OptionalExtension, Params, Result, Row};

/// How a connection of ours is asked.
pub(super) trait Ask {
    /// Runs a statement that gives no rows; gives how many it touched.
    fn run(&self, sql: &str, params: impl Params) -> Result<usize>;

    /// The first row, if there is one.
    fn row<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>>;

    /// Every row.
    fn rows<T>(&self, sql: &str, params: impl Params, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>>;
}

impl Ask for Connection {
    fn run(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.prepare_cached(sql)?.execute(params)
    }

    fn row<T>(&self, sql: &str, params: impl Params, read: impl FnOnce(&Row<'_>) -> Result<T>) -> Result<Option<T>> {
        self.prepare_cached(sql)?.query_row(params, read).optional()
    }

    fn rows<T>(&self, sql: &str, params: impl Params, read: impl FnMut(&Row<'_>) -> Result<T>) -> Result<Vec<T>> {
        self.prepare_cached(sql)?.query_map(params, read)?.collect()
    }
}
