//! A position in each partition of the log of events, and numbers of fields, as both backends store them.

use crate::error::{Error, fixed, signed, unsigned};

/// How many partitions the log of events has.
pub const PARTITIONS: usize = 16;

/// A position in each partition: everything up to and including these.
pub type Positions = [u64; PARTITIONS];

/// Every partition with its number.
pub(crate) fn each(positions: &Positions) -> impl Iterator<Item = (u8, u64)> {
    (0..).zip(positions.iter().copied())
}

/// The greater of the two in each partition: what either of them covers.
pub(crate) fn join(one: &Positions, other: &Positions) -> Positions {
    std::array::from_fn(|partition| one[partition].max(other[partition]))
}

/// Whether everything that `less` covers `more` covers.
pub(crate) fn covers(more: &Positions, less: &Positions) -> bool {
    join(more, less) == *more
}

/// As SQLite stores them: eight bytes for each, the most significant first.
pub(crate) fn to_bytes(positions: &Positions) -> Vec<u8> {
    positions.iter().flat_map(|position| position.to_be_bytes()).collect()
}

pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Positions, Error> {
    let bytes: [u8; PARTITIONS * 8] = fixed(bytes, "cursor")?;
    let (numbers, _none) = bytes.as_chunks::<8>();
    Ok(std::array::from_fn(|partition| u64::from_be_bytes(numbers[partition])))
}

/// As PostgreSQL stores them.
pub(crate) fn to_signed(positions: &Positions) -> Vec<i64> {
    positions.iter().copied().map(signed).collect()
}

pub(crate) fn of_signed(numbers: &[i64]) -> Result<Positions, Error> {
    let numbers: Result<Vec<u64>, Error> = numbers.iter().map(|number| unsigned(*number, "cursor")).collect();
    numbers?.try_into().map_err(|_other_length| Error::Malformed { what: "cursor" })
}

/// Numbers of fields as varints (protobuf's: seven bits a byte, the least significant first).
pub(crate) fn fields_to_bytes(numbers: &[u32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(numbers.len());
    for number in numbers {
        let mut rest = *number;
        while rest >= 0x80 {
            bytes.push(low_seven(rest) | 0x80);
            rest >>= 7;
        }
        bytes.push(low_seven(rest));
    }
    bytes
}

fn low_seven(number: u32) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

pub(crate) fn fields_of_bytes(bytes: &[u8]) -> Result<Vec<u32>, Error> {
    let malformed = || Error::Malformed { what: "list of fields" };
    let (mut numbers, mut number, mut shift) = (Vec::new(), 0_u64, 0);
    for byte in bytes {
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte & 0x80 == 0 {
            numbers.push(u32::try_from(number).map_err(|_too_large| malformed())?);
            (number, shift) = (0, 0);
        } else if shift > 28 {
            return Err(malformed());
        }
    }
    if shift == 0 { Ok(numbers) } else { Err(malformed()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_fields_are_read_back_as_they_were_stored() {
        let positions: Positions = std::array::from_fn(|partition| (partition as u64) << 40 | 7);
        assert_eq!(of_bytes(&to_bytes(&positions)).unwrap(), positions);
        assert_eq!(of_signed(&to_signed(&positions)).unwrap(), positions);
        for fields in [vec![], vec![0], vec![1, 127, 128, 300, 536_870_911], vec![u32::MAX, 0, u32::MAX]] {
            assert_eq!(fields_of_bytes(&fields_to_bytes(&fields)).unwrap(), fields);
        }
    }

    #[test]
    fn what_the_hub_never_writes_is_refused() {
        assert!(of_bytes(&[0; 127]).is_err());
        assert!(of_signed(&[0; 15]).is_err());
        assert!(of_signed(&[-1; 16]).is_err());
        for malformed in [&[0x80_u8][..], &[0xff, 0xff, 0xff, 0xff, 0x1f], &[0x80, 0x80, 0x80, 0x80, 0x80, 0x01]] {
            assert!(fields_of_bytes(malformed).is_err(), "{malformed:?}");
        }
    }

    #[test]
    fn the_join_covers_both_and_one_that_is_greater_in_one_partition_only_covers_neither() {
        let (mut one, mut other): (Positions, Positions) = ([4; PARTITIONS], [4; PARTITIONS]);
        (one[0], other[15]) = (9, 5);
        assert!(!covers(&one, &other) && !covers(&other, &one));
        let both = join(&one, &other);
        assert!(covers(&both, &one) && covers(&both, &other) && covers(&both, &both));
        assert_eq!((both[0], both[15], both[7]), (9, 5, 4));
    }
}
