//! The shape of a load: how many connections, and how many calls at once on each.

use std::{fmt, str::FromStr};

/// Connections × concurrent streams on each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) connections: u16,
    pub(crate) streams: u16,
}

/// What is not a shape.
#[derive(Debug, thiserror::Error)]
#[error("a shape is connections and streams, both at least 1, such as `4x8`")]
pub(crate) struct InvalidShape;

impl FromStr for Shape {
    type Err = InvalidShape;

    fn from_str(text: &str) -> Result<Self, InvalidShape> {
        let (connections, streams) = text.split_once(['x', '×']).ok_or(InvalidShape)?;
        let number = |digits: &str| digits.parse().ok().filter(|number| *number > 0).ok_or(InvalidShape);
        Ok(Self { connections: number(connections)?, streams: number(streams)? })
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.connections, self.streams)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shape_is_two_numbers_of_at_least_one() {
        assert_eq!("4x8".parse::<Shape>().unwrap().to_string(), "4x8");
        assert_eq!("8×32".parse::<Shape>().unwrap(), Shape { connections: 8, streams: 32 });
        for wrong in ["", "4", "0x1", "1x0", "x", "1x2x3", "70000x1"] {
            assert!(wrong.parse::<Shape>().is_err(), "{wrong}");
        }
    }
}
