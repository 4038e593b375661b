//! What is measured of events.

use std::path::PathBuf;

use clap::Args;

use super::ServerOptions;
use crate::events::{Section, Teller};

#[derive(Debug, Clone, Args)]
pub(crate) struct EventsOptions {
    /// Writes the figures there, as a JSON list.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "all")]
    pub(crate) sections: Vec<Section>,
    /// The servers to measure.
    #[arg(long, value_delimiter = ',', default_value = "nats,rabbitmq,unefois/sqlite,unefois/postgres")]
    pub(crate) rows: Vec<Teller>,
    /// How many subscriptions are told every event.
    #[arg(long, value_delimiter = ',', default_value = "1,10,100", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(crate) subscriptions: Vec<u16>,
    /// How many events may be published and not yet acknowledged, and how many each subscription may have unacknowledged.
    #[arg(long, default_value_t = 32, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) in_flight: u16,
    /// How often each row is measured at each number of subscriptions; the rows take turns, and the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// How long one measurement lasts.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// How long the same load runs before each measurement, in seconds.
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up: u64,
    /// How many people the events are about.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) subjects: u32,
    /// How many events are retained before anything is measured.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) retained: u64,
    /// With how many retained events the section `retained` compares that.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) few: u64,
    /// How many idle subscribers the section `idle` connects; there are 881 agencies.
    #[arg(long, default_value_t = 881, value_parser = clap::value_parser!(u16).range(1..=4000))]
    pub(crate) idle: u16,
    /// The `nats-server` to measure. Without it, the installed one, or Debian's newest where that one cannot write to the
    /// disk at once.
    #[arg(long, value_name = "FILE")]
    pub(crate) nats_server: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}
