//! What can be measured: the table, and what a table of closed loops does not show.

mod cold;
mod growth;
mod open;
mod overload;
mod table;

use crate::{measured::Measured, ratio::Ratio, report::Figure, rig::Rig, row::Row, shape::Shape};

/// The load that saturates a server of this kind, and its measure for other sections.
const SATURATING: Shape = Shape { connections: 8, streams: 32 };

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Section {
    /// Every row at every shape.
    Table,
    /// Latencies of the hubs at half of what they can do, in an open loop.
    Open,
    /// What the hubs do when four times as much is asked as they can do.
    Overload,
    /// What the hubs can do when they hold many records and entries.
    Growth,
    /// Every call on a connection of its own.
    Cold,
    /// All of them.
    All,
}

/// What a section came to.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) figures: Vec<Figure>,
    pub(crate) ratios: Vec<Ratio>,
}

impl Section {
    const EACH: [Self; 5] = [Self::Table, Self::Open, Self::Overload, Self::Growth, Self::Cold];

    /// Those that were asked for, in their order and each once.
    pub(crate) fn chosen(asked: &[Self]) -> Vec<Self> {
        let is_chosen = |section: &Self| asked.contains(section) || asked.contains(&Self::All);
        Self::EACH.into_iter().filter(is_chosen).collect()
    }

    /// As it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Open => "open",
            Self::Overload => "overload",
            Self::Growth => "growth",
            Self::Cold => "cold",
            Self::All => "all",
        }
    }

    /// Measures it.
    pub(crate) async fn run(self, rig: Rig<'_>) -> anyhow::Result<Outcome> {
        match self {
            Self::Table => table::run(rig).await,
            Self::Open => open::run(rig).await,
            Self::Overload => overload::run(rig).await,
            Self::Growth => growth::run(rig).await,
            Self::Cold => cold::run(rig).await,
            Self::All => anyhow::bail!("all is every section, and none itself"),
        }
    }
}

/// What was measured round by round, under one name of a section.
fn figure(section: &str, row: Row, shape: Shape, rounds: &[Measured]) -> Figure {
    Figure::median(section, row, shape, &rounds.iter().collect::<Vec<_>>(), &[])
}

/// The quotients, round by round: both sides of each had the same neighbours.
fn quotients(of: &[Measured], to: &[Measured]) -> Vec<f64> {
    of.iter().zip(to).map(|(of, to)| of.per_second / to.per_second).collect()
}
