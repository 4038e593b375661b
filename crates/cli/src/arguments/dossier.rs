//! `unefois dossiers`.

use std::path::PathBuf;

use clap::Subcommand;
use jiff::civil::Date;

use super::SubjectInput;

#[derive(Debug, Subcommand)]
pub(crate) enum DossierCommand {
    /// Open a dossier on a person or company, or give an open one new terms.
    Open {
        #[command(flatten)]
        subject: SubjectInput,
        /// Why, as a code that names nobody, such as `benefit-claim`.
        #[arg(long, value_name = "CODE")]
        reason: String,
        /// The last day, such as `2027-06-30`.
        #[arg(long, value_name = "DAY")]
        last_day: Date,
        /// Your reference of the file.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
    },
    /// Close a dossier before its last day.
    Close {
        #[command(flatten)]
        subject: SubjectInput,
        /// Your reference of the file.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
    },
    /// List the open dossiers, by your own pseudonyms of their subjects.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Open many: a line each, such as `nir:255081416802538,benefit-claim,2027-06-30`. What is loaded already is unchanged.
    Load {
        /// The lines (CSV without quotes); `-` for standard input.
        file: PathBuf,
        /// Your reference of the whole load.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}
