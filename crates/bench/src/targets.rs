//! What is owed and wanted of the rows of the table.

use crate::{
    measured::Measured,
    ratio::{Bounds, Ratio, Sense},
    row::Row::{self, ByHand, Echo, PgBatched, SqliteAppend, UnefoisPostgres, UnefoisSqlite},
    shape::Shape,
};

/// What one measurement of a row is compared by.
#[derive(Debug, Clone, Copy)]
enum Quantity {
    PerSecond,
    Median,
}

/// A ratio between two rows of the table.
struct Target {
    of: Row,
    to: Row,
    shape: Shape,
    quantity: Quantity,
    bounds: Bounds,
}

const ALONE: Shape = Shape { connections: 1, streams: 1 };
const FEW: Shape = Shape { connections: 4, streams: 8 };
const MANY: Shape = Shape { connections: 8, streams: 32 };

const TARGETS: [Target; 7] = [
    faster(UnefoisSqlite, Echo, FEW, 0.50, 0.60),
    faster(UnefoisSqlite, Echo, MANY, 0.55, 0.65),
    faster(UnefoisPostgres, PgBatched, MANY, 0.75, 0.85),
    faster(UnefoisPostgres, ByHand, FEW, 1.3, 1.6),
    faster(UnefoisPostgres, ByHand, MANY, 1.7, 2.0),
    slower(UnefoisSqlite, SqliteAppend, 2.0, 1.4),
    slower(UnefoisPostgres, PgBatched, 2.0, 1.4),
];

const fn faster(of: Row, to: Row, shape: Shape, owed: f64, wanted: f64) -> Target {
    Target { of, to, shape, quantity: Quantity::PerSecond, bounds: Bounds { sense: Sense::AtLeast, owed, wanted } }
}

/// How much longer one call takes where there is no other.
const fn slower(of: Row, to: Row, owed: f64, wanted: f64) -> Target {
    let bounds = Bounds { sense: Sense::AtMost, owed, wanted };
    Target { of, to, shape: ALONE, quantity: Quantity::Median, bounds }
}

/// The ratios of the table, of those rows that were measured.
pub(crate) fn of_table(taken: &[(Row, Shape, Measured)]) -> Vec<Ratio> {
    TARGETS.iter().filter_map(|target| target.measured(taken)).collect()
}

impl Target {
    fn measured(&self, taken: &[(Row, Shape, Measured)]) -> Option<Ratio> {
        let Self { of, to, shape, quantity, bounds } = self;
        let rounds = |row: &Row| {
            let rounds = taken.iter().filter(|(of, at, _)| of == row && at == shape);
            rounds.map(|(_, _, measured)| quantity.of(measured)).collect::<Vec<f64>>()
        };
        let rounds: Vec<f64> = rounds(of).iter().zip(rounds(to)).map(|(of, to)| of / to).collect();
        let what = format!("{}{} ÷ {}, {shape}", quantity.prefix(), of.name(), to.name());
        (!rounds.is_empty()).then_some(Ratio { what, bounds: Some(*bounds), rounds })
    }
}

impl Quantity {
    fn of(self, measured: &Measured) -> f64 {
        match self {
            Self::PerSecond => measured.per_second,
            Self::Median => measured.p50_us,
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::PerSecond => "",
            Self::Median => "median of ",
        }
    }
}
