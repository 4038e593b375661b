//! Running programs of other languages: what they need, and what they tell.

use std::{
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// Whether a test can run with what this machine has. Under CI it must.
pub(crate) fn is_there(what: &str, found: bool) -> bool {
    #[allow(clippy::disallowed_methods, reason = "the test command says in the environment that this is CI")]
    let is_ci = std::env::var_os("UNEFOIS_CI").is_some();
    assert!(found || !is_ci, "{what} is missing: `cargo xtask test` installs it");
    if !found {
        println!("NOT RUN: {what} is missing; `cargo xtask test` installs it");
    }
    found
}

/// Whether a command runs and succeeds.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Runs a command that must succeed, with this on its standard input; gives its standard output.
pub(crate) fn output_of(command: &mut Command, input: &str) -> String {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // A program that ends early does not read its input.
    let _closed = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let told = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{command:?}\n{told}\n{}", String::from_utf8_lossy(&output.stderr));
    told
}

/// The same, for a program that prints a JSON value a line.
pub(crate) fn lines_of(command: &mut Command, input: &str) -> Vec<Value> {
    let told = output_of(command, input);
    told.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("not JSON: {line}"))).collect()
}

/// The top of the repository.
pub(crate) fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap().to_owned()
}

/// A program that `npm install` puts in the repository.
pub(crate) fn node_tool(name: &str) -> String {
    top().join("node_modules/.bin").join(name).to_str().unwrap().to_owned()
}

/// A folder under `target/` for what is generated and compiled.
pub(crate) fn workshop() -> TempDir {
    TempDir::new_in(env!("CARGO_TARGET_TMPDIR")).unwrap()
}

/// The files of the contract, as a compiler of `.proto` files wants them: relative to `proto/`.
pub(crate) fn contract() -> Vec<String> {
    let root = top().join("proto");
    let mut folders = vec![root.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "proto") {
                found.push(path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    assert!(!found.is_empty());
    found.sort();
    found
}
