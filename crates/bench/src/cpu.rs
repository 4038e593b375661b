//! The processor time of a process, as the kernel counts it.

use std::{fs, process::Command, time::Duration};

use anyhow::Context;
use tokio::time::{Instant, sleep};

/// How long a server may take to finish what it does behind its answers.
const SETTLE_MAX: Duration = Duration::from_secs(60);
/// How long the server is watched to see whether it still works.
const SETTLE_LOOK: Duration = Duration::from_millis(250);
/// What an idle server may use while it is watched.
const IDLE_MAX: Duration = Duration::from_millis(10);

/// Reads the processor time of processes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Processor {
    ticks_per_second: u32,
}

impl Processor {
    /// Asks the system for the unit in which it counts.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let said = Command::new("getconf").arg("CLK_TCK").output().context("cannot run `getconf CLK_TCK`")?;
        let ticks = String::from_utf8_lossy(&said.stdout).trim().parse().context("`getconf CLK_TCK` says no number")?;
        Ok(Self { ticks_per_second: ticks })
    }

    /// What the process has used since it started, all its threads together, in user and kernel mode.
    pub(crate) fn used_by(&self, process: u32) -> anyhow::Result<Duration> {
        let path = format!("/proc/{process}/stat");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))?;
        let ticks = ticks(&text).with_context(|| format!("`{path}` is not as proc(5) says"))?;
        Ok(Duration::from_secs(ticks) / self.ticks_per_second)
    }

    /// Waits until the process does nothing, so that what it does behind its answers is not another one's noise.
    pub(crate) async fn settle(&self, process: u32) -> anyhow::Result<()> {
        let patience = Instant::now() + SETTLE_MAX;
        let mut before = self.used_by(process)?;
        while Instant::now() < patience {
            sleep(SETTLE_LOOK).await;
            let now = self.used_by(process)?;
            if now.saturating_sub(before) <= IDLE_MAX {
                return Ok(());
            }
            before = now;
        }
        anyhow::bail!("the server is still busy {SETTLE_MAX:?} after its load ended")
    }
}

/// `utime` and `stime`, fields 14 and 15 of proc(5). The name in field 2 may hold spaces and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut number = || fields.next()?.parse::<u64>().ok();
    Some(number()? + number()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_found_behind_any_name() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 17 25 3 4 20 0 4 0 100 0 0";
        assert_eq!(ticks(stat), Some(42));
        assert_eq!(ticks("42 (short) S 1"), None);
    }

    #[test]
    fn this_process_has_used_some_time() {
        let processor = Processor::new().unwrap();
        let started = std::time::Instant::now();
        while processor.used_by(std::process::id()).unwrap() < Duration::from_millis(50) {
            assert!(started.elapsed() < SETTLE_MAX, "a minute of work is not counted");
        }
    }
}
