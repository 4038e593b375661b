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
mod told;
mod view;

use std::{io::IsTerminal, path::PathBuf, time::Duration};

use anyhow::{Context, anyhow, bail};
use tokio::signal::unix::{Signal, SignalKind, signal};

use stage::Stage;
use tally::Tally;

use crate::output;

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
    let mut ending = Ending::listen()?;
    let mut stage = Stage::build(data_directory)?;
    let told = tokio::select! {
        told = tokio::time::timeout(STORY_MAX, tell(&mut stage)) => {
            told.unwrap_or_else(|_elapsed| bail!("the story did not come to its end within {STORY_MAX:?}"))
        }
        () = ending.told() => Err(anyhow!("the demonstration was interrupted before its end")),
    };
    let stayed = match told {
        Ok(()) if stays => stay_up(&mut stage, &mut ending).await,
        told => told,
    };
    let closed = stage.close().await;
    stayed.and(closed)
}

async fn tell(stage: &mut Stage) -> anyhow::Result<()> {
    let mut tally = Tally::default();
    show::opening();
    stage.start().await.context("the hub did not start")?;
    show::stage(stage)?;
    stage.register().await.context("the registry was not applied")?;

    show::step(1, "Urssaf publishes what people declared to it");
    let declared = declare::tell(stage).await.context(broken(1))?;
    show::step(2, "CNAF asks for two fields of Marie's turnover, and gets these two");
    pull::tell(stage, &mut tally).await.context(broken(2))?;
    show::step(3, "France Travail needs Marie's consent: without it nothing leaves the hub");
    consent::tell(stage, &mut tally).await.context(broken(3))?;
    show::step(4, "A training fund without an agreement is refused, and told why");
    pull::tell_of_the_fund(stage, &mut tally).await.context(broken(4))?;
    show::step(5, "CNAF subscribes: what happens to Marie reaches it as it happens, and what happens to Paul does not");
    told::tell(stage).await.context(broken(5))?;
    show::step(6, "The auditor searches the ledger, exports it, and verifies it without the hub");
    let audited = audit::tell(stage).await.context(broken(6))?;
    show::step(7, "Marie's record as it lies in the database: nothing to read");
    raw::tell(stage, &declared).context(broken(7))?;
    show::step(8, "The hub is killed (SIGKILL) while four systems of CNAF are asking, and started again");
    crash::tell(stage, &audited, &mut tally).await.context(broken(8))?;
    show::step(9, "Marie looks at what was done with her data");
    view::tell(stage, &tally).await.context(broken(9))
}

fn broken(step: u32) -> String {
    format!("step {step} of the demonstration did not do what it says")
}

/// Shows what to try, and keeps the hub up until the demonstration is told to end.
async fn stay_up(stage: &mut Stage, ending: &mut Ending) -> anyhow::Result<()> {
    stay::print_lines(stage)?;
    let log = stage.log();
    tokio::select! {
        () = ending.told() => {
            output::print_line!("\nThe demonstration ends.");
            Ok(())
        }
        ended = stage.hub_ended() => bail!("the hub ended by itself: {ended}; its log is {}", log.display()),
    }
}

/// The signals that tell the demonstration to end. One that comes between two waits is kept.
struct Ending {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Ending {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Returns when the process is told to end.
    async fn told(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}
