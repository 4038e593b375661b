//! The natural key: what, with the subject, names one record.

mod leaves;

use prost::Message;
use prost_reflect::Value;

use crate::{canonical::InvalidPayload, dataset::Dataset, field::IdentifierKind, minimise::MalformedRecord};

/// A key field, and whether a subject's identifier can stand in for it.
#[derive(Debug, Clone)]
pub(crate) struct KeyField {
    pub(crate) name: String,
    pub(crate) number: u32,
    pub(crate) identifier: Option<IdentifierKind>,
    pub(crate) part: KeyPart,
}

/// Which part of a natural key a field belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeyPart {
    /// A question names it.
    Selects,
    /// A question may leave it out.
    TellsApart,
}

/// A natural key, in two parts.
///
/// Agencies know a person by different identifiers, so a key field that holds one may be left out of a question, and so
/// may one that the dataset says tells apart: the other fields select, and these tell apart where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The dataset's message with the key fields that select. Empty when every key field tells apart.
    pub selector: Vec<u8>,
    /// The dataset's message with the key fields that tell apart; absent when one of them is not known.
    pub discriminator: Option<Vec<u8>>,
    /// The dataset's message with every key field that is known.
    pub natural: Vec<u8>,
}

/// A natural key that the dataset does not allow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidKey {
    /// The bytes are not the dataset's message, or a value breaks its rule.
    #[error("the key is not valid")]
    Payload(#[source] InvalidPayload),
    /// A field that is not part of the key is set.
    #[error("field `{field}` is not part of the key of dataset `{dataset}`")]
    NotAKeyField {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
    },
    /// A key field is missing that nothing can stand in for.
    #[error("the key of dataset `{dataset}` needs field `{field}`")]
    Missing {
        /// The dataset.
        dataset: String,
        /// The field.
        field: String,
    },
}

impl Dataset {
    /// The key of a record, from its canonical bytes.
    ///
    /// # Errors
    /// The bytes do not hold every key field: they did not come from [`Dataset::canonicalise`].
    pub fn key_of_record(&self, canonical: &[u8]) -> Result<Key, InvalidKey> {
        self.split(canonical)
    }

    /// The key that a question asks for: the dataset's message with key fields only. A key field that holds an
    /// identifier of the kind of `subject` is filled in from it.
    ///
    /// # Errors
    /// See [`InvalidKey`].
    pub fn key_of_question(&self, bytes: &[u8], subject: Option<(IdentifierKind, &str)>) -> Result<Key, InvalidKey> {
        let mut question = self.decode(bytes).map_err(InvalidKey::Payload)?;
        let stranger = question.fields().map(|(field, _)| field.name().to_owned()).find(|name| !self.is_key(name));
        if let Some(field) = stranger {
            return Err(InvalidKey::NotAKeyField { dataset: self.id.clone(), field });
        }
        for field in &self.natural_key {
            if let (Some(kind), Some((given, text))) = (field.identifier, subject)
                && kind == given
                && !question.has_field_by_name(&field.name)
            {
                question.set_field_by_name(&field.name, Value::String(text.to_owned()));
            }
        }
        self.split(&question.encode_to_vec())
    }

    /// The parts of canonical bytes that are the key. They are copied: no value is decoded.
    fn split(&self, canonical: &[u8]) -> Result<Key, InvalidKey> {
        let malformed = |error: MalformedRecord| InvalidKey::Payload(self.invalid("", &error.to_string()));
        let known = self.fields_in(canonical).map_err(malformed)?;
        let unknown = |field: &&KeyField| !known.contains(field.number);
        let mut selecting = self.natural_key.iter().filter(|field| field.part == KeyPart::Selects);
        if let Some(field) = selecting.find(unknown) {
            return Err(InvalidKey::Missing { dataset: self.id.clone(), field: field.name.clone() });
        }
        let of = |parts: &[KeyPart]| {
            let fields = self.natural_key.iter().filter(|field| parts.contains(&field.part));
            self.minimise(canonical, fields.map(|field| field.number).collect()).map_err(malformed)
        };
        let is_told_apart = self.natural_key.iter().all(|field| !unknown(&field));
        Ok(Key {
            selector: of(&[KeyPart::Selects])?,
            discriminator: is_told_apart.then(|| of(&[KeyPart::TellsApart])).transpose()?,
            natural: of(&[KeyPart::Selects, KeyPart::TellsApart])?,
        })
    }

    fn is_key(&self, name: &str) -> bool {
        self.natural_key.iter().any(|field| field.name == name)
    }
}
