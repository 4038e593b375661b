//! Many rounds of kills under load, from a seed that is drawn and told.

use std::hash::{BuildHasher, RandomState};

use crate::{needs, shell::run_with};

/// The test whose rounds these are.
const TEST: &str = "rounds::whenever_a_hub_is_killed_everything_it_acknowledged_is_there_once";

/// Runs that many rounds from that seed on, or from one that chance draws.
pub(crate) fn run(seed: Option<u64>, rounds: u32) -> anyhow::Result<()> {
    let python = needs::python()?;
    needs::strace()?;
    // The keys of a new hasher are drawn by the operating system.
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0) >> 1);
    println!("\nrepeat these rounds with: cargo xtask soak --seed {seed} --rounds {rounds}");
    let (seed, rounds) = (seed.to_string(), rounds.to_string());
    let environment =
        [("UNEFOIS_PYTHON", python.as_str()), ("UNEFOIS_SOAK_SEED", &seed), ("UNEFOIS_SOAK_ROUNDS", &rounds)];
    let words = ["cargo", "test", "--package", "unefois-cli", "--test", "faults", "--locked", "--"];
    run_with(&[&words[..], &["--exact", TEST, "--nocapture"]].concat(), &environment)
}
