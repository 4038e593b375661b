//! Many rounds of kills under load, of hubs and of PostgreSQL, and a long withdrawal race, from a seed that is drawn and
//! told.

use std::hash::{BuildHasher, RandomState};

use crate::{needs, shell::run_with};

/// The tests: rounds of kills of one hub, and of two nodes on one PostgreSQL; and the race of exchanges with what takes
/// their authority away.
const TESTS: [&str; 3] = [
    "rounds::whenever_a_hub_is_killed_everything_it_acknowledged_is_there_once",
    "nodes::kills::whenever_a_node_or_postgresql_is_killed_everything_acknowledged_is_there_once",
    "race::nothing_is_recorded_under_authority_that_was_removed_before_on_whichever_node",
];

/// Runs that many rounds from that seed on, or from one that chance draws, and a race of that many exchanges.
pub(crate) fn run(seed: Option<u64>, rounds: u32, exchanges: u64) -> anyhow::Result<()> {
    let python = needs::python()?;
    needs::strace()?;
    needs::postgres()?;
    // The keys of a new hasher are drawn by the operating system.
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0) >> 1);
    println!("\nrepeat these rounds with: cargo xtask soak --seed {seed} --rounds {rounds} --exchanges {exchanges}");
    let (seed, rounds, exchanges) = (seed.to_string(), rounds.to_string(), exchanges.to_string());
    let environment = [
        ("UNEFOIS_PYTHON", python.as_str()),
        ("UNEFOIS_SOAK_SEED", &seed),
        ("UNEFOIS_SOAK_ROUNDS", &rounds),
        ("UNEFOIS_SOAK_EXCHANGES", &exchanges),
    ];
    let words = ["cargo", "test", "--package", "unefois-cli", "--test", "faults", "--locked", "--"];
    // One after the other: the machine is theirs.
    let named = [&["--exact", "--nocapture", "--test-threads=1"], &TESTS[..]].concat();
    run_with(&[&words[..], &named].concat(), &environment)
}
