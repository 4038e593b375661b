//! From one major version of a dataset to the next and back, by what its fields continue.

use prost::Message;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::{canonical::InvalidPayload, dataset::Dataset, load::InvalidCatalog};

/// A field, and the path of what it was in the previous major version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Continues {
    pub(crate) field: String,
    pub(crate) path: String,
}

impl Dataset {
    /// Whether the previous major version is the one just before it, what its fields continue is there, of the same type,
    /// and the key is the same: one record has one name in all versions, and is told in each.
    pub(crate) fn check_continues(&self, previous: Option<&Self>) -> Result<(), InvalidCatalog> {
        let refuse = |rule: String| InvalidCatalog::Rule { message: self.message.full_name().to_owned(), rule };
        let Some(previous) = previous else {
            return match self.continues.first() {
                None => Ok(()),
                Some(Continues { field, .. }) => {
                    Err(refuse(format!("field `{field}` continues a major version that is not there")))
                }
            };
        };
        let missing = previous.major + 1;
        if missing != self.major {
            return Err(refuse(format!(
                "major versions follow one another: the version {missing} is missing before it"
            )));
        }
        if self.key_shape() != previous.key_shape() {
            return Err(refuse("it has another key than the previous major version".to_owned()));
        }
        for Continues { field, path } in &self.continues {
            let now = self.message.get_field_by_name(field);
            let before = at_path(&previous.message, path);
            if !matches!((&now, &before), (Some(now), Some(before)) if same_type(now, before)) {
                return Err(refuse(format!(
                    "field `{field}` continues `{path}`, which is not there or of another type"
                )));
            }
        }
        Ok(())
    }

    /// Name, number and type of each key field.
    fn key_shape(&self) -> Vec<(String, u32, Kind, bool)> {
        let key = self.natural_key.iter().filter_map(|key| self.message.get_field_by_name(&key.name));
        key.map(|field| (field.name().to_owned(), field.number(), field.kind(), field.is_list())).collect()
    }

    /// A record of the previous major version, told in this one.
    pub(crate) fn carry_forward(&self, previous: &Self, canonical: &[u8]) -> Result<Vec<u8>, InvalidPayload> {
        let record = previous.decode_unchecked(canonical)?;
        let mut converted = DynamicMessage::new(self.message.clone());
        for (field, path) in self.carried() {
            if let Some(value) = value_at(&record, path) {
                converted.set_field_by_name(field, value);
            }
        }
        Ok(converted.encode_to_vec())
    }

    /// A record of this major version, told in the previous one.
    pub(crate) fn carry_back(&self, previous: &Self, canonical: &[u8]) -> Result<Vec<u8>, InvalidPayload> {
        let record = self.decode_unchecked(canonical)?;
        let mut converted = DynamicMessage::new(previous.message.clone());
        for (field, path) in self.carried() {
            if let Some(value) = value_at(&record, field) {
                set_at(&mut converted, path, value);
            }
        }
        Ok(converted.encode_to_vec())
    }

    /// Each field that was there before, with its path of then: what it says that it continues, and the key.
    fn carried(&self) -> impl Iterator<Item = (&str, &str)> {
        let key = self.natural_key.iter().map(|key| (key.name.as_str(), key.name.as_str()));
        let said = self.continues.iter().map(|continues| (continues.field.as_str(), continues.path.as_str()));
        key.chain(said)
    }
}

fn at_path(message: &MessageDescriptor, path: &str) -> Option<FieldDescriptor> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let field = message.get_field_by_name(first)?;
    match rest {
        None => Some(field),
        Some(_) if field.is_list() => None,
        Some(rest) => at_path(field.kind().as_message()?, rest),
    }
}

fn same_type(one: &FieldDescriptor, other: &FieldDescriptor) -> bool {
    one.is_list() == other.is_list() && one.kind() == other.kind()
}

fn value_at(message: &DynamicMessage, path: &str) -> Option<Value> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    if !message.has_field_by_name(first) {
        return None;
    }
    let value = message.get_field_by_name(first)?;
    match rest {
        None => Some(value.into_owned()),
        Some(rest) => value_at(value.as_message()?, rest),
    }
}

/// Sets what is at the end of a path that was checked, and makes the messages on the way.
fn set_at(message: &mut DynamicMessage, path: &str, value: Value) {
    let Some((first, rest)) = path.split_once('.') else {
        return message.set_field_by_name(path, value);
    };
    if let Some(inner) = message.get_field_by_name_mut(first).and_then(Value::as_message_mut) {
        set_at(inner, rest, value);
    }
}
