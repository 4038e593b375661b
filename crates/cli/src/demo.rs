//! `unefois demo`: a story of invented people, told on a hub of its own, each step of it checked.

mod ask;
mod audit;
mod consent;
mod crash;
mod declare;
mod hub;
mod people;
mod pull;
mod raw;
mod show;
mod stage;
mod stay;
mod tally;
mod view;

use std::{io::IsTerminal, path::PathBuf, time::Duration};

use anyhow::{Context, bail};
use tokio::signal::unix::{SignalKind, signal};

use stage::Stage;
use tally::Tally;

/// How the demonstration runs.
#[derive(Debug)]
pub(crate) struct DemoOptions {
    /// Ends after the story, in a terminal too.
    pub(crate) exit: bool,
    /// Stays up after the story, without a terminal too.
    pub(crate) stay: bool,
    /// Where it keeps what it makes; a temporary folder, removed at the end, when there is none.
    pub(crate) data_directory: Option<PathBuf>,
}

/// How long the whole story may take.
const STORY_MAX: Duration = Duration::from_secs(300);

/// Tells the story; in a terminal the hub then stays up until Ctrl-C.
///
/// # Errors
/// A step did not do what it says, or the demonstration was interrupted before its end.
pub(crate) async fn run(options: DemoOptions) -> anyhow::Result<()> {
    let DemoOptions { exit, stay, data_directory } = options;
    let stays = stay || (!exit && std::io::stdout().is_terminal());
    let mut stage = Stage::build(data_directory)?;
    let told = tokio::select! {
        told = tokio::time::timeout(STORY_MAX, tell(&mut stage)) => {
            told.unwrap_or_else(|_elapsed| bail!("the story did not come to its end within {STORY_MAX:?}"))
        }
        told_to_end = told_to_end() => {
            told_to_end.and_then(|()| bail!("the demonstration was interrupted before its end"))
        }
    };
    let stayed = match told {
        Ok(()) if stays => stay_up(&mut stage).await,
        told => told,
    };
    let closed = stage.close().await;
    stayed.and(closed)
}

async fn tell(stage: &mut Stage) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    show::opening();
    stage.start().await.context("the hub did not start")?;
    stage.register().await.context("the registry was not applied")?;
    show::stage(stage)?;

    show::step(1, "Urssaf publishes what people declared to it");
    let declared = declare::tell(stage).await.context(broken(1))?;
    show::step(2, "CNAF asks for two fields of Marie's turnover, and gets these two");
    pull::tell(stage, &mut tally).await.context(broken(2))?;
    show::step(3, "France Travail needs Marie's consent: without it nothing leaves the hub");
    consent::tell(stage, &mut tally).await.context(broken(3))?;
    show::step(4, "A training fund without an agreement is refused, and told why");
    pull::tell_of_the_fund(stage, &mut tally).await.context(broken(4))?;
    show::step(5, "The auditor searches the ledger, exports it, and verifies it without the hub");
    let audited = audit::tell(stage).await.context(broken(5))?;
    show::step(6, "Marie's record as it lies in the database: nothing to read");
    raw::tell(stage, &declared).context(broken(6))?;
    show::step(7, "The hub is killed (SIGKILL) while four systems of CNAF are asking, and started again");
    crash::tell(stage, &audited, &mut tally).await.context(broken(7))?;
    show::step(8, "Marie looks at what was done with her data");
    view::tell(stage, &tally).await.context(broken(8))
}

fn broken(step: u32) -> String {
    format!("step {step} of the demonstration did not do what it says")
}

/// Shows what to try, and keeps the hub up until the demonstration is told to end.
async fn stay_up(stage: &mut Stage) -> anyhow::Result<()> {
    stay::print_lines(stage)?;
    tokio::select! {
        told = told_to_end() => {
            println!("\nThe demonstration ends.");
            told
        }
        ended = stage.hub_ended() => bail!("the hub ended by itself: {ended}; its log is {}", stage.log().display()),
    }
}

/// Returns when the process is told to end.
async fn told_to_end() -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        _ = hang_up.recv() => {}
    }
    Ok(())
}
