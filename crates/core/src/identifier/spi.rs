//! SPI: the tax number (numéro fiscal; simplification des procédures d'imposition).

use super::{IdentifierKind, InvalidIdentifier, Sandbox, hidden_text, parse_digits};

/// A tax number: 13 digits, the first 0 to 3, the last three the first ten mod 511.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Spi(String);

hidden_text!(Spi, "spi");

impl Spi {
    /// Parses a tax number; spaces are dropped.
    ///
    /// # Errors
    /// It has not 13 digits of which the first is 0 to 3, or its key is wrong.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        let shape = (13, "it has 13 digits");
        let rule = "its first digit is 0 to 3 and its last three are the first ten mod 511";
        parse_digits(IdentifierKind::Spi, text, shape, (key_fits, rule), sandbox).map(Self)
    }
}

fn key_fits(text: &str) -> bool {
    let (number, key) = text.split_at(10);
    let fits = || Some(number.parse::<u64>().ok()? % 511 == key.parse::<u64>().ok()?);
    matches!(text.as_bytes().first(), Some(b'0'..=b'3')) && fits() == Some(true)
}
