//! The command line.

mod bare;
mod events;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use self::{
    bare::{AppendOptions, BareOptions, ByHandOptions, TablesOptions, TablesServerOptions},
    events::EventsOptions,
};
use crate::{row::Row, sections::Section, shape::Shape};

/// Measures what audited pulls and deliveries cost beside servers that do less.
#[derive(Debug, Parser)]
#[command(name = "unefois-bench", max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Measure pulls: throughput, latencies and the server's processor time, row beside row.
    Pull(PullOptions),
    /// Measure events: published, told to subscriptions and acknowledged, beside NATS JetStream and RabbitMQ.
    Events(EventsOptions),
    /// Measure `unefois audit verify`: entries a second of one core.
    Verify(VerifyOptions),
    /// Measure what a connection that is open and idle costs a hub in memory.
    Idle(IdleOptions),
    /// The server of the row `echo`; the measurement starts it.
    #[command(hide = true)]
    EchoServer(BareOptions),
    /// The server whose streams idle subscribers are measured beside; the measurement starts it.
    #[command(hide = true)]
    StreamServer(BareOptions),
    /// The server of the row `sqlite-append`; the measurement starts it.
    #[command(hide = true)]
    AppendServer(AppendOptions),
    /// The server of the row `pg-batched`; the measurement starts it.
    #[command(hide = true)]
    BatchedServer(TablesServerOptions),
    /// The server of the row `by-hand`; the measurement starts it.
    #[command(hide = true)]
    ByHandServer(ByHandOptions),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PullOptions {
    /// Writes the figures there, as a JSON list.
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// What to measure.
    #[arg(long, value_delimiter = ',', default_value = "table")]
    pub(crate) sections: Vec<Section>,
    /// The servers to measure.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "echo,sqlite-append,pg-batched,by-hand,unefois/sqlite,unefois/postgres"
    )]
    pub(crate) rows: Vec<Row>,
    /// Connections × concurrent calls on each.
    #[arg(long, value_delimiter = ',', default_value = "1x1,4x8,8x32")]
    pub(crate) shapes: Vec<Shape>,
    /// How often each row is measured at each shape; the rows take turns, and the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    /// How long one measurement lasts.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) seconds: u64,
    /// How long the same load runs before each measurement, in seconds.
    #[arg(long, default_value_t = 2)]
    pub(crate) warm_up: u64,
    /// In the table: calls a second, begun whether or not those before are answered; latencies count from when a call
    /// was due. Without it, each stream begins a call when its last one is answered.
    #[arg(long, value_name = "PER_SECOND", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rate: Option<u64>,
    /// How many people the hub holds a record of.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) subjects: u32,
    /// How many agreements the pulls take turns with.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) agreements: u32,
    /// How many connections the row `by-hand` has to PostgreSQL.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) pool: u32,
    /// With how many records, and as many entries, the section `growth` compares.
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) records: u32,
    /// Connections × concurrent calls on each in the section `overload`: more calls than the hub lets wait.
    #[arg(long, default_value = "64x256")]
    pub(crate) overload_shape: Shape,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

/// Which hub is measured.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServerOptions {
    /// The binary `unefois` to measure. Without it, the one beside this program is built (optimised) and measured.
    #[arg(long, value_name = "FILE")]
    pub(crate) server: Option<PathBuf>,
    /// Measures although a server is not optimised; such figures say nothing.
    #[arg(long)]
    pub(crate) unoptimised: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct VerifyOptions {
    /// How many entries the export has at least.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) entries: u32,
    /// How often it is verified; the median counts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rounds: u32,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct IdleOptions {
    /// How many connections are opened; there are 881 agencies to connect.
    #[arg(long, default_value_t = 881, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) connections: u32,
    #[command(flatten)]
    pub(crate) server: ServerOptions,
}
