//! A hub under `strace`: what it does to the files of its data directory, and how single calls are made to fail.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// The system calls that write, sync, cut, move or remove. A `?` passes over one that the machine does not have.
const CALLS: &str = "?pwrite64,?pwritev,?write,?writev,?fsync,?fdatasync,?sync_file_range,?ftruncate,?fallocate,\
                     ?rename,?renameat,?renameat2,?link,?linkat,?unlink,?unlinkat";

/// One call on a file of the data directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Call {
    /// The name of the system call.
    pub(crate) name: String,
    /// The file, by its path within the data directory; empty for the directory itself.
    pub(crate) file: PathBuf,
    /// The thread that made it.
    pub(crate) thread: u32,
    /// What it returned, as `strace` words it: `= -1 EIO (…) (INJECTED)`.
    pub(crate) outcome: String,
}

/// The words that run a hub under `strace` and write what it does to `log`.
///
/// `-D` leaves the process identifier, and so the signals and the exit status, to the hub.
pub(crate) fn watched(log: &Path) -> Vec<String> {
    let log = log.to_str().unwrap();
    let trace = format!("trace={CALLS}");
    ["strace", "-D", "-f", "-y", "-q", "-o", log, "-e", &trace].map(ToOwned::to_owned).to_vec()
}

/// The same, and calls on that file suffer `injection`, such as `fsync:error=EIO` or `pwrite64:signal=KILL:when=3`.
/// `strace` counts the calls of each name in each thread; a file of the hub is written by one.
pub(crate) fn hurt(log: &Path, file: &Path, injection: &str) -> Vec<String> {
    let mut words = watched(log);
    let injection = format!("inject={injection}");
    words.extend(["-P", file.to_str().unwrap(), "-e", &injection].map(ToOwned::to_owned));
    words
}

/// An `strace` that was attached to a hub while it ran; dropping it lets go of the hub.
#[derive(Debug)]
pub(crate) struct Attached(Child);

/// Attaches to a running hub: from now on, calls on those files suffer `injection`. Every kind of call that `injection`
/// names is in `log`, and so is every other one that writes or syncs.
pub(crate) fn attach(process: u32, log: &Path, files: &[PathBuf], injection: &str) -> Attached {
    let (trace, injection) = (format!("trace={CALLS},?pread64,openat"), format!("inject={injection}"));
    let mut command = Command::new("strace");
    command.args(["-f", "-y", "-p", &process.to_string(), "-e", &trace, "-e", &injection, "-o"]).arg(log);
    for file in files {
        command.arg("-P").arg(file);
    }
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("attached") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "strace cannot attach to the hub: it needs the rights of root");
    }
    // Read on, or it would wait for a reader when it has much to say.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Attached(child)
}

impl Drop for Attached {
    fn drop(&mut self) {
        let id = self.0.id().to_string();
        // It may have ended with the hub.
        let _ended = Command::new("kill").args(["-TERM", &id]).stderr(Stdio::null()).status();
        let _ended = self.0.wait();
    }
}

/// The calls of a log on files under `data`, in the order in which they began. One that another thread interrupts has a
/// second line, `1234 <... fsync resumed>) = 0`, which says how it ended.
pub(crate) fn calls(log: &Path, data: &Path) -> Vec<Call> {
    let text = fs::read_to_string(log).unwrap();
    let within = data.to_str().unwrap();
    let mut calls: Vec<Call> = Vec::new();
    for line in text.lines() {
        if let Some((thread, name, outcome)) = resumed(line) {
            let begun = calls.iter_mut().rev().find(|call| call.thread == thread && call.name == name);
            if let Some(begun) = begun.filter(|call| call.outcome.is_empty()) {
                begun.outcome = outcome;
            }
        } else {
            calls.extend(call(line, within));
        }
    }
    calls
}

/// `1234 <... fsync resumed>) = 0`
fn resumed(line: &str) -> Option<(u32, String, String)> {
    let (thread, rest) = line.split_once(char::is_whitespace)?;
    let (name, rest) = rest.trim_start().strip_prefix("<... ")?.split_once(" resumed>")?;
    let (_, outcome) = rest.rsplit_once(" = ")?;
    Some((thread.parse().ok()?, name.to_owned(), outcome.to_owned()))
}

/// `1234 fsync(7</tmp/data/hub.db>) = 0`, or `1234 rename("/tmp/data/checkpoint.new", …`.
fn call(line: &str, data: &str) -> Option<Call> {
    let (thread, rest) = line.split_once(char::is_whitespace)?;
    let (name, arguments) = rest.trim_start().split_once('(')?;
    let (_, path) = arguments.split_once(data)?;
    let path = path.split(['>', '"']).next()?.trim_start_matches('/');
    let outcome = arguments.rsplit_once(" = ").map(|(_, outcome)| outcome.to_owned()).unwrap_or_default();
    let is_call = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    let thread = thread.parse().ok()?;
    is_call.then(|| Call { name: name.to_owned(), file: path.into(), thread, outcome })
}
