//! Mutation testing of the ground floor: the tests of a crate must notice every change of its code.

use crate::shell::{cargo_tool, run, works};

/// The version whose options `.cargo/mutants.toml` has.
const MUTANTS: &str = "cargo-mutants@27.1.0";

/// Makes every mutant and tests it; what survived stands in `target/mutants.out/missed.txt`.
pub(crate) fn test() -> anyhow::Result<()> {
    let mutants = cargo_tool(MUTANTS)?;
    // The rooms whose own tests hold what they promise. The suites of the workspace hold the others, and take too long
    // to run once a mutant.
    let rooms = ["--package", "unefois-core", "--package", "unefois-ledger", "--package", "unefois-catalog"];
    let mut words = [&[mutants.as_str(), "mutants", "--output", "target"], &rooms[..]].concat();
    if works(&["cargo", "nextest", "--version"]) {
        // The first failure kills a mutant: the tests that still run are not waited for.
        words.extend(["--test-tool", "nextest", "--cargo-test-arg", "--max-fail=1:immediate"]);
    }
    run(&words)
}
