//! The binary `unefois`: reads the configuration, wires the rooms, and runs one command.

// They panic where standard output, or standard error, takes no more: `output` does not.
#![deny(clippy::print_stdout, clippy::print_stderr)]

mod arguments;
mod audit;
mod catalog;
mod client;
mod config;
mod consent;
mod contract;
mod demo;
mod dossier;
mod migrate;
mod output;
mod pki;
mod place;
mod provider;
mod publish;
mod pull;
mod ready;
mod registry;
mod serve;
mod settled;
mod subject;
mod subscribe;
mod subscription;

use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;
use unefois_catalog::InvalidCatalog;
use unefois_client::ConnectError;
use unefois_identity::TlsError;
use unefois_telemetry::InvalidCollector;

use arguments::{Arguments, Command};
use config::Unusable;

/// What was typed or configured cannot be used; the same that the parser of the command line ends with.
const EXIT_UNUSABLE: u8 = 2;

/// An exchange allocates hundreds of times on several threads; the system's allocator took a fifth of its time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(&anyhow::Error::new(error).context("the runtime cannot be started")),
    };
    let done = runtime.block_on(run(arguments));
    runtime.shutdown_background();
    match done.and(output::outcome().context("standard output cannot be written")) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(&error),
    }
}

async fn run(arguments: Arguments) -> anyhow::Result<()> {
    let Arguments { config, hub, command } = arguments;
    match command {
        Command::Serve(options) => serve::run(config.as_deref(), options).await,
        Command::Migrate => migrate::run(config.as_deref()).await,
        Command::Ready => ready::run(config.as_deref()).await,
        Command::Demo(options) => demo::run(options.into()).await,
        Command::Pki(command) => pki::run(command, config.as_deref(), hub).await,
        Command::Catalog(command) => catalog::run(command, config.as_deref()),
        Command::Registry(command) => registry::run(command, config.as_deref(), hub).await,
        Command::Publish(options) => publish::run(options, config.as_deref(), hub).await,
        Command::Pull(options) => pull::run(options, config.as_deref(), hub).await,
        Command::Consent(command) => consent::run(command, &client::settings(config.as_deref(), hub)?).await,
        Command::Subscriptions(command) => subscription::run(command, &client::settings(config.as_deref(), hub)?).await,
        Command::Subscribe(options) => subscribe::run(options, config.as_deref(), hub).await,
        Command::Dossiers(command) => dossier::run(command, &client::settings(config.as_deref(), hub)?).await,
        Command::Subject(command) => subject::run(command, &client::settings(config.as_deref(), hub)?).await,
        Command::Audit(command) => audit::run(command, config.as_deref(), hub).await,
    }
}

/// Says what failed, and why, a line each: the one place where a chain of causes is printed.
fn report(error: &anyhow::Error) -> ExitCode {
    output::error_line!("error: {error}");
    for cause in error.chain().skip(1) {
        output::error_line!("  because: {cause}");
    }
    if is_unusable(error) { ExitCode::from(EXIT_UNUSABLE) } else { ExitCode::FAILURE }
}

/// Whether the failure is of what was typed or configured, found before anything was opened or connected to.
fn is_unusable(error: &anyhow::Error) -> bool {
    let of_client = error.downcast_ref::<ConnectError>().is_some_and(|error| match error {
        ConnectError::Endpoint { .. } | ConnectError::ServerName { .. } | ConnectError::Tls(_) => true,
        ConnectError::Dial { .. } | ConnectError::Http2 { .. } => false,
    });
    let of_storage = matches!(error.downcast_ref(), Some(unefois_store::Error::InvalidUrl { .. }));
    let of_hub = error.is::<InvalidCatalog>() || error.is::<TlsError>() || error.is::<InvalidCollector>();
    error.is::<Unusable>() || of_client || of_storage || of_hub
}
