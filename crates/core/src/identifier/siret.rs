//! SIRET: the establishment number (système d'identification du répertoire des établissements).

use super::{IdentifierKind, InvalidIdentifier, Sandbox, hidden_text, luhn, parse_digits};

/// An establishment number: 14 digits, a SIREN and 5 more, checked by Luhn. Those of La Poste are too many for Luhn
/// and are checked by the sum of their digits, a multiple of 5.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Siret(String);

hidden_text!(Siret, "siret");

const LA_POSTE: &str = "356000000";

impl Siret {
    /// Parses an establishment number; spaces are dropped.
    ///
    /// # Errors
    /// It has not 14 digits, or its key is wrong.
    pub fn parse(text: &str, sandbox: &Sandbox) -> Result<Self, InvalidIdentifier> {
        let shape = (14, "it has 14 digits");
        parse_digits(IdentifierKind::Siret, text, shape, (key_fits, "its key is wrong (Luhn)"), sandbox).map(Self)
    }
}

fn key_fits(text: &str) -> bool {
    let (siren, _) = text.split_at(9);
    if siren == LA_POSTE && text.bytes().map(|byte| u32::from(byte - b'0')).sum::<u32>().is_multiple_of(5) {
        return true;
    }
    luhn::fits(siren) && luhn::fits(text)
}
