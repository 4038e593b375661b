//! `unefois subject`, and where every command takes its subject from.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// Where the identifier of a subject comes from. It is no argument, because shells remember arguments.
#[derive(Debug, Clone, Args)]
pub(crate) struct SubjectInput {
    /// A file with one line such as `nir:255081416802538`; without it, standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) subject_file: Option<PathBuf>,
    /// Refused: an identifier as an argument stays in the history of the shell.
    #[arg(long, hide = true)]
    pub(crate) subject: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SubjectCommand {
    /// What was done with a person's data, in words that they can read. As a portal.
    Exchanges {
        #[command(flatten)]
        subject: SubjectInput,
        /// Your reference of the session in which the person asked.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Join two files of one person: two lines, the identifier that is kept, then the one that is merged. As an
    /// operator.
    Merge {
        #[command(flatten)]
        subject: SubjectInput,
        /// The reference of the decision.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
    },
    /// Erase what the hub keeps of a person, for good. As an operator.
    Erase {
        #[command(flatten)]
        subject: SubjectInput,
        /// What is erased.
        #[arg(long, value_enum)]
        scope: ErasureScopeArgument,
        /// The reference of the decision; it must not name the person.
        #[arg(long, value_name = "REFERENCE")]
        case: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ErasureScopeArgument {
    /// What providers stated: every record.
    Payload,
    /// The same, and every trace of the person: identifiers, consents, the personal part of the ledger.
    PayloadAndTrace,
}
