//! `unefois publish` and `unefois pull`.

use std::path::PathBuf;

use clap::Args;

use super::SubjectInput;

#[derive(Debug, Args)]
pub(crate) struct PublishOptions {
    /// JSON lines; `-` for standard input.
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Print JSON, one line an answer.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PullOptions {
    /// The dataset, such as `declared-turnover`.
    #[arg(long)]
    pub(crate) dataset: String,
    /// The agreement.
    #[arg(long)]
    pub(crate) agreement: String,
    /// Why: `simplification`, `non-take-up`, `fraud`, `collection` or `audit`.
    #[arg(long)]
    pub(crate) purpose: String,
    /// Your reference of the case.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) case: String,
    /// Your reference of the agent who is looking.
    #[arg(long, value_name = "REFERENCE")]
    pub(crate) agent: String,
    /// The local body that asks.
    #[arg(long, value_name = "CODE")]
    pub(crate) local_body: Option<String>,
    /// A field to ask for; again for more. Without any: all that are granted.
    #[arg(long = "field", value_name = "FIELD")]
    pub(crate) fields: Vec<String>,
    /// The key fields, as protobuf JSON: `{"period":{"month":{"year":2026,"month":3}}}`.
    #[arg(long, value_name = "JSON", default_value = "{}")]
    pub(crate) key_fields: String,
    /// Makes the request repeatable for 24 hours.
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,
    /// The consent relied on.
    #[arg(long, value_name = "UUID")]
    pub(crate) consent: Option<String>,
    #[command(flatten)]
    pub(crate) subject: SubjectInput,
    /// Keep the receipt in this file (protobuf).
    #[arg(long, value_name = "FILE")]
    pub(crate) save_receipt: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub(crate) json: bool,
}
