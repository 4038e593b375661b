//! From the text of a JSON number in euros to euro-cents, exactly: no floating point, no rounding.

use thiserror::Error;

/// A JSON value that is no exact amount of euro-cents.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum InvalidAmount {
    /// Another JSON type than a number.
    #[error("not a number")]
    NotANumber,
    /// Has fractions of a cent; which cent was meant is not ours to guess.
    #[error("finer than a cent")]
    FinerThanACent,
    /// More cents than 64 bits hold.
    #[error("out of range")]
    OutOfRange,
}

/// Euro-cents of a number of euros.
///
/// `json` is the text of one well-formed JSON value (RFC 8259, section 6), as the parser that delimited it guarantees;
/// `12.34`, `1e3` and `-0.5` are 1234, 100000 and -50.
///
/// # Errors
/// [`InvalidAmount`] when it is not a number, or has no exact value in an `i64` of cents.
pub(crate) fn cents_of_euros(json: &str) -> Result<i64, InvalidAmount> {
    if !json.starts_with(|first: char| first == '-' || first.is_ascii_digit()) {
        return Err(InvalidAmount::NotANumber);
    }
    let (mantissa, exponent) = json.split_once(['e', 'E']).unwrap_or((json, "0"));
    let (unsigned, sign) = mantissa.strip_prefix('-').map_or((mantissa, 1), |rest| (rest, -1));
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));

    // The amount is `digits × 10^(exponent - fraction.len())` euros; without zeros at its ends, `digits` is as short as
    // it can be, and a negative power of ten then always means fractions of a cent.
    let padded = format!("{whole}{fraction}");
    let headed = padded.trim_start_matches('0');
    let digits = headed.trim_end_matches('0');
    if digits.is_empty() {
        return Ok(0);
    }
    let zeros_trimmed = length(headed) - length(digits);
    let power = exponent_of(exponent)
        .saturating_add(CENT_DIGITS)
        .saturating_add(zeros_trimmed)
        .saturating_sub(length(fraction));
    let power = u32::try_from(power).map_err(|_negative_or_huge| too_fine_or_out_of_range(power))?;
    if length(digits) + i64::from(power) > I64_DIGITS {
        return Err(InvalidAmount::OutOfRange);
    }
    let digits: i128 = digits.parse().expect("checked above: at most 19 digits");
    i64::try_from(sign * digits * 10_i128.pow(power)).map_err(|_wider| InvalidAmount::OutOfRange)
}

/// A euro has two digits of cents.
const CENT_DIGITS: i64 = 2;

/// The greatest `i64` has 19 digits.
const I64_DIGITS: i64 = 19;

/// An exponent as written; one too long for 64 bits is as good as the longest, the digits beside it being few.
fn exponent_of(text: &str) -> i64 {
    let beyond = if text.starts_with('-') { i64::MIN } else { i64::MAX };
    text.parse().unwrap_or(beyond)
}

fn too_fine_or_out_of_range(power: i64) -> InvalidAmount {
    if power < 0 { InvalidAmount::FinerThanACent } else { InvalidAmount::OutOfRange }
}

fn length(text: &str) -> i64 {
    i64::try_from(text.len()).expect("text in memory is shorter than 2^63 bytes")
}

#[cfg(test)]
mod tests {
    use super::{InvalidAmount, cents_of_euros};

    #[test]
    fn euros_become_exactly_their_cents() {
        for (euros, cents) in [
            ("0", 0),
            ("-0", 0),
            ("0.00", 0),
            ("0e99999999999999999999", 0),
            ("1", 100),
            ("900001", 90_000_100),
            ("12.34", 1_234),
            ("12.3400", 1_234),
            ("0.1", 10),
            ("-0.5", -50),
            ("1e3", 100_000),
            ("1E+3", 100_000),
            ("1.5e-1", 15),
            ("1234e-2", 1_234),
            ("100000000000000000000000000000000000000000e-39", 10_000),
            ("0.00000000000000000000000000000000000000001e41", 100),
            ("92233720368547758.07", i64::MAX),
            ("-92233720368547758.08", i64::MIN),
        ] {
            assert_eq!(cents_of_euros(euros), Ok(cents), "{euros}");
        }
    }

    #[test]
    fn what_is_finer_than_a_cent_is_never_rounded() {
        for euros in ["0.001", "12.345", "1e-3", "1e-99999999999999999999", "0.1e-9223372036854775808"] {
            assert_eq!(cents_of_euros(euros), Err(InvalidAmount::FinerThanACent), "{euros}");
        }
    }

    #[test]
    fn what_exceeds_64_bits_of_cents_is_refused_in_both_directions() {
        for euros in [
            "92233720368547758.08",
            "-92233720368547758.09",
            "99999999999999999999999999999999999999999999",
            "-1e300",
            "1e9223372036854775807",
            "1e99999999999999999999",
        ] {
            assert_eq!(cents_of_euros(euros), Err(InvalidAmount::OutOfRange), "{euros}");
        }
    }

    #[test]
    fn another_json_type_is_not_an_amount() {
        for json in ["\"900001\"", "null", "true", "[1]", "{}"] {
            assert_eq!(cents_of_euros(json), Err(InvalidAmount::NotANumber), "{json}");
        }
    }
}
