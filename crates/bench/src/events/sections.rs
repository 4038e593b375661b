//! What can be measured of events.

mod half;
mod idle;
mod retained;
mod table;

use super::{rig::Rig, teller::Teller};
use crate::{
    measured::Measured,
    ratio::Ratio,
    report::{Figure, Label},
    shape::Shape,
};

/// A part of the measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Section {
    /// Every row at every number of subscriptions.
    Table,
    /// Latencies from end to end at half of what each row can do, in an open loop.
    Half,
    /// What the hubs can do when they retain many events, beside hubs with few.
    Retained,
    /// What a subscriber that is told nothing costs a hub in memory, beside a bare stream.
    Idle,
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
    const EACH: [Self; 4] = [Self::Table, Self::Half, Self::Retained, Self::Idle];

    /// Those that were asked for, in their order and each once.
    pub(crate) fn chosen(asked: &[Self]) -> Vec<Self> {
        let is_chosen = |section: &Self| asked.contains(section) || asked.contains(&Self::All);
        Self::EACH.into_iter().filter(is_chosen).collect()
    }

    /// As it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Half => "half",
            Self::Retained => "retained",
            Self::Idle => "idle",
            Self::All => "all",
        }
    }

    /// Whether the servers of the rows are measured in it: it is started for nothing where they are not.
    pub(crate) fn needs_rows(self) -> bool {
        match self {
            Self::Table | Self::Half | Self::Retained => true,
            Self::Idle | Self::All => false,
        }
    }

    /// Measures it.
    pub(crate) async fn run(self, rig: Rig<'_>) -> anyhow::Result<Outcome> {
        match self {
            Self::Table => table::run(rig).await,
            Self::Half => half::run(rig).await,
            Self::Retained => retained::run(rig).await,
            Self::Idle => idle::run(rig).await,
            Self::All => anyhow::bail!("all is every section, and none itself"),
        }
    }
}

/// What was measured round by round, under one name of a section.
fn figure(section: &str, teller: Teller, shape: Shape, rounds: &[Measured]) -> Figure {
    Figure::median(section, Label::from(teller), shape, &rounds.iter().collect::<Vec<_>>(), &[])
}

/// The quotients, round by round: both sides of each had the same neighbours.
fn quotients(of: &[Measured], to: &[Measured]) -> Vec<f64> {
    of.iter().zip(to).map(|(of, to)| of.per_second / to.per_second).collect()
}
