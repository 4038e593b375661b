//! The processor time of processes, as the kernel counts it.

use std::{fs, process::Command, time::Duration};

use anyhow::Context;
use tokio::time::{Instant, sleep};

use crate::running::Processes;

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
        Ok(self.stat(process)?.own)
    }

    /// The same of a process and its children, those that have ended included.
    pub(crate) fn used_by_family(&self, first: u32) -> anyhow::Result<Duration> {
        let path = format!("/proc/{first}/task/{first}/children");
        let children = fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))?;
        let children = children.split(' ').filter_map(|child| child.trim().parse().ok());
        // One that has ended since is counted by its parent, which is asked last.
        let children: Duration = children.filter_map(|child| self.used_by(child).ok()).sum();
        let Stat { own, ended_children } = self.stat(first)?;
        Ok(own + ended_children + children)
    }

    /// What a database has used, where there is one.
    pub(crate) fn used_by_database(&self, processes: Processes) -> anyhow::Result<Duration> {
        processes.database.map_or(Ok(Duration::ZERO), |first| self.used_by_family(first))
    }

    /// What the process has in memory.
    pub(crate) fn resident_kib(&self, process: u32) -> anyhow::Result<u64> {
        let path = format!("/proc/{process}/status");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok());
        number.with_context(|| format!("`{path}` is not as proc(5) says"))
    }

    /// Waits until the processes do nothing, so that what they do behind their answers is not another one's noise.
    pub(crate) async fn settle(&self, processes: Processes) -> anyhow::Result<()> {
        let used = || anyhow::Ok(self.used_by(processes.server)? + self.used_by_database(processes)?);
        let patience = Instant::now() + SETTLE_MAX;
        let mut before = used()?;
        while Instant::now() < patience {
            sleep(SETTLE_LOOK).await;
            let now = used()?;
            if now.saturating_sub(before) <= IDLE_MAX {
                return Ok(());
            }
            before = now;
        }
        anyhow::bail!("the server is still busy {SETTLE_MAX:?} after its load ended")
    }

    fn stat(&self, process: u32) -> anyhow::Result<Stat> {
        let path = format!("/proc/{process}/stat");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read `{path}`"))?;
        let [own, ended_children] = ticks(&text)
            .with_context(|| format!("`{path}` is not as proc(5) says"))?
            .map(|ticks| Duration::from_secs(ticks) / self.ticks_per_second);
        Ok(Stat { own, ended_children })
    }
}

/// What the kernel says of a process.
#[derive(Debug, Clone, Copy)]
struct Stat {
    own: Duration,
    ended_children: Duration,
}

/// `utime` and `stime`, fields 14 and 15 of proc(5), and those of its ended children, 16 and 17. The name in field 2 may
/// hold spaces and brackets.
fn ticks(stat: &str) -> Option<[u64; 2]> {
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut number = || fields.next()?.parse::<u64>().ok();
    Some([number()? + number()?, number()? + number()?])
}

#[cfg(test)]
mod tests {
    use std::{io::Read, process::Stdio};

    use super::*;

    #[test]
    fn the_time_is_found_behind_any_name() {
        let stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 17 25 3 4 20 0 4 0 100 0 0";
        assert_eq!(ticks(stat), Some([42, 7]));
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

    #[test]
    fn a_family_counts_its_children_while_they_live_and_after() {
        let processor = Processor::new().unwrap();
        let busy = "sh -c 'i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done'; echo ended; read go";
        let mut command = Command::new("sh");
        let mut first = command.args(["-c", busy]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let used = || processor.used_by_family(first.id()).unwrap();
        while used() < Duration::from_millis(50) {
            std::thread::yield_now();
        }
        let while_it_lives = used();
        assert_eq!(first.stdout.as_mut().unwrap().read(&mut [0; 5]).unwrap(), 5, "the child has ended");
        let after = processor.used_by_family(first.id()).unwrap();
        drop(first.stdin.take());
        first.wait().unwrap();
        assert!(after >= while_it_lives, "{after:?} {while_it_lives:?}");
    }
}
