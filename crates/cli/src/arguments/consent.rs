//! `unefois consent`.

use std::path::PathBuf;

use clap::Subcommand;

use super::SubjectInput;

#[derive(Debug, Subcommand)]
pub(crate) enum ConsentCommand {
    /// Record that a person permits a consumer to have a dataset for a purpose.
    Grant {
        #[command(flatten)]
        subject: SubjectInput,
        /// The consumer that is permitted.
        #[arg(long)]
        consumer: String,
        /// The dataset.
        #[arg(long)]
        dataset: String,
        /// The purpose.
        #[arg(long)]
        purpose: String,
        /// The last instant at which it holds, such as `2027-01-01T00:00:00Z`.
        #[arg(long)]
        expires_at: Option<jiff::Timestamp>,
        /// The evidence that the person gave it; its SHA-256 is recorded, the file stays with you.
        #[arg(long, value_name = "FILE")]
        evidence: PathBuf,
    },
    /// Withdraw a consent.
    Withdraw {
        /// The consent.
        id: String,
    },
    /// List a person's consents.
    List {
        #[command(flatten)]
        subject: SubjectInput,
        /// Your reference of the session in which the person asked.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}
