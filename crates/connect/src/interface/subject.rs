//! Whether a question names its subject to the provider: an answer about another would be recorded as the subject's.

use serde_json::Value;
use unefois_core::{Identifier, IdentifierKind};

use super::question::Question;
use crate::failure::ProviderFailure;

/// How a question names its subject, and the fields of the key that it is asked by and that hold identifiers, each
/// with its kind: a provider that is told two subjects may answer about either.
#[derive(Debug, Clone)]
pub(super) enum Named {
    /// By the identifier by which the hub was asked. An identifier in the key may be of a kind that cannot be compared
    /// with it, such as the SIRET of a person's establishment.
    BySubject(Vec<(String, IdentifierKind)>),
    /// By these fields of the key alone.
    ByKey(Vec<(String, IdentifierKind)>),
}

impl Named {
    /// Whether the fields of the key are those of the subject.
    pub(super) fn check(&self, question: &Question<'_>) -> Result<(), ProviderFailure> {
        let (fields, where_unrelated) = match self {
            Self::BySubject(fields) => (fields, true),
            Self::ByKey(fields) => (fields, false),
        };
        for (name, kind) in fields {
            // One that is missing is missed where the address is made.
            let Some(text) = question.key.get(name).and_then(Value::as_str) else { continue };
            if !is_of(question.subject, *kind, text).unwrap_or(where_unrelated) {
                let rule = "it is not the identifier by which the subject is asked about";
                return Err(ProviderFailure::Unfit { value: format!("key.{name}"), rule });
            }
        }
        Ok(())
    }
}

/// Whether `text`, of that kind, is the subject; an establishment is its company too (a SIRET begins with its SIREN).
/// `None` when neither says anything of the other.
fn is_of(subject: &Identifier, kind: IdentifierKind, text: &str) -> Option<bool> {
    match (subject, kind) {
        (Identifier::Nir(nir), IdentifierKind::Nir) => Some(nir.as_str() == text),
        (Identifier::Spi(spi), IdentifierKind::Spi) => Some(spi.as_str() == text),
        (Identifier::Siren(siren), IdentifierKind::Siren) => Some(siren.as_str() == text),
        (Identifier::Siren(siren), IdentifierKind::Siret) => Some(text.starts_with(siren.as_str())),
        (Identifier::Siret(siret), IdentifierKind::Siret) => Some(siret.as_str() == text),
        (Identifier::Siret(siret), IdentifierKind::Siren) => Some(text.len() == 9 && siret.as_str().starts_with(text)),
        _ => None,
    }
}
