//! The process of a PostgreSQL, which ends with the process of the test.

use std::{
    fs,
    path::Path,
    process::{Command, ExitStatus},
    sync::mpsc::{self, Receiver, TryRecvError},
    thread,
    time::{Duration, Instant},
};

/// How long a server may take to recover, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_AGAIN: Duration = Duration::from_millis(10);

#[derive(Debug, Clone, Copy)]
pub(super) enum Shutdown {
    /// As `pg_ctl stop -m fast`: connections are cut, and everything is written.
    Fast,
    /// As `pg_ctl stop -m immediate`: nothing more is written.
    Immediate,
}

#[derive(Debug)]
pub(super) struct Postmaster {
    id: u32,
    ended: Receiver<ExitStatus>,
}

impl Postmaster {
    /// Starts a server and waits until it takes connections; gives how it ended, when it ended instead.
    ///
    /// It is killed when the *thread* that started it ends (`setpriv --pdeathsig`), and the threads of tests come and
    /// go: so it gets one that waits for it. That thread ends early only with the whole process, however that ends.
    pub(super) fn start(mut command: Command, data: &Path) -> Result<Self, ExitStatus> {
        let (begins, begun) = mpsc::sync_channel(1);
        let (ends, ended) = mpsc::sync_channel(1);
        thread::spawn(move || {
            let mut child = command.spawn().unwrap();
            begins.send(child.id()).unwrap();
            // Nobody listens after a stop that lost patience.
            let _told = ends.send(child.wait().unwrap());
        });
        let postmaster = Self { id: begun.recv().expect("the server can be run"), ended };
        let since = Instant::now();
        while !postmaster.is_ready(data) {
            match postmaster.ended.try_recv() {
                Ok(status) => return Err(status),
                Err(TryRecvError::Empty) => thread::sleep(LOOK_AGAIN),
                Err(TryRecvError::Disconnected) => panic!("nobody waits for the server"),
            }
            assert!(since.elapsed() < PATIENCE, "PostgreSQL is not ready");
        }
        Ok(postmaster)
    }

    /// The number of the process.
    pub(super) fn id(&self) -> u32 {
        self.id
    }

    /// Stops it and everything it started; gives whether it did so by itself.
    pub(super) fn stop(self, shutdown: Shutdown) -> bool {
        self.signal(match shutdown {
            Shutdown::Fast => "-INT",
            Shutdown::Immediate => "-QUIT",
        });
        let stopped = self.ended.recv_timeout(PATIENCE).is_ok();
        if !stopped {
            self.signal("-KILL");
            let _ended = self.ended.recv_timeout(PATIENCE);
        }
        stopped
    }

    /// Whether it says so in its file; the identifier tells that the file is not of an earlier start.
    fn is_ready(&self, data: &Path) -> bool {
        let text = fs::read_to_string(data.join("postmaster.pid")).unwrap_or_default();
        let mut lines = text.lines();
        lines.next() == Some(&self.id.to_string()) && lines.last().is_some_and(|status| status.trim() == "ready")
    }

    fn signal(&self, signal: &str) {
        // It fails when the server has ended, which is what is waited for next.
        let _ended = Command::new("kill").args([signal, &self.id.to_string()]).output();
    }
}
