//! The contract against an earlier one: what a partner compiled years ago must go on working.

use std::fs;

use anyhow::Context;

use crate::shell::{self, said, top};

/// Where the earlier contract is laid out.
const EARLIER: &str = "target/contract-before";

/// Compares the contract with that of the last commit of main, by the rules of `buf.yaml`.
pub(crate) fn check() -> anyhow::Result<()> {
    let Some(commit) = earlier_commit() else {
        println!("\nNOT CHECKED: whether the contract breaks an earlier one, because there is no earlier commit here");
        return Ok(());
    };
    let folder = top().join(EARLIER);
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot empty `{EARLIER}`"))?;
    }
    fs::create_dir_all(&folder).with_context(|| format!("cannot make `{EARLIER}`"))?;
    // A copy and not a reference: `buf` would fetch it again, which a shallow clone does not allow.
    let unpack = format!("git archive {commit} proto buf.yaml | tar -x -C {EARLIER}");
    shell::run(&["sh", "-ec", &unpack])?;
    shell::run(&["node_modules/.bin/buf", "breaking", "--against", EARLIER])
}

/// Where this work left main; on main itself, the commit before.
fn earlier_commit() -> Option<String> {
    let head = said(&["git", "rev-parse", "HEAD"])?;
    let left_main = ["origin/main", "main"].into_iter().find_map(|main| said(&["git", "merge-base", main, "HEAD"]));
    match left_main {
        Some(commit) if commit != head => Some(commit),
        Some(_) | None => commit_before().or_else(|| {
            // A shallow clone has left it behind.
            said(&["git", "fetch", "--quiet", "--deepen", "1"])?;
            commit_before()
        }),
    }
}

/// The commit before this one, where its files are here.
fn commit_before() -> Option<String> {
    said(&["git", "rev-parse", "--verify", "--quiet", "HEAD^1^{tree}"])?;
    said(&["git", "rev-parse", "HEAD^1"])
}
