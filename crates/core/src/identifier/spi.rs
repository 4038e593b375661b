//! SPI: the tax number (numéro fiscal de référence; simplification des procédures d'imposition).

use super::{
    IdentifierKind, InvalidIdentifier, Sandbox,
    digits::{self, Rule},
    hidden_text,
};

/// A tax number: 13 digits, the first 0 to 3, the last three the first ten mod 511.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Spi(String);

hidden_text!(Spi, "spi");

const RULE: Rule = Rule {
    kind: IdentifierKind::Spi,
    length: 13,
    shape: "it has 13 digits",
    key_fits,
    key: "its first digit is 0 to 3 and its last three are the first ten mod 511",
};

impl Spi {
    /// Parses a tax number; spaces are dropped.
    ///
    /// # Errors
    /// It has not 13 digits of which the first is 0 to 3, or its key is wrong.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        digits::parse(&RULE, text, sandbox).map(Self)
    }
}

fn key_fits(text: &str) -> bool {
    let (number, key) = text.split_at(10);
    matches!(text.as_bytes().first(), Some(b'0'..=b'3')) && digits::number(number) % 511 == digits::number(key)
}
