//! A hub as a process: started, stopped, killed.

use std::{
    fs::{self, File},
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Mutex, OnceLock, mpsc},
    time::Duration,
};

/// How long a hub may take to be ready, or to stop.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running hub. Dropping it kills it.
#[derive(Debug)]
pub struct HubProcess {
    child: Child,
    address: String,
    /// Said after the address; behind a lock because the tasks of a test share the process.
    lines: Mutex<mpsc::Receiver<String>>,
    admin: OnceLock<String>,
}

impl HubProcess {
    /// Starts `unefois serve` and waits until it listens.
    ///
    /// # Errors
    /// What the process wrote to standard error, when it ended instead.
    pub fn start(binary: &Path, config: &Path, log: &Path) -> Result<Self, String> {
        Self::start_by(&[], binary, config, log)
    }

    /// The same, run by another program that leaves the process identifier to the hub, such as `strace -D`: these are
    /// its words.
    ///
    /// # Errors
    /// As [`HubProcess::start`].
    pub fn start_by(words: &[String], binary: &Path, config: &Path, log: &Path) -> Result<Self, String> {
        let mut command = match words.split_first() {
            None => Command::new(binary),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary);
                command
            }
        };
        command.args(["serve", "--config"]).arg(config).envs(patience_with_storage(config));
        Self::spawn(command, log)
    }

    /// Starts any server that prints `listening on ADDRESS` first, and waits until it does.
    ///
    /// # Errors
    /// What the process wrote to standard error, when it ended instead.
    pub fn spawn(mut command: Command, log: &Path) -> Result<Self, String> {
        let errors = File::options().create(true).append(true).open(log).unwrap();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(errors).spawn().unwrap();
        let (said, heard) = mpsc::sync_channel(2);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| said.send(line)));
        match heard.recv_timeout(PATIENCE).unwrap_or_default().strip_prefix("listening on ") {
            Some(address) => {
                let address = address.to_owned();
                Ok(Self { child, address, lines: Mutex::new(heard), admin: OnceLock::new() })
            }
            None => {
                let _ended = child.kill();
                child.wait().unwrap();
                Err(fs::read_to_string(log).unwrap_or_default())
            }
        }
    }

    /// Where it listens: `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn endpoint(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Where its probes and metrics are: `127.0.0.1:PORT`.
    #[must_use]
    pub fn admin(&self) -> &str {
        self.admin.get_or_init(|| {
            let line = self.lines.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            line.strip_prefix("admin on ").unwrap().to_owned()
        })
    }

    /// Asks it to stop, and does not wait.
    pub fn tell_to_stop(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    /// The number of the process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it: no destructor runs, nothing is flushed.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub fn stop(mut self) -> ExitStatus {
        self.tell_to_stop();
        for _ in 0..PATIENCE.as_millis() / 20 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("the hub does not stop");
    }

    /// Whether it has ended by itself, and how.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Waits until it has ended by itself.
    pub async fn end(&mut self) -> ExitStatus {
        for _ in 0..PATIENCE.as_millis() / 5 {
            if let Some(status) = self.ended() {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("the hub does not end");
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// The disk of a machine that runs many tests at once pauses for longer than one in production may. Tests that are about
/// stalls name the limit themselves.
fn patience_with_storage(config: &Path) -> Vec<(&'static str, &'static str)> {
    let text = fs::read_to_string(config).unwrap_or_default();
    let limits = [
        ("commit-stall-max", "UNEFOIS_LIMITS__BROKER__COMMIT_STALL_MAX"),
        ("commit-wait-max", "UNEFOIS_LIMITS__BROKER__COMMIT_WAIT_MAX"),
    ];
    limits.into_iter().filter(|(name, _)| !text.contains(name)).map(|(_, variable)| (variable, "20s")).collect()
}

/// Where things of one hub lie.
#[derive(Debug, Clone)]
pub(crate) struct Paths {
    pub(crate) config: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) data: PathBuf,
}

impl Paths {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { config: folder.join("unefois.toml"), log: folder.join("hub.log"), data: folder.join("data") }
    }
}
