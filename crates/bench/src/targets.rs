//! What is owed and what is wanted, as ratios within one run, beside what was measured.

use std::fmt;

use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};

use crate::{
    measured::Measured,
    report::median,
    row::Row::{self, ByHand, Echo, PgBatched, SqliteAppend, UnefoisPostgres, UnefoisSqlite},
    shape::Shape,
};

/// On which side of a bound a ratio should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sense {
    AtLeast,
    AtMost,
}

/// What is promised of a ratio.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) sense: Sense,
    pub(crate) owed: f64,
    pub(crate) wanted: f64,
}

/// A ratio that was measured, round by round.
#[derive(Debug, Clone)]
pub(crate) struct Ratio {
    pub(crate) what: String,
    /// Absent where it is only told.
    pub(crate) bounds: Option<Bounds>,
    pub(crate) rounds: Vec<f64>,
}

/// All of a run.
#[derive(Debug, Default)]
pub(crate) struct Ratios(pub(crate) Vec<Ratio>);

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

impl Ratio {
    fn verdict(&self) -> &'static str {
        let measured = median(self.rounds.clone());
        let meets = |sense, bound| match sense {
            Sense::AtLeast => measured >= bound,
            Sense::AtMost => measured <= bound,
        };
        match self.bounds {
            None => "",
            Some(Bounds { sense, wanted, .. }) if meets(sense, wanted) => "as wanted",
            Some(Bounds { sense, owed, .. }) if meets(sense, owed) => "as owed",
            Some(Bounds { .. }) => "missed",
        }
    }
}

impl Bounds {
    fn told(self) -> [String; 2] {
        let sign = match self.sense {
            Sense::AtLeast => '≥',
            Sense::AtMost => '≤',
        };
        [self.owed, self.wanted].map(|bound| format!("{sign} {bound:.2}"))
    }
}

impl fmt::Display for Ratios {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(["ratio", "measured", "spread", "owed", "wanted", ""]);
        for ratio in &self.0 {
            let Ratio { what, bounds, rounds } = ratio;
            let [owed, wanted] = bounds.map_or_else(|| ["-"; 2].map(str::to_owned), Bounds::told);
            let least = rounds.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rounds.iter().copied().fold(0.0, f64::max);
            table.add_row([
                what.clone(),
                format!("{:.2}", median(rounds.clone())),
                format!("{least:.2}–{most:.2}"),
                owed,
                wanted,
                ratio.verdict().to_owned(),
            ]);
        }
        write!(f, "{table}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(sense: Sense, rounds: &[f64]) -> Ratio {
        let (owed, wanted) = match sense {
            Sense::AtLeast => (0.5, 0.6),
            Sense::AtMost => (2.0, 1.4),
        };
        Ratio { what: "a ÷ b".to_owned(), bounds: Some(Bounds { sense, owed, wanted }), rounds: rounds.to_vec() }
    }

    #[test]
    fn the_median_of_the_rounds_is_judged_on_its_own_side() {
        let judged = |sense, rounds: &[f64]| ratio(sense, rounds).verdict();
        assert_eq!(judged(Sense::AtLeast, &[0.1, 0.6, 0.9]), "as wanted");
        assert_eq!(judged(Sense::AtLeast, &[0.55]), "as owed");
        assert_eq!(judged(Sense::AtLeast, &[0.4, 0.4, 0.9]), "missed");
        assert_eq!(judged(Sense::AtMost, &[1.4]), "as wanted");
        assert_eq!(judged(Sense::AtMost, &[1.9]), "as owed");
        assert_eq!(judged(Sense::AtMost, &[2.1]), "missed");
    }
}
