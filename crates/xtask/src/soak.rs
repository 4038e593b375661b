//! Many rounds of kills under load, of hubs and of PostgreSQL, while they answer and while they tell events, and a long
//! withdrawal race, from a seed that is drawn and told.

use std::hash::{BuildHasher, RandomState};

use crate::{needs, shell::run_with};

/// The tests: rounds of kills of one hub, and of two nodes on one PostgreSQL; the same while events are published and
/// told; and the race of exchanges with what takes their authority away.
const TESTS: [&str; 5] = [
    "rounds::whenever_a_hub_is_killed_everything_it_acknowledged_is_there_once",
    "nodes::kills::whenever_a_node_or_postgresql_is_killed_everything_acknowledged_is_there_once",
    "events::whenever_a_hub_is_killed_every_subscriber_is_told_everything_in_order",
    "events::whenever_a_node_or_postgresql_is_killed_every_subscriber_is_told_everything_in_order",
    "race::nothing_is_recorded_under_authority_that_was_removed_before_on_whichever_node",
];

/// How long it is.
#[derive(Debug, clap::Args)]
pub(crate) struct Length {
    /// The seed of the first round; drawn when it is left out.
    #[arg(long)]
    seed: Option<u64>,
    /// How many rounds.
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// How many rounds in which events are published and told.
    #[arg(long, default_value_t = 300)]
    event_rounds: u32,
    /// How many events there are in all of these, on either backend.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// How many exchanges race with withdrawals.
    #[arg(long, default_value_t = 100_000)]
    exchanges: u64,
}

/// Runs it, from that seed on or from one that chance draws.
pub(crate) fn run(length: &Length) -> anyhow::Result<()> {
    let python = needs::python()?;
    needs::strace()?;
    needs::postgres()?;
    let Length { seed, rounds, event_rounds, events, exchanges } = length;
    // The keys of a new hasher are drawn by the operating system.
    let seed = seed.unwrap_or_else(|| RandomState::new().hash_one(0) >> 1);
    println!(
        "\nrepeat these rounds with: cargo xtask soak --seed {seed} --rounds {rounds} --event-rounds {event_rounds} \
         --events {events} --exchanges {exchanges}"
    );
    let [seed, rounds, event_rounds, events, exchanges] =
        [seed, u64::from(*rounds), u64::from(*event_rounds), *events, *exchanges].map(|number| number.to_string());
    let environment = [
        ("UNEFOIS_PYTHON", python.as_str()),
        ("UNEFOIS_SOAK_SEED", &seed),
        ("UNEFOIS_SOAK_ROUNDS", &rounds),
        ("UNEFOIS_SOAK_EVENT_ROUNDS", &event_rounds),
        ("UNEFOIS_SOAK_EVENTS", &events),
        ("UNEFOIS_SOAK_EXCHANGES", &exchanges),
    ];
    let words = ["cargo", "test", "--package", "unefois-cli", "--test", "faults", "--locked", "--"];
    // One after the other: the machine is theirs.
    let named = [&["--exact", "--nocapture", "--test-threads=1"], &TESTS[..]].concat();
    run_with(&[&words[..], &named].concat(), &environment)
}
