//! The figures: the median of the rounds, as a table for people and as JSON for machines.

use std::{fmt, path::Path};

use anyhow::Context;
use comfy_table::{Table, presets::UTF8_BORDERS_ONLY};
use serde::Serialize;

use crate::{measured::Measured, shape::Shape};

/// The figures of one run.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) figures: Vec<Figure>,
    pub(crate) is_optimised: bool,
}

/// A row as it stands in the figures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    pub(crate) name: &'static str,
    /// Whether PostgreSQL works for it.
    pub(crate) is_on_postgres: bool,
}

/// One row at one shape: of every quantity the median of the rounds.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    section: String,
    row: Label,
    shape: Shape,
    median: Measured,
    /// The slowest and the fastest round.
    per_second: (f64, f64),
    /// To the echo at the same shape: absent when the echo was not measured.
    to_echo: Option<ToEcho>,
}

/// Ratios to the echo: taken round by round, so that both sides of one had the same neighbours, then the median.
#[derive(Debug, Clone, Copy)]
struct ToEcho {
    per_second: f64,
    server_cpu: f64,
}

/// A line of the JSON.
#[derive(Debug, Serialize)]
struct Line {
    row: &'static str,
    shape: String,
    per_second: f64,
    p50_us: f64,
    p99_us: f64,
    p999_us: f64,
    server_cpu_us: f64,
    errors: u64,
    per_second_min: f64,
    per_second_max: f64,
    generator_cpu_us: f64,
    /// Of the PostgreSQL behind the server, if there is one.
    database_cpu_us: Option<f64>,
    per_second_to_echo: Option<f64>,
    server_cpu_to_echo: Option<f64>,
    /// What the server refused to begin, which is no error under overload.
    refused: u64,
    section: String,
    optimised: bool,
}

impl Figure {
    /// Sums up the rounds. Errors are added, never averaged away.
    pub(crate) fn median(
        section: &str,
        row: impl Into<Label>,
        shape: Shape,
        rounds: &[&Measured],
        echo: &[&Measured],
    ) -> Self {
        let of = |quantity: fn(&Measured) -> f64| rounds.iter().map(|round| quantity(round)).collect::<Vec<f64>>();
        let to_echo = |quantity: fn(&Measured) -> f64| {
            median(rounds.iter().zip(echo).map(|(round, echo)| quantity(round) / quantity(echo)).collect())
        };
        let speeds = of(|round| round.per_second);
        Self {
            section: section.to_owned(),
            row: row.into(),
            shape,
            per_second: (
                speeds.iter().copied().fold(f64::INFINITY, f64::min),
                speeds.iter().copied().fold(0.0, f64::max),
            ),
            median: Measured {
                per_second: median(speeds),
                p50_us: median(of(|round| round.p50_us)),
                p99_us: median(of(|round| round.p99_us)),
                p999_us: median(of(|round| round.p999_us)),
                server_cpu_us: median(of(|round| round.server_cpu_us)),
                generator_cpu_us: median(of(|round| round.generator_cpu_us)),
                database_cpu_us: median(of(|round| round.database_cpu_us)),
                answered: rounds.iter().map(|round| round.answered).sum(),
                errors: rounds.iter().map(|round| round.errors).sum(),
                offered_per_second: median(of(|round| round.offered_per_second)),
                refused: rounds.iter().map(|round| round.refused).sum(),
                first_error: None,
                samples: Vec::new(),
            },
            to_echo: (!echo.is_empty()).then(|| ToEcho {
                per_second: to_echo(|round| round.per_second),
                server_cpu: to_echo(|round| round.server_cpu_us),
            }),
        }
    }
}

/// The middle one; of an even number, the larger of the two in the middle.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

impl Report {
    /// The errors of all rows together.
    pub(crate) fn errors(&self) -> u64 {
        self.figures.iter().map(|figure| figure.median.errors).sum()
    }

    /// Writes the lines of the JSON into a file, where one is wanted.
    pub(crate) fn write(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let Some(file) = file else { return Ok(()) };
        let text = serde_json::to_string_pretty(&self.lines())?;
        std::fs::write(file, text + "\n").with_context(|| format!("cannot write `{}`", file.display()))
    }

    /// The lines of the JSON.
    fn lines(&self) -> Vec<Line> {
        let tenth = |value: f64| (value * 10.0).round() / 10.0;
        let hundredth = |value: f64| (value * 100.0).round() / 100.0;
        let line = |Figure { section, row, shape, median, per_second: (min, max), to_echo }: &Figure| Line {
            row: row.name,
            shape: shape.to_string(),
            per_second: tenth(median.per_second),
            p50_us: tenth(median.p50_us),
            p99_us: tenth(median.p99_us),
            p999_us: tenth(median.p999_us),
            server_cpu_us: tenth(median.server_cpu_us),
            errors: median.errors,
            per_second_min: tenth(*min),
            per_second_max: tenth(*max),
            generator_cpu_us: tenth(median.generator_cpu_us),
            database_cpu_us: row.is_on_postgres.then(|| tenth(median.database_cpu_us)),
            per_second_to_echo: to_echo.map(|ratio| hundredth(ratio.per_second)),
            server_cpu_to_echo: to_echo.map(|ratio| hundredth(ratio.server_cpu)),
            refused: median.refused,
            section: section.clone(),
            optimised: self.is_optimised,
        };
        self.figures.iter().map(line).collect()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<[String; 15]> = self.figures.iter().map(Figure::cells).collect();
        // A column in which nothing stands is left out.
        let is_told = |column: &usize| rows.iter().any(|row| row[*column] != NOTHING);
        let columns: Vec<usize> = (0..HEADER.len()).filter(is_told).collect();
        let mut table = Table::new();
        table.load_style(UTF8_BORDERS_ONLY).set_header(columns.iter().map(|column| HEADER[*column]));
        for row in &rows {
            table.add_row(columns.iter().map(|column| &row[*column]));
        }
        write!(f, "{table}")
    }
}

const NOTHING: &str = "-";
const HEADER: [&str; 15] = [
    "section",
    "shape",
    "row",
    "per second",
    "spread",
    "÷ echo",
    "p50 µs",
    "p99 µs",
    "p99.9 µs",
    "server CPU µs",
    "÷ echo",
    "database CPU µs",
    "generator CPU µs",
    "errors",
    "refused",
];

impl Figure {
    /// What stands under [`HEADER`].
    fn cells(&self) -> [String; 15] {
        let Self { section, row, shape, median, per_second: (min, max), to_echo } = self;
        let ratio = |of: fn(&ToEcho) -> f64| to_echo.as_ref().map_or(NOTHING.to_owned(), |to| format!("{:.2}", of(to)));
        [
            section.clone(),
            shape.to_string(),
            row.name.to_owned(),
            format!("{:.0}", median.per_second),
            format!("{min:.0}–{max:.0}"),
            ratio(|to| to.per_second),
            format!("{:.0}", median.p50_us),
            format!("{:.0}", median.p99_us),
            format!("{:.0}", median.p999_us),
            format!("{:.1}", median.server_cpu_us),
            ratio(|to| to.server_cpu),
            if row.is_on_postgres { format!("{:.1}", median.database_cpu_us) } else { NOTHING.to_owned() },
            format!("{:.1}", median.generator_cpu_us),
            median.errors.to_string(),
            median.refused.to_string(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{measured::Used, row::Row};

    fn round(per_second: f64, server_cpu_us: f64, errors: u64) -> Measured {
        let tallies = Vec::new();
        let none = std::time::Duration::ZERO;
        let used = Used { server: none, generator: none, database: none };
        let nothing = Measured::of(tallies, std::time::Duration::from_secs(1), used).unwrap();
        Measured { per_second, server_cpu_us, errors, ..nothing }
    }

    #[test]
    fn ratios_are_taken_round_by_round_and_errors_are_added() {
        // The machine was ten times as fast in the second round, for both.
        let echo = [round(100.0, 10.0, 0), round(1_000.0, 10.0, 0), round(100.0, 10.0, 0)];
        let row = [round(20.0, 50.0, 1), round(200.0, 50.0, 0), round(30.0, 40.0, 2)];
        let shape = Shape { connections: 4, streams: 8 };
        let figure = Figure::median("table", Row::UnefoisSqlite, shape, &row.each_ref(), &echo.each_ref());
        let line = Report { figures: vec![figure], is_optimised: true }.lines().remove(0);
        assert_eq!((line.row, line.shape.as_str(), line.errors), ("unefois/sqlite", "4x8", 3));
        assert_eq!((line.per_second, line.per_second_min, line.per_second_max), (30.0, 20.0, 200.0));
        assert_eq!((line.per_second_to_echo, line.server_cpu_to_echo), (Some(0.2), Some(5.0)));
    }

    #[test]
    fn without_an_echo_there_are_no_ratios() {
        let shape = Shape { connections: 1, streams: 1 };
        let figure = Figure::median("table", Row::UnefoisSqlite, shape, &[&round(1.0, 1.0, 0)], &[]);
        let line = Report { figures: vec![figure], is_optimised: true }.lines().remove(0);
        assert_eq!((line.per_second_to_echo, line.server_cpu_to_echo), (None, None));
    }
}
