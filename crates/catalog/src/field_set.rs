//! A set of top-level fields, small enough to copy.

/// Top-level fields of one dataset, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FieldSet(u64);

/// A name that is not a top-level field of the dataset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dataset `{dataset}` has no field `{field}`")]
pub struct UnknownField {
    /// The dataset.
    pub dataset: String,
    /// The name that it does not have.
    pub field: String,
}

impl FieldSet {
    /// The largest field number that a dataset may use at its top level; checked when the catalogue is loaded.
    pub const NUMBER_MAX: u32 = 63;

    pub(crate) fn insert(&mut self, number: u32) {
        debug_assert!(number <= Self::NUMBER_MAX, "checked when the catalogue is loaded");
        self.0 |= 1 << number;
    }

    /// The numbers of the fields, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u32> {
        (0..=Self::NUMBER_MAX).filter(move |number| self.contains(*number))
    }

    pub(crate) fn contains(self, number: u32) -> bool {
        number <= Self::NUMBER_MAX && self.0 & (1 << number) != 0
    }
}

impl FromIterator<u32> for FieldSet {
    fn from_iter<I: IntoIterator<Item = u32>>(numbers: I) -> Self {
        let mut set = Self::default();
        numbers.into_iter().for_each(|number| set.insert(number));
        set
    }
}
