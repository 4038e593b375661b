//! `unefois registry`, and `unefois catalog`, which tells whose it is.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Whose agencies and agreements are told.
#[derive(Debug, Args)]
pub(crate) struct Registry {
    /// A registry file, such as `unefois registry show` prints; without it, that of the demonstration.
    #[arg(long, value_name = "FILE")]
    pub(crate) registry: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    /// List the datasets.
    List {
        #[command(flatten)]
        registry: Registry,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show a dataset: its fields with meaning, unit, sensitivity and source, the rows it serves, its agreements.
    Show {
        /// The dataset, such as `declared-turnover`.
        dataset: String,
        /// The major version; without it, the newest.
        #[arg(long)]
        major: Option<u32>,
        #[command(flatten)]
        registry: Registry,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum RegistryCommand {
    /// Apply a registry file, all of it or nothing. As an operator, or while no hub runs.
    Apply {
        /// The file; see `deploy/registry.md`.
        file: PathBuf,
        /// Only say what would change.
        #[arg(long)]
        dry_run: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the registry in force, as a file that can be applied.
    Show,
}
