//! The command line: the commands, and what all of them take. What one of them takes is in `arguments/`.

mod audit;
mod consent;
mod dossier;
mod exchange;
mod pki;
mod registry;
mod subject;
mod subscription;

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand};

pub(crate) use self::{
    audit::{AuditCommand, AuditSearchOptions},
    consent::ConsentCommand,
    dossier::DossierCommand,
    exchange::{PublishOptions, PullOptions},
    pki::{Pkcs12PasswordInput, PkiCommand},
    registry::{CatalogCommand, Registry, RegistryCommand},
    subject::{ErasureScopeArgument, SubjectCommand, SubjectInput},
    subscription::{CreateOptions, EventKindArgument, SubscribeOptions, SubscriptionCommand},
};

/// What a script may rely on.
const STATUSES: &str = "Exit status: 0 when done; 1 when it failed, or was refused; 2 when the command line or the \
                        configuration cannot be used.";

/// What is built without optimisation says so: it must not be put into service, nor measured.
const VERSION: &str = if cfg!(debug_assertions) {
    concat!(env!("CARGO_PKG_VERSION"), " (unoptimised)")
} else {
    env!("CARGO_PKG_VERSION")
};

/// The hub of Dites-le-nous une fois: agencies exchange what a person has told one of them already.
#[derive(Debug, Parser)]
#[command(name = "unefois", version = VERSION, max_term_width = 100, after_help = STATUSES)]
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
    /// The wish to be told what changes, and how it does. As a consumer.
    #[command(subcommand)]
    Subscriptions(SubscriptionCommand),
    /// Print what is told of a subscription, as it comes. As a consumer.
    Subscribe(SubscribeOptions),
    /// On whom you have a file open: events about others are not told to you. As a consumer.
    #[command(subcommand)]
    Dossiers(DossierCommand),
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
