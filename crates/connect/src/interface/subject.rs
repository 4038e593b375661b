//! Whether a question names its subject to the provider: an answer about another would be recorded as the subject's.

use serde_json::Value;
use unefois_core::{Identifier, IdentifierKind};

use super::question::Question;
use crate::failure::ProviderFailure;

/// How a question names its subject.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// By the identifier by which the hub was asked.
    BySubject,
    /// By these fields of the key, which hold identifiers of those kinds.
    ByKey(Vec<(String, IdentifierKind)>),
}

impl Named {
    /// Whether the fields of the key are those of the subject.
    pub(super) fn check(&self, question: &Question<'_>) -> Result<(), ProviderFailure> {
        let Self::ByKey(fields) = self else { return Ok(()) };
        for (name, kind) in fields {
            // One that is missing is missed where the address is made.
            let Some(text) = question.key.get(name).and_then(Value::as_str) else { continue };
            if !is_of(question.subject, *kind, text) {
                let rule = "it is not the identifier by which the subject is asked about";
                return Err(ProviderFailure::Unfit { value: format!("key.{name}"), rule });
            }
        }
        Ok(())
    }
}

/// Whether `text`, of that kind, is the subject; an establishment is its company too (a SIRET begins with its SIREN).
fn is_of(subject: &Identifier, kind: IdentifierKind, text: &str) -> bool {
    match (subject, kind) {
        (Identifier::Nir(nir), IdentifierKind::Nir) => nir.as_str() == text,
        (Identifier::Spi(spi), IdentifierKind::Spi) => spi.as_str() == text,
        (Identifier::Siren(siren), IdentifierKind::Siren) => siren.as_str() == text,
        (Identifier::Siren(siren), IdentifierKind::Siret) => text.starts_with(siren.as_str()),
        (Identifier::Siret(siret), IdentifierKind::Siret) => siret.as_str() == text,
        (Identifier::Siret(siret), IdentifierKind::Siren) => text.len() == 9 && siret.as_str().starts_with(text),
        _ => false,
    }
}
