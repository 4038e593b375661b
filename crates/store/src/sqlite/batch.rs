//! Many rows in few statements: fixed sizes, so that the prepared statements are found again.

/// The row counts for which a statement is prepared, largest first.
const SIZES: [usize; 4] = [64, 16, 4, 1];

/// Cuts `rows` into runs of the prepared sizes.
pub(crate) fn runs<T>(mut rows: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let size = SIZES.into_iter().find(|size| *size <= rows.len())?;
        let (run, rest) = rows.split_at(size);
        rows = rest;
        Some(run)
    })
}

/// `(?,?),(?,?)`: the placeholders of `rows` rows of `columns` columns.
pub(crate) fn placeholders(rows: usize, columns: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(","));
    vec![row; rows].join(",")
}

#[cfg(test)]
mod tests {
    use super::{placeholders, runs};

    #[test]
    fn runs_cover_every_row_once_and_in_order() {
        for count in [0, 1, 3, 63, 64, 65, 200] {
            let rows: Vec<usize> = (0..count).collect();
            assert_eq!(runs(&rows).flatten().copied().collect::<Vec<_>>(), rows);
        }
    }

    #[test]
    fn placeholders_are_rows_of_columns() {
        assert_eq!(placeholders(2, 3), "(?,?,?),(?,?,?)");
    }
}
