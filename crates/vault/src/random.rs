//! Chance, from the operating system's generator as aws-lc seeds and stretches it.

/// `N` unpredictable bytes: keys, blinds, random identifiers.
///
/// Reserved for those who *gather* the arguments of a rule; a rule takes its chance as an argument.
#[must_use]
pub fn fill<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("aws-lc ends the process rather than run without randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn two_draws_differ() {
        assert_ne!(fill::<32>(), fill::<32>());
    }
}
