//! What the measurement tells the bare servers that it starts.

use std::path::PathBuf;

use clap::Args;

/// What the bare servers need.
#[derive(Debug, Clone, Args)]
pub(crate) struct BareOptions {
    #[arg(long)]
    pub(crate) certificate: PathBuf,
    #[arg(long)]
    pub(crate) key: PathBuf,
    #[arg(long)]
    pub(crate) ca: PathBuf,
    /// How long every answer is.
    #[arg(long)]
    pub(crate) answer_bytes: usize,
}

/// How large the rows are that are written.
#[derive(Debug, Clone, Args)]
pub(crate) struct RowsOptions {
    /// How long the leaf of every row is.
    #[arg(long)]
    pub(crate) leaf_bytes: usize,
    /// How long the sealed part of every row is.
    #[arg(long)]
    pub(crate) sealed_bytes: usize,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AppendOptions {
    #[command(flatten)]
    pub(crate) bare: BareOptions,
    #[command(flatten)]
    pub(crate) rows: RowsOptions,
    /// Its database, which it makes.
    #[arg(long)]
    pub(crate) data: PathBuf,
}

/// The tables of a server on PostgreSQL.
#[derive(Debug, Clone, Args)]
pub(crate) struct TablesOptions {
    /// Its database, which is empty.
    #[arg(long)]
    pub(crate) url: String,
    /// How many payloads it makes there.
    #[arg(long)]
    pub(crate) records: u32,
    /// How long each payload is.
    #[arg(long)]
    pub(crate) payload_bytes: usize,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct TablesServerOptions {
    #[command(flatten)]
    pub(crate) bare: BareOptions,
    #[command(flatten)]
    pub(crate) rows: RowsOptions,
    #[command(flatten)]
    pub(crate) tables: TablesOptions,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ByHandOptions {
    #[command(flatten)]
    pub(crate) server: TablesServerOptions,
    /// How many connections it has to PostgreSQL.
    #[arg(long)]
    pub(crate) pool: u32,
}
