//! Identifiers that are digits and a key: the shape first, then the key.

use super::{IdentifierKind, InvalidIdentifier, Sandbox};

/// What a kind of identifier made of digits looks like.
pub(super) struct Rule {
    pub(super) kind: IdentifierKind,
    pub(super) length: usize,
    /// The length, in words.
    pub(super) shape: &'static str,
    /// Whether the key fits; it is given exactly `length` ASCII digits.
    pub(super) key_fits: fn(&str) -> bool,
    /// The key's rule, in words.
    pub(super) key: &'static str,
}

/// Checks length and digits, and the key unless the sandbox lists the identifier. Returns the text without spaces.
pub(super) fn parse(rule: &Rule, text: &str, sandbox: &Sandbox) -> Result<String, InvalidIdentifier> {
    let text = without_spaces(text);
    if text.len() != rule.length || !are_digits(&text) {
        return Err(InvalidIdentifier { kind: rule.kind, rule: rule.shape });
    }
    if !(rule.key_fits)(&text) && !sandbox.lists(rule.kind, &text) {
        return Err(InvalidIdentifier { kind: rule.kind, rule: rule.key });
    }
    Ok(text)
}

/// The text as it is compared: people group digits with spaces, and write the Corsican `2a` for `2A`.
pub(super) fn without_spaces(text: &str) -> String {
    text.chars().filter(|character| *character != ' ').collect::<String>().to_ascii_uppercase()
}

/// Whether there is nothing but ASCII digits. Parsing a number would let `+5` through.
pub(super) fn are_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number that at most 18 ASCII digits stand for.
pub(super) fn number(digits: &str) -> u64 {
    digits.bytes().fold(0, |number, byte| number * 10 + u64::from(byte - b'0'))
}

/// The sum of ASCII digits.
pub(super) fn sum(digits: &str) -> u32 {
    digits.bytes().map(|byte| u32::from(byte - b'0')).sum()
}
