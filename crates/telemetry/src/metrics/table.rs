//! A table of histograms whose cells are bound the first time they are used: most of them never are.

use std::sync::OnceLock;

use super::{Histogram, Metrics};

/// Histograms by two labels whose values are known before: an index each, and no search.
pub struct HistogramTable {
    rows: &'static [&'static str],
    columns: &'static [&'static str],
    family: prometheus::HistogramVec,
    cells: Box<[OnceLock<Histogram>]>,
}

impl HistogramTable {
    /// A table of these rows and columns.
    ///
    /// # Panics
    /// The name was registered before, or is not one: both are mistakes of the program.
    #[must_use]
    pub fn new(
        metrics: &Metrics,
        about: (&str, &str),
        buckets: &[f64],
        (row, rows): (&str, &'static [&'static str]),
        (column, columns): (&str, &'static [&'static str]),
    ) -> Self {
        let family = metrics.histogram_family(about, buckets, &[row, column]);
        let cells = (0..rows.len() * columns.len()).map(|_| OnceLock::new()).collect();
        Self { rows, columns, family, cells }
    }

    /// Counts one observation. What is outside the table is counted in its last row or column.
    pub fn observe(&self, row: usize, column: usize, value: f64) {
        let (row, column) = (row.min(self.rows.len() - 1), column.min(self.columns.len() - 1));
        let cell = &self.cells[row * self.columns.len() + column];
        let bind = || self.family.with_label_values(&[self.rows[row], self.columns[column]]);
        cell.get_or_init(bind).observe(value);
    }
}

impl std::fmt::Debug for HistogramTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HistogramTable")
            .field("rows", &self.rows)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::HistogramTable;
    use crate::metrics::Metrics;

    #[test]
    fn a_cell_is_shown_once_it_was_used() {
        let metrics = Metrics::new();
        let rows = ("method", &["Pull", "other"][..]);
        let table =
            HistogramTable::new(&metrics, ("test_call_seconds", "Calls"), &[1.0], rows, ("code", &["OK", "LOST"]));
        assert_eq!(metrics.text(), "");
        table.observe(0, 1, 0.5);
        // Outside the table: its last row and column.
        table.observe(7, 9, 2.0);
        let text = metrics.text();
        let counts: Vec<&str> = text.lines().filter(|line| line.contains("_count")).collect();
        assert_eq!(
            counts,
            [
                "test_call_seconds_count{code=\"LOST\",method=\"Pull\"} 1",
                "test_call_seconds_count{code=\"LOST\",method=\"other\"} 1",
            ]
        );
    }
}
