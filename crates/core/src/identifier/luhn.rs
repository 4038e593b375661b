//! The Luhn key (ISO/IEC 7812-1, annex B).

/// Whether the ASCII digits, the last of which is the key, fit together.
pub(super) fn fits(digits: &str) -> bool {
    let sum: u32 = digits
        .bytes()
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        // The two digits of a doubled one: what the tens add to the sum, they add in tens.
        .map(|(position, digit)| if position % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 })
        .sum();
    sum.is_multiple_of(10)
}
