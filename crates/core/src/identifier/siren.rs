//! SIREN: the company number (système d'identification du répertoire des entreprises).

use super::{IdentifierKind, InvalidIdentifier, Sandbox, hidden_text, luhn, parse_digits};

/// A company number: 9 digits, checked by Luhn.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Siren(String);

hidden_text!(Siren, "siren");

impl Siren {
    /// Parses a company number; spaces are dropped.
    ///
    /// # Errors
    /// It has not 9 digits, or its key is wrong.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        let shape = (9, "it has 9 digits");
        parse_digits(IdentifierKind::Siren, text, shape, (luhn::fits, "its key is wrong (Luhn)"), sandbox).map(Self)
    }
}
