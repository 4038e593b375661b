//! The command line.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// What is built without optimisation says so: it must not be put into service, nor measured.
const VERSION: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (unoptimised)")
} else {
    env!("CARGO_PKG_VERSION")
};

/// The hub of Dites-le-nous une fois: agencies exchange what a person has told one of them already.
#[derive(Debug, Parser)]
#[command(name = "unefois", version = VERSION, max_term_width = 100)]
pub(crate) struct Arguments {
    /// The configuration file; every key is documented in `deploy/unefois.toml`.
    #[arg(long, global = true, env = "UNEFOIS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) hub: HubArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Which hub to call, and as whom. Each overrides the `[client]` table of the configuration.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Calling a hub")]
pub(crate) struct HubArguments {
    /// Where the hub listens, such as `https://127.0.0.1:8443`.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) hub: Option<String>,
    /// The certificate authority of the hub (PEM).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
    /// The certificate to call with (PEM).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) certificate: Option<PathBuf>,
    /// The key of that certificate (PEM).
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a hub.
    Serve(ServeOptions),
    /// Bring the schemas on PostgreSQL to the ones of this program.
    Migrate,
    /// Ask the admin port of the configuration whether the hub is ready; fail and say why when it is not. For health
    /// checks of containers.
    Ready,
    /// Tell a story of invented people on a hub of its own.
    Demo(DemoArguments),
    /// A certificate authority and certificates for development.
    #[command(subcommand)]
    Pki(PkiCommand),
    /// What is exchanged, and who provides it to whom. Needs no hub.
    #[command(subcommand)]
    Catalog(CatalogCommand),
    /// Agencies and agreements.
    #[command(subcommand)]
    Registry(RegistryCommand),
    /// Publish records: JSON lines from a file or standard input. As a provider.
    Publish(PublishOptions),
    /// Ask for one record. The subject comes from a file or standard input. As a consumer.
    Pull(PullOptions),
    /// Consents: grant, withdraw, list. As a portal.
    #[command(subcommand)]
    Consent(ConsentCommand),
    /// What was done with a person's data; joining two files of one person.
    #[command(subcommand)]
    Subject(SubjectCommand),
    /// Search, export and verify the ledger. As an auditor.
    #[command(subcommand)]
    Audit(AuditCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// The folder that holds everything the hub keeps.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_directory: Option<PathBuf>,
    /// The address to listen on; port 0 picks one.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
}

#[derive(Debug, Args)]
pub(crate) struct DemoArguments {
    /// End after the story, in a terminal too.
    #[arg(long, conflicts_with = "stay")]
    pub(crate) exit: bool,
    /// Stay up until Ctrl-C, without a terminal too.
    #[arg(long)]
    pub(crate) stay: bool,
    /// Keep what the demonstration makes in this folder, which must not exist.
    #[arg(long, value_name = "DIR")]
    pub(crate) data_directory: Option<PathBuf>,
}

impl From<DemoArguments> for crate::demo::DemoOptions {
    fn from(arguments: DemoArguments) -> Self {
        let DemoArguments { exit, stay, data_directory } = arguments;
        Self { exit, stay, data_directory }
    }
}

/// Where the password of the PKCS#12 files comes from. It is no argument, because shells remember arguments.
#[derive(Debug, Args)]
pub(crate) struct Pkcs12PasswordInput {
    /// A file with the password of the PKCS#12 files on its only line; `-` for standard input. Without it, a drawn
    /// password is kept beside each of them, as `<name>.p12.password`.
    #[arg(long, value_name = "FILE")]
    pub(crate) pkcs12_password_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PkiCommand {
    /// Make a certificate authority, the hub's certificate, and that of the first operator: in PEM, and in PKCS#12
    /// (`.p12`) for Java and .NET.
    Init {
        /// The folder; made if it is missing.
        directory: PathBuf,
        /// The SPIFFE trust domain.
        #[arg(long, default_value = "unefois.local")]
        trust_domain: String,
        /// The names and addresses of the hub.
        #[arg(long, value_delimiter = ',', default_value = "localhost,127.0.0.1")]
        name: Vec<String>,
        /// The code of the agency that operates the hub.
        #[arg(long, default_value = "operator")]
        operator: String,
        /// How long the certificates are good.
        #[arg(long, default_value_t = 365, value_name = "DAYS")]
        days: u32,
        #[command(flatten)]
        password: Pkcs12PasswordInput,
    },
    /// Issue a certificate for a system of an agency, in PEM and in PKCS#12 (`.p12`).
    Issue {
        /// The folder of the authority.
        directory: PathBuf,
        /// The code of the agency.
        #[arg(long)]
        agency: String,
        /// The name of the system.
        #[arg(long)]
        system: String,
        /// How long the certificate is good.
        #[arg(long, default_value_t = 365, value_name = "DAYS")]
        days: u32,
        #[command(flatten)]
        password: Pkcs12PasswordInput,
    },
    /// Issue a certificate again, with a new key; the old files stay beside the new.
    Renew {
        /// The folder of the authority.
        directory: PathBuf,
        /// The certificate.
        file: PathBuf,
        #[command(flatten)]
        password: Pkcs12PasswordInput,
    },
    /// Revoke a certificate: it is refused from the next request on. As an operator, or while no hub runs.
    Revoke {
        /// The certificate.
        file: PathBuf,
        /// Why, in words.
        #[arg(long)]
        reason: String,
    },
}

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

#[derive(Debug, Args)]
pub(crate) struct PublishOptions {
    /// JSON lines; `-` for standard input.
    #[arg(default_value = "-")]
    pub(crate) file: PathBuf,
    /// Print JSON, one line an answer.
    #[arg(long)]
    pub(crate) json: bool,
}

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
