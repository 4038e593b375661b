//! Cursors and places of the log of events, as both backends store them.

use unefois_core::{Cursor, Partition, Place, Position};

use crate::error::{Error, signed, unsigned};

/// Every partition of a cursor: its number, and how far it is there.
pub(crate) fn each(cursor: &Cursor) -> impl Iterator<Item = (i16, i64)> {
    (0..).zip(cursor.positions().map(signed))
}

/// A cursor of its bytes, as SQLite stores it.
pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Cursor, Error> {
    Cursor::from_bytes(bytes).map_err(|_invalid| Error::Malformed { what: "cursor" })
}

/// Positions, as PostgreSQL stores them.
pub(crate) fn to_signed(cursor: &Cursor) -> Vec<i64> {
    cursor.positions().map(signed).to_vec()
}

pub(crate) fn of_signed(numbers: &[i64]) -> Result<Cursor, Error> {
    let numbers: Result<Vec<u64>, Error> = numbers.iter().map(|number| unsigned(*number, "cursor")).collect();
    numbers?.try_into().map(Cursor::of).map_err(|_other_length| Error::Malformed { what: "cursor" })
}

/// The columns of a place.
pub(crate) fn columns_of(place: Place) -> (i16, i64) {
    (number_of(place.partition), signed(place.position.0))
}

pub(crate) fn number_of(partition: Partition) -> i16 {
    i16::try_from(partition.number()).expect("there are 16 partitions")
}

/// A place of its two columns.
pub(crate) fn place_of(partition: i16, position: i64) -> Result<Place, Error> {
    let partition = usize::try_from(partition).ok().and_then(Partition::numbered);
    let partition = partition.ok_or(Error::Malformed { what: "partition" })?;
    Ok(Place { partition, position: Position(unsigned(position, "position")?) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_and_places_are_read_back_as_they_were_stored() {
        let cursor = Cursor::of(std::array::from_fn(|partition| (partition as u64) << 40 | 7));
        assert_eq!(of_signed(&to_signed(&cursor)).unwrap(), cursor);
        assert_eq!(of_bytes(&cursor.to_bytes()).unwrap(), cursor);
        let place = Place { partition: Partition::numbered(15).unwrap(), position: Position(9) };
        let (partition, position) = columns_of(place);
        assert_eq!((partition, position), (15, 9));
        assert_eq!(place_of(partition, position).unwrap(), place);
    }

    #[test]
    fn what_the_hub_never_writes_is_refused() {
        assert!(of_bytes(&[0; 127]).is_err());
        assert!(of_signed(&[0; 15]).is_err());
        assert!(of_signed(&[-1; 16]).is_err());
        for (partition, position) in [(-1, 1), (16, 1), (0, -1)] {
            assert!(place_of(partition, position).is_err());
        }
    }
}
