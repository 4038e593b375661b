//! Nomenclatures of INSEE.

use std::ops::RangeInclusive;

/// The divisions of NAF rev. 2; there are none between them.
const NAF_DIVISIONS: [RangeInclusive<u32>; 14] = [
    1..=3,
    5..=9,
    10..=33,
    35..=39,
    41..=43,
    45..=47,
    49..=53,
    55..=56,
    58..=66,
    68..=75,
    77..=82,
    84..=88,
    90..=96,
    97..=99,
];

/// An activity: a class of NACE, `62.01`, and a letter.
pub(super) fn naf(text: &str) -> Result<(), &'static str> {
    let [tens, ones, b'.', group, class, letter] = text.as_bytes() else {
        return Err("a NAF code has the form `62.01Z`");
    };
    if ![tens, ones, group, class].into_iter().all(u8::is_ascii_digit) || !letter.is_ascii_uppercase() {
        return Err("a NAF code has the form `62.01Z`");
    }
    let division = u32::from(tens - b'0') * 10 + u32::from(ones - b'0');
    if NAF_DIVISIONS.iter().any(|known| known.contains(&division)) {
        Ok(())
    } else {
        Err("NAF rev. 2 has no such division")
    }
}

#[cfg(test)]
mod tests {
    use super::naf;

    #[test]
    fn an_activity_is_of_a_division_that_exists() {
        for good in ["01.11Z", "62.01Z", "97.00Z", "99.00Z", "56.10C", "33.20D"] {
            assert_eq!(naf(good), Ok(()), "{good}");
        }
        let missing = (0..=99).filter(|division| naf(&format!("{division:02}.10Z")).is_err()).collect::<Vec<_>>();
        assert_eq!(missing, [0, 4, 34, 40, 44, 48, 54, 57, 67, 76, 83, 89]);
        for bad in ["", "6201Z", "62.01", "62.01z", "62.0AZ", "62-01Z", "62.01ZZ", "é2.01Z"] {
            assert!(naf(bad).is_err(), "{bad}");
        }
    }
}
