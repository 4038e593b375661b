//! NIR: the social-security number (numéro d'inscription au répertoire; décret 82-103).

use super::{
    IdentifierKind, InvalidIdentifier, Sandbox,
    digits::{are_digits, number, without_spaces},
    hidden_text,
};

/// A social-security number: sex, year, month, department, municipality, order: 13 characters; and a key of 2.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Nir(String);

hidden_text!(Nir, "nir");

const NUMBER_LENGTH: usize = 13;
const LENGTH: usize = 15;

impl Nir {
    /// Parses a social-security number with its key; spaces are dropped. A number without its key is refused: a slip
    /// of the finger would name somebody else.
    ///
    /// # Errors
    /// It has not 15 characters, a part of it cannot be, or its key is not 97 − (n mod 97), where the Corsican
    /// departments 2A and 2B count as 19 and 18. The sandbox excuses the key, the sex and the month.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        let text = without_spaces(text);
        let invalid = |rule| Err(InvalidIdentifier { kind: IdentifierKind::Nir, rule });
        if text.len() != LENGTH || !text.is_ascii() {
            return invalid("it has 13 characters and a key of 2");
        }
        let (number, key) = text.split_at(NUMBER_LENGTH);
        let Some(digits) = digits_of(number) else { return invalid("it has digits, and 2A or 2B for Corsica") };
        if !are_digits(key) {
            return invalid("its key has 2 digits");
        }
        if sandbox.lists(IdentifierKind::Nir, &text) {
            return Ok(Self(text));
        }
        match broken_rule(digits, key) {
            Some(rule) => invalid(rule),
            None => Ok(Self(text)),
        }
    }

    /// The 13 characters without the key: what stays the same whether the key is written or left out.
    #[must_use]
    pub fn without_key(&self) -> &str {
        &self.0[..NUMBER_LENGTH]
    }
}

/// The 13 digits as a number, from which the key is computed; `None` where there are other characters.
fn digits_of(text: &str) -> Option<u64> {
    let (before, rest) = text.split_at(5);
    let (department, after) = rest.split_at(2);
    let department = match department {
        "2A" => "19",
        "2B" => "18",
        other => other,
    };
    let digits = format!("{before}{department}{after}");
    are_digits(&digits).then(|| number(&digits))
}

fn broken_rule(digits: u64, key: &str) -> Option<&'static str> {
    let sex = digits / 1_000_000_000_000;
    let month = digits / 100_000_000 % 100;
    // 3 and 4 are given to people born abroad who are being registered, 7 and 8 to holders of a temporary number (NIA).
    if !matches!(sex, 1..=4 | 7 | 8) {
        return Some("its first digit is 1 to 4, or 7 or 8 while temporary");
    }
    // 20, 30 to 42 and 50 to 99 stand for months that are not known.
    if !matches!(month, 1..=12 | 20 | 30..=42 | 50..=99) {
        return Some("its month cannot be");
    }
    (number(key) != 97 - digits % 97).then_some("its key is not 97 − (n mod 97)")
}
