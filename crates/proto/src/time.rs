//! Instants on the wire.

use std::ops::Range;

use jiff::Timestamp;

/// A timestamp that is no instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not an instant between the years 1 and 9999")]
pub struct InvalidTimestamp;

/// The seconds that name an instant: from the year 1 on, as the contract of `Timestamp` says, and before the last second
/// that `jiff` knows, of which it does not read every microsecond back.
const SECONDS: Range<i64> = -62_135_596_800..253_402_207_200;

/// An instant, from the wire.
///
/// # Errors
/// The message names no instant.
pub fn timestamp_from_wire(wire: prost_types::Timestamp) -> Result<Timestamp, InvalidTimestamp> {
    let prost_types::Timestamp { seconds, nanos } = wire;
    if !(0..1_000_000_000).contains(&nanos) || !SECONDS.contains(&seconds) {
        return Err(InvalidTimestamp);
    }
    Timestamp::new(seconds, nanos).map_err(|_out_of_range| InvalidTimestamp)
}

/// An instant, to the wire.
#[must_use]
pub fn timestamp_to_wire(at: Timestamp) -> prost_types::Timestamp {
    let (mut seconds, mut nanos) = (at.as_second(), at.subsec_nanosecond());
    // The wire counts the nanoseconds of an instant before 1970 forwards.
    if nanos < 0 {
        seconds -= 1;
        nanos += 1_000_000_000;
    }
    prost_types::Timestamp { seconds, nanos }
}

/// An instant in microseconds since 1970, as the store and the ledger keep it, to the wire.
#[must_use]
pub fn timestamp_from_micros(micros: i64) -> prost_types::Timestamp {
    let nanos = i32::try_from(micros.rem_euclid(1_000_000) * 1_000).unwrap_or_default();
    prost_types::Timestamp { seconds: micros.div_euclid(1_000_000), nanos }
}

#[cfg(test)]
mod tests {
    use super::{SECONDS, timestamp_from_micros, timestamp_from_wire, timestamp_to_wire};

    #[test]
    fn instants_survive_the_wire_before_and_after_1970() {
        for micros in [-1_500_001, -1, 0, 1, 1_795_000_000_123_456] {
            let at = jiff::Timestamp::from_microsecond(micros).unwrap();
            assert_eq!(timestamp_from_wire(timestamp_to_wire(at)), Ok(at));
            assert_eq!(timestamp_to_wire(at), timestamp_from_micros(micros));
        }
    }
    #[test]
    fn what_the_store_does_not_read_back_is_no_instant() {
        let wire = |seconds, nanos| prost_types::Timestamp { seconds, nanos };
        for ends in [wire(SECONDS.start, 0), wire(SECONDS.end - 1, 999_999_999)] {
            let micros = timestamp_from_wire(ends).unwrap().as_microsecond();
            assert_eq!(jiff::Timestamp::from_microsecond(micros).unwrap().as_microsecond(), micros);
        }
        for (seconds, nanos) in [(SECONDS.start - 1, 0), (SECONDS.end, 1_000), (i64::MIN, 0), (0, -1)] {
            assert!(timestamp_from_wire(wire(seconds, nanos)).is_err(), "{seconds}");
        }
    }
}
