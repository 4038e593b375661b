//! One question, as far as a provider is told it.

use std::borrow::Cow;

use serde_json::Value;
use unefois_core::{AgencyCode, Identifier};

use super::path::Path;
use super::template::Hole;
use crate::failure::ProviderFailure;

/// Whose record is asked for, and which.
///
/// It has no `Debug`: it identifies a person.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The agency that is asked: a local identifier means something to it alone.
    pub provider: &'a AgencyCode,
    /// Whose record.
    pub subject: &'a Identifier,
    /// The natural key, as protobuf JSON with the field names of the contract.
    pub key: &'a Value,
}

impl Question<'_> {
    /// The text for a hole in an address.
    pub(crate) fn value(&self, hole: &Hole) -> Result<Cow<'_, str>, ProviderFailure> {
        let found = match hole {
            Hole::Key(path) => self.key_text(path),
            Hole::Subject(kind) => self.subject_text(kind.code()),
            Hole::Parameter(_) | Hole::Secret => None,
        };
        found.ok_or_else(|| ProviderFailure::NotAskable { lacks: hole.to_string() })
    }

    fn key_text(&self, path: &Path) -> Option<Cow<'_, str>> {
        match path.find(self.key)? {
            Value::String(text) => Some(Cow::Borrowed(text)),
            Value::Number(number) => Some(Cow::Owned(number.to_string())),
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
        }
    }

    fn subject_text(&self, kind: &str) -> Option<Cow<'_, str>> {
        if self.subject.kind().code() != kind {
            return None;
        }
        match self.subject {
            Identifier::Nir(nir) => Some(Cow::Borrowed(nir.as_str())),
            Identifier::Siren(siren) => Some(Cow::Borrowed(siren.as_str())),
            Identifier::Siret(siret) => Some(Cow::Borrowed(siret.as_str())),
            Identifier::Spi(spi) => Some(Cow::Borrowed(spi.as_str())),
            Identifier::Local { agency, value } => (agency == self.provider).then(|| Cow::Borrowed(value.as_str())),
        }
    }
}
