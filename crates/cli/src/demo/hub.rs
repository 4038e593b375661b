//! The hub of the demonstration: a process of its own, started, killed and stopped.

use std::{
    fs::File,
    net::SocketAddr,
    path::Path,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::{Context, anyhow, bail};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// How long it may take to be ready, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// How much of its log is shown when it does not come up.
const LOG_LINES_SHOWN: usize = 10;

/// A running hub. Dropping it kills it.
#[derive(Debug)]
pub(crate) struct HubProcess {
    child: Child,
    address: SocketAddr,
}

impl HubProcess {
    /// Starts `unefois serve` and waits until it listens.
    pub(crate) async fn start(config: &Path, log: &Path, listen: SocketAddr) -> anyhow::Result<Self> {
        let binary = std::env::current_exe().context("the binary does not know where it is")?;
        let errors = File::options().create(true).append(true).open(log);
        let errors = errors.with_context(|| format!("cannot write `{}`", log.display()))?;
        let mut child = Command::new(&binary)
            .args(["serve", "--config"])
            .arg(config)
            .args(["--listen", &listen.to_string()])
            // Nothing in the environment of the reader may configure this hub.
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            // Ctrl-C is for the demonstration, which then stops its hub.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start `{}`", binary.display()))?;
        let output = child.stdout.take().context("the hub has no standard output")?;
        let mut line = String::new();
        let read = tokio::time::timeout(PATIENCE, BufReader::new(output).read_line(&mut line)).await;
        read.map_err(|_elapsed| anyhow!("the hub was not ready within {PATIENCE:?}"))??;
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            bail!("the hub ended before it listened; its log says:\n{}", tail(log));
        };
        Ok(Self { child, address: address.parse().context("the hub does not say where it listens")? })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The number of the process.
    pub(crate) fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Kills it with SIGKILL: nothing of it runs after this.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill().await.context("the hub cannot be killed")
    }

    /// Asks it to stop, and waits until it has.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        if let Some(id) = self.child.id() {
            let asked = Command::new("kill").args(["-TERM", &id.to_string()]).status().await;
            asked.context("`kill` cannot be run")?;
        }
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        let status = ended.map_err(|_elapsed| anyhow!("the hub did not stop within {PATIENCE:?}"))??;
        anyhow::ensure!(status.success(), "the hub did not stop well: {status}");
        Ok(())
    }

    /// Returns when it ends.
    pub(crate) async fn ended(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_else(|error| error.to_string());
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_LINES_SHOWN)..].join("\n")
}
