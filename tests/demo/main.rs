//! The demonstration: it tells its story to the end, and what it prints works as it stands.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

const UNEFOIS: &str = env!("CARGO_BIN_EXE_unefois");

/// The establishments of Marie and of Paul.
const MARIE: &str = "00099901100018";
const PAUL: &str = "00099902900010";

/// How long the demonstration may be silent.
const PATIENCE: Duration = Duration::from_secs(120);

/// How many lines may wait to be looked at.
const LINES_WAITING_MAX: usize = 1024;

/// A demonstration that stays up. Dropping it ends it, and its hub with it.
struct Demo {
    child: Child,
    output: Receiver<String>,
}

impl Demo {
    fn start() -> Self {
        let mut child =
            Command::new(UNEFOIS).args(["demo", "--stay"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (said, output) = sync_channel(LINES_WAITING_MAX);
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| said.send(line)));
        Self { child, output }
    }

    /// What it prints until it is ready.
    fn story(&self) -> Vec<String> {
        let mut told = Vec::new();
        loop {
            let line = self.output.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("it ended early:\n{told:#?}"));
            if line == "Ready." {
                return told;
            }
            told.push(line);
        }
    }

    fn signal(&self, signal: &str) {
        assert!(Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Sends it Ctrl-C and waits until it has ended well.
    fn interrupted(mut self) {
        self.signal("-INT");
        // Its standard output closes when it ends.
        while self.output.recv_timeout(PATIENCE).is_ok() {}
        let status = self.child.wait().unwrap();
        assert!(status.success(), "{status}");
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal("-TERM");
            let _ended = self.child.wait();
        }
    }
}

/// The lines to try: those behind two spaces.
fn lines_to_try(story: &[String]) -> Vec<String> {
    let lines = story.iter().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with(' '));
    lines.map(str::to_owned).collect()
}

/// Runs a line as a reader would, with these folders before the rest of the path.
fn run(line: &str, path: &str) -> Output {
    Command::new("sh").args(["-c", line]).env("PATH", path).stdin(Stdio::null()).output().unwrap()
}

fn text(output: &Output) -> String {
    [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

/// The path, with the folder where npm installs buf in front of it.
fn path_with_buf() -> String {
    let bin = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../node_modules/.bin");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::iter::once(bin).chain(std::env::split_paths(&path)).collect();
    std::env::join_paths(folders).unwrap().into_string().unwrap()
}

#[test]
fn the_lines_that_the_demonstration_prints_work_as_they_stand() {
    let demo = Demo::start();
    let story = demo.story();
    let path = path_with_buf();
    let lines = lines_to_try(&story);
    let [pull, subscribe, search, buf] = lines.as_slice() else { panic!("four lines are due: {lines:#?}") };

    let pulled = run(pull, &path);
    assert!(pulled.status.success(), "{}", text(&pulled));
    assert!(text(&pulled).contains("receipt verified"), "{}", text(&pulled));

    for time in ["once", "again"] {
        let told = run(subscribe, &path);
        assert!(told.status.success(), "{time}: {}", text(&told));
        for (due, count) in [("affiliation.created.v1", 1), ("affiliation.ended.v1", 1), (MARIE, 2), (PAUL, 0)] {
            assert_eq!(text(&told).matches(due).count(), count, "{due}, {time}: {}", text(&told));
        }
    }

    let searched = run(search, &path);
    assert!(searched.status.success(), "{}", text(&searched));
    assert!(text(&searched).contains("declared-turnover"), "{}", text(&searched));

    if run("buf --version", &path).status.success() {
        let called = run(buf, &path);
        assert!(called.status.success(), "{}", text(&called));
        assert!(text(&called).contains("2481736"), "{}", text(&called));
    } else {
        println!("NOT RUN: `buf` is not installed");
        assert!(std::env::var_os("UNEFOIS_CI").is_none(), "under .ci/run `buf` must be installed");
    }

    let folder = story.iter().find_map(|line| line.split_once("everything that it keeps is in "));
    let folder = PathBuf::from(folder.unwrap().1.trim_end_matches('.'));
    assert!(folder.is_dir());
    demo.interrupted();
    assert!(!folder.exists(), "the temporary folder is left behind");
}

#[test]
fn the_story_ends_well_and_measures_itself() {
    let kept = tempfile::tempdir().unwrap();
    let folder = kept.path().join("kept");
    let output = Command::new(UNEFOIS)
        .args(["demo", "--exit", "--data-directory"])
        .arg(&folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = text(&output);
    assert!(output.status.success(), "{told}");
    for due in ["2 of 7 fields", "CONSENT_REQUIRED", "CONSENT_WITHDRAWN", "was changed", "SIGKILL", "Measured:"] {
        assert!(told.contains(due), "`{due}` is not in the story:\n{told}");
    }
    told_of_marie_alone(&told);
    assert!(folder.join("data/hub.db").is_file(), "a folder that the reader names is kept");
}

/// Of both Urssaf publishes that their business has ended; CNAF has a dossier on Marie.
fn told_of_marie_alone(story: &str) {
    let step = story.split("5. CNAF subscribes").nth(1).and_then(|rest| rest.split("\n6. ").next());
    let step = step.unwrap_or_else(|| panic!("nobody subscribes:\n{story}"));
    for due in ["self-employed-affiliation.ended.v1", MARIE, "radiation", "2026-04-30", "✓ the event is about Marie"]
    {
        assert!(step.contains(due), "`{due}` is not in the step:\n{step}");
    }
    assert!(!step.contains(PAUL), "CNAF is told of Paul:\n{step}");
}

#[test]
fn a_folder_that_exists_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(UNEFOIS)
        .args(["demo", "--exit", "--data-directory"])
        .arg(folder.path())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    assert!(text(&output).contains("name a folder that does not exist"), "{}", text(&output));
}
