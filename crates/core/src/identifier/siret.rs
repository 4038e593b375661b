//! SIRET: the establishment number (système d'identification du répertoire des établissements).

use super::{
    IdentifierKind, InvalidIdentifier, Sandbox,
    digits::{self, Rule},
    hidden_text, luhn,
};

/// An establishment number: 14 digits, the SIREN of its company and 5 more, both checked by Luhn. La Poste has more
/// establishments than Luhn leaves numbers for: those but its head office have a sum of digits that is a multiple of 5.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Siret(String);

hidden_text!(Siret, "siret");

const SIREN_LENGTH: usize = 9;
const LA_POSTE: &str = "356000000";
const LA_POSTE_HEAD_OFFICE: &str = "35600000000048";

const RULE: Rule = Rule {
    kind: IdentifierKind::Siret,
    length: 14,
    shape: "it has 14 digits",
    key_fits,
    key: "its key is wrong (Luhn, or for La Poste the sum of its digits)",
};

impl Siret {
    /// Parses an establishment number; spaces are dropped. The all-zero number fits its key and is accepted.
    ///
    /// # Errors
    /// It has not 14 digits, or a key is wrong: its own or that of the SIREN it begins with.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        digits::parse(&RULE, text, sandbox).map(Self)
    }
}

fn key_fits(text: &str) -> bool {
    let (siren, _) = text.split_at(SIREN_LENGTH);
    if siren == LA_POSTE && text != LA_POSTE_HEAD_OFFICE {
        return digits::sum(text).is_multiple_of(5);
    }
    luhn::fits(siren) && luhn::fits(text)
}
