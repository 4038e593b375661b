//! Numbers of top-level fields: those that a revision changed, and those of which a subscriber may be told.

/// A set of top-level fields of a dataset, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FieldNumbers(u64);

/// What is not an encoded set of fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("field numbers are from 1 to {}, ascending, a byte each", FieldNumbers::NUMBER_MAX)]
pub struct InvalidFieldNumbers;

impl FieldNumbers {
    /// The largest number that a top-level field of a dataset has.
    pub const NUMBER_MAX: u32 = 63;

    /// The set of these numbers.
    ///
    /// # Errors
    /// One is 0 or too large.
    pub fn of(numbers: impl IntoIterator<Item = u32>) -> Result<Self, InvalidFieldNumbers> {
        let mut set = Self::default();
        for number in numbers {
            if number == 0 || number > Self::NUMBER_MAX {
                return Err(InvalidFieldNumbers);
            }
            set.0 |= 1 << number;
        }
        Ok(set)
    }

    /// Whether the two have a field in common.
    #[must_use]
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The fields of both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether it has no field.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Its numbers, ascending.
    pub fn numbers(self) -> impl Iterator<Item = u32> {
        (1..=Self::NUMBER_MAX).filter(move |number| self.0 & (1 << number) != 0)
    }

    /// Its bytes, as they are stored: the numbers ascending as varints, which are one byte each.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.numbers().filter_map(|number| u8::try_from(number).ok()).collect()
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// They are not ascending, or one is no number of a field.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidFieldNumbers> {
        if !bytes.is_sorted_by(|number, next| number < next) {
            return Err(InvalidFieldNumbers);
        }
        Self::of(bytes.iter().map(|number| u32::from(*number)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FieldNumbers, InvalidFieldNumbers};

    #[test]
    fn bytes_that_are_no_set_of_fields_are_refused() {
        for bytes in [&[0_u8][..], &[64], &[0x80, 1], &[2, 1], &[1, 1]] {
            assert_eq!(FieldNumbers::from_bytes(bytes), Err(InvalidFieldNumbers), "{bytes:?}");
        }
        assert_eq!(FieldNumbers::from_bytes(&[]), Ok(FieldNumbers::default()));
        assert!(FieldNumbers::of([0]).is_err() && FieldNumbers::of([64]).is_err() && FieldNumbers::of([1, 63]).is_ok());
    }

    proptest! {
        #[test]
        fn a_set_of_fields_is_one(
            left in prop::collection::btree_set(1_u32..64, 0..5),
            right in prop::collection::btree_set(1_u32..64, 0..5),
        ) {
            let set = |numbers: &std::collections::BTreeSet<u32>| FieldNumbers::of(numbers.iter().copied()).unwrap();
            prop_assert!(set(&left).numbers().eq(left.iter().copied()));
            prop_assert_eq!(FieldNumbers::from_bytes(&set(&left).to_bytes()), Ok(set(&left)));
            prop_assert_eq!(set(&left).meets(set(&right)), !left.is_disjoint(&right));
            prop_assert!(set(&left).intersection(set(&right)).numbers().eq(left.intersection(&right).copied()));
            prop_assert_eq!(set(&left).is_empty(), left.is_empty());
        }
    }
}
