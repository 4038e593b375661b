//! NIR: the social-security number (numéro d'inscription au répertoire; décret 82-103).

use super::{IdentifierKind, InvalidIdentifier, Sandbox, hidden_text, without_spaces};

/// A social-security number: sex, year, month, department, municipality, order: 13 characters; and a key of 2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Nir(String);

hidden_text!(Nir, "nir");

const KIND: IdentifierKind = IdentifierKind::Nir;

impl Nir {
    /// Parses a social-security number with its key; spaces are dropped. A number without its key is refused: a slip
    /// of the finger would name somebody else.
    ///
    /// # Errors
    /// It has not 15 characters, a part of it cannot be, or its key is wrong.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        let text = without_spaces(text);
        let invalid = |rule| Err(InvalidIdentifier { kind: KIND, rule });
        if text.len() != 15 || !text.is_ascii() {
            return invalid("it has 13 characters and a key of 2");
        }
        let (number, key) = text.split_at(13);
        let Some(digits) = digits_of(number) else { return invalid("it has digits, and 2A or 2B for Corsica") };
        let Ok(key) = key.parse::<u64>() else { return invalid("its key has 2 digits") };
        if sandbox.lists(KIND, &text) {
            return Ok(Self(text));
        }
        if !matches!(text.as_bytes()[0], b'1'..=b'4' | b'7' | b'8') {
            return invalid("its first digit is 1 to 4, or 7 or 8 while temporary");
        }
        let month = number[3..5].parse::<u8>().unwrap_or_default();
        // 20, 30 to 42 and 50 to 99 stand for months that are not known.
        if !matches!(month, 1..=12 | 20 | 30..=42 | 50..=99) {
            return invalid("its month cannot be");
        }
        if key != 97 - digits % 97 {
            return invalid("its key is not 97 − (n mod 97)");
        }
        Ok(Self(text))
    }

    /// The 13 characters without the key: what a person keeps when the key is written or left out.
    #[must_use]
    pub fn without_key(&self) -> &str {
        &self.0[..13]
    }
}

/// The number that the key is computed from: the Corsican departments 2A and 2B count as 19 and 18.
fn digits_of(number: &str) -> Option<u64> {
    let (before, rest) = number.split_at(5);
    let (department, after) = rest.split_at(2);
    let department = match department {
        "2A" => "19",
        "2B" => "18",
        other => other,
    };
    let digits = format!("{before}{department}{after}");
    if digits.bytes().all(|byte| byte.is_ascii_digit()) { digits.parse().ok() } else { None }
}
