//! Developer chores: `cargo xtask test`, `soak`, `lint`, `docs`, `mutants`.

mod breaking;
mod catalog;
mod deploy;
mod docs;
mod lint;
mod mutants;
mod needs;
mod samples;
mod shell;
mod soak;
mod test;

use clap::Parser;

#[derive(Debug, Parser)]
enum Chore {
    /// Run all the tests; install what they need.
    Test,
    /// Kill a hub under load at random moments, many times, and check what it promised, and whether subscribers are told
    /// everything; then take authority away from exchanges on two nodes while there are many.
    Soak(soak::Length),
    /// Run every lint that a change must pass.
    Lint,
    /// Write the pages of the docs that are generated from the code.
    Docs {
        /// Fail when one is stale, instead of writing it.
        #[arg(long)]
        check: bool,
    },
    /// Find changes of the ground floor that its tests do not notice: about an hour, and no part of CI.
    Mutants,
}

fn main() -> std::process::ExitCode {
    let done = run();
    if let Err(error) = &done {
        eprintln!("error: {error:#}");
    }
    if done.is_ok() { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

fn run() -> anyhow::Result<()> {
    match Chore::parse() {
        Chore::Test => test::run(),
        Chore::Soak(length) => soak::run(&length),
        Chore::Lint => lint::run(),
        Chore::Docs { check: true } => docs::check(),
        Chore::Docs { check: false } => docs::write(),
        Chore::Mutants => mutants::test(),
    }
}
