//! Cursors: how far along the events a subscription is, in each partition.

use std::cmp::Ordering;

use uuid::Uuid;

/// How many partitions the events have. The number is in every stored position: it never changes.
pub const PARTITIONS: usize = 16;

/// Which partition an event is in: that of its subject, so that the events of one subject have one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition(u8);

/// Where an event stands in its partition: 1, 2, … without a gap, in the order of their commits. 0 is before the first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position(pub u64);

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// In which partition.
    pub partition: Partition,
    /// Where in it.
    pub position: Position,
}

/// A position in each partition: everything up to and including these. Of two cursors neither need be the larger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Cursor([Position; PARTITIONS]);

/// Bytes that are no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a cursor has {CURSOR_BYTES} bytes")]
pub struct InvalidCursor;

/// How long an encoded cursor is.
const CURSOR_BYTES: usize = PARTITIONS * POSITION_BYTES;
const POSITION_BYTES: usize = size_of::<u64>();

impl Partition {
    /// The partition of a subject whose file has that identifier, which is random.
    #[must_use]
    pub fn of(subject: Uuid) -> Self {
        Self(subject.as_bytes()[0] % PARTITIONS as u8)
    }

    /// The partition of that number; `None` where there is none.
    #[must_use]
    pub fn numbered(number: usize) -> Option<Self> {
        let number = u8::try_from(number).ok()?;
        (usize::from(number) < PARTITIONS).then_some(Self(number))
    }

    /// Its number, from 0.
    #[must_use]
    pub fn number(self) -> usize {
        usize::from(self.0)
    }

    /// Every partition, ascending: the order in which a transaction raises their heads.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).filter_map(Self::numbered)
    }
}

impl Position {
    /// The one before it; before the first there is the first's own beginning, 0.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }
}

impl Cursor {
    /// Before every event.
    pub const BEGIN: Self = Self([Position(0); PARTITIONS]);

    /// The cursor at these positions, in the order of the partitions.
    #[must_use]
    pub fn of(positions: [u64; PARTITIONS]) -> Self {
        Self(positions.map(Position))
    }

    /// Its positions, in the order of the partitions.
    #[must_use]
    pub fn positions(&self) -> [u64; PARTITIONS] {
        self.0.map(|at| at.0)
    }

    /// How far it is in that partition.
    #[must_use]
    pub fn at(&self, partition: Partition) -> Position {
        self.0[partition.number()]
    }

    /// Whether it is at that place or past it.
    #[must_use]
    pub fn includes(&self, place: Place) -> bool {
        place.position <= self.at(place.partition)
    }

    /// Moves it to that place, if it is not there yet.
    pub fn raise_to(&mut self, place: Place) {
        let at = &mut self.0[place.partition.number()];
        *at = (*at).max(place.position);
    }

    /// Moves it before that place, if it is there or past it.
    pub fn lower_before(&mut self, place: Place) {
        let at = &mut self.0[place.partition.number()];
        *at = (*at).min(place.position.before());
    }

    /// The least cursor that includes what either does.
    #[must_use]
    pub fn join(&self, other: &Self) -> Self {
        let mut joined = *self;
        for (at, other) in joined.0.iter_mut().zip(other.0) {
            *at = (*at).max(other);
        }
        joined
    }

    /// How many positions lie after `earlier`, up to and including this one: of every dataset, so that it is the most
    /// that a subscription can have before it.
    #[must_use]
    pub fn positions_after(&self, earlier: &Self) -> u64 {
        self.0.iter().zip(earlier.0).map(|(at, earlier)| at.0.saturating_sub(earlier.0)).sum()
    }

    /// Its bytes, as they are stored and stand in the cursors on the wire: each position in 8 bytes, most significant
    /// first, in the order of the partitions.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; CURSOR_BYTES] {
        let mut bytes = [0; CURSOR_BYTES];
        for (place, at) in bytes.chunks_exact_mut(POSITION_BYTES).zip(self.0) {
            place.copy_from_slice(&at.0.to_be_bytes());
        }
        bytes
    }

    /// Reads its bytes.
    ///
    /// # Errors
    /// There are too few or too many.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidCursor> {
        if bytes.len() != CURSOR_BYTES {
            return Err(InvalidCursor);
        }
        let mut cursor = Self::BEGIN;
        for (at, place) in cursor.0.iter_mut().zip(bytes.chunks_exact(POSITION_BYTES)) {
            *at = Position(u64::from_be_bytes(place.try_into().map_err(|_not_eight| InvalidCursor)?));
        }
        Ok(cursor)
    }
}

/// One cursor is at most another when it is so in every partition.
impl PartialOrd for Cursor {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        let mut found = Ordering::Equal;
        for (mine, other) in self.0.iter().zip(other.0) {
            match (mine.cmp(&other), found) {
                (Ordering::Equal, _) => {}
                (order, Ordering::Equal) => found = order,
                (order, before) if order == before => {}
                (Ordering::Less | Ordering::Greater, _) => return None,
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn place(partition: usize, position: u64) -> Place {
        Place { partition: Partition::numbered(partition).unwrap(), position: Position(position) }
    }

    #[test]
    fn a_subject_is_in_the_partition_of_its_first_byte() {
        let partition = |first: u128| Partition::of(Uuid::from_u128(first << 120 | 7)).number();
        assert_eq!([partition(0), partition(15), partition(16), partition(255)], [0, 15, 0, 15]);
        assert_eq!(Partition::all().map(Partition::number).collect::<Vec<_>>(), (0..16).collect::<Vec<_>>());
        assert!(Partition::numbered(16).is_none() && Partition::numbered(256).is_none());
    }

    #[test]
    fn the_bytes_of_a_cursor_are_its_positions_in_order() {
        let mut cursor = Cursor::BEGIN;
        cursor.raise_to(place(1, 0x0102));
        let mut due = [0; 128];
        (due[14], due[15]) = (1, 2);
        assert_eq!(cursor.to_bytes(), due);
        for length in [0, 127, 129] {
            assert_eq!(Cursor::from_bytes(&vec![0; length]), Err(InvalidCursor));
        }
    }

    #[test]
    fn a_cursor_moves_forwards_and_is_held_before_a_place() {
        let mut cursor = Cursor::BEGIN;
        cursor.raise_to(place(3, 5));
        cursor.raise_to(place(3, 4));
        assert!(cursor.includes(place(3, 5)) && !cursor.includes(place(3, 6)) && !cursor.includes(place(2, 1)));
        cursor.lower_before(place(3, 9));
        assert_eq!(cursor.at(place(3, 0).partition), Position(5));
        cursor.lower_before(place(3, 5));
        assert_eq!(cursor.at(place(3, 0).partition), Position(4));
        assert_eq!(cursor.positions_after(&Cursor::BEGIN), 4);
        assert_eq!(Cursor::BEGIN.positions_after(&cursor), 0);
    }

    fn any_cursor() -> impl Strategy<Value = Cursor> {
        prop_oneof![
            prop::array::uniform16(0_u64..3).prop_map(Cursor::of),
            prop::array::uniform16(any::<u64>()).prop_map(Cursor::of),
        ]
    }

    proptest! {
        #[test]
        fn bytes_read_back(cursor in any_cursor()) {
            prop_assert_eq!(Cursor::from_bytes(&cursor.to_bytes()), Ok(cursor));
            prop_assert_eq!(Cursor::of(cursor.positions()), cursor);
        }

        #[test]
        fn one_is_at_most_another_when_it_is_so_everywhere(left in any_cursor(), right in any_cursor()) {
            let at_most = |left: &Cursor, right: &Cursor| Partition::all().all(|p| left.at(p) <= right.at(p));
            prop_assert_eq!(left <= right, at_most(&left, &right));
            prop_assert_eq!(left.partial_cmp(&right).is_none(), !at_most(&left, &right) && !at_most(&right, &left));
            let joined = left.join(&right);
            prop_assert!(left <= joined && right <= joined);
            prop_assert!(Partition::all().all(|p| joined.at(p) == left.at(p).max(right.at(p))), "it is the least");
        }
    }
}
