//! SIREN: the company number (système d'identification du répertoire des entreprises; code de commerce, R123-220 ff.).

use super::{
    IdentifierKind, InvalidIdentifier, Sandbox,
    digits::{self, Rule},
    hidden_text, luhn,
};

/// A company number: 9 digits, checked by Luhn.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Siren(String);

hidden_text!(Siren, "siren");

const RULE: Rule = Rule {
    kind: IdentifierKind::Siren,
    length: 9,
    shape: "it has 9 digits",
    key_fits: luhn::fits,
    key: "its key is wrong (Luhn)",
};

impl Siren {
    /// Parses a company number; spaces are dropped. The all-zero number fits its key and is accepted.
    ///
    /// # Errors
    /// It has not 9 digits, or its key is wrong.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        digits::parse(&RULE, text, sandbox).map(Self)
    }
}
