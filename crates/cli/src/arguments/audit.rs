//! `unefois audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Search the ledger, every shard of it, newest first.
    Search(AuditSearchOptions),
    /// List the shards that the ledger is made of: each node of a hub writes one.
    Shards {
        /// Print JSON, with the checkpoints.
        #[arg(long)]
        json: bool,
    },
    /// Write the whole ledger to files that can be verified offline: each shard to one.
    Export {
        /// The file of the shard in slot 0; the shard in slot 1 goes to the same name with `.1` behind it, and so on.
        file: PathBuf,
        /// Your reference of the enquiry.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
    },
    /// Verify exports. Needs no hub: the files and the public key suffice.
    Verify {
        /// The exports, such as those of all shards.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// The public key of the ledger, or a file that holds it; `audit checkpoint` prints it. That of any shard will do.
        #[arg(long, value_name = "KEY")]
        public_key: String,
        /// A checkpoint that you kept: the export of its shard must continue it. Again for more.
        #[arg(long, value_name = "FILE")]
        since: Vec<PathBuf>,
    },
    /// Print the newest checkpoint of a shard and its public key.
    Checkpoint {
        /// The origin of the shard, as `audit shards` prints it; without it, that in slot 0.
        #[arg(long, value_name = "ORIGIN", default_value = "", hide_default_value = true)]
        origin: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AuditSearchOptions {
    /// Recorded at or after this instant.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) from: Option<jiff::Timestamp>,
    /// Recorded before this instant.
    #[arg(long, value_name = "INSTANT")]
    pub(crate) before: Option<jiff::Timestamp>,
    /// The consumer.
    #[arg(long)]
    pub(crate) consumer: Option<String>,
    /// The provider.
    #[arg(long)]
    pub(crate) provider: Option<String>,
    /// The local body.
    #[arg(long)]
    pub(crate) local_body: Option<String>,
    /// The dataset.
    #[arg(long)]
    pub(crate) dataset: Option<String>,
    /// The stable reason.
    #[arg(long)]
    pub(crate) reason: Option<String>,
    /// What came of it: `released`, `refused`, `not-found`, `failed` or `accepted`.
    #[arg(long)]
    pub(crate) outcome: Option<String>,
    /// The subject: a file with one line such as `nir:255081416802538`, or `-` for standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) subject_file: Option<PathBuf>,
    /// Your reference of the enquiry.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) case: String,
    /// At most this many.
    #[arg(long, default_value_t = 20)]
    pub(crate) limit: i32,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
